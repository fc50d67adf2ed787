"""Exercise 10.4, all similarities at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment, given
from course_utils.checks.simclr.rows import (
    constant_lengths,
    keeps_digits,
    uneven,
    unit,
    unit_rows,
)


def cosines(
    z: Tensor,
    *,
    left: Callable = unit_rows,
    right: Callable = unit_rows,
    similar: Callable = lambda s: s,
) -> Tensor:
    """(M, D) -> (M, M)."""
    return similar(left(z) @ right(z).T)


def both(rows: Callable) -> dict[str, Callable]:
    return {"left": rows, "right": rows}


# The tolerance: a small number that guards the division may show a little.
cosine_similarities = Exercise("10.4", "cosine_similarities", 5, 1, right=cosines, rtol=1e-4)


def short_count_as_long(subject: Subject, z: Tensor) -> bool:
    """Less strict than values are: a small number of 1e-6 is fine."""
    return bool(((subject(0.01 * z) - subject(z)).abs() < 1e-3).all())


def short_rows(z: Tensor) -> Probe:
    return experiment(short_count_as_long, z, about="do rows of length 0.01 count as others?")


@cosine_similarities.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (uneven(draw, 5, 3),)
    yield (uneven(draw, 4, 6),)
    yield (uneven(draw, 3, 3),)
    yield (draw.normal(1, 4),)
    yield given(z=20 * uneven(draw, 6, 2))
    yield short_rows(unit(draw, 5, 3))


@cosine_similarities.aspect(
    "only directions count: divided by the lengths of both rows",
    0.5,
    {
        "not normalised: divide each row by its length": both(lambda z: z),
        "normalised over the batch axis: each row, dim=1, has to get length 1": both(
            lambda z: F.normalize(z, dim=0)
        ),
        "only the first of two rows is divided by its length: both are": {"right": lambda z: z},
        "only the second of two rows is divided by its length: both are": {"left": lambda z: z},
        "a distance, 1 − s: expected the similarity s": {"similar": lambda s: 1 - s},
        "a small number that guards the division shows: rows of length 0.01 do not get length "
        "1": both(lambda z: z / (z.square().sum(1, keepdim=True) + 1e-6).sqrt()),
        "0.001 is added to the length: what keeps a division from 0 is 1e-8 or smaller": both(
            lambda z: z / (z.norm(dim=1, keepdim=True) + 1e-3)
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (uneven(draw, 5, 3),)
    yield (uneven(draw, 4, 6),)
    yield short_rows(unit(draw, 5, 3))


@cosine_similarities.aspect(
    "a row of zeros is similar to nothing",
    0.5,
    {
        "the diagonal is set to 1: a row of zeros has similarity 0 also to itself": {
            "similar": lambda s: s - s.diagonal().diag() + torch.eye(len(s)).to(s)
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for m, d, zero in ((4, 3, [1]), (3, 5, [0, 2])):
        z = uneven(draw, m, d)
        z[zero] = 0
        yield (z,)


cosine_similarities.gradients(
    "z",
    0.5,
    {
        "the lengths are detached: they depend on z as well": both(constant_lengths),
        "one side of the product is detached: both rows get a gradient": {
            "right": lambda z: unit_rows(z).detach()
        },
    },
)
cosine_similarities.keeps(points=0.25)
keeps_digits(cosine_similarities, 0.25, lambda draw: (uneven(draw, 5, 3),))
