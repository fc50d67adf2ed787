"""Hidden checks of chapter 9, pretext tasks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from course_utils.checks import pretext as visible
from course_utils.checks.compare import FLOATS
from course_utils.checks.core import Draw
from course_utils.checks.pretext.cpc_loss import codes
from course_utils.checks.pretext.few_labels import mixed
from course_utils.checks.pretext.information_bound import correlated, strangers
from course_utils.checks.pretext.ridge_probe import features
from course_utils.checks.probe import Probe, given

# -- 9.1 rotations ------------------------------------------------------------------------

rotations = visible.rotations.hidden_part()


@rotations.refuses("refuses images that are not square", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((2, 3, 6, 4), (1, 1, 1, 2), (3, 3, 3, 3), (1, 1, 1, 1)):
        yield (draw.normal(*size),)


# -- 9.2 ridge probe ----------------------------------------------------------------------

ridge_probe = visible.ridge_probe.hidden_part()


@ridge_probe.aspect("a feature that never changes, one image alone", 0.5)
def _(draw: Draw) -> Iterator[Probe]:
    for n, m in ((16, 5), (1, 3)):
        x, y, test = features(draw, n, 4, m)
        x[:, 1] = test[:, 1] = 2.5  # a mean and a deviation without rounding
        about = f"{n} images to learn from, the second of 4 features is always 2.5"
        yield Probe(
            (x, y, test, 3, 2.5), about=f"{about}: divide by 1 where the deviation is 0"
        )


# -- 9.3 few labels -----------------------------------------------------------------------

few_labels = visible.few_labels.hidden_part()


@few_labels.refuses("refuses a class with fewer labels", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for counts, per_class in (
        ((9, 3, 8), 4),
        ((2, 9), 3),
        ((9, 9), 10),
        ((5, 6), 5),
        ((4,), 4),
    ):
        yield mixed(draw, *counts), per_class, 0


# -- 9.4 patches --------------------------------------------------------------------------

patches = visible.patches.hidden_part()
patches.gradients(
    "x", 0.5, {"the image is detached: gradients reach it": {"reads": lambda x: x.detach()}}
)


@patches.refuses("refuses a patch larger than the image", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for shape, size in (
        ((2, 3, 9, 4), 5),
        ((1, 1, 1, 1), 2),
        ((2, 1, 3, 3), 9),
        ((2, 3, 5, 4), 4),
        ((2, 3, 3, 3), 3),
    ):
        yield given(draw.normal(*shape), size=size, stride=2)


# -- 9.5 InfoNCE --------------------------------------------------------------------------

info_nce = visible.info_nce.hidden_part()
info_nce.gradients(
    "predictions, targets",
    0.5,
    {"the targets are detached: gradients reach both": {"reads": lambda p, t: (p, t.detach())}},
)


@info_nce.aspect(
    "the right target far behind, rows of different size",
    0.5,
    {
        "a share too small for a number became 0, and its logarithm is infinite: do not leave "
        "the logarithms": {"chooses": lambda s: -s.softmax(1).diagonal().log()}
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    sizes = torch.tensor([900.0, -900.0, 5.0, 300.0], dtype=torch.float64)
    others = torch.tensor([1.0, 0.5, -0.5, -1.0], dtype=torch.float64)
    for dtype in FLOATS:
        p = torch.cat([sizes[:, None], draw.normal(4, 2)], 1).to(dtype)
        t = torch.cat([others[:, None], draw.normal(4, 2)], 1).to(dtype)
        about = f"scores from −900 to 900, {dtype}: each row has a largest of its own"
        yield Probe((), {"predictions": p, "targets": t}, about=about)


# -- 9.6 information bound ----------------------------------------------------------------

information_bound = visible.information_bound.hidden_part()


@information_bound.aspect(
    "large scores: none overflows",
    0.5,
    {
        "exp of such scores is too large or too small for a number: logsumexp takes the "
        "largest off first": {
            "loss": lambda f: (f.exp().sum(1) / f.diagonal().exp()).log().mean()
        },
        "a share too small for a number became 0, and its logarithm is infinite: do not leave "
        "the logarithms": {"loss": lambda f: -f.softmax(1).diagonal().log().mean()},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    much = [correlated(draw, 16, 20, 0.999), correlated(draw, 6, 300, -0.9999)]  # log N
    little = [strangers(draw, 5, 60, 0.998), strangers(draw, 6, 60, -0.995)]  # far below 0
    for dtype in FLOATS:
        for x, y, rho in much + little:
            about = f"x, y {tuple(x.shape)}, rho {rho}, {dtype}"
            yield Probe((x.to(dtype), y.to(dtype), rho), about=about)


# -- 9.7 CPC ------------------------------------------------------------------------------

cpc_loss = visible.cpc_loss.hidden_part()
cpc_loss.gradients(
    "z, context, weights",
    0.5,
    {"z is detached: gradients reach the targets too": {"reads": lambda z: z.detach()}},
)


@cpc_loss.refuses("refuses to look further down than there are rows", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for ahead, rows in ((4, 4), (1, 1), (3, 4), (1, 2)):
        yield codes(draw, ahead, rows, 3)
