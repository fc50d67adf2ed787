"""Exercise 4.2, weights that keep a signal's size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject
from course_utils.checks.resnet.bans import DRAW_BY_HAND


def drawn(
    c_out: int,
    c_in: int,
    k: int,
    mode: str = "fan_in",
    seed: int = 0,
    *,
    known: Callable = lambda mode: mode in ("fan_in", "fan_out"),
    fan: Callable = lambda own, other, k: own * k * k,
    spread: Callable = lambda fan: (2 / fan) ** 0.5,
    draws: Callable = torch.randn,
) -> Tensor:
    """Normal numbers of variance 2 / fan, (c_out, c_in, k, k)."""
    if not known(mode):
        raise ValueError(f"no mode {mode!r}")
    w = draws(c_out, c_in, k, k, generator=torch.Generator().manual_seed(seed))
    channels = (c_out, c_in) if mode == "fan_out" else (c_in, c_out)
    return spread(fan(*channels, k)) * w


PARTS = ("shape", "root of the mean square", "share of positive weights", "mean size per root")


def statistics(w: Any) -> list:
    """What of random weights is the same for all who draw rightly."""
    if not isinstance(w, Tensor) or not w.is_floating_point():
        raise Wrong(f"returned {a(w)}, expected a torch.Tensor of float32")
    w = w.detach().double()
    root, positive = w.square().mean().sqrt().item(), (w > 0).double().mean().item()
    return [list(w.shape), root, positive, w.abs().mean().item() / (root or 1)]


def many(*args: Any, **kwargs: Any) -> Probe:
    """So many weights that statistics of two draws differ by 1 %; the tolerance is 5."""
    return Probe(args, kwargs, parts=PARTS)


kaiming_normal = Exercise(
    "4.2", "kaiming_normal", 4, 2, (DRAW_BY_HAND,), right=drawn, reads=statistics, rtol=0.05
)


@kaiming_normal.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield many(120, 31, 3)
    yield many(32, 150, 2, "fan_out", 1)
    yield many(300, 81, 1, mode="fan_out")
    yield many(31, 28, 5, "fan_in", 3)
    yield many(c_out=14, c_in=40, k=7, mode="fan_out", seed=12)
    yield many(c_out=61, c_in=100, k=2, seed=5)


@kaiming_normal.aspect(
    "a normal distribution of variance 2 / fan",
    0.5,
    {
        "variance 1 / fan: relu takes half of it away": {"spread": lambda fan: fan**-0.5},
        "multiplied by the variance: take its root": {"spread": lambda fan: 2 / fan},
        "√(6 / fan) bounds a uniform distribution": {"spread": lambda fan: (6 / fan) ** 0.5},
        "a uniform distribution: expected a normal one": {
            "draws": lambda *size, generator: (
                12**0.5 * (torch.rand(size, generator=generator) - 0.5)
            )
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield many(75, 75, 2)  # here fan_in and fan_out are equal


@kaiming_normal.aspect(
    "fan_in is c_in · k · k, fan_out c_out · k · k",
    0.5,
    {
        "fan_in and fan_out are swapped": {"fan": lambda own, other, k: other * k * k},
        "fan_in and fan_out are added": {"fan": lambda own, other, k: (own + other) * k * k},
        "the kernel's area is forgotten": {"fan": lambda own, other, k: own},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield many(50, 120, 2, "fan_in")
    yield many(25, 100, 4, "fan_out")


def repeats(subject: Subject, *seeds: int) -> list[bool]:
    first, again, other = (subject(5, 4, 3, seed=seed) for seed in (seeds[0], *seeds))
    return [first == again, first == other]


@kaiming_normal.experiments("the seed decides the values", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    parts = ("the same seed gives the same weights", "another seed gives the same weights")
    for seeds in ((7, 0), (0, 1), (1234, 7)):
        yield Probe(seeds, run=repeats, parts=parts, about=f"seeds {seeds}")


kaiming_normal.keeps(0.25, "returns float32", gives=torch.float32)
