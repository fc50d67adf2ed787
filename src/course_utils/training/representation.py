"""Features without labels: what is learned, by which recipe, and how it is judged.

The images are those of CIFAR-10, the network is small enough for a CPU. Labels are read when
the features are judged, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from course_utils import data
from course_utils.data import Pictures
from course_utils.reference.cpc import CPC, patches
from course_utils.reference.probe import features, knn, linear_probe
from course_utils.reference.resnet import BasicBlock, ResNet
from course_utils.reference.rotation import rotations
from course_utils.reference.simclr import nt_xent_gathered
from course_utils.training.augment import Augmentation, chain, flipped, seeded
from course_utils.training.fit import Objective, fit
from course_utils.training.run import Run, Trained
from course_utils.training.views import random_greyscale, random_jitter, two_views


def small_encoder(channels: int = 3, widths: Sequence[int] = (32, 64, 128)) -> ResNet:
    """A ResNet of 8 layers at half the resolution: (B, channels, H, W) -> (B, widths[-1])."""
    model = ResNet(BasicBlock, (1, 1, 1), widths, channels=channels, stem="halving")
    model.fc = nn.Identity()  # type: ignore[assignment]
    return model


# -- objectives of ``fit`` ------------------------------------------------------------------


def rotation(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Which of four rotations; the hits are counted in images."""
    turned, by = rotations(x)
    logits = model(turned)
    return cross_entropy(logits.float(), by), (logits.argmax(1) == by).sum() / 4


def prediction(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """CPC: which patch lies below; no hits are counted."""
    _, loss = model(x)
    return loss, y.new_zeros(())


def agreement(
    model: nn.Module, x: Tensor, y: Tensor, temperature: float = 0.5
) -> tuple[Tensor, Tensor]:
    """SimCLR: x (B, 2, C, H, W) are two views; a hit is a view whose partner is nearest."""
    views = x.transpose(0, 1).flatten(0, 1)  # (2B, C, H, W), all first views first
    _, z = model(views)
    a, b = z.float().chunk(2)
    with torch.no_grad():
        unit = normalize(torch.cat([a, b]), dim=1)
        nearest = (unit @ unit.T).fill_diagonal_(-2).argmax(1)
        partner = torch.arange(len(unit), device=x.device).roll(len(a))
    return nt_xent_gathered(a, b, temperature), (nearest == partner).sum() / 2


def paired(seed: int, strength: float = 0.5) -> Augmentation:
    """SimCLR's two views of each image: (B, C, H, W) -> (B, 2, C, H, W)."""

    def change(x: Tensor, generator: Generator) -> Tensor:
        return torch.stack(two_views(x, generator, strength), 1)

    return seeded(change, seed)


def recoloured(seed: int, size: int = 8) -> Augmentation:
    """CPC's patches, each with light and colours of its own.

    (B, C, H, W) -> (B, rows, cols, C, size, size). Patches of one image resemble each other
    in light and colours; where the right one can be found by these nothing else is learned.

    Source: O. Hénaff et al., "Data-efficient image recognition with contrastive predictive
    coding", ICML 2020, whose patches lose two of three colour channels at random.
    """

    def change(x: Tensor, generator: Generator) -> Tensor:
        grid = patches(x, size)
        flat = random_jitter(grid.flatten(0, 2), generator, strength=1.0)
        return random_greyscale(flat, generator, p=0.5).unflatten(0, grid.shape[:3])

    return chain(flipped(seed), seeded(change, seed))


# -- judging ----------------------------------------------------------------------------------


class Codes(nn.Module):
    """The encoder inside CPC: images -> the mean of their patches' codes."""

    def __init__(self, model: CPC) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.encode(x).mean((1, 2))  # its loss would compare all with all


def judged(encoder: nn.Module, train: Pictures, test: Pictures) -> dict[str, float]:
    """Accuracy of a linear probe and of nearest neighbours on frozen features."""
    x, tests = (features(encoder, p.images.float() / 255) for p in (train, test))
    y, labels = train.labels.to(x.device), test.labels.to(x.device)
    near = (knn(x, y, tests, k=min(200, len(x))) == labels).float().mean().item()
    probe = linear_probe(x, y, tests, labels).accuracy
    return {"linear probe": round(probe, 4), "nearest neighbours": round(near, 4)}


def learned(
    make: Callable[[], tuple[nn.Module, nn.Module]],
    objective: Objective,
    augment: Augmentation,
    run: Run,
    epochs: int,
    *,
    size: int = 256,
    ships: bool = True,
) -> Trained:
    """Learn without labels, judge, and set the same untrained encoder beside it.

    ``make`` gives what is trained, and the encoder inside it, which is kept.
    """
    train, test = run.part(data.cifar10("train")), run.part(data.cifar10("test"))
    epochs = run.length(epochs)
    torch.manual_seed(run.seed)
    model, encoder = (part.to(run.device) for part in make())
    floor = judged(encoder, train, test)
    batches = train.batches(
        min(size, len(train)), seed=run.seed, device=run.device, augment=augment, drop_last=True
    )
    curve = fit(
        model, batches, epochs, lr=2e-3, objective=objective, bfloat16=True,
        watch=run.watch, resume=run.resume,
    )  # fmt: skip
    row = {**judged(encoder, train, test), "untrained, probe": floor["linear probe"]}
    count = sum(p.numel() for p in encoder.parameters())
    row |= {"images without labels": len(train), "epochs": epochs, "parameters": count}
    return Trained(encoder.state_dict(), row, curve, ships)
