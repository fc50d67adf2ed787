"""Cases of the two planes that are worth seeing, found by a search through both."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

from . import networks

SHOWN = 200  # test digits of which a map shows the codes
POOL = 500  # test digits among which is searched
ROOM = 1.2  # how wide a map is, for codes that spread over 1
KINDS = ("ae", "vae")
Case = dict[str, Any]
FINE = 41  # places along each side of a map, in a search
SURE = 0.9  # LeNet's share of what it reads for certain


@functools.cache
def codes(kind: str) -> Tensor:
    """Of the test digits that a map shows, (SHOWN, 2)."""
    return networks.codes(kind, networks.digits(SHOWN)[0])


@functools.cache
def ranges(kind: str) -> list[float]:
    """Left, right, low and high of a map: all codes, and room beside them on every side.

    Whole numbers, and one scale along both axes: what is near in the map is near in the plane.
    """
    low, high = codes(kind).min(0).values, codes(kind).max(0).values
    half = math.ceil(ROOM / 2 * float((high - low).max()))
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
        {"name": "a gap without a digit", **_state(gap)},
        {"name": "z = 0", **_state(lambda _: torch.zeros(2))},
    ]
    return [*found, *_lost()]


def _state(place: Any, example: int = 3, other: int = 8) -> Case:
    """Both crosses at what ``place`` says of each plane."""
    at = {kind: place(kind).double().tolist() for kind in KINDS}
    return {"example": example, "other": other} | at


def halfway(kind: str) -> Tensor:
    """Between the codes of the 3 and of the 8 that a reader can choose."""
    return networks.codes(kind, networks.digits(POOL)[0][chosen()[[3, 8]]]).mean(0)


def outside(kind: str) -> Tensor:
    """The corner of the map at which LeNet is least sure what is drawn; the cross fits in."""
    left, right, low, high = ranges(kind)
    edge = 0.04 * (right - left)
    x, y = torch.tensor([left + edge, right - edge]), torch.tensor([low + edge, high - edge])
    corners = torch.cartesian_prod(x, y)
    return corners[_sure(kind, corners).argmin()]


def gap(kind: str) -> Tensor:
    """Of the places inside the codes' convex hull at which LeNet gives no digit one half, the
    one whose nearest code is farthest; where LeNet is always sure, of all inside."""
    left, right, low, high = ranges(kind)
    axes = torch.linspace(left, right, FINE), torch.linspace(low, high, FINE)
    angles = torch.arange(64) * math.pi / 32
    ways = torch.stack([angles.cos(), angles.sin()])
    places = torch.cartesian_prod(*axes)
    places = places[(places @ ways <= (codes(kind) @ ways).amax(0)).all(1)]
    unclear = _sure(kind, places) < 0.5
    places = places[unclear] if unclear.any() else places
    return places[torch.cdist(places, codes(kind)).amin(1).argmax()]


def _sure(kind: str, places: Tensor) -> Tensor:
    """LeNet's largest share in what is decoded at each place."""
    return networks.shares(networks.decoded(kind, places)).amax(1)


@functools.cache
def readings() -> tuple[Tensor, Tensor]:
    """What LeNet reads in the pool's digits, and how sure it is: (3, POOL) each. The rows are
    the digit itself, what the AE gives back and what the VAE does."""
    x = networks.digits(POOL)[0]
    back = [networks.decoded(kind, networks.codes(kind, x)) for kind in KINDS]
    found = torch.stack([networks.shares(image) for image in (x, *back)]).max(2)
    return found.indices, found.values


@functools.cache
def chosen() -> Tensor:
    """Of each class the first digit that both planes give back as what it is, else the first:
    where they stand in the pool, (10,)."""
    labels, (read, _) = networks.digits(POOL)[1], readings()
    kept = (read == labels).all(0)
    first = [(labels == k).nonzero()[0, 0] for k in range(10)]
    good = [((labels == k) & kept).nonzero()[:1, 0] for k in range(10)]
    return torch.stack([g[0] if len(g) else f for f, g in zip(first, good, strict=True)])


def lost() -> tuple[int, int] | None:
    """A digit that LeNet reads for sure and right, and that both planes give back as the same
    other digit, again for sure: its place in the pool and what comes back, if there is one."""
    labels, (read, sure) = networks.digits(POOL)[1], readings()
    same = (read[0] == labels) & (read[1] == read[2]) & (read[1] != labels)
    found = (same & (sure.amin(0) > SURE)).nonzero()[:1, 0].tolist()
    return (found[0], int(read[1, found[0]])) if found else None


def _lost() -> list[Case]:
    found = lost()
    if found is None:
        return []
    index, back = found
    label = int(networks.digits(POOL)[1][index])
    state = {"example": 10, "other": back, "ae": None, "vae": None}
    return [{"name": f"a {label} that comes back as {back}", **state}]


def examples() -> tuple[list[str], Tensor]:
    """What a reader can choose, by name: the chosen of each class, and the digit of the last
    case; images (10 or 11, 1, 28, 28) in 0 to 1."""
    names, places, found = [str(k) for k in range(10)], chosen().tolist(), lost()
    x, labels = networks.digits(POOL)
    if found is not None:
        names.append(f"{labels[found[0]]}, another")
        places.append(found[0])
    return names, x[places]
