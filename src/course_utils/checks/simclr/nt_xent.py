"""Exercise 10.5, the loss of SimCLR."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, Subject, experiment, given, slopes
from course_utils.checks.simclr.rows import KEEPS, scalar, uneven, unit, unit_rows


def contrastive(
    a: Tensor,
    b: Tensor,
    temperature: float,
    *,
    rows: Callable = unit_rows,
    scales: Callable = lambda s, t: s / t,
    similar: Callable = lambda s: s,
    counts: Callable = lambda itself, positive, side: 1 - itself,
    partner: Callable = lambda i, n: (i + n) % (2 * n),
    term: Callable = lambda positive, total: total - positive,
    over: Callable = lambda terms: terms.mean(),
) -> Tensor:
    """-log of the partner's share among all others, for N pairs of rows."""
    n, i = len(a), torch.arange(2 * len(a))
    z, j = rows(torch.cat([a, b])), partner(i, n)
    s = scales(similar(z @ z.T), temperature)
    itself, positive = torch.eye(2 * n).to(s), F.one_hot(j, 2 * n).to(s)
    side = (i // n == i[:, None] // n).to(s)  # 1 where two views are of one side
    total = (s + counts(itself, positive, side).log()).logsumexp(1)
    return over(term(s[i, j], total))


nt_xent = Exercise("10.5", "nt_xent", points=10, hidden=2, right=contrastive, reads=scalar)


@nt_xent.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield uneven(draw, 4, 3), uneven(draw, 4, 3), 0.4
    yield uneven(draw, 5, 6), uneven(draw, 5, 6), 1.0
    for temperature in (2.5, 30.0):
        yield uneven(draw, 3, 4), uneven(draw, 3, 4), temperature
    yield given(temperature=0.2, b=uneven(draw, 2, 5), a=uneven(draw, 2, 5))
    for temperature, noise in ((0.1, 0.3), (0.02, 0.1)):  # near each other: no share is tiny
        yield *(1 + noise * draw.normal(2, 6, 3)), temperature


@nt_xent.aspect(
    "cosines, divided by the temperature",
    1,
    {
        "not normalised: divide each row by its length": {"rows": lambda z: z},
        "multiplied by the temperature: divide by it": {"scales": lambda s, t: s * t},
        "the temperature is ignored: divide the cosines by it": {"scales": lambda s, t: s},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for temperature in (0.4, 2.0):
        yield uneven(draw, 4, 3), uneven(draw, 4, 3), temperature


@nt_xent.aspect(
    "the partner's share among the 2N − 1 others, mean over all views",
    1.75,
    {
        "the view itself stays in the sum, as exp(1 / τ): leave it out": {
            "counts": lambda itself, positive, side: 1 + 0 * itself
        },
        "the similarity with itself is set to 0: exp(0) = 1 stays in the sum, set it to −inf": {
            "similar": lambda s: s - s.diagonal().diag(),
            "counts": lambda itself, positive, side: 1 + 0 * itself,
        },
        "the partner is left out of the denominator: it is one of the others": {
            "counts": lambda itself, positive, side: (1 - itself) * (1 - positive)
        },
        "only the other side's N rows are compared, as in CLIP: expected all 2N − 1 others": {
            "counts": lambda itself, positive, side: 1 - side
        },
        "rows 2k and 2k + 1 are taken for partners: row k belongs to row k + N": {
            "partner": lambda i, n: i ^ 1
        },
        "summed: take the mean over the 2N views": {"over": lambda terms: terms.sum()},
        "the sum over all views is divided by N: there are 2N of them": {
            "over": lambda terms: 2 * terms.mean()
        },
        "only the N views in a have a loss: each of the 2N has one": {
            "over": lambda terms: terms.chunk(2)[0].mean()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield unit(draw, 3, 4), unit(draw, 3, 4), 1.0
    yield unit(draw, 5, 4), unit(draw, 5, 4), 1.0


def twenties(subject: Subject, a: Tensor, b: Tensor) -> Tensor:
    """The loss at temperature 0.01, in steps of 20: what a small number hides is far more."""
    loss = subject(a, b, 0.01)
    slope = slopes(lambda loss: loss, nt_xent.signature, ["a", "b"])(subject, a, b, 0.01)
    for x, what in ((loss, "loss"), *((x, "gradient") for x in slope)):
        if isinstance(x, Tensor) and not x.isfinite().all():
            raise Wrong(
                f"the {what} is NaN or infinite: e^(1 / 0.01) is too large for {a.dtype}, and "
                "shares are too small: use logsumexp or log_softmax, they are stable"
            )
    return (loss / 20).round()


@nt_xent.aspect(
    "stable at temperature 0.01",
    0.5,
    {
        "a small number is added inside the logarithm: it hides how wrong a view is": {
            "term": lambda positive, total: -((positive - total).exp() + 1e-8).log()
        }
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    two = torch.tensor([[1, 0, 0], [-0.6, 0.8, 0]]).double().repeat(2, 1)
    a, b = F.normalize(torch.stack([two, two.flip(0)]) + 0.03 * draw.normal(2, 4, 3), dim=2)
    far = F.normalize(torch.eye(4).double() - 0.25, dim=1)
    for dtype in (torch.float32, torch.float64):
        about = f"partners far apart, others near, {dtype}"
        yield experiment(twenties, a.to(dtype), b.to(dtype), about=about)
        about = f"all views far apart, {dtype}"
        yield experiment(twenties, *far.to(dtype).chunk(2), about=about)


nt_xent.gradients("a, b", 0.5)
nt_xent.keeps(points=0.5, name=KEEPS)
