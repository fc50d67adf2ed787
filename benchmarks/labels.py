"""How far few labels carry: probes on frozen features against training from scratch.

    python -m benchmarks.labels [--seeds 3] [--only SimCLR]

CIFAR-10. The features are those of the shipped checkpoints, learned without labels, and of the
same network untrained. From scratch the same network learns the same few labelled images,
moved and mirrored. Every seed draws other images; fewer labels are part of more. After one
checkpoint was trained anew ``--only`` measures its features; the other rows stay.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks import record
from course_utils import data, results, training
from course_utils.data import Pictures
from course_utils.reference.cpc import CPC
from course_utils.reference.probe import features, linear_probe
from course_utils.training.augment import chain, flipped, shifted
from course_utils.training.fit import accuracy, device, fit
from course_utils.training.representation import Codes, small_encoder

PER_CLASS = (1, 5, 10, 50, 500)
PROBED = {
    "SimCLR": ("simclr_small", small_encoder),
    "rotation": ("rotation_small", small_encoder),
    "CPC, recoloured": ("cpc_recoloured", lambda: Codes(CPC(dim=64, context=64))),
}


def encoders() -> dict[str, nn.Module]:
    """Every method's encoder with its weights, and one without."""
    torch.manual_seed(0)
    found: dict[str, nn.Module] = {"untrained": small_encoder()}
    for name, (checkpoint, make) in PROBED.items():
        found[name] = make()
        found[name].load_state_dict(training.load(checkpoint))
    return found


def from_scratch(few: Pictures, test: Pictures, seed: int) -> float:
    """All weights learned from the few images; as many steps however few they are."""
    torch.manual_seed(seed)
    model = nn.Sequential(small_encoder(), nn.Linear(128, 10)).to(device())
    augment = chain(shifted(3, seed), flipped(seed))
    size = min(64, len(few))
    batches = few.batches(size, seed=seed, device=device(), augment=augment)
    fit(model, batches, max(10, 400 // len(batches)), bfloat16=True)
    return accuracy(model, test.batches(1000, shuffle=False, device=device()))


def chosen(train: Pictures, count: int, seed: int) -> Tensor:
    """Indices of ``count`` images of every class, as ``Pictures.per_class`` draws them."""
    places = Pictures("places", torch.arange(len(train)), train.labels, train.classes)
    return places.per_class(count, seed).images


def probed(train: Pictures, test: Pictures, encoder: nn.Module) -> Callable[..., float]:
    """The accuracy of a probe on frozen features, learned from the chosen images."""
    known = [features(encoder.to(device()), p.images.float() / 255) for p in (train, test)]
    y, labels = train.labels.to(device()), test.labels.to(device())

    def measure(few: Tensor, seed: int) -> float:
        x, tests = known
        return linear_probe(x[few], y[few], tests, labels, weight_decay=1e-2).accuracy

    return measure


def row(name: str, count: int, measured: list[float]) -> dict[str, Any]:
    """The mean, its standard error, and what each seed gave."""
    error = statistics.stdev(measured) / len(measured) ** 0.5 if len(measured) > 1 else 0.0
    return {
        "features": name,
        "labels per class": count,
        "accuracy": round(statistics.mean(measured), 4),
        "standard error": round(error, 4),
        "seeds": [round(accuracy, 4) for accuracy in measured],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=[*PROBED, "untrained", "from scratch"])
    args = parser.parse_args()
    start = time.perf_counter()
    train, test = data.cifar10("train"), data.cifar10("test")
    methods: dict[str, Callable[..., float]] = {
        name: probed(train, test, encoder)
        for name, encoder in encoders().items()
        if args.only in (None, name)
    }
    if args.only in (None, "from scratch"):
        methods["from scratch"] = lambda few, seed: from_scratch(train.select(few), test, seed)
    rows = []
    for count in PER_CLASS:
        draws = [(chosen(train, count, seed), seed) for seed in range(args.seeds)]
        for name, measure in methods.items():
            rows.append(row(name, count, [measure(few, seed) for few, seed in draws]))
            print(rows[-1], flush=True)
    if args.only:
        new = {(r["features"], r["labels per class"]): r for r in rows}
        kept = results.table("labels").record["rows"]
        rows = [new.get((r["features"], r["labels per class"]), r) for r in kept]
    caption = f"CIFAR-10, all test images, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("labels", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
