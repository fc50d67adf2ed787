"""Hidden checks of chapter 14, CLIP: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import clip as visible
from course_utils.checks.clip.calibration_error import guesses
from course_utils.checks.clip.clip_loss import log
from course_utils.checks.clip.part_of_loss import pairs
from course_utils.checks.clip.parts import near, rows
from course_utils.checks.clip.recall_at_k import search
from course_utils.checks.clip.text_features import texts
from course_utils.checks.clip.zero_shot import classes
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe

# -- 14.1 the symmetric loss --------------------------------------------------------------

clip_loss = visible.clip_loss.hidden_part()


@clip_loss.refuses("refuses two shapes, and no pair", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for one, other in (((4, 3), (5, 3)), ((4, 3), (4, 2)), ((4, 1), (4, 3)), ((1, 3), (4, 3))):
        yield rows(draw, *one), rows(draw, *other), log(2)
    yield draw.normal(0, 3), draw.normal(0, 3), log(2)
    for n, d in ((1, 3), (3, 1), (2, 2)):
        yield rows(draw, n, d), rows(draw, n, d), log(2)


# -- 14.2 the position that has read it all -----------------------------------------------

text_features = visible.text_features.hidden_part()


@text_features.refuses("refuses a row without its end word", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for behind, end in (("zeros", 6), ("others", 0), ("end", 6), ("both", 49)):
        states, tokens, end, projection = texts(draw, (5, 3, 4), end, behind, 4, 1, 2)
        yield states, tokens, end, projection
        for row in ([0], [1], [0, 1, 2]):
            without = tokens.clone()
            without[row] = torch.where(tokens[row] == end, end + 1, tokens[row])
            yield states, without, end, projection


@text_features.aspect("one text alone, of one word or more", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield texts(draw, (1, 4, 3), 5, "zeros", 0)
    yield texts(draw, (5, 3, 3), 2, "both", 2)
    yield texts(draw, (4, 1, 2), 7, "others", 1)


# -- 14.3 a classifier made of texts ------------------------------------------------------

zero_shot = visible.zero_shot.hidden_part()


@zero_shot.refuses("refuses a class without texts, and no class", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    images, prompts = classes(draw, 3, 4, 2, 1, 3)
    yield images, [], 2.0
    yield images, prompts, 2.0
    for empty in (0, 2):
        some = list(prompts)
        some[empty] = some[empty][:0]
        yield images, some, 2.0
    yield images, [prompts[0][:0]], 2.0


@zero_shot.aspect("one image alone, one class alone", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield *classes(draw, 1, 4, 2, 3), 2.0
    yield *classes(draw, 3, 4, 2), 2.0
    yield *classes(draw, 1, 3, 1), 2.0


# -- 14.4 found among the first k ---------------------------------------------------------

recall_at_k = visible.recall_at_k.hidden_part()


@recall_at_k.refuses("refuses a k outside 1 to C, a query without a right answer", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    similarity, right = search(draw, 5, 3)
    for k in (0, -1, 7, 1, 5):
        yield similarity, right, k
    for row in ([0], [23], [*range(24)]):
        without = right.clone()
        without[row] = False
        for k in (1, 3, 5):
            yield similarity, without, k


@recall_at_k.aspect("one query alone, one candidate alone, all of them right", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    similarity, right = search(draw, 6, 3)
    for row, k in ((0, 1), (9, 1), (10, 2), (4, 5)):
        yield similarity[row : row + 1], right[row : row + 1], k
    yield similarity[:4, :1], torch.ones(4, 1, dtype=torch.bool), 1
    yield similarity, torch.ones_like(right), 1


# -- 14.5 a batch over several machines ---------------------------------------------------

part_of_loss = visible.part_of_loss.hidden_part()


@part_of_loss.refuses("refuses rows that do not fit into first … N", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    images, texts, every_image, every_text, _, s = pairs(draw, 6, 4, 2, 3, 2.0)
    for first in (-1, -3, -6, 5, 6, 9):
        yield images, texts, every_image, every_text, first, s
    for first, own in ((0, 3), (3, 3), (0, 6), (5, 1)):
        yield pairs(draw, 6, 4, first, own, 2.0)


@part_of_loss.aspect("right at s = 100", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for dtype in (torch.float32, torch.float64):
        *_, first, _ = pairs(draw, 5, 4, 1, 3, 100.0)
        x, y = (near(draw, 5, 4, 0.1) for _ in range(2))
        x = x * torch.tensor([1, -1, 1, -1, 1])[:, None]
        x, y = ((z / z.norm(dim=1, keepdim=True)).to(dtype) for z in (x, y))
        s = torch.tensor(100.0, dtype=dtype)
        about = f"3 of 5 pairs from 1 on, alike or opposite, s = 100, {dtype}"
        yield Probe((x[1:4], y[1:4], x, y, first, s), about=about)


# -- 14.6 is 80 % sure right in 80 %? -----------------------------------------------------

calibration_error = visible.calibration_error.hidden_part()


@calibration_error.refuses("refuses no image, and a probability outside 0 to 1", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    p, labels = guesses(draw, 6, 3)
    yield p[:0], labels[:0], 5
    for odd, place in ((-0.01, (2, 1)), (1.01, (5, 0)), (-3.0, (0, 2)), (4.0, (3, 1))):
        changed = p.clone()
        changed[place] = odd
        yield changed, labels, 5
    yield torch.eye(3).double(), torch.tensor([0, 2, 1]), 5
    yield p, labels, 5


@calibration_error.aspect("one image alone", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for k, bins, label in ((4, 10, 0), (3, 1, 2), (2, 6, 1)):
        yield guesses(draw, 1, k)[0], torch.tensor([label]), bins
