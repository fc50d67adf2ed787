"""Exercise 3.4, what one output sees."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from course_utils.checks.cnn.integers import leaves_the_list, pair
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, experiment, given

Layers = list[tuple[int, int]]


def before(strides: list[int]) -> list[int]:
    """For each layer, the product of the strides of those before it."""
    return [math.prod(strides[:n]) for n in range(len(strides))]


def seen(
    layers: Layers,
    *,
    order: Callable = lambda layers: layers,
    first: int = 1,
    adds: Callable = lambda k: k - 1,
    jumps: Callable = before,
    apart: Callable = math.prod,
    returns: Callable = lambda size, stride: (size, stride),
) -> tuple[int, int]:
    """r = 1 + Σ_l (k_l − 1) Π_{i<l} s_i, and Π_l s_l."""
    kernels, strides = [k for k, _ in order(layers)], [s for _, s in order(layers)]
    steps = zip(kernels, jumps(strides), strict=True)
    return returns(first + sum(adds(k) * jump for k, jump in steps), apart(strides))


receptive_field = Exercise("3.4", "receptive_field", 5, hidden=1, right=seen, reads=pair)


@receptive_field.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ([(3, 1), (2, 2), (3, 1)],)
    yield ([(7, 1)],)
    yield ([(5, 2)],)
    yield ([(3, 1), (5, 1), (2, 1)],)
    yield ([(5, 1), (2, 2), (5, 1), (2, 2)],)
    yield ([(4, 2), (3, 3), (5, 2), (2, 1), (3, 4)],)
    yield ([(7, 2), (3, 2)],)
    yield ([(3, 2), (1, 2), (3, 1), (2, 3)],)
    yield given(layers=[(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)])


def alone(n: int, *layers: tuple[int, int]) -> Probe:
    """The size alone, or the stride."""
    about = f"the {('size', 'stride')[n]} of layers {list(layers)}"
    return experiment(lambda subject, layers: subject(layers)[n], list(layers), about=about)


@receptive_field.aspect(
    "each kernel adds k − 1 to the one pixel",
    0.5,
    {
        "every kernel counts whole: one pixel of each is already seen, k − 1": {
            "adds": lambda k: k
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
        "the strides are ignored: after a stride of 2, neighbours lie two pixels apart": {
            "jumps": lambda strides: [1 for _ in strides]
        },
        "a layer's own stride counts too early: it spreads the layers after it": {
            "jumps": lambda strides: [math.prod(strides[: n + 1]) for n in range(len(strides))]
        },
        "each layer is spread by its own stride alone: it is the product of those before": {
            "jumps": lambda strides: strides
        },
        "only the layer before spreads: the strides of all earlier ones multiply": {
            "jumps": lambda strides: [1, *strides][: len(strides)]
        },
        "the layers are taken from output to input: strides spread the layers after them": {
            "order": lambda layers: layers[::-1]
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield alone(0, (5, 2), (3, 3), (4, 2), (2, 1))
    yield alone(0, (3, 1), (2, 2), (5, 1), (2, 2), (3, 3))
    yield alone(0, (7, 2), (3, 2))


@receptive_field.aspect(
    "neighbouring outputs lie the product of all strides apart",
    0.5,
    exchange(
        "apart",
        {
            "the strides are added: they multiply": sum,
            "the last layer's stride alone: they multiply": lambda strides: strides[-1],
        },
    ),
)
def _(draw: Draw) -> Iterator[Probe]:
    yield alone(1, (5, 3))
    yield alone(1, (3, 2), (5, 3), (3, 5))
    yield alone(1, (3, 1), (3, 2), (3, 1), (2, 2))


leaves_the_list(receptive_field, "returns integers and leaves the list as it is", 0.5)
