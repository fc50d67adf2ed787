"""Hidden checks of chapter 10, contrastive learning: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import simclr as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare_old import expect_own_gradients
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, Subject, experiment, slopes
from course_utils.checks.simclr.cosine_similarities import both
from course_utils.checks.simclr_old import (
    CROPS,
    JITTER,
    ORDER,
    close,
    factors,
    jittered,
    judge_votes,
    labelled,
    pictures,
    repeated,
    resized,
    stacked,
    tame,
    uneven,
    unit,
)

# -- 10.1 crop and resize -----------------------------------------------------------------

crop_and_resize = visible.crop_and_resize.hidden_part()


@crop_and_resize.property("each box has its own height and width", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = pictures(draw, 3, 2, 13, 12)
    boxes = torch.tensor([[1, 2, 5, 7], [2, 1, 9, 6], [1, 1, 6, 8]])
    got, on = (
        stacked(answer(x, boxes, 4)),
        "x (3, 2, 13, 12), 5 × 7, 9 × 6 and 6 × 8 pixels to size 4",
    )
    alike = boxes.clone()
    alike[:, 2:] = boxes[:1, 2:]
    if close(got, resized(x, alike, 4)):
        raise Wrong(
            f"the first box's height and width are used for all: each has its own ({on})"
        )
    CROPS.judge(got, "", on, x, boxes, 4)


@crop_and_resize.property("boxes that touch the edge, boxes of one pixel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    # Top and left are alike: which of them comes first is another property's matter.
    x = pictures(draw, 2, 3, 8, 8)
    for box, size in (
        ((0, 0, 8, 8), 9),
        ((3, 3, 5, 5), 7),
        ((7, 7, 1, 1), 3),
        ((0, 0, 8, 1), 1),
    ):
        boxes = repeated(2, *box)
        on = f"x (2, 3, 8, 8), box {box}, size {size}"
        CROPS.judge(stacked(answer(x, boxes, size)), "", on, x, boxes, size)


@crop_and_resize.property("a gradient reaches the pictures", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    boxes = torch.tensor([[1, 1, 4, 4], [2, 2, 5, 5]])
    expect_own_gradients(
        lambda inputs: stacked(answer(inputs["x"], boxes, 4)),
        lambda inputs: resized(inputs["x"], boxes, 4),
        {"x": pictures(draw, 2, 2, 8, 9)},
        draw,
        "x (2, 2, 8, 9), size 4",
    )


# -- 10.2 colour jitter -------------------------------------------------------------------

colour_jitter = visible.colour_jitter.hidden_part()


@colour_jitter.property(ORDER, points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 0.1 + 0.8 * pictures(draw, 3, 3, 3, 3)
    strong = ((1.7, 1.8, 1.9), (0.6, 2.2, 0.5), (1.6, 0.7, 3.0), (0.7, 2.5, 2.5))
    probes = [(x, *factors(*f)) for f in strong]
    on = "x (3, 3, 3, 3), strong brightness, contrast and saturation"
    JITTER.judge_all([answer(*given) for given in probes], ORDER, on, probes)


@colour_jitter.property("a gradient reaches the pictures", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    given = factors(0.9, 1.2, 0.8)
    expect_own_gradients(
        lambda inputs: answer(inputs["x"], *given),
        lambda inputs: jittered(inputs["x"], *given),
        {"x": tame(draw, 3, 3, 3, 3)},
        draw,
        "x (3, 3, 3, 3), brightness 0.9, contrast 1.2, saturation 0.8",
    )


# -- 10.3 positives -----------------------------------------------------------------------

positives = visible.positives.hidden_part()


@positives.aspect("one image, and a hundred", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for n in (1, 100):
        yield n, True
        yield n, False


# -- 10.4 cosine similarities -------------------------------------------------------------

cosine_similarities = visible.cosine_similarities.hidden_part()


def finite(subject: Subject, z: Tensor) -> bool:
    """Whether the gradient has no NaN in it; what it is for a row of zeros is open."""
    slope = slopes(lambda s: s, cosine_similarities.signature, ["z"])
    return all(bool(torch.isfinite(g).all()) for g in slope(subject, z))


def replaced(z: Tensor) -> Tensor:
    """0 / 0 is worked out, and then put aside."""
    length = z.norm(dim=1, keepdim=True)
    return torch.where(length > 0, z / length, 0.0)


@cosine_similarities.experiments(
    "a row of zeros: the gradient is finite",
    0.5,
    {
        "the gradient is NaN: 0 / 0 is worked out and then replaced, but its derivative stays; "
        "divide by a length that is kept away from 0": both(replaced)
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    z = uneven(draw, 4, 3)
    z[2] = 0
    about = "whether the gradient is finite, z (4, 3), row 2 all zero"
    yield experiment(finite, z, about=about)


# -- 10.5 NT-Xent -------------------------------------------------------------------------

nt_xent = visible.nt_xent.hidden_part()


@nt_xent.aspect("views that are alike stay in the sum", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    a = unit(draw, 4, 3)
    a[2] = a[0]
    yield a, a.clone(), 0.5
    yield a[[0, 1, 3]], a[[3, 0, 1]], 2.0
    one = unit(draw, 1, 5).repeat(3, 1)
    yield one, one.clone(), 0.5


@nt_xent.aspect("one image alone: its loss is 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield unit(draw, 1, 5), unit(draw, 1, 5), 0.5


# -- 10.6 nearest neighbours --------------------------------------------------------------

knn_predict = visible.knn_predict.hidden_part()


@knn_predict.property("classes without a row in the bank", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = unit(draw, 20, 3), unit(draw, 30, 3)
    for there in ((1, 4), (0, 2), (5, 3)):
        labels = torch.tensor(there)[labelled(draw, 20, 2)]
        on = f"bank (20, 3), 6 classes, all labels {there[0]} or {there[1]}, k = 3"
        judge_votes(answer, "", on, bank, labels, queries, 6, 3, 0.07)


@knn_predict.property("refuses a k larger than the bank", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries, labels = unit(draw, 6, 3), unit(draw, 4, 3), labelled(draw, 6, 2)
    for k in (7, 20):
        if not answer.raises(ValueError, bank, labels, queries, 2, k, 0.07):
            raise Wrong(f"k = {k} and a bank of 6 rows should raise a ValueError")
    on = "bank (6, 3), k = 6: all rows vote"
    judge_votes(answer, "", on, bank, labels, queries, 2, 6, 0.07)


# -- 10.7 alignment and uniformity --------------------------------------------------------

alignment_and_uniformity = visible.alignment_and_uniformity.hidden_part()


@alignment_and_uniformity.aspect("collapsed: both are 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((4, 3), (5, 7), (3, 11)):
        a = unit(draw, 1, d).repeat(n, 1)
        yield a, a.clone(), 2.0


alignment_and_uniformity.gradients("a, b", points=0.5)
