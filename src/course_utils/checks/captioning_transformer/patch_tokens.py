"""Exercise 7.6, from an image to tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.captioning_transformer.bans import PATCHES_BY_HAND
from course_utils.checks.captioning_transformer.parts import Params
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def cut(x: Tensor, p: int) -> Tensor:
    """(B, C, H, W) -> (B, rows, columns, C, p, p); what does not fit is left out."""
    return x.unfold(2, p, p).unfold(3, p, p).permute(0, 2, 3, 1, 4, 5)


def tokens_of(
    x: Tensor,
    params: Params,
    *,
    fits: Callable = lambda x, p: x.shape[2] % p == 0 == x.shape[3] % p,
    patches: Callable = cut,
    grid: Callable = lambda c: c,
    pixels: Callable = lambda c: c,
    bias: Callable = lambda b: b,
    starts: Callable = lambda token, z: torch.cat([token, z], 1),
    places: Callable = lambda p, first: p,
) -> Tensor:
    """(B, C, H, W) -> (B, N, D) or, with a class token, (B, 1 + N, D)."""
    w, first = params["conv_proj.weight"], "class_token" in params
    if not fits(x, w.shape[-1]):
        raise ValueError("x: patches do not fit")
    c = pixels(grid(patches(x, w.shape[-1])))
    z = c.flatten(3).flatten(1, 2) @ w.flatten(1).T + bias(params["conv_proj.bias"])
    if first:
        z = starts(params["class_token"].expand(len(z), -1, -1), z)
    return z + places(params["pos_embedding"], first)


patch_tokens = Exercise(
    "7.6", "patch_tokens", points=7, hidden=1, bans=(PATCHES_BY_HAND,), right=tokens_of
)


def ordinary(
    draw: Draw, b: int, c: int, rows: int, columns: int, p: int, d: int, first: bool = True
) -> tuple[Tensor, Params]:
    """Images of so many patches, p pixels a side; ``first``: with a class token."""
    params = {
        "conv_proj.weight": draw.normal(d, c, p, p) / (c * p * p) ** 0.5,
        "conv_proj.bias": draw.normal(d),
        "pos_embedding": draw.normal(1, rows * columns + first, d),
    }
    params |= {"class_token": draw.normal(1, 1, d)} if first else {}
    return draw.normal(b, c, rows * p, columns * p), params


def reshaped(x: Tensor, p: int, first: Callable = lambda x, p: x) -> Tensor:
    """Not cut: C · p · p neighbours in memory, which is something else."""
    b, c, h, w = x.shape
    return first(x, p).reshape(b, h // p, w // p, c, p, p)


@patch_tokens.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ordinary(draw, 2, 3, 2, 3, 4, 5)
    yield ordinary(draw, 3, 2, 3, 2, 3, 7, first=False)
    yield ordinary(draw, 2, 3, 4, 4, 2, 4)
    yield ordinary(draw, 1, 4, 2, 5, 3, 12)
    yield ordinary(draw, 4, 1, 3, 3, 2, 3, first=False)
    yield ordinary(draw, 3, 3, 4, 2, 2, 6, first=False)
    x, params = ordinary(draw, 2, 2, 3, 4, 3, 4)
    yield given(params=params, x=x)


@patch_tokens.aspect(
    "numbers of a patch in the order of a convolution's weights, and a bias",
    1,
    {
        "channels come last in a patch: the weights have them first, C, row, column": {
            "pixels": lambda c: c.movedim(3, 5)
        },
        "rows and columns of a patch are exchanged": {"pixels": lambda c: c.transpose(4, 5)},
        "reshaped without cutting: such neighbours are no square": {"patches": reshaped},
        "unfold gives (B, C P P, N): exchange its last two axes, a reshape does not": {
            "patches": partial(reshaped, first=lambda x, p: F.unfold(x, p, stride=p))
        },
        "the bias is missing": {"bias": lambda b: 0 * b},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 3, 1, 1, 4, 6, first=False)
    yield ordinary(draw, 2, 3, 1, 2, 3, 6, first=False)


@patch_tokens.aspect(
    "patches row by row, as one reads",
    0.75,
    {
        "patches go down the columns: row by row, from the left": {
            "grid": lambda c: c.transpose(1, 2)
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 1, 3, 3, 1, 5, first=False)
    yield ordinary(draw, 2, 2, 2, 3, 1, 5, first=False)


@patch_tokens.aspect(
    "the class token, where there is one, comes first; all have positions",
    0.75,
    {
        "the class token comes last: it is token 0": {
            "starts": lambda token, z: torch.cat([z, token], 1)
        },
        "the class token has no position: positions are added to all tokens": {
            "places": lambda p, first: p * (torch.arange(p.shape[1]) >= first)[:, None]
        },
        "no positions: add pos_embedding to the tokens": {"places": lambda p, first: 0 * p},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 2, 1, 1, 3, 1, 4)
    yield ordinary(draw, 3, 1, 2, 1, 1, 5)


@patch_tokens.refuses(
    "refuses an image that does not split into patches",
    0.25,
    {
        "an image that does not split into patches is cut off: it should raise a ValueError": {
            "fits": lambda x, p: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    _, params = ordinary(draw, 2, 3, 2, 3, 4, 5)
    yield draw.normal(2, 3, 9, 12), params


patch_tokens.gradients("x, params", 0.25)
patch_tokens.keeps(points=0.25)
