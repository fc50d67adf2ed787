"""What samplers, guidance and faults do to chapter 13's diffusion model, several seeds.

    python -m benchmarks.diffusion_study [--seeds 3] [--number 1000] [--steps 5 10 …]

Needs ``benchmarks.diffusion_variants``, from which the networks of shorter trainings come. What
is measured is kept in the cache. ``results/diffusion_study.json``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks import record
from benchmarks.diffusion_variants import VARIANTS
from benchmarks.diffusion_variants import restored as variant
from benchmarks.kept import kept
from benchmarks.networks import restored
from course_utils import data
from course_utils.reference.samplers import sample, times
from course_utils.reference.schedules import cosine_schedule
from course_utils.reference.unet import UNet
from course_utils.training.diffusion import gallery
from course_utils.training.gan import DICE, Judges

T = 1000
STEPS = (5, 10, 20, 50, 100, T)
SAMPLERS = {"DDIM, η = 0": 0.0, "stochastic, η = 1": 1.0}
SCALES = (0.0, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
DRAWN = 20  # steps, where something else is compared
LENGTHS = {"2 epochs": "v"}  # of training, and the variant that has it
FEW_MANY = (10, 50)
NOISY = (10, 100)
EARLY = (800, 600)  # where a schedule that is too short ends


class Study:
    """One network's measurements, all with the same number of images."""

    def __init__(self, network: UNet, number: int) -> None:
        self.network, self.number, self.schedule = network, number, cosine_schedule(T)
        self.known: dict[tuple[int, float], tuple[Tensor, Tensor]] = {}
        self.test = data.fashion("test").select(torch.arange(2 * number))
        self.judges = Judges(self.test, torch.device("cpu"))

    def steps(self, steps: int, eta: float) -> dict[str, Any]:
        """Unguided: its distance."""
        return self._row(*self._drawn(steps, eta))

    def guidance(self, scale: float) -> dict[str, Any]:
        """Distance, names, and how much the images of a class differ."""
        images, classes = gallery(self.network, self.schedule, self.number, scale, DRAWN)
        return self._row(images, classes) | {"spread": round(self._spread(images, classes), 3)}

    def last_noise(self, steps: int) -> dict[str, Any]:
        """Stochastic, and noise is added to the image itself, as much as the step took away."""
        images, classes = self._drawn(steps, 1.0)
        last = times(T, steps)[-2]
        dice = torch.Generator().manual_seed(DICE + 1)
        noise = torch.randn(images.shape, generator=dice)
        beta = 1 - self.schedule.numbers[last]
        wrong = ((2 * images - 1 + beta**0.5 * noise).clamp(-1, 1) + 1) / 2
        return self._row(wrong, classes) | {"last t": last}

    def too_short(self, first: int) -> dict[str, Any]:
        """Noise is taken for x_t of a time at which much of the image would still be there."""
        classes = torch.arange(self.number) % self.network.classes
        dice = torch.Generator().manual_seed(DICE)
        path = [t for t in times(T, DRAWN) if t <= first]
        parts = [
            sample(self.network, (len(c), 1, 28, 28), self.schedule, path, generator=dice,
                   classes=c)
            for c in classes.split(250)
        ]  # fmt: skip
        row = self._row((torch.cat(parts) + 1) / 2, classes)
        return row | {"√ᾱ at the end": round(self.schedule.numbers[first] ** 0.5, 3)}

    def _drawn(self, steps: int, eta: float) -> tuple[Tensor, Tensor]:
        """Unguided images and their classes, drawn once."""
        if (steps, eta) not in self.known:
            self.known[steps, eta] = gallery(
                self.network, self.schedule, self.number, steps=steps, eta=eta
            )
        return self.known[steps, eta]

    def _row(self, images: Tensor, classes: Tensor) -> dict[str, Any]:
        named = self.judges.named(images, classes)
        return {
            "distance": round(self.judges.distance(images), 2),
            "named rightly": round(named, 4),
        }

    def _spread(self, images: Tensor, classes: Tensor) -> float:
        """Variance of LeNet's features within a class, of that of real images."""
        drawn, real = self.judges.features_of(images), self.judges.features[: self.number]
        labels = self.test.labels[: self.number]
        return _within(drawn, classes) / _within(real, labels)


def _within(features: Tensor, labels: Tensor) -> float:
    """The total variance within a class, mean over the classes."""
    groups = [features[labels == k] for k in labels.unique()]
    return sum(g.var(0).sum().item() for g in groups) / len(groups)


def rows(seed: int, number: int, steps: list[int]) -> Iterator[dict[str, Any]]:
    """All that the chapter's network is asked."""
    full = Study(restored(UNet(), "diffusion_fashion", seed), number)
    for name, eta in SAMPLERS.items():
        for n in steps:
            key, measure = f"steps {name} {n}", partial(full.steps, n, eta)
            yield _one(key, seed, number, measure) | {"sampler": name, "steps": n}
    for scale in SCALES:
        found = _one(f"guidance {scale}", seed, number, partial(full.guidance, scale))
        yield found | {"guidance": scale}
    for n in NOISY:
        found = _one(f"last noise {n}", seed, number, partial(full.last_noise, n))
        yield found | {"noise in the last of": n}
    for first in EARLY:
        found = _one(f"too short {first}", seed, number, partial(full.too_short, first))
        yield found | {"schedule ends at": first}


def lengths(seed: int, number: int) -> Iterator[dict[str, Any]]:
    """Both samplers with networks that learned for a shorter time."""
    for length, which in LENGTHS.items():
        chosen = next(v for v in VARIANTS if v.name == which)
        for name, eta in SAMPLERS.items():
            study = Study(variant(chosen, seed), number)
            for n in FEW_MANY:
                key, measure = f"{length} {name} {n}", partial(study.steps, n, eta)
                found = _one(key, seed, number, measure)
                yield found | {"training": length, "sampler": name, "steps": n}


def _one(what: str, seed: int, number: int, measure: Any) -> dict[str, Any]:
    found = kept("diffusion_study", f"{what.replace('/', '-')}-{seed}-{number}", measure)
    print(seed, what, found, flush=True)
    return {"seed": seed, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--number", type=int, default=1000, help="images of each distance")
    parser.add_argument("--steps", type=int, nargs="+", default=[*STEPS])
    args = parser.parse_args()
    start = time.perf_counter()
    found = [r for seed in range(args.seeds) for r in rows(seed, args.number, args.steps)]
    found += [r for seed in range(args.seeds) for r in lengths(seed, args.number)]
    judges = Judges(
        data.fashion("test").select(torch.arange(2 * args.number)), torch.device("cpu")
    )
    caption = (
        f"A diffusion model of Fashion-MNIST, sampled in many ways, {args.seeds} seeds; "
        f"{args.number} images for each distance"
    )
    print(
        record.write(
            "diffusion_study", found, caption=caption, seed=0,
            seconds=time.perf_counter() - start, number=args.number,
            of_real_halves=round(judges.halves(), 2),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
