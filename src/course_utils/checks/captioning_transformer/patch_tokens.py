"""Exercise 7.6, from an image to tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.captioning_transformer.parts import LAYERS, Params
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given

Grid = tuple[int, int, int, int]  # rows, columns, height and width of a patch


def cut(x: Tensor, p: int) -> Tensor:
    """(B, C, H, W) -> (B, rows, columns, C, p, p); what does not fit is left out."""
    return x.unfold(2, p, p).unfold(3, p, p).permute(0, 2, 3, 1, 4, 5)


def with_first(token: Tensor, patches: Tensor) -> Tensor:
    return torch.cat([token.expand(len(patches), -1, -1), patches], 1)


def placed(params: Params, tokens: Tensor) -> Tensor:
    """Every token with its position."""
    return tokens + params["pos_embedding"]


def tokens_of(
    x: Tensor,
    params: Params,
    *,
    fits: Callable = lambda x, p: x.shape[2] % p == 0 == x.shape[3] % p,
    patches: Callable = cut,
    grid: Callable = lambda c: c,
    pixels: Callable = lambda c: c,
    bias: Callable = lambda b: b,
    starts: Callable = with_first,
    places: Callable = placed,
) -> Tensor:
    """(B, C, H, W) -> (B, N, D) or, with a class token, (B, 1 + N, D)."""
    w = params["conv_proj.weight"]
    if not fits(x, w.shape[-1]):
        raise ValueError("x: patches do not fit")
    c = pixels(grid(patches(x, w.shape[-1])))
    z = c.flatten(3).flatten(1, 2) @ w.flatten(1).T + bias(params["conv_proj.bias"])
    if "class_token" in params:
        z = starts(params["class_token"], z)
    return places(params, z)


BY_HAND = twins.ban(
    "cut the patches yourself and multiply by the weights", twins.CONVOLUTION, LAYERS
)
patch_tokens = Exercise(
    "7.6", "patch_tokens", points=7, hidden=1, bans=(BY_HAND,), right=tokens_of
)


def image(draw: Draw, b: int, c: int, rows: int, columns: int, p: int) -> Tensor:
    return draw.normal(b, c, rows * p, columns * p)


def params_of(draw: Draw, c: int, n: int, p: int, d: int, first: bool = True) -> Params:
    """Of an embedding of n patches, p pixels a side; ``first``: with a class token."""
    params = {
        "conv_proj.weight": draw.normal(d, c, p, p) / (c * p * p) ** 0.5,
        "conv_proj.bias": draw.normal(d),
        "pos_embedding": draw.normal(1, n + first, d),
    }
    return params | ({"class_token": draw.normal(1, 1, d)} if first else {})


def reshaped(x: Tensor, p: int) -> Tensor:
    """Not cut: C · p · p neighbours in memory, which is something else."""
    b, c, h, w = x.shape
    return x.reshape(b, h // p, w // p, c, p, p)


def only_patches(params: Params, tokens: Tensor) -> Tensor:
    """The class token has no position."""
    places = params["pos_embedding"].clone()
    if "class_token" in params:
        places[:, 0] = 0
    return tokens + places


@patch_tokens.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield image(draw, 2, 3, 2, 3, 4), params_of(draw, 3, 6, 4, 5)
    yield image(draw, 3, 2, 3, 2, 3), params_of(draw, 2, 6, 3, 7, first=False)
    yield image(draw, 2, 3, 4, 4, 2), params_of(draw, 3, 16, 2, 4)
    yield image(draw, 1, 4, 2, 5, 3), params_of(draw, 4, 10, 3, 12)
    yield image(draw, 4, 1, 3, 3, 2), params_of(draw, 1, 9, 2, 3, first=False)
    yield image(draw, 3, 3, 4, 2, 2), params_of(draw, 3, 8, 2, 6, first=False)
    yield given(params=params_of(draw, 2, 12, 3, 4), x=image(draw, 2, 2, 3, 4, 3))


@patch_tokens.aspect(
    "numbers of a patch in the order of a convolution's weights, and a bias",
    1,
    {
        "channels come last in a patch: the weights have them first, C, row, column": {
            "pixels": lambda c: c.movedim(3, 5)
        },
        "rows and columns of a patch are exchanged": {"pixels": lambda c: c.transpose(4, 5)},
        "reshaped without cutting: neighbours in memory are no square of the image": {
            "patches": reshaped
        },
        "the bias is missing": {"bias": lambda b: 0 * b},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for p, n in ((4, 1), (3, 2)):
        params = params_of(draw, 3, n, p, 6, first=False)
        yield image(draw, 2, 3, 1, n, p), params | {"pos_embedding": draw.normal(1, n, 6)}


@patch_tokens.aspect(
    "patches row by row, as one reads",
    0.75,
    exchange(
        "grid",
        {
            "patches go down the columns: row by row, from the left": (
                lambda c: c.transpose(1, 2)
            )
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for c, rows, columns in ((1, 3, 3), (2, 2, 3)):
        yield (
            image(draw, 2, c, rows, columns, 1),
            params_of(draw, c, rows * columns, 1, 5, False),
        )


@patch_tokens.aspect(
    "the class token, where there is one, comes first; all have positions",
    0.75,
    {
        "the class token comes last: it is token 0": {
            "starts": lambda token, z: torch.cat([z, token.expand(len(z), -1, -1)], 1)
        },
        "the class token has no position: positions are added to all tokens": {
            "places": only_patches
        },
        "no positions: add pos_embedding to the tokens": {"places": lambda params, z: z},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield image(draw, 2, 1, 1, 3, 1), params_of(draw, 1, 3, 1, 4)
    yield image(draw, 3, 1, 2, 1, 1), params_of(draw, 1, 2, 1, 5)


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
    yield draw.normal(2, 3, 9, 12), params_of(draw, 3, 6, 4, 5)


patch_tokens.gradients("x, params", 0.25)
patch_tokens.keeps(points=0.25)
