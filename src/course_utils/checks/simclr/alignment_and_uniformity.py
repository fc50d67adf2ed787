"""Exercise 10.7, alignment and uniformity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a as some
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment, given
from course_utils.checks.simclr.rows import KEEPS, scalar, uneven, unit, unit_rows


def squared(u: Tensor, v: Tensor) -> Tensor:
    """Squared distances of all rows of u from all rows of v."""
    return (u[:, None] - v).square().sum(2)


def apart(z: Tensor) -> Tensor:
    """Squared distances of all pairs i ≠ j."""
    return squared(z, z)[~torch.eye(len(z), dtype=torch.bool)]


def two_forces(
    a: Tensor,
    b: Tensor,
    t: float = 2.0,
    *,
    rows: Callable = unit_rows,
    near: Callable = lambda d: d.square().sum(1).mean(),
    pairs: Callable = lambda u, v: [apart(torch.cat([u, v]))],
    even: Callable = lambda d2, t: (-t * d2).exp().mean().log(),
    gives: Callable = lambda alignment, uniformity: (alignment, uniformity),
) -> tuple[Tensor, Tensor]:
    """How near partners are, and how evenly all rows lie on the sphere."""
    u, v = rows(torch.cat([a, b])).chunk(2)
    groups = [even(d2, t) for d2 in pairs(u, v)]
    return gives(near(u - v), torch.stack(groups).mean())


def two(got: object) -> object:
    """A reader: two numbers, in a tuple, a list or one tensor."""
    parts = got.unbind() if isinstance(got, Tensor) and got.shape == (2,) else got
    return [scalar(x) for x in parts] if isinstance(parts, tuple | list) else got


alignment_and_uniformity = Exercise(
    "10.7", "alignment_and_uniformity", points=5, hidden=2, right=two_forces, reads=two
)


def the_first(subject: Subject, a: Tensor, b: Tensor, t: float, which: int = 0) -> Tensor:
    """One of the two numbers: a mistake in the other has an aspect of its own."""
    got = subject(a, b, t)
    if not isinstance(got, list) or len(got) != 2:
        raise Wrong(f"returned {some(got)}, expected two numbers")
    return got[which]


@alignment_and_uniformity.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield uneven(draw, 4, 3), uneven(draw, 4, 3)
    yield uneven(draw, 3, 5), uneven(draw, 3, 5), 0.5
    for t in (3.0, 0.05, 12.0):
        yield uneven(draw, 5, 2), uneven(draw, 5, 2), t
    yield uneven(draw, 1, 3), uneven(draw, 1, 3), 1.0
    yield given(b=uneven(draw, 2, 4), a=uneven(draw, 2, 4), t=2.5)


@alignment_and_uniformity.aspect(
    "alignment: the mean squared distance of partners of length 1",
    0.5,
    {
        "not normalised: divide each row by its length": {"rows": lambda z: z},
        "alignment: the distance is not squared": {"near": lambda d: d.norm(dim=1).mean()},
        "alignment is averaged over the D numbers of a row as well: take their sum": {
            "near": lambda d: d.square().mean()
        },
        "alignment is summed over the pairs: take their mean": {
            "near": lambda d: d.square().sum()
        },
        "uniformity comes first: expected alignment, uniformity": {
            "gives": lambda alignment, uniformity: (uniformity, alignment)
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    about = "alignment of a (4, 3), b (4, 3)"
    yield experiment(the_first, uneven(draw, 4, 3), uneven(draw, 4, 3), 2.0, about=about)


@alignment_and_uniformity.aspect(
    "uniformity: the log of the mean of exp(−t d²), over all pairs of all 2N rows",
    0.75,
    {
        "2 is used in place of t: take what is given": {
            "even": lambda d2, t: (-2 * d2).exp().mean().log()
        },
        "the mean of the logarithms, −t d²: take the logarithm of the mean": {
            "even": lambda d2, t: (-t * d2).mean()
        },
        "the logarithm is missing": {"even": lambda d2, t: (-t * d2).exp().mean()},
        "each row is paired with itself as well, at distance 0: only i ≠ j": {
            "pairs": lambda u, v: [squared(torch.cat([u, v]), torch.cat([u, v]))]
        },
        "the mean of a's uniformity and b's: all 2N rows together make the pairs": {
            "pairs": lambda u, v: [apart(u), apart(v)]
        },
        "only pairs of a row of a and one of b: all 2N rows together make the pairs": {
            "pairs": lambda u, v: [squared(u, v)]
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for t in (2.0, 0.5):
        rows, about = unit(draw, 8, 3).chunk(2), f"uniformity of a (4, 3), b (4, 3), t {t:g}"
        yield experiment(partial(the_first, which=1), *rows, t, about=about)


alignment_and_uniformity.keeps(points=0.5, name=KEEPS)
