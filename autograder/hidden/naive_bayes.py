"""Hidden checks of chapter 1, naive Bayes: what the visible ones leave open."""

from __future__ import annotations

import torch

from course_utils.checks import naive_bayes as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare_old import as_floats, expect
from course_utils.checks.core import Draw
from course_utils.checks.naive_bayes_old import coins, pair, tables
from course_utils.reference import naive_bayes as reference

# -- 1.1 binarise -------------------------------------------------------------------------

binarise = visible.binarise.hidden_part()


@binarise.property("other thresholds, three channels, a pixel at the threshold", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    images = torch.tensor([0.0, 0.125, 0.25, 0.5, 0.75, 1.0] * 4).reshape(2, 3, 2, 2)
    for threshold in (0.5, 0.25, 0.75):
        want = (images > threshold).flatten(1).float()
        wrong = {
            "a pixel just at the threshold has to be off: strictly brighter is on": (
                images >= threshold
            )
            .flatten(1)
            .float(),
            "the threshold is ignored": (images > 0.5).flatten(1).float(),
        }
        on = f"images (2, 3, 2, 2), threshold {threshold}"
        expect(as_floats(answer(images, threshold)), want, on, wrong)


# -- 1.2 prior ----------------------------------------------------------------------------

log_prior = visible.log_prior.hidden_part()


@log_prior.property("refuses a class without pictures", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for labels, classes in (([0, 2, 2], 3), ([0, 1, 1], 3), ([1, 2], 3)):
        if not answer.raises(ValueError, torch.tensor(labels), classes):
            raise Wrong(
                f"labels {labels} of {classes} classes should raise a ValueError: the "
                "logarithm of 0 is no number to compute with"
            )
    y = torch.tensor([1, 0, 1])
    expect(answer(y, 2), reference.log_prior(y, 2), "labels [1, 0, 1]")


# -- 1.3 likelihood -----------------------------------------------------------------------

log_likelihood = visible.log_likelihood.hidden_part()


@log_likelihood.property("classes of unequal size", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, y = coins(draw, 15, 6), torch.tensor([2] * 9 + [0] * 5 + [1])
    want = reference.log_likelihood(x, y, 3)
    on = torch.stack([x[y == k].sum(0) for k in range(3)])
    same_size = ((on + 1) / 7).log()
    for got, right in zip(pair(answer(x, y, 3)), want, strict=True):
        wrong = {"every class is taken to have N / K pictures: count them": same_size}
        expect(got, right, "classes of 5, 1 and 9 pictures", wrong)


@log_likelihood.property("any strength of smoothing", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, y = coins(draw, 24, 5), torch.arange(24) % 3
    fixed = reference.log_likelihood(x, y, 3)
    for smoothing in (0.5, 4.0):
        want = reference.log_likelihood(x, y, 3, smoothing)
        for got, right, one in zip(pair(answer(x, y, 3, smoothing)), want, fixed, strict=True):
            wrong = {"the smoothing is 1 whatever is asked for": one}
            expect(got, right, f"8 pictures a class, smoothing {smoothing}", wrong)


# -- 1.4 joint ----------------------------------------------------------------------------

log_joint = visible.log_joint.hidden_part()


@log_joint.property("three thousand pixels do not underflow", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, (prior, on, off) = coins(draw, 2, 3000), tables(draw, 3, 3000)
    got = answer(x, prior, on, off)
    if isinstance(got, torch.Tensor) and got.isinf().any():
        raise Wrong(
            "−inf: a product of thousands of probabilities is 0 in floating point; add their "
            "logarithms, without exp on the way"
        )
    expect(got, reference.log_joint(x, prior, on, off), "3000 pixels")


@log_joint.property("one picture, one class", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, k in ((1, 3), (4, 1), (1, 1)):
        x, (prior, on, off) = coins(draw, n, 4), tables(draw, k, 4)
        want = reference.log_joint(x, prior, on, off)
        expect(answer(x, prior, on, off), want, f"{n} pictures, {k} classes")


# -- 1.5 posterior ------------------------------------------------------------------------

posterior = visible.posterior.hidden_part()


@posterior.property("pictures whose logs lie far apart", points=1)
def _(answer: Answer, draw: Draw) -> None:
    start = torch.tensor([[-3.0], [-900.0], [-5000.0]], dtype=torch.float64)
    wide = torch.tensor([[-50.0, -6000.0, -2000.0]], dtype=torch.float64)
    for joint, on, advice in (
        (
            draw.normal(3, 4) + start,
            "rows around −3, −900 and −5000",
            "no number for a picture whose logs lie far below another's: subtract the largest "
            "log of each picture, not that of the whole table",
        ),
        (
            wide,
            "logs of −50, −6000 and −2000 in one row",
            "no number for a picture whose classes lie far apart: exp of a large positive "
            "number is infinite; subtract the largest log, so that none is positive",
        ),
    ):
        got = answer(joint)
        if isinstance(got, torch.Tensor) and not torch.isfinite(got).all():
            raise Wrong(advice)
        expect(got, joint.softmax(1), on)


# -- 1.6 evidence -------------------------------------------------------------------------

evidence = visible.evidence.hidden_part()


@evidence.property("any two classes in any order", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, (_, on, off) = coins(draw, 3, 5), tables(draw, 4, 5)
    for a, b in ((2, 0), (3, 1), (0, 3)):
        want = reference.evidence(x, on, off, a, b)
        wrong = {"the sign is wrong: positive has to speak for a": -want}
        expect(answer(x, on, off, a, b), want, f"a = {a}, b = {b}", wrong)


@evidence.property("a single picture keeps its row", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, (_, on, off) = coins(draw, 1, 5), tables(draw, 2, 5)
    expect(answer(x, on, off, 0, 1), reference.evidence(x, on, off, 0, 1), "x (1, 5)")
