"""ResNet-18 and its augmentations against torchvision's, interleaved in one process.

    python -m benchmarks.recognition [--rounds 9] [--batch 64]

Ours runs as ``training.fit`` runs it, channels last, on CUDA in bfloat16 with a fused
optimiser; torchvision's in the usual loop, on CUDA mixed too. On a CPU both are float32.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
import torchvision
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torchvision.transforms import v2

from benchmarks import record
from benchmarks.race import Work, race, ratio
from course_utils.reference.resnet import resnet18
from course_utils.tables import counted
from course_utils.training.augment import chain, flipped, shifted
from course_utils.training.fit import device as choose_device

SEED = 188


def peer() -> nn.Module:
    """torchvision's ResNet-18 with the stem for small pictures."""
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    model.maxpool = nn.Identity()
    return model


def step(model: nn.Module, x: Tensor, y: Tensor, lay_out: torch.memory_format) -> Work:
    """One step of training: forward, backward, SGD."""
    x, model = x.contiguous(memory_format=lay_out), model.to(memory_format=lay_out)
    sgd = torch.optim.SGD(model.parameters(), 0.01, 0.9, nesterov=True, fused=x.is_cuda or None)

    def run() -> None:
        model.train()
        with torch.autocast("cuda", torch.bfloat16, enabled=x.is_cuda):
            logits = model(x)
        sgd.zero_grad(set_to_none=True)
        cross_entropy(logits.float(), y).backward()
        sgd.step()

    return run


def answers(model: nn.Module, x: Tensor, lay_out: torch.memory_format) -> Work:
    """Inference on a batch."""
    x = x.contiguous(memory_format=lay_out)

    @torch.no_grad()
    def run() -> Tensor:
        model.eval()
        with torch.autocast("cuda", torch.bfloat16, enabled=x.is_cuda):
            return model(x)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    start, device = time.perf_counter(), choose_device()
    x, y = torch.rand(args.batch, 3, 32, 32), torch.randint(10, (args.batch,))
    x, y = x.to(device), y.to(device)
    mine, other = resnet18(classes=10, stem="cifar").to(device), peer().to(device)
    mine.load_state_dict(other.state_dict())
    torch.testing.assert_close(mine.eval()(x), other.eval()(x), rtol=1e-4, atol=1e-4)

    plain = torch.contiguous_format
    ours = torch.channels_last
    big = torch.rand(512, 3, 32, 32)
    batched = chain(shifted(4), flipped())
    single = v2.Compose([v2.RandomCrop(32, padding=4), v2.RandomHorizontalFlip()])
    pairs = {
        "ResNet-18, training step": (step(mine, x, y, ours), step(other, x, y, plain)),
        "ResNet-18, inference": (answers(mine, x, ours), answers(other, x, plain)),
        "shift and flip, 512 images": (
            lambda: batched(big),
            lambda: torch.stack([single(p) for p in big]),
        ),
    }
    rows = []
    for name, (a, b) in pairs.items():
        times = race({"ours": a, "torchvision": b}, args.rounds)
        median = {who: round(1e3 * statistics.median(t), 2) for who, t in times.items()}
        rows.append(
            {
                "work": name,
                **{f"{who}, ms": ms for who, ms in median.items()},
                "times as fast": ratio(times["torchvision"], times["ours"]),
            }
        )
        print(rows[-1])
    caption = f"Batch of {args.batch}; medians of {counted(args.rounds, 'interleaved round')}"
    seconds = time.perf_counter() - start
    print(record.write("recognition", rows, caption=caption, seed=SEED, seconds=seconds))


if __name__ == "__main__":
    main()
