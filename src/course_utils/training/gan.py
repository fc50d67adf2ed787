"""A GAN for small images: how it learns, and how two classifiers judge what it draws."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Generator as Dice
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm

from course_utils.data import Batches, Pictures
from course_utils.reference.cnn import LeNet
from course_utils.reference.frechet import gaussian_distance, lenet_features, moments
from course_utils.reference.gan import Discriminator, Generator, step
from course_utils.reference.resnet import cifar_resnet
from course_utils.reference.vae import VAE
from course_utils.training import checkpoints
from course_utils.training import resume as state
from course_utils.training.ema import follow
from course_utils.training.fit import Epoch

NUMBER = 5_000  # images of every Fréchet distance: fewer are judged worse
DICE = 188  # the seed of the noise from which the judged images are drawn


@dataclass(frozen=True)
class Round(Epoch):
    """What one pass over the data gave; loss and accuracy are the discriminator's.

    ``distance`` is that of the averaged generator's images from real ones.
    """

    generator_loss: float
    distance: float


def symmetric(x: Tensor) -> Tensor:
    """Pixels of 0 to 1 in −1 to 1, as the networks have them."""
    return 2 * x - 1


def drawn(
    draw: Callable[[Tensor], Tensor], noise: int, number: int, device: torch.device
) -> Tensor:
    """(number, 1, 28, 28) drawn by (B, noise) -> (B, 1, 28, 28): always from the same noise."""
    z = torch.randn(number, noise, generator=Dice().manual_seed(DICE))
    with torch.no_grad():
        return torch.cat([draw(part.to(device)) for part in z.split(250)])


def gallery(generator: Generator, number: int) -> Tensor:
    """What a generator draws in the mode it is in, in 0 to 1: (number, 1, 28, 28)."""
    device = next(generator.parameters()).device
    return (drawn(generator, generator.noise, number, device) + 1) / 2


class Judges:
    """Two classifiers of Fashion-MNIST: ``lenet_fashion`` for features, ``resnet20_fashion``.

    The first one's features give the distance; the second names, so that who is close to what
    the one looks at must still convince the other.

    Args:
        real: test images, all that a distance is measured against.
    """

    def __init__(self, real: Pictures, device: torch.device) -> None:
        self.lenet, self.second = (
            LeNet().to(device).eval(),
            cifar_resnet(20, 1).to(device).eval(),
        )
        checkpoints.restore(self.lenet, "lenet_fashion")
        checkpoints.restore(self.second, "resnet20_fashion")
        self.classes, self.device = real.classes, device
        self.features = self.features_of(real.images.float() / 255)
        self.real = moments(self.features)

    def features_of(self, images: Tensor) -> Tensor:
        parts = [lenet_features(self.lenet, x.to(self.device)) for x in images.split(500)]
        return torch.cat(parts)

    def distance(self, images: Tensor) -> float:
        """The Fréchet distance of images (N, 1, 28, 28) in 0 to 1 from the real ones."""
        return gaussian_distance(moments(self.features_of(images)), self.real).item()

    def halves(self) -> float:
        """The distance of one half of the real images from the other: what none can beat."""
        first, second = self.features.chunk(2)
        return gaussian_distance(moments(first), moments(second)).item()

    @torch.no_grad()
    def shares(self, images: Tensor) -> dict[str, float]:
        """Of images, how many the second judge names as each class; its mean confidence."""
        p = torch.cat([self.second(x.to(self.device)).softmax(1) for x in images.split(500)])
        counts = p.argmax(1).bincount(minlength=len(self.classes)) / len(images)
        named = {
            name: round(s, 4) for name, s in zip(self.classes, counts.tolist(), strict=True)
        }
        return {"confidence": round(p.max(1).values.mean().item(), 4), **named}

    def named(self, images: Tensor, classes: Tensor) -> float:
        """The share of images that the second judge names as their class, (N,)."""
        return (self.second_names(images) == classes.to(self.device)).float().mean().item()

    @torch.no_grad()
    def second_names(self, images: Tensor) -> Tensor:
        """The class that the second judge sees in each image, (N,)."""
        parts = [self.second(x.to(self.device)).argmax(1) for x in images.split(500)]
        return torch.cat(parts)

    def row(self, images: Tensor) -> dict[str, Any]:
        """What is kept of a generator: distance, number, the classes that it draws.

        A class is covered that has a fifth of its due share or more.
        """
        shares = self.shares(images)
        confidence = shares.pop("confidence")
        least = min(shares, key=lambda name: shares[name])
        due = 1 / len(self.classes)
        return {
            "Fréchet distance": round(self.distance(images), 2),
            "images": len(images),
            "classes covered": sum(s >= due / 5 for s in shares.values()),
            "least drawn": least,
            "its share": shares[least],
            "largest share": max(shares.values()),
            "second judge's confidence": confidence,
        }


class Twin(VAE):
    """A VAE of the GAN's layers: those of the discriminator encode, the generator's decode.

    So both draw with one network, and what differs is what they learned from.
    """

    def __init__(self, latent: int = 16) -> None:
        super(VAE, self).__init__()
        self.latent = latent
        judge, draw = Discriminator().layers, Generator(latent).layers
        last = judge[-1]
        assert isinstance(last, nn.Linear)
        self.encoder = nn.Sequential(*list(judge)[:-1], nn.Linear(last.in_features, 2 * latent))
        self.decoder = nn.Sequential(*list(draw)[:-1])  # logits: without tanh


def falling(at: int, steps: int) -> float:
    """The share of the learning rate: 1 until half time, then down to a twentieth."""
    return min(1.0, max(0.05, 2 * (1 - at / steps)))


def learn(
    generator: Generator,
    discriminator: Discriminator,
    batches: Batches,
    epochs: int,
    judge: Callable[[Generator], float],
    *,
    lr: float = 1e-3,
    decay: float = 0.999,
    resume: Path | None = None,
    watch: Callable[[Epoch], None] = lambda _: None,
) -> tuple[Generator, list[Round]]:
    """Train both in place; the generator's moving average, which draws better, and the curve.

    Adam with β = (0.5, 0.99), one step of each a batch.

    Args:
        batches: full ones alone, of images made ``symmetric``.
        judge: gives a generator's distance, after each epoch.
        lr: of both, until half time.
        decay: of the moving average.
        resume: a file that holds the state after each epoch, see ``fit``.
        watch: is told each epoch.
    """
    game = _Game(generator, discriminator, lr, decay, epochs * len(batches))
    settings = {"epochs": epochs, "batches": len(batches), "lr": lr, "decay": decay}

    def play(number: int) -> Round:
        bar = tqdm(batches, f"epoch {number}", leave=False, disable=None)
        losses = torch.stack([game.play(real) for real, _ in bar]).mean(0)
        right = told_apart(discriminator, *_some(generator, batches))
        return Round(number, losses[0].item(), right, losses[1].item(), judge(game.mean))

    curve = state.epochs(epochs, play, Round, resume, game.parts(), batches, settings, watch)
    return game.mean, curve


class _Game:
    """Two networks with what moves them, and the generator's moving average."""

    def __init__(
        self, generator: Generator, discriminator: Discriminator, lr: float, decay: float,
        steps: int,
    ) -> None:  # fmt: skip
        self.networks = generator, discriminator
        self.rules = [Adam(n.parameters(), lr, (0.5, 0.99), fused=True) for n in self.networks]
        share = partial(falling, steps=steps)
        self.rates = [LambdaLR(rule, share) for rule in self.rules]
        self.mean, self.decay = copy.deepcopy(generator).eval(), decay

    def play(self, real: Tensor) -> Tensor:
        """One batch: the losses of discriminator and generator."""
        generator, discriminator = self.networks
        z = torch.randn(len(real), generator.noise).to(real.device)
        losses = step(generator, discriminator, real, z, (self.rules[0], self.rules[1]))
        for rate in self.rates:
            rate.step()
        follow(self.mean, generator, self.decay, self.rates[0].last_epoch)
        return torch.stack(losses)

    def parts(self) -> dict[str, Any]:
        """All that has a state."""
        lists = {"network": self.networks, "rule": self.rules, "rate": self.rates}
        own = {
            f"{name} {i}": part for name, parts in lists.items() for i, part in enumerate(parts)
        }
        return own | {"mean": self.mean}


@torch.no_grad()
def told_apart(discriminator: nn.Module, real: Tensor, fake: Tensor) -> float:
    """The share of right answers, ½ for one that guesses; batch norm as in training.

    The discriminator, its statistics too, is left as it was.
    """
    judge = copy.deepcopy(discriminator).train()
    right = torch.cat([judge(real) > 0, judge(fake) <= 0])
    return right.float().mean().item()


@torch.no_grad()
def _some(generator: Generator, batches: Batches) -> tuple[Tensor, Tensor]:
    """Real images and as many that the generator draws now, both in −1 to 1."""
    real = symmetric(batches.images[:1000].float() / 255)
    return real, symmetric(gallery(copy.deepcopy(generator).train(), len(real)))
