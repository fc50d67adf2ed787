"""A GAN in the plane, and what its failures look like: chapter 12's gallery.

Eight spots on a circle. Both networks are small, so that a game of 2500 rounds takes seconds
and can be played with several seeds; the widget ``GanLab`` plays the same game.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_utils.reference.gan import discriminator_loss, frozen, generator_loss
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
    """

    rate_d: float = 2e-3
    rate_g: float = 2e-3
    saturating: bool = False
    detach: bool = True
    zero: bool = True
    norm: str | None = None


FAILURES = {
    "as it should be": Game(),
    "G 25 times faster than D": Game(2e-4, 5e-3),
    "D 25 times faster than G": Game(5e-3, 2e-4),
    "D 25 times faster, slide's loss": Game(5e-3, 2e-4, saturating=True),
    "fakes not detached, gradients not cleared": Game(detach=False, zero=False),
    "fakes not detached": Game(detach=False),
    "gradients not cleared": Game(zero=False),
    "batch norm in D, real and fake apart": Game(norm="apart"),
    "batch norm in D, real and fake together": Game(norm="together"),
}


def centres() -> Tensor:
    """The middles of the spots, (8, 2), on a circle of radius 1."""
    turn = 2 * math.pi * torch.arange(SPOTS) / SPOTS
    return torch.stack([turn.cos(), turn.sin()], 1)


def spots(count: int, generator: torch.Generator) -> Tensor:
    """Real points, (count, 2)."""
    which = torch.randint(SPOTS, (count,), generator=generator)
    return centres()[which] + SPREAD * torch.randn(count, 2, generator=generator)


def played(game: Game, seed: int = 0, rounds: int = 2500, batch: int = 64) -> nn.Module:
    """The generator (B, 2) -> (B, 2) after a game.

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
    for _ in range(rounds):
        real = spots(batch, generator)
        fake = g(torch.randn(batch, 2, generator=generator))
        _half(
            rules[1],
            discriminator_loss(*told(real, fake.detach() if game.detach else fake)),
            game,
        )
        if not game.detach:  # its graph is used up
            fake = g(torch.randn(batch, 2, generator=generator))
        with frozen(d):
            loss = generator_loss(told(real, fake)[1], game.saturating)
            _half(rules[0], loss, game)
    return g.eval()


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
