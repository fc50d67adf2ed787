"""Exercise 11.1, reconstruction by principal components."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given
from course_utils.checks.watch import Ban


def principal(centred: Tensor) -> tuple[Tensor, Tensor]:
    """All D directions as columns, the largest variance first, and their singular values."""
    squares, columns = torch.linalg.eigh(centred.T @ centred)
    return columns.flip(1), squares.flip(0).clamp(min=0).sqrt()


def projected(
    train: Tensor,
    x: Tensor,
    k: int,
    *,
    fits: Callable = lambda k, n, d: 0 <= k <= min(n, d),
    middle: Callable = lambda train: train.mean(0),
    origin: Callable = lambda middle, x: middle,
    unit: Callable = lambda train: torch.ones_like(train[0]),
    takes: Callable = lambda v, k: v[:, :k],
    weighs: Callable = lambda codes, s: codes,
    back: Callable = lambda codes, v: codes @ v.T,
    adds: Callable = lambda mean: mean,
) -> Tensor:
    """The mean of ``train``, and of the rest of x what lies in k directions."""
    if not fits(k, *train.shape):
        raise ValueError("k directions are more than there are, or fewer than none")
    mean, scale = middle(train), unit(train)
    v, s = principal((train - mean) / scale)
    v, s = takes(v, k), takes(s[None], k)
    codes = weighs((x - origin(mean, x)) / scale @ v, s)
    found = back(codes, v)
    return found if found.shape != x.shape else adds(origin(mean, x)) + found * scale


BY_HAND = Ban(
    "centre and project yourself, with torch.linalg.svd or eigh",
    modules=("sklearn", "torch._lowrank"),
)
pca_reconstruct = Exercise(
    "11.1", "pca_reconstruct", points=6, hidden=3, bans=(BY_HAND,), right=projected
)


def cloud(draw: Draw, n: int, d: int, more: int) -> tuple[Tensor, Tensor]:
    """(n, d) around a point that is not 0, and ``more`` of the same kind.

    The standard deviation of each direction is 1.4 times that of the next: no ties.
    """
    rank = min(n - 1, d)
    noise = draw.normal(n, rank)
    codes = torch.linalg.qr(noise - noise.mean(0)).Q * n**0.5
    codes = torch.cat([codes, draw.normal(more, rank) + 0.3])
    widths = 3 * 1.4 ** -torch.arange(rank, dtype=torch.float64)
    turned = codes * widths @ torch.linalg.qr(draw.normal(d, d)).Q[:, :rank].T
    train, x = (turned + 2 * draw.normal(d)).split([n, more])
    return train, x


@pca_reconstruct.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, d, m, k in ((12, 4, 5, 2), (15, 6, 9, 3), (7, 5, 3, 1), (6, 5, 4, 4), (9, 3, 4, 3)):
        yield *cloud(draw, n, d, m), k
    train, x = cloud(draw, 20, 7, 2)
    yield given(k=5, x=x, train=train)
    train, _ = cloud(draw, 8, 4, 0)
    yield train, train.clone(), 2
    yield train, 2 * train[:3], 3


@pca_reconstruct.aspect(
    "centred with the mean of train, which is added back",
    0.75,
    {
        "centred with the mean of x: the origin is the mean of train": {
            "origin": lambda mean, x: x.mean(0)
        },
        "not centred: subtract the mean of train first": {
            "middle": lambda train: 0 * train.mean(0)
        },
        "the mean is not added back": {"adds": lambda mean: 0 * mean},
        "each dimension is divided by its standard deviation: only centre": {
            "unit": lambda train: train.std(0)
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *cloud(draw, 11, 4, 6), 2
    yield *cloud(draw, 14, 5, 3), 3


@pca_reconstruct.aspect(
    "projected on the k directions of largest variance, and back",
    0.75,
    {
        "the k directions of smallest variance: eigh gives the smallest first": {
            "takes": lambda v, k: v[:, v.shape[1] - k :]
        },
        "all directions are taken: only the first k": {"takes": lambda v, k: v},
        "multiplied by the singular values: the directions alone project": {
            "weighs": lambda codes, s: codes * s
        },
        **exchange(
            "back",
            {"the k coordinates: expected them projected back, (M, D)": lambda codes, v: codes},
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    train, x = cloud(draw, 13, 5, 6)
    for k in (1, 3):
        yield train - train.mean(0), x - x.mean(0), k


@pca_reconstruct.refuses(
    "refuses a k below 0 or above min(N, D)",
    0.25,
    {"a k that does not fit should raise a ValueError": {"fits": lambda k, n, d: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield *cloud(draw, 9, 4, 3), 5


pca_reconstruct.keeps(points=0.25)
