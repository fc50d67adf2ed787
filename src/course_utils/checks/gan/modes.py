"""Exercise 12.6, covered modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import number
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.gan.parts import part
from course_utils.checks.probe import Probe, experiment, given


def nearest(far: Tensor) -> Tensor:
    return F.one_hot(far.argmin(1), far.shape[1]).bool()


def spotted(
    samples: Tensor,
    centres: Tensor,
    radius: float,
    least: int,
    *,
    measure: Callable = lambda d: d.norm(dim=2),
    within: Callable = lambda far, radius: far <= radius,
    owner: Callable = nearest,
    counts: Callable = lambda owned, near: owned & near,
    enough: Callable = lambda n, least: n >= least,
    totals: Callable = lambda covered, near: covered.sum(),
    shares: Callable = lambda near, covered: near.double().mean(),
) -> tuple[int, float]:
    """How many centres are covered, and the share of samples that are near one."""
    far = measure(samples[:, None] - centres)
    near = within(far, radius)
    covered = enough(counts(owner(far), near).sum(0), least)
    is_near = (nearest(far) & near).any(1)
    return int(totals(covered, is_near)), float(shares(is_near, covered))


def two(got: object) -> object:
    """A reader: two numbers, as Python's own or as tensors."""
    parts = got.tolist() if isinstance(got, Tensor) and got.shape == (2,) else got
    return [number(x) for x in parts] if isinstance(parts, tuple | list) else got


modes = Exercise("12.6", "modes", points=5, hidden=1, right=spotted, reads=two)


def ring(draw: Draw, k: int, d: int, near: float, *sizes: int) -> tuple[Tensor, Tensor]:
    """Samples round some of k centres, and k centres on a ring of radius 4."""
    angle = torch.arange(k) * 2 * torch.pi / k + 0.3
    centres = F.pad(4 * torch.stack([angle.cos(), angle.sin()], 1), (0, d - 2)).double()
    which = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    samples = centres[which] + near * draw.normal(len(which), d)
    return samples[draw.normal(len(which)).argsort()], centres


@modes.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield *ring(draw, 8, 2, 0.8, 9, 3, 2, 7, 1, 3), 1.6, 3
    yield *ring(draw, 5, 2, 1.2, 9, 6, 1), 4.5, 2  # circles overlap
    yield *ring(draw, 6, 3, 0.3, 5, 1, 1, 8, 4, 3), 0.4, 1
    yield *ring(draw, 7, 5, 0.5, 4, 5, 9, 2, 3), 1.3, 4
    samples, centres = ring(draw, 3, 2, 1.5, 11, 4)
    yield given(least=2, radius=5.0, centres=centres, samples=samples)
    yield *grid(), 5.0, 2
    line = torch.tensor([[1.9], [1.8], [0.1], [0.0], [30.0]]).double()  # four in both
    yield line, torch.tensor([[0.0], [2.0], [50.0]]).double(), 2.0, 2


def grid() -> tuple[Tensor, Tensor]:
    """Whole numbers: two samples at exactly 5 from a centre, two at exactly 1, two far off."""
    samples = torch.tensor([[3, 4], [-4, 3], [21, 0], [20, -1], [9, 9], [40, 0], [20, 0]])
    return samples.double(), torch.tensor([[0, 0], [20, 0], [0, 40]]).double()


@modes.aspect(
    "near: the nearest centre is at most `radius` away; the share of such samples",
    0.75,
    {
        "a sample at exactly `radius` is near: at most, ≤": {
            "within": lambda far, radius: far < radius
        },
        "the squared distance is compared with the radius: take its root": {
            "measure": lambda d: d.square().sum(2)
        },
        "the number of near samples: expected their share": {
            "shares": lambda near, covered: near.double().sum()
        },
        "the share of covered centres: expected that of near samples": {
            "shares": lambda near, covered: covered.double().mean()
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    about = "the share of near samples; 7 samples, 3 centres, whole numbers, radius 5"
    yield experiment(partial(part, which=1), *grid(), 5.0, 2, about=about)
    about = "the share of near samples; 12 samples, 4 centres, radius 1.5"
    samples, centres = ring(draw, 4, 2, 1.2, 6, 4, 2)
    yield experiment(partial(part, which=1), samples, centres, 1.5, 3, about=about)


@modes.aspect(
    "covered: `least` near samples or more have this centre as their nearest",
    1.25,
    exchange(
        "enough",
        {
            "more than `least`: `least` of them are enough": lambda n, least: n > least,
            "`least` is ignored: one near sample is not always enough": lambda n, least: n > 0,
        },
    )
    | {
        "circles overlap: a sample counts for its nearest centre alone": {
            "owner": lambda far: torch.ones_like(far, dtype=torch.bool)
        },
        "samples far from every centre count, too: only near ones do": {
            "counts": lambda owned, near: owned
        },
        "the number of near samples: expected that of covered centres": {
            "totals": lambda covered, near: near.sum()
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for radius, least in ((4.5, 3), (0.7, 2), (1.4, 1)):
        about = f"covered centres; 20 samples, 5 centres, radius {radius:g}, least {least}"
        inputs = *ring(draw, 5, 2, 0.9, 9, 3, 6, 2), radius, least
        yield experiment(partial(part, which=0), *inputs, about=about)


@modes.contract("leaves samples and centres as they are", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    for probe in modes.probes(Exercise.WHOLE)[:4]:
        probe.ask(answer)
    if answer.changed_input:
        raise Wrong(f"the input was changed in place: {answer.changed}")
