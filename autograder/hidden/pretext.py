"""Hidden checks of chapter 9, pretext tasks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils.checks import pretext as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import FLOATS
from course_utils.checks.core import Draw
from course_utils.checks.pretext.cpc_loss import codes
from course_utils.checks.pretext.information_bound import correlated
from course_utils.checks.pretext_old import (
    few_of_three,
    indices,
    judge,
    probe,
    probe_slips,
    shuffled,
    standard,
)
from course_utils.checks.probe import Probe, given

# -- 9.1 rotations ------------------------------------------------------------------------

rotations = visible.rotations.hidden_part()


@rotations.refuses("refuses images that are not square", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((2, 3, 4, 6), (2, 3, 6, 4), (1, 1, 1, 2), (3, 3, 3, 3), (1, 1, 1, 1)):
        yield (draw.normal(*size),)


# -- 9.2 ridge probe ----------------------------------------------------------------------

ridge_probe = visible.ridge_probe.hidden_part()


@ridge_probe.property("a feature that never changes", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    train, y, test = few_of_three(draw)
    # As large as N: a mean and a deviation without rounding.
    split = _with_constant(train, 2.5), y, _with_constant(test, 2.5)
    got = answer(*split, 3, 2.5)
    on = "30 and 9 pictures, the second of 5 features is always 2.5, l2 = 2.5"
    if isinstance(got, Tensor) and not torch.isfinite(got).all():
        raise Wrong(f"NaN or infinity: divide by 1 where the deviation is 0 ({on})")
    judge(got, probe(split, 3, 2.5), on, probe_slips(split, 3, 2.5))


def _with_constant(x: Tensor, value: float) -> Tensor:
    return torch.cat([x[:, :1], torch.full_like(x[:, :1], value), x[:, 1:]], 1)


@ridge_probe.property("more features than pictures", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    train, y = standard(draw.normal(9, 20)), torch.tensor([0, 2, 1, 0, 1, 0, 2, 2, 0])
    half = draw.normal(3, 20)
    test = torch.cat([half, -half])
    split = train, y, test / test.std(0, correction=0)
    on = "9 pictures of 20 features, l2 = 2"
    judge(answer(*split, 3, 2.0), probe(split, 3, 2.0), on, probe_slips(split, 3, 2.0))


@ridge_probe.property("a class without a picture to learn from", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    train, y, test = few_of_three(draw)
    for classes, labels in ((5, y), (4, y + 1), (4, y + (y > 0))):
        split = train, labels, test
        on = f"labels {sorted(set(labels.tolist()))} of {classes} classes, l2 = 2.5"
        got = answer(*split, classes, 2.5)
        judge(got, probe(split, classes, 2.5), on, probe_slips(split, classes, 2.5))


# -- 9.3 few labels -----------------------------------------------------------------------

few_labels = visible.few_labels.hidden_part()


@few_labels.property("refuses a class with fewer labels", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for counts, per_class in (({0: 9, 1: 3, 2: 8}, 4), ({0: 2, 1: 9}, 3), ({0: 9, 1: 9}, 10)):
        if not answer.raises(ValueError, shuffled(draw, counts), per_class, 0):
            raise Wrong(
                f"classes of {list(counts.values())} labels, per_class {per_class} should "
                "raise a ValueError: fewer labels than asked for would go unnoticed"
            )


@few_labels.property("classes that do not occur are skipped", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for counts in ({0: 8, 2: 11, 5: 6}, {3: 8, 4: 7}, {7: 9}):
        labels = shuffled(draw, counts)
        on = f"labels {list(counts)}, per_class 3, seed 1"
        rows = indices(answer(labels, 3, 1), labels, on)
        lost = set(labels.tolist()) - set(labels[rows].tolist())
        if lost:  # how many of each there are, is another property
            raise Wrong(f"no label of class {min(lost)} is chosen ({on})")


# -- 9.4 patches --------------------------------------------------------------------------

patches = visible.patches.hidden_part()
patches.gradients(
    "x", 0.5, {"the image is detached: gradients reach it": {"reads": lambda x: x.detach()}}
)


@patches.refuses("refuses a patch larger than the image", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for shape, size in (
        ((2, 3, 4, 9), 5),
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
    "scores of several hundred",
    0.5,
    {
        "exp of such scores is too large or too small for a number: logsumexp takes the "
        "largest off first": {
            "loss": lambda f: (f.exp().sum(1) / f.diagonal().exp()).log().mean()
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d, rho in ((16, 20, 0.999), (6, 300, -0.9999)):  # much in common: log N
        yield *correlated(draw, n, d, rho), rho
    yield draw.normal(5, 40), draw.normal(5, 40), 0.98  # strangers, far below 0


# -- 9.7 CPC ------------------------------------------------------------------------------

cpc_loss = visible.cpc_loss.hidden_part()
cpc_loss.gradients(
    "z, context, weights",
    0.5,
    {"z is detached: gradients reach the targets too": {"reads": lambda z: z.detach()}},
)


@cpc_loss.refuses("refuses to look further down than there are rows", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for ahead, rows in ((4, 4), (5, 3), (1, 1), (3, 4), (1, 2)):
        yield codes(draw, ahead, rows, 3)
