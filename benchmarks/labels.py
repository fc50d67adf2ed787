"""How far few labels carry: probes on frozen features against training from scratch.

    python -m benchmarks.labels [--seeds 3]

CIFAR-10. The features are those of the shipped checkpoints, learned without labels, and of the
same network untrained. From scratch the same network learns the same few labelled pictures,
moved and mirrored. Every seed draws other pictures; fewer labels are part of more.
"""

from __future__ import annotations

import argparse
import statistics
import time
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks import record
from course_utils import data, training
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
    """All weights learned from the few pictures; as many steps however few they are."""
    torch.manual_seed(seed)
    model = nn.Sequential(small_encoder(), nn.Linear(128, 10)).to(device())
    augment = chain(shifted(3, seed), flipped(seed))
    size = min(64, len(few))
    batches = few.batches(size, seed=seed, device=device(), augment=augment)
    fit(model, batches, max(10, 400 // len(batches)), bfloat16=True)
    return accuracy(model, test.batches(1000, shuffle=False, device=device()))


def chosen(train: Pictures, count: int, seed: int) -> Tensor:
    """Indices of ``count`` pictures of every class, as ``Pictures.per_class`` draws them."""
    places = Pictures("places", torch.arange(len(train)), train.labels, train.classes)
    return places.per_class(count, seed).images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    start = time.perf_counter()
    train, test = data.cifar10("train"), data.cifar10("test")
    known = {
        name: [features(encoder.to(device()), p.images.float() / 255) for p in (train, test)]
        for name, encoder in encoders().items()
    }
    y, labels = train.labels.to(device()), test.labels.to(device())
    rows = []
    for count in PER_CLASS:
        for name in (*known, "from scratch"):
            got = []
            for seed in range(args.seeds):
                few = chosen(train, count, seed)
                if name == "from scratch":
                    got.append(from_scratch(train.select(few), test, seed))
                    continue
                x, tests = known[name]
                probe = partial(linear_probe, weight_decay=1e-2)
                got.append(probe(x[few], y[few], tests, labels).accuracy)
            error = statistics.stdev(got) / len(got) ** 0.5 if len(got) > 1 else 0.0
            rows.append(
                {
                    "features": name,
                    "labels per class": count,
                    "accuracy": round(statistics.mean(got), 4),
                    "standard error": round(error, 4),
                }
            )
            print(rows[-1], flush=True)
    caption = f"CIFAR-10, all test pictures, {args.seeds} seeds"
    seconds = time.perf_counter() - start
    print(record.write("labels", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
