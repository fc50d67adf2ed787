"""What diffusers' schedulers say of a small made-up model, kept for machines without them.

    pip install diffusers==0.42.1
    python -m tests.reference.diffusion_peers

writes ``diffusion_peers.json``. Its t counts from 0: our t is theirs plus 1, and our ᾱ_0 = 1,
the image, is theirs of t = −1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

KEPT = Path(__file__).with_name("diffusion_peers.json")
SHAPE = (2, 5)
SCHEDULES = {"linear": "linear", "cosine": "squaredcos_cap_v2"}  # our name, theirs
PREDICTIONS = {"eps": "epsilon", "x0": "sample", "v": "v_prediction"}
DDIM = [
    {
        "schedule": schedule,
        "prediction": prediction,
        "steps": steps,
        "number": number,
        "eta": eta,
    }
    for schedule, prediction, steps, number, eta in (
        ("linear", "eps", 1000, 20, 0.0),
        ("linear", "v", 1000, 50, 0.5),
        ("linear", "x0", 1000, 10, 1.0),
        ("linear", "eps", 40, 40, 1.0),
        ("cosine", "v", 1000, 20, 0.0),
        ("cosine", "x0", 100, 5, 0.7),
    )
]
DDPM = [
    {"schedule": schedule, "prediction": prediction, "steps": 60, "variance": variance}
    for schedule, prediction, variance in (
        ("linear", "eps", "posterior"),
        ("linear", "v", "beta"),
        ("cosine", "x0", "posterior"),
    )
]


def made_up(x: Tensor, t: Tensor | int) -> Tensor:
    """In place of a network: neither flat in x nor in t, which counts from 1."""
    t = torch.as_tensor(t, dtype=x.dtype).reshape(-1, *[1] * (x.ndim - 1))
    return 0.6 * (3 * x + t / 50).sin() + 0.3 * x


def noise(number: int) -> Tensor:
    """(number, 2, 5) in float64, the same on every machine: no random numbers."""
    place = torch.arange(number * 10, dtype=torch.float64)
    return (1.4 * (1.7 * place + 0.03 * place.square()).cos()).reshape(number, *SHAPE)


def by_ddim(case: dict[str, Any]) -> Tensor:
    from diffusers import DDIMScheduler

    peer = DDIMScheduler(
        num_train_timesteps=case["steps"], beta_schedule=SCHEDULES[case["schedule"]],
        prediction_type=PREDICTIONS[case["prediction"]], clip_sample=False,
        timestep_spacing="trailing",
    )  # fmt: skip
    peer.set_timesteps(case["number"])
    x, *added = noise(case["number"])
    for step, t in enumerate(peer.timesteps):
        z = added[step] if step < len(added) else torch.zeros_like(x)
        said = made_up(x, t.item() + 1)
        options = {"eta": case["eta"], "variance_noise": z if case["eta"] else None}
        x = peer.step(said, t, x, **options).prev_sample
    return x


def by_ddpm(case: dict[str, Any]) -> Tensor:
    from diffusers import DDPMScheduler
    from diffusers.schedulers import scheduling_ddpm

    peer = DDPMScheduler(
        num_train_timesteps=case["steps"], beta_schedule=SCHEDULES[case["schedule"]],
        prediction_type=PREDICTIONS[case["prediction"]], clip_sample=False,
        variance_type={"posterior": "fixed_small", "beta": "fixed_large"}[case["variance"]],
    )  # fmt: skip
    peer.set_timesteps(case["steps"])
    x, *added = noise(case["steps"])
    for step, t in enumerate(peer.timesteps):
        z = added[step] if step < len(added) else None
        scheduling_ddpm.randn_tensor = lambda *_, z=z, **__: z  # it draws for itself
        x = peer.step(made_up(x, t.item() + 1), t, x).prev_sample
    return x


def noisy(name: str, t: list[int]) -> dict[str, Any]:
    """q_sample and the target v of images at our times t."""
    from diffusers import DDPMScheduler

    peer = DDPMScheduler(num_train_timesteps=1000, beta_schedule=SCHEDULES[name])
    x0, eps = noise(2).clamp(-1, 1)
    theirs = torch.tensor(t) - 1
    both = (peer.add_noise(x0, eps, theirs), peer.get_velocity(x0, eps, theirs))
    return {"schedule": name, "t": t, "xt": both[0].tolist(), "v": both[1].tolist()}


def main() -> None:
    import diffusers

    kept = {
        "made by": "python -m tests.reference.diffusion_peers",
        "peer": f"diffusers {diffusers.__version__}",
        "ddim": [{**case, "image": by_ddim(case).tolist()} for case in DDIM],
        "ddpm": [{**case, "image": by_ddpm(case).tolist()} for case in DDPM],
        "noisy": [noisy(name, [1, 700]) for name in SCHEDULES],
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(KEPT)


if __name__ == "__main__":
    main()
