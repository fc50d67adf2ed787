"""The U-Nets of two other libraries, how each makes a loss of images, and steps of training.

All say ε, at 28 × 28, with about as many parameters as ours; two resolutions as ours, else
each library's own defaults: diffusers has more blocks at a resolution, and
denoising-diffusion-pytorch has attention at both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.busy import peers
from course_utils.reference.diffusion import Model, Schedule, cosine_schedule
from course_utils.reference.unet import UNet
from course_utils.training.diffusion import LONGEST, _Lesson

STEPS = 1000
SCHEDULE = cosine_schedule(STEPS)
SETTINGS: dict[str, Any] = {"lr": 2e-3, "drop": 0.1, "decay": 0.999, "prediction": "eps"}
PACKAGES = ("diffusers==0.42.1", "denoising-diffusion-pytorch==2.3.4", "accelerate", "einops",
            "ema-pytorch", "pytorch-fid", "regex", "huggingface_hub", "hf-xet", "httpx2",
            "httpcore2", "anyio", "h11", "truststore")  # fmt: skip
Step = Callable[[], Tensor]


@dataclass(frozen=True)
class Peer:
    """A network, and the library's loss of images in −1 to 1, t of 0 to T − 1, and noise."""

    network: nn.Module
    objective: Callable[[Tensor, Tensor, Tensor], Tensor]

    def says(self, x: Tensor, t: Tensor) -> Tensor:
        """ε, for t counted from 1 as we do."""
        said = self.network(x, t - 1)
        return said if isinstance(said, Tensor) else said.sample


def all_peers(device: torch.device) -> dict[str, Peer]:
    """By name; with one head of attention the last is quicker than with its default of four."""
    name = "denoising-diffusion-pytorch"
    return {
        "diffusers": diffusers(device),
        name: denoising_diffusion(device),
        f"{name}, one head": denoising_diffusion(device, 14, 1),
    }


def diffusers(device: torch.device) -> Peer:
    """``UNet2DModel`` without attention, with the loss of the library's training loop."""
    with peers("diffusion_peers", *PACKAGES):
        from diffusers import DDPMScheduler, UNet2DModel

    network = UNet2DModel(
        28, 1, 1, down_block_types=("DownBlock2D",) * 2, up_block_types=("UpBlock2D",) * 2,
        block_out_channels=(16, 32), layers_per_block=1, norm_num_groups=8, add_attention=False,
    ).to(device)  # fmt: skip
    scheduler = DDPMScheduler(STEPS, beta_schedule="squaredcos_cap_v2")

    def objective(x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        return F.mse_loss(network(scheduler.add_noise(x0, noise, t), t).sample, noise)

    return Peer(network, objective)


def denoising_diffusion(device: torch.device, dim: int = 12, heads: int = 4) -> Peer:
    """``Unet`` in ``GaussianDiffusion``, which takes images in 0 to 1."""
    with peers("diffusion_peers", *PACKAGES):
        from denoising_diffusion_pytorch import GaussianDiffusion, Unet

    network = Unet(dim, dim_mults=(1, 2), channels=1, attn_heads=heads)
    whole = GaussianDiffusion(
        network, image_size=28, timesteps=STEPS, objective="pred_noise", beta_schedule="cosine"
    ).to(device)
    return Peer(network, lambda x0, t, noise: whole((x0 + 1) / 2, noise, times=t))


def sampler(schedule: Schedule, number: int, clip: bool) -> Callable[[Model, Tensor], Tensor]:
    """diffusers' DDIM for a network that says v, at our times: its t is ours less 1.

    The loop is that of the library's ``DDIMPipeline``, without its bar.
    """
    with peers("diffusion_peers", *PACKAGES):
        from diffusers import DDIMScheduler

    scheduler = DDIMScheduler(
        schedule.steps, trained_betas=schedule.beta[1:].numpy(), prediction_type="v_prediction",
        clip_sample=clip, timestep_spacing="trailing",
    )  # fmt: skip

    @torch.no_grad()
    def draw(model: Model, x: Tensor) -> Tensor:
        scheduler.set_timesteps(number)
        for t in scheduler.timesteps:
            said = model(x, (t + 1).expand(len(x)))
            x = scheduler.step(said, t, x, use_clipped_model_output=clip).prev_sample
        return x

    return draw


def our_step(network: UNet, x: Tensor, labels: Tensor, bfloat16: bool) -> Step:
    """As ``training.diffusion`` has it: checks, labels dropped, gradients cut, a fused AdamW,
    the learning rate, the moving average of the weights.
    """
    lesson = _Lesson(network, SCHEDULE, 10_000, SETTINGS | {"bfloat16": bfloat16})
    return lambda: lesson.learn(x, labels)


def their_step(peer: Peer, x: Tensor, bfloat16: bool) -> Step:
    """As the libraries' own loops have it: t and noise, gradients cut, AdamW; no more."""
    rule = AdamW(peer.network.parameters(), SETTINGS["lr"], weight_decay=0.01)

    def step() -> Tensor:
        t = torch.randint(STEPS, (len(x),), device=x.device)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
            error = peer.objective(x, t, torch.randn_like(x))
        rule.zero_grad()
        error.backward()
        nn.utils.clip_grad_norm_(peer.network.parameters(), LONGEST)
        rule.step()
        return error.detach()

    return step


def operations(step: Step) -> int:
    """Floating-point operations of a step, those of products alone; a step more is taken."""
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops()


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())
