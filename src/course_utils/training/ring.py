"""A GAN in the plane, and what its failures look like: chapter 12's gallery.

Eight spots on a circle. Both networks are small, so that a game of 2500 rounds takes seconds
and can be played with several seeds; the widget ``GanLab`` plays the same game.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from course_utils.reference.gan import (
    discriminator_loss,
    frozen,
    generator_loss,
    gradient_penalty,
)
from course_utils.reference.modes import modes, nearby

SPOTS, SPREAD = 8, 0.05
RADIUS = 3 * SPREAD  # of a spot, for counting
JUDGED, LEAST = 1000, 10  # points that are counted, and how many cover a spot


@dataclass(frozen=True)
class Game:
    """How a game is played; each failure changes one entry.

    Attributes:
        rate_d, rate_g: learning rates of both Adams.
        saturating: the slide's loss for G.
        detach: whether fakes are detached in D's half.
        zero: whether gradients of the round before are cleared.
        norm: batch norm in D; its statistics are of both kinds "together" or of each "apart".
        penalty: λ of a gradient penalty; D is then a critic, as in WGAN-GP.
    """

    rate_d: float = 2e-3
    rate_g: float = 2e-3
    saturating: bool = False
    detach: bool = True
    zero: bool = True
    norm: str | None = None
    penalty: float | None = None


FAILURES = {
    "as it should be": Game(),
    "G 25 times faster than D": Game(2e-4, 5e-3),
    "D 25 times faster than G": Game(5e-3, 2e-4),
    "D 25 times faster, slide's loss": Game(5e-3, 2e-4, saturating=True),
    "D 25 times faster, critic with penalty": Game(5e-3, 2e-4, penalty=1.0),
    "fakes not detached, gradients not cleared": Game(detach=False, zero=False),
    "fakes not detached": Game(detach=False),
    "gradients not cleared": Game(zero=False),
    "batch norm in D, real and fake apart": Game(norm="apart"),
    "batch norm in D, real and fake together": Game(norm="together"),
}


class Played(NamedTuple):
    """The generator (B, 2) -> (B, 2) after a game, and its −mean log D(G(z)).

    That is the mean of the last tenth of the rounds, in nats, whichever loss was minimised;
    None where D is a critic, whose scores are no logits.
    """

    generator: nn.Module
    loss: float | None


def centres() -> Tensor:
    """The middles of the spots, (8, 2), on a circle of radius 1."""
    turn = 2 * math.pi * torch.arange(SPOTS) / SPOTS
    return torch.stack([turn.cos(), turn.sin()], 1)


def spots(count: int, generator: torch.Generator) -> Tensor:
    """Real points, (count, 2)."""
    which = torch.randint(SPOTS, (count,), generator=generator)
    return centres()[which] + SPREAD * torch.randn(count, 2, generator=generator)


def played(game: Game, seed: int = 0, rounds: int = 2500, batch: int = 64) -> Played:
    """A game from its first round to its last.

    Raises:
        ValueError: ``norm`` is another word.
    """
    if game.norm not in (None, "apart", "together"):
        raise ValueError(f"norm must be 'apart', 'together' or None, not {game.norm!r}")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        g, d = _network(2, norm=False), _network(1, norm=game.norm is not None)
    rules = [
        torch.optim.Adam(network.parameters(), rate, (0.5, 0.999))
        for network, rate in ((g, game.rate_g), (d, game.rate_d))
    ]
    told = _together(d) if game.norm == "together" else _apart(d)
    losses = []
    for _ in range(rounds):
        real = spots(batch, generator)
        fake = g(torch.randn(batch, 2, generator=generator))
        shown = fake.detach() if game.detach else fake
        loss = discriminator_loss(*told(real, shown))
        if game.penalty is not None:
            loss = _critic_loss(d, real, shown, game.penalty, generator)
        _half(rules[1], loss, game)
        if not game.detach:  # its graph is used up
            fake = g(torch.randn(batch, 2, generator=generator))
        with frozen(d):
            logits = told(real, fake)[1]
            loss = generator_loss(logits, game.saturating)
            _half(rules[0], loss if game.penalty is None else -logits.mean(), game)
        losses.append(generator_loss(logits.detach()))
    last = torch.stack(losses[-max(1, rounds // 10) :]).mean().item()
    return Played(g.eval(), last if game.penalty is None else None)


def covered(g: nn.Module) -> tuple[int, float]:
    """How many of the eight spots a generator reaches, and the share of its points near one."""
    z = torch.randn(JUDGED, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        points = g(z)
    near = nearby(points, centres(), RADIUS).sum().item() / JUDGED
    return int(modes(points, centres(), RADIUS, LEAST)), near


def _network(outputs: int, norm: bool) -> nn.Module:
    middle = [nn.BatchNorm1d(16)] if norm else []
    return nn.Sequential(
        nn.Linear(2, 16), nn.LeakyReLU(0.2),
        nn.Linear(16, 16), *middle, nn.LeakyReLU(0.2), nn.Linear(16, outputs),
    )  # fmt: skip


def _critic_loss(
    d: nn.Module, real: Tensor, fake: Tensor, penalty: float, generator: torch.Generator
) -> Tensor:
    """Mean score of fakes minus that of real points, and the penalty on the way between."""
    u = torch.rand(len(real), generator=generator)
    slope = gradient_penalty(lambda x: d(x)[:, 0], real, fake, u)
    return d(fake).mean() - d(real).mean() + penalty * slope


def _half(rule: torch.optim.Optimizer, loss: Tensor, game: Game) -> None:
    if game.zero:
        rule.zero_grad()
    loss.backward()
    rule.step()


Told = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _apart(d: nn.Module) -> Told:
    return lambda real, fake: (d(real)[:, 0], d(fake)[:, 0])


def _together(d: nn.Module) -> Told:
    """Both in one batch: a batch norm then has one mean for real and fake points."""

    def told(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        first, second = d(torch.cat([real, fake]))[:, 0].split([len(real), len(fake)])
        return first, second

    return told
