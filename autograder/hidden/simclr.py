"""Hidden checks of chapter 10, contrastive learning: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import simclr as visible
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, Subject, experiment, slopes
from course_utils.checks.simclr.cosine_similarities import both
from course_utils.checks.simclr.knn_predict import labelled
from course_utils.checks.simclr.rows import uneven, unit

# -- 10.1 crop and resize -----------------------------------------------------------------

crop_and_resize = visible.crop_and_resize.hidden_part()
crop_and_resize.gradients("x", points=0.5)


@crop_and_resize.aspect("images of one row, of one column and of one pixel", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    yield draw.normal(2, 3, 1, 6), torch.tensor([[0, 1, 1, 5], [0, 0, 1, 4]]), 3
    yield draw.normal(2, 3, 6, 1), torch.tensor([[2, 0, 3, 1], [1, 0, 5, 1]]), 4
    yield draw.normal(1, 2, 1, 1), torch.tensor([[0, 0, 1, 1]]), 2


# -- 10.2 colour jitter -------------------------------------------------------------------

colour_jitter = visible.colour_jitter.hidden_part()
colour_jitter.gradients("x", points=0.5)

# -- 10.3 positives -----------------------------------------------------------------------

positives = visible.positives.hidden_part()


@positives.aspect("two hundred images", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for n in (50, 200):
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
        "the gradient is NaN: 0 / 0, or a root at 0, has no derivative, and what replaces its "
        "value comes too late; keep the length away from 0 before": both(replaced)
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


@knn_predict.refuses("refuses a k larger than the bank", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for k in (7, 8, 6):
        yield unit(draw, 6, 3), labelled(draw, 6, 0, 1), unit(draw, 4, 3), 2, k


# -- 10.7 alignment and uniformity --------------------------------------------------------

alignment_and_uniformity = visible.alignment_and_uniformity.hidden_part()


@alignment_and_uniformity.aspect("collapsed: both are 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((4, 3), (5, 7), (3, 11)):
        a = unit(draw, 1, d).repeat(n, 1)
        yield a, a.clone(), 2.0


alignment_and_uniformity.gradients("a, b", points=0.5)
# -- 10.7 alignment and uniformity --------------------------------------------------------

alignment_and_uniformity = visible.alignment_and_uniformity.hidden_part()


@alignment_and_uniformity.aspect("collapsed: both are 0", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d in ((4, 3), (5, 7), (3, 11)):
        a = unit(draw, 1, d).repeat(n, 1)
        yield a, a.clone(), 2.0


alignment_and_uniformity.gradients("a, b", points=0.5)
