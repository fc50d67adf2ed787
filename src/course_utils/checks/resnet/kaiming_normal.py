"""Exercise 4.2, weights that keep a signal's size."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment, given
from course_utils.checks.resnet.bans import DRAW_BY_HAND
from course_utils.checks.resnet.random_weights import many, statistics


def drawn(
    c_out: int,
    c_in: int,
    k: int,
    mode: str = "fan_in",
    seed: int = 0,
    *,
    known: Callable = lambda mode: mode in ("fan_in", "fan_out"),
    own: Callable = lambda mode, c_in, c_out: c_out if mode == "fan_out" else c_in,
    area: Callable = lambda k: k * k,
    spread: Callable = lambda fan: (2 / fan) ** 0.5,
    draws: Callable = torch.randn,
) -> Tensor:
    """Normal numbers of variance 2 / fan, (c_out, c_in, k, k)."""
    if not known(mode):
        raise ValueError(f"no mode {mode!r}")
    w = draws(c_out, c_in, k, k, generator=torch.Generator().manual_seed(seed))
    return spread(own(mode, c_in, c_out) * area(k)) * w


kaiming_normal = Exercise(
    "4.2", "kaiming_normal", 4, 2, (DRAW_BY_HAND,), right=drawn, reads=statistics, rtol=0.05
)


@kaiming_normal.whole
def _(draw: Draw) -> Iterator[Probe]:
    yield many(120, 31, 3)
    yield many(32, 150, 3, "fan_out", 1)
    yield many(300, 121, 1, mode="fan_out")
    yield many(1500, 1, 5, "fan_in", 3)
    yield many(1, 4000, 3, mode="fan_out", seed=2)
    yield many(c_out=24, c_in=40, k=7, mode="fan_out", seed=12)
    yield many(c_out=81, c_in=100, k=2, seed=5)
    yield many(60, 60, 3)


@kaiming_normal.aspect(
    "a normal distribution of variance 2 / fan",
    0.5,
    {
        "variance 1 / fan: relu takes half of it away": {"spread": lambda fan: fan**-0.5},
        "multiplied by the variance: take its root": {"spread": lambda fan: 2 / fan},
        "2 stands beside the root: √(2 / fan)": {"spread": lambda fan: 2 / fan**0.5},
        "√(6 / fan) bounds a uniform distribution": {"spread": lambda fan: (6 / fan) ** 0.5},
        "a uniform distribution: expected a normal one": {
            "draws": lambda *size, generator: (
                12**0.5 * (torch.rand(size, generator=generator) - 0.5)
            )
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield many(95, 95, 2)  # here fan_in and fan_out are equal


def both(subject: Subject, *size: int) -> list:
    return [subject(*size, mode=mode) for mode in ("fan_in", "fan_out")]


@kaiming_normal.aspect(
    "fan_in is c_in · k · k, fan_out c_out · k · k",
    0.25,
    {
        "fan_in and fan_out are swapped": {
            "own": lambda mode, c_in, c_out: c_in if mode == "fan_out" else c_out
        },
        "mode is ignored: it is always fan_in": {"own": lambda mode, c_in, c_out: c_in},
        "fan_in and fan_out are added": {"own": lambda mode, c_in, c_out: c_in + c_out},
        "the kernel's area is forgotten": {"area": lambda k: 1},
        "k stands for the kernel's area, k · k": {"area": lambda k: k},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for c_out, c_in, k in ((50, 180, 2), (100, 25, 4)):
        about, size = f"c_out {c_out}, c_in {c_in}, k {k}", (c_out, c_in, k)
        yield Probe(size, run=both, parts=("mode 'fan_in'", "mode 'fan_out'"), about=about)


def different(subject: Subject, *seeds: int) -> int:
    return len({repr(subject(5, 4, 3, seed=seed)) for seed in seeds})


def repeats(subject: Subject, seed: int) -> bool:
    return subject(5, 4, 3, seed=seed) == subject(5, 4, 3, seed=seed)


@kaiming_normal.experiments("the seed decides the values", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for seed in (0, 7):
        about = f"seed {seed} twice: whether the weights are the same"
        yield experiment(repeats, seed, about=about)
    seeds = 0, 1, 2, 3, 7, 10, 100, 256, 1234
    about = f"how many weights are different among those of the seeds {seeds}"
    yield experiment(different, *seeds, about=about)


@kaiming_normal.refuses(
    "refuses another mode",
    0.25,
    {
        "another mode should raise a ValueError: a typing error goes unseen": {
            "known": lambda mode: True
        }
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield given(4, 3, 3, mode="fan_avg")


kaiming_normal.keeps(0.25, "returns float32", gives=torch.float32)
