"""Cases of the two planes that are worth seeing, found by a search through both."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

from . import networks

SHOWN = 200  # test digits of which a map shows the codes
KINDS = ("ae", "vae")
Case = dict[str, Any]
SURE = 0.9  # LeNet's share of what it reads for certain


@functools.cache
def codes(kind: str) -> Tensor:
    """Of the test digits that a map shows, (SHOWN, 2)."""
    return networks.codes(kind, networks.digits(SHOWN)[0])


@functools.cache
def ranges(kind: str) -> list[float]:
    """Left, right, low and high of a map: all codes, and as much again outside on every side.

    Whole numbers, and one scale along both axes: what is near in the map is near in the plane.
    """
    low, high = codes(kind).min(0).values, codes(kind).max(0).values
    half = math.ceil(0.75 * float((high - low).max()))
    middle = [round(float(m)) for m in (low + high) / 2]
    return [float(m + side) for m in middle for side in (-half, half)]


@functools.cache
def cases() -> list[Case]:
    """``name``, and the state of a ``LatentPad``: ``example``, ``other``, ``ae`` and ``vae``.

    A place that is None is the code of the digit itself.
    """
    found = [
        {"name": "halfway from 3 to 8", **_state(halfway)},
        {"name": "far outside", **_state(outside)},
        {"name": "the widest gap", **_state(gap)},
        {"name": "z = 0", **_state(lambda _: torch.zeros(2))},
    ]
    return [*found, *_lost()]


def _state(place: Any, example: int = 3, other: int = 8) -> Case:
    """Both crosses at what ``place`` says of each plane."""
    at = {kind: place(kind).double().tolist() for kind in KINDS}
    return {"example": example, "other": other} | at


def halfway(kind: str) -> Tensor:
    """Between the codes of the first 3 and the first 8 of the test set."""
    return codes(kind)[networks.first_of_each()[[3, 8]]].mean(0)


def outside(kind: str) -> Tensor:
    """The corner of the map that is farthest from all codes."""
    left, right, low, high = ranges(kind)
    corners = torch.tensor([[x, y] for x in (left, right) for y in (low, high)])
    return corners[_nearest(kind, corners).argmax()]


def gap(kind: str) -> Tensor:
    """The place among the codes, inside their convex hull, whose nearest code is farthest."""
    left, right, low, high = ranges(kind)
    axes = torch.linspace(left, right, 81), torch.linspace(low, high, 81)
    places = torch.cartesian_prod(*axes)
    angles = torch.arange(64) * math.pi / 32
    ways = torch.stack([angles.cos(), angles.sin()])
    inside = (places @ ways <= (codes(kind) @ ways).amax(0)).all(1)
    return places[inside][_nearest(kind, places[inside]).argmax()]


def _nearest(kind: str, places: Tensor) -> Tensor:
    """How far each place is from the nearest code."""
    return torch.cdist(places, codes(kind)).amin(1)


def lost() -> tuple[int, int] | None:
    """A test digit that LeNet reads for sure and right, and that both planes give back as the
    same other digit, again for sure; with what comes back. None where there is none."""
    x, labels = networks.digits(SHOWN)
    before = networks.shares(x)
    after = [networks.shares(networks.decoded(kind, codes(kind))) for kind in KINDS]
    sure = torch.stack([s.amax(1) for s in (before, *after)]).amin(0) > SURE
    back, other = (s.argmax(1) for s in after)
    found = sure & (before.argmax(1) == labels) & (back == other) & (back != labels)
    first = found.nonzero()[:1, 0].tolist()
    return (first[0], int(back[first[0]])) if first else None


def _lost() -> list[Case]:
    found = lost()
    if found is None:
        return []
    index, back = found
    label = int(networks.digits(SHOWN)[1][index])
    state = {"example": 10, "other": back, "ae": None, "vae": None}
    return [{"name": f"a {label} that comes back as {back}", **state}]


def examples() -> tuple[list[str], Tensor]:
    """The digits that a reader can choose, by name: the first of each class, and the one of the
    last case."""
    found, first = lost(), networks.first_of_each()
    x, labels = networks.digits(SHOWN)
    names = [str(digit) for digit in range(10)]
    if found is None:
        return names, x[first]
    return [*names, f"{labels[found[0]]}, another"], x[[*first.tolist(), found[0]]]
