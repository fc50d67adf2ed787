"""Hidden checks of chapter 4, residual networks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor

from course_utils.checks import resnet as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, given
from course_utils.checks.resnet.batch_norm import inputs
from course_utils.checks.resnet.gradient_norms import network, trained
from course_utils.checks.resnet.shortcut import projection

# -- 4.1 batch norm -----------------------------------------------------------------------

batch_norm = visible.batch_norm.hidden_part()


@batch_norm.contract("the running values carry no gradient", 0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, weight, bias, *running = inputs(draw, 2, 3, 4, 3)
    learned = [t.requires_grad_() for t in (x, weight, bias)]
    _, *running = answer(*learned, *running, True)
    for name, value in zip(("mean", "variance"), running, strict=True):
        if isinstance(value, Tensor) and value.requires_grad:
            raise Wrong(
                f"the new {name} has a gradient: it would keep the graph of every batch so far "
                "alive; detach what goes into it"
            )


@batch_norm.refuses("refuses to train on one value per channel", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((1, 3, 1, 1), (2, 3, 1, 1), (1, 2, 1, 2), (1, 2, 2, 1)):
        yield *inputs(draw, *size), True
    yield *inputs(draw, 1, 3, 1, 1), False


# -- 4.2 initialisation -------------------------------------------------------------------

kaiming_normal = visible.kaiming_normal.hidden_part()


@kaiming_normal.refuses("refuses another mode", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for mode in ("fan in", "", "fan_in", "fan_out"):
        yield given(4, 3, 3, mode=mode)


@kaiming_normal.contract("mean and spread of the draws are left to chance", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    w = answer(6, 5, 4).double()
    off_mean, off_std = w.mean() / w.std(), w.std() / (2 / 80) ** 0.5 - 1
    if min(off_mean.abs(), off_std.abs()) < 1e-6:
        raise Wrong(
            "the draws are standardised: mean and spread of a few draws differ from those of "
            "the distribution (c_out 6, c_in 5, k 4)"
        )


# -- 4.3 the basic block, and 4.5 the bottleneck ------------------------------------------

basic_block = visible.basic_block.hidden_part()
bottleneck = visible.bottleneck.hidden_part()


for exercise in (basic_block, bottleneck):
    exercise.gradients(
        "x, p",
        0.25,
        {"no gradient passes the shortcut: no detach": {"passes": lambda s: s.detach()}},
        but="running",
    )

# -- 4.4 shortcuts ------------------------------------------------------------------------

shortcut = visible.shortcut.hidden_part()
shortcut.gradients("x, p", 0.25, but="running")


@shortcut.refuses(
    "refuses to drop channels without a projection",
    0.25,
)
def _(draw: Draw) -> Iterator[tuple]:
    for c_in, c_out, s in ((6, 3, 2), (5, 1, 3), (3, 3, 1), (3, 3, 2), (3, 4, 1)):
        yield draw.normal(2, c_in, 4, 6), c_out, s
    yield draw.normal(2, 4, 4, 6), 3, 2, projection(draw, 4, 3)  # a projection may


# -- 4.6 size -----------------------------------------------------------------------------

resnet_size = visible.resnet_size.hidden_part()


@resnet_size.aspect("the deepest networks of table 1, to the last parameter", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield (3, 4, 6, 3), False, 1001
    yield (3, 8, 36, 3), True, 1001


# -- 4.7 gradients in deep networks -------------------------------------------------------

gradient_norms = visible.gradient_norms.hidden_part()


@gradient_norms.contract("the result carries no graph", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    for state in (tuple, trained):
        got = answer(*state(network(draw, 5, 6, 3)), True)
        values = got if isinstance(got, tuple | list) else [got]
        if any(isinstance(value, Tensor) and value.requires_grad for value in values):
            raise Wrong(
                "the norms have a graph, and keep that of the whole network alive: no "
                "create_graph, or detach them"
            )


@gradient_norms.aspect("logits of several thousand", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for residual in (False, True):
        x, y, weights = network(draw, 5, 6, 3)
        yield 1000 * x, y, weights, residual
