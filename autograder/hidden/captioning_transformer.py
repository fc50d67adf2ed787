"""Hidden checks of chapter 7, captioning with transformers: what visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import captioning_transformer as visible
from course_utils.checks.captioning_transformer.attention import three
from course_utils.checks.captioning_transformer.multi_head import ordinary
from course_utils.checks.captioning_transformer.parts import some
from course_utils.checks.captioning_transformer.patch_tokens import ordinary as image
from course_utils.checks.captioning_transformer.sentences import sentence
from course_utils.checks.core import Draw

# -- 7.1 attention ------------------------------------------------------------------------

attention = visible.attention.hidden_part()


@attention.refuses("refuses a mask that leaves a query nothing to look at", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    q, k, v = three(draw, 2, t=3, s=4, d=2, e=3)
    yield q, k, v, some(draw, 3, 4)
    mask = some(draw, 2, 1, 4)
    yield q, k, v, mask
    mask = mask.clone()
    mask[1] = False
    yield q, k, v, mask
    yield q, k, v, torch.zeros(1, dtype=torch.bool)


@attention.aspect("stable: scores of a thousand", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for far in (30, -30):  # all scores far above 0, or all far below
        q, k, v = three(draw, 2, t=3, s=5, d=4, e=3)
        yield 30 * q.abs(), far * k.abs(), v
        yield 30 * q.abs(), far * k.abs(), v, some(draw, 2, 3, 5)


# -- 7.2 masks ----------------------------------------------------------------------------

decoder_mask = visible.decoder_mask.hidden_part()


@decoder_mask.refuses("refuses a caption without words, lengths above size, past = size", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield torch.tensor([0, 2]), 2, 1
    yield torch.tensor([7, 1, 2]), 6, 5
    yield torch.tensor([4, 1]), 4
    yield torch.tensor([3, 2]), 3, 4
    yield torch.tensor([3, 2]), 3, 2


# -- 7.3 heads ----------------------------------------------------------------------------

multi_head = visible.multi_head.hidden_part()


@multi_head.refuses("refuses heads that do not divide d", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for d, heads in ((6, 3), (5, 2), (4, 8), (9, 6)):
        yield *ordinary(draw, 2, 3, 4, d), heads


# -- 7.4 block ----------------------------------------------------------------------------

decoder_block = visible.decoder_block.hidden_part()
decoder_block.gradients("x, memory, params", points=0.5)

# -- 7.5 cache ----------------------------------------------------------------------------

decode_step = visible.decode_step.hidden_part()


@decode_step.refuses("refuses more words than there are positions", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield sentence(draw, 2, 10, 4, 2)
    yield sentence(draw, 2, 9, 4, 2)
    yield sentence(draw, 3, 3, 4, 1, past=7)
    yield sentence(draw, 3, 2, 4, 1, past=7)


# -- 7.6 patches --------------------------------------------------------------------------

patch_tokens = visible.patch_tokens.hidden_part()


@patch_tokens.refuses(
    "refuses an image that does not split into patches",
    0.25,
    {
        "the width has to split into patches as the height has": {
            "fits": lambda x, p: x.shape[2] % p == 0
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for h, w in ((8, 13), (11, 8), (6, 8), (6, 6)):
        _, params = image(draw, 2, 3, h // 4, w // 4, 4, 5)
        yield draw.normal(2, 3, h, w), params
