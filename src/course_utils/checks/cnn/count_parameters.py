"""Exercise 3.5, what a network costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from course_utils.checks.cnn.integers import integers, leaves_the_list
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def learned(
    layers: list[tuple],
    *,
    known: Callable = lambda kind: kind == "pool",
    kernels: Callable = lambda n, m, k: n * m * k * k,
    pairs: Callable = lambda n, m: n * m,
    biases: Callable = lambda n, m, bias: m if bias else 0,
    pools: Callable = lambda k: 0,
    adds: Callable = sum,
) -> int:
    """The numbers of each layer, from n inputs to m outputs, added up."""

    def of(kind: str, *sizes: int) -> int:
        if kind == "conv":
            n, m, k, bias = sizes
            return kernels(n, m, k) + biases(n, m, bias)
        if kind == "linear":
            n, m, bias = sizes
            return pairs(n, m) + biases(n, m, bias)
        if not known(kind):
            raise ValueError("no such layer")
        return pools(sizes[0])

    return adds([of(*layer) for layer in layers])


count_parameters = Exercise("3.5", "count_parameters", 4, 2, right=learned, reads=integers)


@count_parameters.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ([("conv", 3, 16, 5, True), ("pool", 2)],)
    for one in (("conv", 6, 4, 3, False), ("linear", 40, 12, True), ("pool", 2)):
        yield ([one],)
    for bias in (True, False):
        yield ([("conv", 1, 1, 1, bias), ("linear", 1, 1, bias)],)
    yield ([("linear", 7, 30, False), ("linear", 30, 10, True)],)
    yield ([("conv", 8, 8, 3, True), ("pool", 2)] * 3 + [("linear", 32, 32, True)] * 2,)
    yield ([("linear", 10**5 + 1, 10**5 + 3, False)] * 2,)
    yield ([("pool", 3), ("conv", 7, 9, 1, True), ("conv", 9, 2, 4, True), ("pool", 2)],)
    lenet = [("conv", 1, 6, 5, True), ("pool", 2), ("conv", 6, 16, 5, True), ("pool", 2)]
    lenet += [("linear", 400, 120, True), ("linear", 120, 84, True), ("linear", 84, 10, True)]
    yield (lenet,)
    mixed = [("conv", 5, 8, 3, False), ("conv", 8, 8, 3, True), ("linear", 32, 10, False)]
    yield given(layers=mixed)


@count_parameters.aspect(
    "weights of all layers, and none for pooling",
    0.5,
    {
        "the kernel has k × k weights, not k": {"kernels": lambda n, m, k: n * m * k},
        "a kernel has a slice for each input channel": {"kernels": lambda n, m, k: m * k * k},
        "inputs and outputs are added: each pair has a weight": {"pairs": lambda n, m: n + m},
        "pooling is counted: it has nothing to learn": {"pools": lambda k: k * k},
        "only the last layer is counted": {"adds": lambda counts: sum(counts[-1:])},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, m, k in ((3, 8, 5), (6, 16, 3), (7, 4, 2)):
        yield ([("conv", n, m, k, False), ("pool", k), ("linear", 5 * m, n, False)],)
    yield ([("pool", 2)],)
    yield ([],)


@count_parameters.aspect(
    "one bias for each output, where the layer has one",
    0.5,
    exchange(
        "biases",
        {
            "the biases are forgotten": lambda n, m, bias: 0,
            "the bias is counted although the layer has none": lambda n, m, bias: m,
            "one bias for the whole layer: each output has its own": lambda n, m, bias: +bias,
            "one bias for each input: it belongs to the output": lambda n, m, bias: n * bias,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for bias in (True, False):
        yield ([("conv", 3, 8, 1, bias)],)
        yield ([("linear", 40, 12, bias)],)
        yield ([("conv", 9, 4, 1, bias), ("pool", 2), ("conv", 4, 6, 1, bias)],)


@count_parameters.refuses(
    "refuses a layer of another kind",
    0.25,
    {"a layer of another kind should raise a ValueError": {"known": lambda kind: True}},
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ([("norm", 64)],)


leaves_the_list(count_parameters, "returns an integer and leaves the list as it is", 0.25)
