"""Exercise 3.4, what one output sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from course_utils.checks.cnn.integers import integers, leaves_the_list
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, experiment, given


def before(s: list[int]) -> list[int]:
    """For each layer, the product of the strides of those before it, and of all."""
    return [math.prod(s[:n]) for n in range(len(s) + 1)]


def added(s: list[int]) -> list[int]:
    return [1 + sum(s[:n]) for n in range(len(s) + 1)]


def seen(
    layers: list[tuple[int, int]],
    *,
    order: Callable = lambda layers: layers,
    first: int = 1,
    adds: Callable = lambda k, s: k - 1,
    jumps: Callable = before,
    apart: Callable = math.prod,
    returns: Callable = lambda size, stride: (size, stride),
) -> tuple[int, int]:
    """r = 1 + Σ_l (k_l − 1) Π_{i<l} s_i, and Π_l s_l."""
    kernels, strides = [k for k, _ in order(layers)], [s for _, s in order(layers)]
    steps = zip(kernels, strides, jumps(strides), strict=False)  # one jump more
    return returns(first + sum(adds(k, s) * jump for k, s, jump in steps), apart(strides))


receptive_field = Exercise("3.4", "receptive_field", 5, 1, right=seen, reads=integers)


@receptive_field.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ([(3, 1), (2, 2), (3, 1)],)
    for one in ([], [(7, 1)], [(5, 2)], [(1, 1)], [(3, 3)], [(7, 2), (3, 2)], [(2, 2), (2, 2)]):
        yield (one,)
    yield ([(3, 1), (5, 1), (2, 1)],)
    yield ([(4, 2), (3, 3), (5, 2), (2, 1), (3, 4)],)
    yield ([(3, 2), (1, 2), (3, 1), (2, 3)],)
    yield ([(3, 2)] * 16 + [(5, 1)],)
    yield given(layers=[(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)])


def alone(n: int, *layers: tuple[int, int]) -> Probe:
    """The size alone, or the stride."""
    return experiment(lambda subject, layers: subject(layers)[n], list(layers))


@receptive_field.aspect(
    "each kernel adds k − 1 to the one pixel",
    0.5,
    {
        "every kernel counts whole: add k − 1, a pixel is already seen": {
            "adds": lambda k, s: k
        },
        "the 1 is missing: without layers, one pixel is seen": {"first": 0},
        "size and stride are swapped": {"returns": lambda size, stride: (stride, size)},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for kernels in ([5], [3, 3], [3, 5, 2], [7, 2, 4, 3]):
        yield alone(0, *((k, 1) for k in kernels))


@receptive_field.aspect(
    "strides spread the layers after them",
    0.5,
    {
        "the strides are ignored: neighbours lie apart": {"jumps": lambda s: [1 for _ in s]},
        "a layer's own stride counts too early: it spreads the layers after it": {
            "jumps": lambda s: before(s)[1:]
        },
        "pooling adds no pixels: it sees k − 1 more like a convolution": {
            "adds": lambda k, s: 0 if k == s > 1 else k - 1
        },
        "pooling layers are skipped: they count like convolutions": {
            "order": lambda layers: [(k, s) for k, s in layers if not k == s > 1]
        },
        "the layers are taken from output to input": {"order": lambda layers: layers[::-1]},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield alone(0, (5, 2), (3, 3), (4, 2), (2, 1))
    yield alone(0, (3, 1), (2, 2), (5, 1), (2, 2), (3, 3))
    yield alone(0, (7, 2), (3, 2))


@receptive_field.aspect(
    "neighbouring outputs lie the product of all strides apart",
    0.5,
    {
        "the strides are added: they multiply": {
            "jumps": added,
            "apart": lambda s: added(s)[-1],
        },
        "the last layer's stride is missing": {"apart": lambda s: math.prod(s[:-1])},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield alone(1, (5, 3))
    yield alone(1, (3, 2), (5, 3), (3, 5))
    yield alone(1, (3, 1), (3, 2), (3, 1), (2, 2))


leaves_the_list(receptive_field, "returns integers and leaves the list as it is", 0.5)
