"""Clothes out of noise, chapter 13."""

from __future__ import annotations

import time
from typing import Any

import torch

from course_utils import data
from course_utils.reference.diffusion import Schedule, cosine_schedule
from course_utils.reference.unet import UNet
from course_utils.training.diffusion import gallery, learn
from course_utils.training.gan import NUMBER, Judges, symmetric
from course_utils.training.run import Run, Trained

BATCH, EPOCHS = 32, 16  # 19 minutes of one thread, curve included
LARGE_BATCH, LARGE_EPOCHS = 128, 60
STEPS = 1000  # of the schedule
DRAWN = 20  # steps of DDIM
GUIDANCE = 2.0
LOOK = 500  # images, in half as many steps, that the curve is drawn from


def diffusion_fashion(run: Run) -> Trained:
    """A U-Net that predicts v, labels dropped with p = 0.1, Fashion-MNIST; its moving average.

    The distance is that of images drawn by DDIM in 20 steps with guidance s = 2; "unguided"
    ones are told the class too. The curve has fewer images, drawn in 10 steps: its distances
    are larger and compare among themselves alone.
    """
    torch.manual_seed(run.seed)
    return _drawn(run, UNet(), BATCH, EPOCHS)


def diffusion_fashion_large(run: Run) -> Trained:
    """As ``diffusion_fashion``, 3.8 million weights, no pixels unshuffled; for a GPU."""
    torch.manual_seed(run.seed)
    network = UNet(widths=(128, 256), condition=128, patch=1)
    return _drawn(run, network, LARGE_BATCH, LARGE_EPOCHS, lr=5e-4, ships=False)


def _drawn(
    run: Run, network: UNet, batch: int, epochs: int, lr: float = 2e-3, ships: bool = True
) -> Trained:
    """The network trained, and what it draws judged."""
    network, schedule = network.to(run.device), cosine_schedule(STEPS)
    start = time.process_time()
    number = max(100, round(NUMBER * run.share))
    judges = Judges(data.fashion("test").select(torch.arange(2 * number)), run.device)
    train = run.part(data.fashion("train"))
    batches = train.batches(
        min(batch, len(train)), seed=run.seed, device=run.device, augment=symmetric,
        drop_last=True,
    )  # fmt: skip

    def judge(mean: UNet) -> tuple[float, float]:
        images, classes = gallery(mean, schedule, min(LOOK, number), GUIDANCE, DRAWN // 2)
        return judges.named(images, classes), judges.distance(images)

    mean, curve = learn(
        network, batches, run.length(epochs), schedule, judge, lr=lr, resume=run.resume,
        watch=run.watch,
    )  # fmt: skip
    row: dict[str, Any] = {"CPU seconds": round(time.process_time() - start)}
    mean = mean.half().float()  # what is measured is what ships
    row = _judged(mean, schedule, judges, number) | row | _beside(run, judges, mean)
    return Trained(mean.state_dict(), row | {"epochs": len(curve)}, list(curve), ships)


def _judged(network: UNet, schedule: Schedule, judges: Judges, number: int) -> dict[str, Any]:
    """With guidance and without, and without being told a class: distance, and names."""
    images, classes = gallery(network, schedule, number, GUIDANCE, DRAWN)
    row = judges.row(images) | {"named rightly": round(judges.named(images, classes), 4)}
    images, classes = gallery(network, schedule, number, steps=DRAWN)
    row |= {
        "unguided": round(judges.distance(images), 2),
        "unguided, named rightly": round(judges.named(images, classes), 4),
    }
    images, _ = gallery(network, schedule, number, steps=DRAWN, told=False)
    return row | {"no class told": round(judges.distance(images), 2)}


def _beside(run: Run, judges: Judges, network: UNet) -> dict[str, Any]:
    """What the numbers are to be compared with; the parameters of what draws."""
    test = data.fashion("test").select(torch.arange(len(judges.features)))
    return {
        "of two real halves": round(judges.halves(), 2),
        "real images named rightly": round(
            judges.named(test.images.float() / 255, test.labels), 4
        ),
        "parameters": sum(p.numel() for p in network.parameters()),
    }
