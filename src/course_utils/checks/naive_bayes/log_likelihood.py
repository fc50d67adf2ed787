"""Exercise 1.3, smoothed log likelihoods."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.naive_bayes.data import labels, mixed
from course_utils.checks.probe import Probe


def smoothed(on: Tensor, n: Tensor, alpha: float, total: int) -> Tensor:
    """Counts (K, D) of images whose pixel is on, of n (K, 1) images -> φ."""
    return (on + alpha) / (n + 2 * alpha)


def log_coins(
    x: Tensor,
    y: Tensor,
    classes: int,
    smoothing: float = 1.0,
    *,
    share: Callable = smoothed,
    logs: Callable = lambda p: (p.log(), (1 - p).log()),
) -> tuple[Tensor, Tensor]:
    """x (N, D), y (N,) -> log φ and log(1 − φ), both (K, D) float64."""
    members = [x[y == k].double() for k in range(classes)]
    on = torch.stack([m.sum(0) for m in members])
    n = torch.tensor([[len(m)] for m in members], dtype=torch.float64)
    return logs(share(on, n, smoothing, len(x)))


def pair(got: object) -> tuple[object, object]:
    """The two tensors that an answer returns; stacked ones unpack as well."""
    if isinstance(got, Tensor) and got.ndim == 3 and len(got) == 2:
        return got[0], got[1]
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise Wrong(f"returned {a(got)}, expected two tensors: log_on, log_off")
    return got[0], got[1]


def call(*args: object, **kwargs: object) -> Probe:
    return Probe(args, kwargs, parts=("log_on", "log_off"))


log_likelihood = Exercise(
    "1.3", "log_likelihood", points=8, hidden=1, right=log_coins, reads=pair
)


@log_likelihood.whole
def _(draw: Draw) -> Iterator[Probe]:
    y = labels(8, 3, 5)
    yield call(mixed(draw, y, 7), y, 3)
    # Strengths that float32 holds exactly: an integer count plus a float is one in torch.
    # In the second row: one class, pixel, image; as many classes as pixels, as images.
    for counts, d, strength in (
        ((2, 6), 8, 0.5), ((7, 7, 7), 4, 1 / 64), ((5, 1, 4), 6, 30), ((4, 2, 9), 2, 1.0),
        ((5,), 4, 2.0), ((3, 2), 1, 2.0), ((1,), 1, 0.25), ((6, 3, 4), 3, 2), ((1, 1, 1), 2, 4),
    ):  # fmt: skip
        y = labels(*counts)
        yield call(mixed(draw, y, d), y, len(counts), strength)
    y = labels(4, 2, 9)
    yield call(x=mixed(draw, y, 4), y=y, classes=3, smoothing=4.0)
    x = mixed(draw, y, 8)
    x[y == 0, :3], x[y == 2, 2:5] = 0, 1
    yield call(x, y, 3)
    yield call(x, y, 3, 1 / 1024)


@log_likelihood.aspect(
    "smoothed shares of the images whose pixel is on",
    1,
    {
        "divided by all images: divide by those of the class": {
            "share": lambda on, n, a, total: (on + a) / (total + 2 * a)
        },
        "only the numerator is smoothed: a pixel has two values, so divide by n + 2α": {
            "share": lambda on, n, a, total: (on + a) / n
        },
        "the denominator grows by the number of classes: a pixel has two values, so n + 2α": {
            "share": lambda on, n, a, total: (on + a) / (n + a * len(on))
        },
        "divided by n + α: a pixel has two values, each gets a pseudo-count, so n + 2α": {
            "share": lambda on, n, a, total: (on + a) / (n + a)
        },
        "α is added to the share: it belongs to the counts, N_kd + α of N_k + 2α": {
            "share": lambda on, n, a, total: on / n + a
        },
        "the smoothing is not used as it was given: it may be below or above 1": {
            "share": lambda on, n, a, total: smoothed(on, n, 1, total)
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    y = labels(8, 8, 6)
    yield call(mixed(draw, y, 5), y, 3, 2.0)
    yield call(mixed(draw, y, 7), y, 3, 0.5)


@log_likelihood.aspect(
    "a pixel never seen on stays possible",
    1,
    {
        "no smoothing: log 0 = −∞, one pixel that was never on rules the class out for ever": {
            "share": lambda on, n, a, total: on / n
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    y = labels(6, 8)
    x = mixed(draw, y, 5)
    x[y == 1, 0], x[y == 0, 3] = 0, 1
    yield call(x, y, 2)
    yield call(x, y, 2, 0.125)


@log_likelihood.aspect(
    "log_off is log(1 − φ), not 1 − log φ",
    1,
    {
        "log_off = 1 − log_on: first 1 − φ, then log": {
            "logs": lambda p: (p.log(), 1 - p.log())
        },
        "in another order: expected log_on, log_off": {
            "logs": lambda p: ((1 - p).log(), p.log())
        },
        "probabilities without their logarithm": {"logs": lambda p: (p, 1 - p)},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    y = labels(5, 9, 4)
    yield call(mixed(draw, y, 6), y, 3)


log_likelihood.keeps(
    points=0.5, name="gives float64 and leaves its inputs alone", gives=torch.float64
)
