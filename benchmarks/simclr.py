"""Which of SimCLR's choices matter: augmentations, temperature, batch size, projection head.

    python -m benchmarks.simclr [--seeds 3] [--images 10000] [--epochs 16] [--add]

With ``--add`` only the seeds are trained that ``results/simclr.json`` has not.

One choice is varied at a time, all others stay as in ``BASE``. CIFAR-10 at 16 × 16 pixels and a
small network, so that fifty trainings fit into an hour and a half of one core: the order of the
settings is the result, not their level. Judged by a linear probe on the frozen features h and
on the projections z, with the labels of the images that were learned from.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Generator, Tensor, nn

from benchmarks import record
from course_utils import data, results
from course_utils.data import Pictures
from course_utils.reference.probe import features, linear_probe
from course_utils.reference.simclr import SimCLR
from course_utils.training import views
from course_utils.training.augment import seeded
from course_utils.training.fit import device, fit
from course_utils.training.representation import agreement, small_encoder

Step = Callable[[Tensor, Generator], Tensor]


def colours(x: Tensor, generator: Generator) -> Tensor:
    """SimCLR's colour distortion: jitter, then grey one time in five."""
    return views.random_greyscale(views.random_jitter(x, generator), generator)


CROP: Step = partial(views.random_crop, mirrored=0.5)
CUTOUT: Step = partial(views.random_cut, side=8)
COMPOSITIONS: dict[str, tuple[Step, ...]] = {
    "noise": (views.random_noise,),
    "blur": (views.random_blur,),
    "cutout": (CUTOUT,),
    "colours": (colours,),
    "crop": (CROP,),
    "crop and cutout": (CROP, CUTOUT),
    "crop and blur": (CROP, views.random_blur),
    "crop and colours": (CROP, colours),
}
HEADS: dict[str, Callable[[], nn.Module] | None] = {
    "none, z = h": nn.Identity,
    "linear": lambda: nn.Linear(128, 64),
    "one hidden layer": None,  # SimCLR's own
}


@dataclass(frozen=True)
class Setting:
    """What is varied."""

    composition: str = "crop and colours"
    temperature: float = 0.5
    batch: int = 128
    head: str = "one hidden layer"


BASE = Setting()
VARIED: dict[str, list[Setting]] = {
    "composition": [replace(BASE, composition=name) for name in COMPOSITIONS],
    "temperature": [replace(BASE, temperature=t) for t in (0.05, 0.1, 0.2, 0.5, 1.0)],
    "batch": [replace(BASE, batch=n) for n in (32, 128, 512)],
    "head": [replace(BASE, head=name) for name in HEADS],
}


def pairs(steps: tuple[Step, ...], x: Tensor, generator: Generator) -> Tensor:
    """Two views of each image, (B, 2, C, H, W)."""

    def view() -> Tensor:
        y = x
        for step in steps:
            y = step(y, generator)
        return y

    return torch.stack([view(), view()], 1)


def learn(setting: Setting, train: Pictures, epochs: int, seed: int) -> SimCLR:
    """A network trained without labels in this setting."""
    torch.manual_seed(seed)
    model = SimCLR(small_encoder(), 128, 64)
    if head := HEADS[setting.head]:
        model.head = head()
    change = seeded(partial(pairs, COMPOSITIONS[setting.composition]), seed)
    batches = train.batches(
        setting.batch, seed=seed, device=device(), augment=change, drop_last=True
    )
    objective = partial(agreement, temperature=setting.temperature)
    # As many images are seen in every setting; fewer, larger steps want a larger rate.
    rate = 2e-3 * (setting.batch / BASE.batch) ** 0.5
    fit(model.to(device()), batches, epochs, lr=rate, objective=objective, bfloat16=True)
    return model


def judge(part: nn.Module, train: Pictures, test: Pictures) -> float:
    """A linear probe on what a part of the model says."""
    x, tests = (features(part, p.images.float() / 255) for p in (train, test))
    y, labels = train.labels.to(x.device), test.labels.to(x.device)
    return linear_probe(x, y, tests, labels, weight_decay=1e-3).accuracy


def measured(setting: Setting, args: argparse.Namespace, had: dict[str, Any]) -> dict[str, Any]:
    """The mean over the seeds, and what each of them gave, in ascending order."""
    train = data.cifar10("train").per_class(args.images // 10, seed=0).halved()
    test = data.cifar10("test").halved()
    found: dict[str, list[float]] = {part: [*had.get(f"seeds of {part}", ())] for part in "hz"}
    for seed in range(len(found["h"]), args.seeds):
        model = learn(setting, train, args.epochs, seed)
        found["h"].append(judge(model.encoder, train, test))
        found["z"].append(judge(nn.Sequential(model.encoder, model.head), train, test))
    row: dict[str, Any] = {}
    for name, values in found.items():
        row[f"probe of {name}"] = round(statistics.mean(values), 4)
        row[f"seeds of {name}"] = sorted(round(value, 4) for value in values)
    return row


def before(args: argparse.Namespace) -> tuple[dict[tuple[str, Any], dict[str, Any]], float]:
    """What the result has of the same images and epochs, by what was varied; its seconds.

    Raises:
        SystemExit: the result is of other images or epochs.
    """
    if not args.add:
        return {}, 0.0
    old = results.table("simclr").record
    if f"on {args.images} images" not in old["caption"] or (
        f" {args.epochs} epochs" not in old["caption"]
    ):
        raise SystemExit("results/simclr.json has other images or epochs: leave out --add")
    return {(row["varied"], row["to"]): row for row in old["rows"]}, old["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--add", action="store_true", help="keep the seeds of the result")
    args = parser.parse_args()
    old, spent = before(args)
    start, rows = time.perf_counter(), dict(old)
    torch.manual_seed(0)
    train = data.cifar10("train").per_class(args.images // 10, seed=0).halved()
    floor = round(judge(small_encoder().to(device()), train, data.cifar10("test").halved()), 4)
    known: dict[Setting, dict[str, Any]] = {}
    for what, settings in VARIED.items():
        for setting in settings:
            key = what, getattr(setting, what)
            known[setting] = known.get(setting) or measured(setting, args, rows.get(key, {}))
            rows[key] = {"varied": what, "to": key[1], **known[setting]}
            took = time.perf_counter() - start
            print(f"{took:.0f} s", rows[key], flush=True)
            write(args, [*rows.values()], floor, spent + took)  # --add goes on from here


def write(
    args: argparse.Namespace, rows: list[dict[str, Any]], floor: float, seconds: float
) -> None:
    """Keep what was measured so far."""
    counts = sorted({len(row["seeds of h"]) for row in rows})
    caption = (
        f"SimCLR on {args.images} images of CIFAR-10 at 16 × 16 pixels, "
        f"{args.epochs} epochs, {' to '.join(map(str, counts))} seeds; one choice varied at a "
        f"time from {BASE.composition}, τ = {BASE.temperature}, batches of {BASE.batch}; "
        f"untrained: {floor}"
    )
    record.write("simclr", rows, caption=caption, seed=0, seconds=seconds, untrained=floor)


if __name__ == "__main__":
    main()
