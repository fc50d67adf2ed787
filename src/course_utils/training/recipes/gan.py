"""Clothes from noise, chapter 12."""

from __future__ import annotations

import torch

from course_utils import data
from course_utils.reference.gan import Discriminator, Generator
from course_utils.training.gan import NUMBER, Judges, gallery, learn, symmetric
from course_utils.training.run import Run, Trained

BATCH, EPOCHS = 32, 8


def gan_fashion(run: Run) -> Trained:
    """A DCGAN, Fashion-MNIST; the moving average of its generator."""
    torch.manual_seed(run.seed)
    networks = Generator().to(run.device), Discriminator().to(run.device)
    batches = run.part(data.fashion("train")).batches(
        BATCH, seed=run.seed, device=run.device, augment=symmetric, drop_last=True
    )
    number = max(100, round(NUMBER * run.share))
    test = data.fashion("test")
    judges = Judges(test.select(torch.arange(2 * number)), run.device)
    untrained = judges.distance(gallery(Generator().to(run.device), number))
    mean, curve = learn(
        *networks,
        batches,
        run.length(EPOCHS),
        lambda generator: judges.distance(gallery(generator, number)),
        resume=run.resume,
        watch=run.watch,
    )
    mean = mean.half().float()  # what is measured is what ships
    row = judges.row(gallery(mean, number)) | {
        "of two real halves": round(judges.halves(), 2),
        "untrained": round(untrained, 2),
        "epochs": len(curve),
        "parameters": sum(p.numel() for p in mean.parameters()),
    }
    return Trained(mean.state_dict(), row, list(curve))
