"""Diffusion models of chapter 13 that differ in one thing, at equal CPU time, several seeds.

    python -m benchmarks.diffusion_variants [--seeds 3] [--share 1.0]

What the network says (v, ε, x₀), whether pixels are unshuffled first, how long it
learns, and from how many images. ``results/diffusion_variants.json``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks import record
from benchmarks.kept import kept
from course_utils import data
from course_utils.course import Course
from course_utils.data import Pictures
from course_utils.reference.diffusion import cosine_schedule
from course_utils.reference.unet import UNet
from course_utils.training import checkpoints
from course_utils.training.diffusion import gallery, learn
from course_utils.training.gan import Judges, symmetric

BATCH, STEPS, DRAWN, GUIDANCE = 32, 1000, 20, 2.0
IMAGES = 1000  # of each distance
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Variant:
    """One network.

    Args:
        epochs: of part of the images, as many as take about the same CPU time.
        part: of the images.
        few: learn from so many images alone, in as many steps.
    """

    name: str
    epochs: int
    prediction: str = "v"
    patch: int = 2
    part: float = 1.0
    few: int | None = None

    def images(self, share: float) -> Pictures:
        """What it learns from; few images come again until there are as many."""
        train = data.fashion("train")
        number = round(len(train) * self.part * share)
        return train.select(torch.arange(number) % (self.few or number))


VARIANTS = (
    Variant("v", 2),
    Variant("ε", 2, "eps"),
    Variant("x₀", 2, "x0"),
    # a step takes 2.7 times as long
    Variant("v, no pixels unshuffled", 1, patch=1, part=2 / 2.7),
    Variant("v, a hundred images", 2, few=100),
)
COPYING = ("v", "v, a hundred images")  # of which copies are counted


def place(variant: Variant, seed: int) -> tuple[Path, str]:
    """Folder and name of the checkpoint."""
    stem = variant.name.replace(", ", "_").replace(" ", "_")
    return Course.find().cache / "networks", f"diffusion_{stem}-{seed}"


def restored(variant: Variant, seed: int) -> UNet:
    """The network with the weights that ``measured`` left."""
    network = UNet(patch=variant.patch)
    folder, stem = place(variant, seed)
    network.load_state_dict(checkpoints.load(stem, folder))
    return network.eval().requires_grad_(False)


def measured(variant: Variant, seed: int, share: float) -> dict[str, Any]:
    """Train one, or take what was trained before, and judge what it draws."""
    folder, stem = place(variant, seed)
    if not (folder / f"{stem}.json").is_file():
        _train(variant, seed, share)
    about = json.loads((folder / f"{stem}.json").read_text("utf-8"))
    return about | judged(restored(variant, seed), variant, max(100, round(IMAGES * share)))


def _train(variant: Variant, seed: int, share: float) -> None:
    torch.manual_seed(seed)
    network, schedule = UNet(patch=variant.patch), cosine_schedule(STEPS)
    batches = variant.images(share).batches(BATCH, seed=seed, augment=symmetric, drop_last=True)
    start = time.process_time()
    mean, curve = learn(
        network, batches, variant.epochs, schedule, lambda _: (0.0, 0.0),
        prediction=variant.prediction,
    )  # fmt: skip
    about = {"variant": variant.name, "seed": seed, "epochs": len(curve)}
    about["CPU seconds"] = round(time.process_time() - start)
    folder, stem = place(variant, seed)
    checkpoints.save_checkpoint(stem, mean.state_dict(), about, folder, ships=False)


def judged(network: UNet, variant: Variant, number: int) -> dict[str, Any]:
    """Fréchet distances with guidance and without, and names."""
    judges = Judges(data.fashion("test").select(torch.arange(2 * number)), CPU)
    schedule = cosine_schedule(STEPS)
    row: dict[str, Any] = {"images": number}
    for name, guidance in (("guided", GUIDANCE), ("unguided", None)):
        images, classes = gallery(
            network, schedule, number, guidance, DRAWN, prediction=variant.prediction
        )
        row[name] = round(judges.distance(images), 2)
        row[f"{name}, named rightly"] = round(judges.named(images, classes), 4)
    return row


def copies(variant: Variant, seed: int, share: float) -> dict[str, Any]:
    """How near unguided images lie to those that the network learned from, and test images to
    the same ones; both are medians. And the share of copies.

    A copy lies nearer than 99 of 100 test images lie to their nearest of all training images.
    """
    network, number = restored(variant, seed), max(100, round(IMAGES * share))
    images, _ = gallery(network, cosine_schedule(STEPS), number, steps=DRAWN)
    train, test = (data.fashion(s).images.float() / 255 for s in ("train", "test"))
    known, test = train[: variant.few], test[:1000]
    far = nearest(images, known)
    limit = nearest(test, train).quantile(0.01)
    return {
        "nearest known": round(far.median().item(), 2),
        "test images' nearest": round(nearest(test, known).median().item(), 2),
        "copies": round((far < limit).float().mean().item(), 4),
    }


def nearest(images: Tensor, known: Tensor) -> Tensor:
    """How far the nearest known image of each is."""
    return torch.cdist(images.flatten(1), known.flatten(1)).amin(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the images, for a trial")
    args = parser.parse_args()
    start, rows = time.perf_counter(), []
    for seed in range(args.seeds):
        for variant in VARIANTS:
            key = f"{variant.name}-{seed}-{args.share}"
            measure = partial(measured, variant, seed, args.share)
            row = kept("diffusion_variants", key, measure)
            if variant.name in COPYING:
                copying = partial(copies, variant, seed, args.share)
                row |= kept("diffusion_variants", f"copies-{key}", copying)
            rows.append(row)
            print(rows[-1], flush=True)
    caption = (
        f"Diffusion models that differ in one thing, {args.seeds} seeds; Fréchet distances of "
        f"{IMAGES} images, {DRAWN} steps of DDIM, guidance {GUIDANCE:g}"
    )
    seconds = time.perf_counter() - start
    print(record.write("diffusion_variants", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
