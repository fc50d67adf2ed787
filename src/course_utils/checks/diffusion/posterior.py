"""Exercise 13.4, one step back, if the image were known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import EXACT, same
from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import KEEPS, allowed, one, schedule, two
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def back(
    x0: Tensor, xt: Tensor, t: int, alpha_bar: Tensor, *,
    inside: Callable = lambda t, T: 1 <= t <= T,
    entry: Callable = lambda t: t,
    step: Callable = lambda bar, old: 1 - bar / old,
    clips: Callable = lambda x0: x0,
    of_x0: Callable = lambda bar, old: old.sqrt(),
    of_xt: Callable = lambda alpha, bar: alpha.sqrt(),
    variance: Callable = lambda beta, left: beta * left,
    mixes: Callable = lambda a, b, x0, xt: a * x0 + b * xt,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Mean and variance of q(x_{t−1} | x_t, x₀)."""
    if not inside(t, len(alpha_bar) - 1):
        raise ValueError("t must be from 1 to T")
    bar, old = alpha_bar[entry(t)], alpha_bar[entry(t) - 1]
    beta, left = step(bar, old), (1 - old) / (1 - bar)
    a, b = of_x0(bar, old) * beta / (1 - bar), of_xt(1 - beta, bar) * left
    return mixes(a, b, clips(x0), xt), variance(beta, left)


posterior = Exercise("13.4", "posterior", points=7, hidden=1, right=back, reads=two)


def images(draw: Draw, t: int, steps: int, *shape: int) -> tuple[Tensor, Tensor, int, Tensor]:
    """x₀ and x_t, t and a schedule."""
    return draw.normal(*shape), draw.normal(*shape), t, schedule(draw, steps)


@posterior.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for t, steps in ((2, 4), (3, 3), (1, 5), (4, 6), (5, 8), (1, 1)):
        yield images(draw, t, steps, 3, 2, 2 + t, 4)
    yield images(draw, 2, 2, 1, 3, 4, 2)
    x0, xt, t, bar = images(draw, 3, 5, 2, 1, 3, 3)
    yield given(alpha_bar=bar, t=t, xt=xt, x0=x0)


@posterior.aspect(
    "the mean: √ᾱ_{t−1} β_t / (1 − ᾱ_t) of x₀, √α_t (1 − ᾱ_{t−1}) / (1 − ᾱ_t) of x_t",
    1,
    {
        "the root is forgotten in front of x₀: √ᾱ_{t−1}": {"of_x0": lambda bar, old: old},
        "√ᾱ_t in front of x₀: expected √ᾱ_{t−1}": {"of_x0": lambda bar, old: bar.sqrt()},
        "the root is forgotten in front of x_t: √α_t": {"of_xt": lambda alpha, bar: alpha},
        "√ᾱ_t in front of x_t: expected √α_t": {"of_xt": lambda alpha, bar: bar.sqrt()},
        "x₀ is clipped: it stays as it is": {"clips": lambda x0: x0.clamp(-1, 1)},
        "x₀ and x_t have each other's weight": {"mixes": lambda a, b, x0, xt: b * x0 + a * xt},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for t in (2, 4):
        yield one(0, *images(draw, t, 5, 3, 2, 3, 4), about=f"the mean; t {t}, T 5")


@posterior.aspect(
    "the variance: (1 − ᾱ_{t−1}) / (1 − ᾱ_t) · β_t",
    1,
    {
        "this is β_t, not β̃_t: x₀ is known, too": {"variance": lambda beta, left: beta},
        "this is the standard deviation": {"variance": lambda beta, left: (beta * left).sqrt()},
        "the fraction is upside down": {"variance": lambda beta, left: beta / left},
        "1 − ᾱ_t in place of β_t, that of one step": {"step": lambda bar, old: 1 - bar},
        "t is off by one: entry t of alpha_bar is ᾱ_t": {"entry": lambda t: t - 1},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for t in (2, 4):
        yield one(1, *images(draw, t, 5, 2, 1, 2, 3), about=f"the variance; t {t}, T 5")


@posterior.refuses("refuses a t outside 1 … T", 0.25, allowed("inside", "a t below 1"))
def _(draw: Draw) -> Iterator[tuple]:
    yield images(draw, 0, 4, 2, 3, 3, 2)


posterior.gradients("x0, xt", 0.25)


@posterior.contract(KEEPS, 0.5)
def _(answer: Answer, draw: Draw) -> None:
    """Of the mean: the variance may be a number of Python's."""
    for probe in posterior.probes(Exercise.WHOLE):
        got, want = probe.ask(answer)[0], back(*probe.args, **probe.kwargs)[0]
        if got.dtype != want.dtype:
            raise Wrong(f"{got.dtype} came out, expected {want.dtype}")
        if want.element_size() == 8 and same(got, want) and not same(got, want, EXACT):
            raise Wrong("right to seven digits: a step computes in float32, keep the dtype")
    if answer.changed_input:
        raise Wrong(f"the input was changed in place: {answer.changed}")
