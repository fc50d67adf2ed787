"""Exercise 4.6, the size of a ResNet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, experiment, given
from course_utils.checks.resnet.bans import BY_HAND


def size(
    counts: Sequence[int],
    bottleneck: bool,
    classes: int = 1000,
    *,
    layers: tuple[str, ...] = ("main",),
    each: Callable = lambda kind: 2,
    stem: int = 1,
    where: Callable = lambda stage, n, new: new or (n == 0 < stage),
    sees: Callable = lambda c, width: c,
    bias: int = 1,
) -> tuple[int, int]:
    """Layers and parameters."""
    convolutions, c = [("stem", 3, 64, 7)] * stem, 64  # kind, channels in and out, kernel
    for stage, count in enumerate(counts):
        width = 64 * 2**stage
        out = 4 * width if bottleneck else width
        for n in range(count):
            wide = [(c, width, 1), (width, width, 3), (width, out, 1)]
            shapes = wide if bottleneck else [(c, width, 3), (width, width, 3)]
            convolutions += [("main", *shape) for shape in shapes]
            if where(stage, n, c != out):
                convolutions.append(("projection", c, out, 1))
            c = out
    learned = sum(c_out * (c_in * k * k + each(kind)) for kind, c_in, c_out, k in convolutions)
    counted = 2 + sum(kind in layers for kind, *_ in convolutions)
    return counted, learned + classes * (sees(c, width) + bias)


def plain(got: Any) -> list:
    """Tensors and NumPy's numbers count as what they hold: their type is judged apart."""
    return [v.item() if hasattr(v, "item") else v for v in got]


resnet_size = Exercise("4.6", "resnet_size", 6, 1, (BY_HAND,), right=size, reads=plain)
NETWORKS = ((2, 3, 1), False), ((1, 1, 2, 1), True), ((1, 1), True)


@resnet_size.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield (2, 2, 2, 2), False
    yield (1, 2, 1), True
    yield (1, 1, 1, 1, 1), False, 10
    yield [2], True, 7
    yield given(counts=[3, 1], bottleneck=False, classes=100)
    yield given((2, 1, 3, 2), bottleneck=True)
    yield (1,), False, 1


def asked(question: Callable, about: str) -> Callable[[Draw], Iterator[Probe]]:
    """A question to three networks."""
    on = f"{about}; counts %s, bottleneck %s"
    return lambda draw: (experiment(question, *n, about=on % n) for n in NETWORKS)


resnet_size.aspect(
    "layers of the main path",
    0.5,
    {"projections are counted as layers": {"layers": ("main", "projection")}},
)(asked(lambda f, *network: f(*network)[0], "layers"))


def one_block_more(subject: Callable, counts: tuple[int, ...], bottleneck: bool) -> int:
    more = (*counts[:-1], counts[-1] + 1)
    return subject(more, bottleneck)[1] - subject(counts, bottleneck)[1]


resnet_size.aspect(
    "γ and β of each norm, no bias beside them",
    0.5,
    {
        "batch norms are left out: γ and β are learned": {"each": lambda kind: 0},
        "the running statistics are counted: they are not learned, γ and β are": {
            "each": lambda kind: 4
        },
        "the convolutions have a bias: none does, the batch norm after it has β": {
            "each": lambda kind: 3
        },
    },
)(asked(one_block_more, "parameters of one block more"))
resnet_size.aspect(
    "all parameters: the stem, projections where the shape changes, and only there",
    0.5,
    {
        "no projection in stage 0: the first bottleneck turns 64 channels into 256": {
            "where": lambda stage, n, new: n == 0 < stage
        },
        "a projection in stage 0 of basic blocks": {"where": lambda stage, n, new: n == 0},
        "a projection in every block": {"where": lambda stage, n, new: True},
        "the projections are left out": {"where": lambda stage, n, new: False},
        "the projections have no norm: one follows each of them": {
            "each": lambda kind: 0 if kind == "projection" else 2
        },
        "the stem is left out: 7 × 7, from 3 channels to 64, and its norm": {"stem": 0},
    },
)(asked(lambda f, *network: f(*network)[1], "parameters"))
resnet_size.aspect(
    "the linear layer",
    0.5,
    {
        "the linear layer sees the last width: four times as many leave a bottleneck": {
            "sees": lambda c, width: width
        },
        "the bias of the linear layer is left out": {"bias": 0},
    },
)(asked(lambda f, *n: f(*n, 11)[1] - f(*n, 10)[1], "parameters of one class more"))
resnet_size.keeps(0.5, "returns two ints")
