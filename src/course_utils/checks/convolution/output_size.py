"""Exercise 2.4, the size of a convolution's output."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def windows_that_fit(
    n: int,
    k: int,
    stride: int = 1,
    padding: int = 0,
    *,
    fits: Callable = lambda room: room >= 0,
    padded: Callable = lambda n, p: n + 2 * p,
    counts: Callable = lambda room, s, p: room // s + 1,
) -> int:
    room = padded(n, padding) - k
    if not fits(room):
        raise ValueError("no window fits")
    return counts(room, stride, padding)


output_size = Exercise("2.4", "output_size", points=4, hidden=1, right=windows_that_fit)


@output_size.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for n, k in ((5, 3), (28, 5), (7, 7), (9, 1), (1, 1), (224, 8)):
        yield n, k
    for n, k, s, p in ((28, 5, 3, 2), (7, 3, 2, 1), (8, 3, 2, 1), (224, 7, 2, 3), (9, 4, 3, 0)):
        yield n, k, s, p
    # Kernels of one sample, strides longer than the kernel or the input, one window alone.
    for n, k, s, p in ((56, 1, 2, 0), (9, 1, 4, 2), (10, 1, 1, 3), (1, 1, 3, 2), (4, 4, 5, 0)):
        yield n, k, s, p
    yield given(n=31, k=4, stride=5, padding=2)
    yield given(6, 2, padding=3)


@output_size.aspect(
    "padding counts on both sides",
    0.5,
    {
        "padding is added on both sides: 2·padding": {"padded": lambda n, p: n + p},
        "the padding is left out": {"padded": lambda n, p: n},
        "the padding is added after the division: it belongs to n": {
            "counts": lambda room, s, p: (room - 2 * p) // s + 1 + 2 * p
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, k, p in ((28, 5, 2), (6, 2, 3), (5, 3, 1)):
        yield given(n, k, padding=p)


@output_size.aspect(
    "a stride skips windows, what is left over is dropped",
    0.5,
    {
        "rounded up, but a window that does not fit is not computed": {
            "counts": lambda room, s, p: -(-room // s) + 1
        },
        "one window is missing: the one at 0 counts too, hence the + 1": {
            "counts": lambda room, s, p: room // s
        },
        "the + 1 stands inside the division": {"counts": lambda room, s, p: (room + 1) // s},
        "not rounded": {"counts": lambda room, s, p: room / s + 1},
        "the stride is left out": {"counts": lambda room, s, p: room + 1},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, k, s in ((28, 5, 3), (8, 3, 2), (10, 4, 4), (12, 3, 5)):
        yield given(n, k, stride=s)


@output_size.refuses(
    "refuses a kernel that does not fit",
    0.25,
    {"a kernel that does not fit should raise a ValueError": {"fits": lambda room: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield 3, 5


output_size.keeps(points=0.5, name="returns an int")
