"""Between two digits: codes of an autoencoder and of a VAE, chapter 11, over seeds.

    python -m benchmarks.latent_walk [--seeds 3]

Networks: ``ae_digits`` and ``vae_digits``, alike but for the noise and the KL, trained for the
same epochs on the same images. Pairs of test digits of different classes; codes on the line
between their two codes (a VAE's means), eleven equal steps. LeNet, which never saw these
images, names each: how often it is sure (> 0.8), and how often it names one of the two ends.
Beside them the mixture of the two images' pixels. Then images of random codes: from N(0, I),
and, for the autoencoder, which has no prior, from the Gaussian that fits its codes, too.
``results/latent_walk.json``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Generator, Tensor

from benchmarks import record
from benchmarks.networks import restored
from course_utils import data
from course_utils.reference.autoencoders import Autoencoder
from course_utils.reference.vae import VAE
from course_utils.training import autoencoders

STEPS = torch.linspace(0, 1, 11)
PAIRS, SAMPLES = 1000, 1000
NETWORKS: dict[str, Callable[[], Any]] = {
    "ae_digits": lambda: Autoencoder(16, 64),
    "vae_digits": lambda: VAE(16, 64),
}


def pairs(test: data.Pictures, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Rows of two images of different classes, (PAIRS,) each."""
    generator = Generator().manual_seed(seed)
    a, b = torch.randint(0, len(test), (2, 2 * PAIRS), generator=generator)
    different = test.labels[a] != test.labels[b]
    return a[different][:PAIRS], b[different][:PAIRS]


def walk(draw: Callable[[Tensor], Tensor], a: Tensor, b: Tensor, ends: Tensor) -> dict:
    """Shares by step, and in the middle, of images that ``draw`` makes between a and b.

    ``ends`` (PAIRS, 2) are the labels of both images.
    """
    judge, sure, named = autoencoders.judge(), [], []
    for t in STEPS:
        p = autoencoders.probabilities(judge, draw(torch.lerp(a, b, t)))
        sure.append((p.amax(1) > autoencoders.SURE).float().mean().item())
        named.append((p.argmax(1)[:, None] == ends).any(1).float().mean().item())
    middle = len(STEPS) // 2
    return {"middle: sure": sure[middle], "middle: an end": named[middle], "sure by step": sure,
            "an end by step": named}  # fmt: skip


def sampled(images: Tensor) -> dict[str, float]:
    """How LeNet sees images of random codes."""
    p = autoencoders.probabilities(autoencoders.judge(), images)
    kinds = (p.argmax(1).bincount(minlength=10) >= len(images) // 100).sum()
    return {"sure": (p.amax(1) > autoencoders.SURE).float().mean().item(), "kinds": int(kinds)}


def of_a_network(name: str, seed: int, test: data.Pictures) -> dict[str, Any]:
    """All measures of one network."""
    model = restored(NETWORKS[name](), name, seed)
    x = test.images.float() / 255
    a, b = pairs(test)
    z = autoencoders.codes(model, x)
    labels = torch.stack([test.labels[a], test.labels[b]], 1)
    found = walk(lambda codes: autoencoders.decoded(model, codes), z[a], z[b], labels)
    standard = torch.randn(SAMPLES, z.shape[1], generator=Generator().manual_seed(0))
    for kind, images in (
        ("N(0, I)", autoencoders.decoded(model, standard)),
        ("fitted", autoencoders.samples(model, x, SAMPLES)),
    ):
        found |= {f"{kind}: {key}": value for key, value in sampled(images).items()}
    return found


def row(name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, and each seed's numbers; curves by step as means."""
    made: dict[str, Any] = {"codes": name}
    for key in found[0]:
        values = [f[key] for f in found]
        if isinstance(values[0], list):
            made[key] = [round(statistics.mean(v), 4) for v in zip(*values, strict=True)]
        else:
            made[key] = round(statistics.mean(values), 4)
            made[f"seeds of {key}"] = [round(v, 4) for v in values]
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start, test = time.perf_counter(), data.digits("test")
    x, (a, b) = test.images.float() / 255, pairs(test)
    labels = torch.stack([test.labels[a], test.labels[b]], 1)
    rows = [row("pixels", [walk(lambda images: images, x[a], x[b], labels)])]
    for name in NETWORKS:
        rows.append(row(name, [of_a_network(name, seed, test) for seed in range(args.seeds)]))
        print(rows[-1], flush=True)
    caption = f"Between two digits of {PAIRS} pairs, named by LeNet, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("latent_walk", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
