"""Hidden checks of chapter 4, residual networks: what the visible ones leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from course_utils.checks import resnet as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare_old import expect_own_gradients
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, given
from course_utils.checks.resnet.batch_norm import inputs
from course_utils.checks.resnet_old import (
    BASIC,
    BASIC_SLIPS,
    BOTTLENECK,
    BOTTLENECK_SLIPS,
    ONES,
    SIZE_SLIPS,
    Params,
    Slips,
    basic_params,
    constant,
    judge,
    judge_block,
    judge_norms,
    narrow_params,
    net_size,
    network,
    one_block,
    option_a,
    own_params,
    parameters,
    path,
    projected_wrongly,
    thinned,
)

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


@batch_norm.refuses(
    "refuses to train on one value per channel",
    0.5,
    {
        "one value per channel in training should raise a ValueError: it has no variance": {
            "trains_on": lambda n: True
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((1, 3, 1, 1), (1, 1, 1, 1), (2, 3, 1, 1), (1, 2, 1, 2), (1, 2, 2, 1)):
        yield *inputs(draw, *size), True
    yield *inputs(draw, 1, 3, 1, 1), False


# -- 4.2 initialisation -------------------------------------------------------------------

kaiming_normal = visible.kaiming_normal.hidden_part()


@kaiming_normal.refuses(
    "refuses another mode",
    0.25,
    {
        "another mode should raise a ValueError: a typing error goes unseen": {
            "known": lambda mode: True
        }
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for mode in ("fan_avg", "fan in", "", "fan_in", "fan_out"):
        yield given(4, 3, 3, mode=mode)


@kaiming_normal.contract("every weight is drawn by itself", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    w, on = answer(6, 5, 4).double(), "c_out 6, c_in 5, k 4"
    distinct = w.abs().unique().numel()
    if distinct < 0.9 * w.numel():
        raise Wrong(
            f"{distinct} sizes among {w.numel()} weights: kernels are repeated or mirrored, "
            f"and what starts the same learns the same ({on})"
        )
    off_mean, off_std = w.mean() / w.std(), w.std() / (2 / 80) ** 0.5 - 1
    if min(off_mean.abs(), off_std.abs()) < 1e-6:
        raise Wrong(
            "the draws are standardised: mean and spread of a few draws differ from those of "
            f"the distribution ({on})"
        )


# -- 4.3 the basic block, and 4.5 the bottleneck ------------------------------------------

basic_block = visible.basic_block.hidden_part()
bottleneck = visible.bottleneck.hidden_part()


def of_all(block: Callable, p: Params) -> Callable[[Params], Any]:
    """A block as a function of x and of what is learned, in one dict."""
    return lambda t: block(t["x"], {name: t.get(name, p[name]) for name in p})


def block_gradients(
    answer: Answer,
    draw: Draw,
    right: Callable[..., Tensor],
    params: Callable[..., Params],
) -> None:
    def cut(f: Tensor, s: Tensor) -> Tensor:
        return (f + s.detach()).relu()

    for c_in, projection in ((4, False), (3, True)):
        p = params(draw, c_in, 4, projection)
        learned = {name: t for name, t in p.items() if "running" not in name}
        wrong = {"it does not pass the shortcut: no detach": of_all(partial(right, end=cut), p)}
        inputs = {"x": draw.normal(2, c_in, 4, 6), **learned}
        on = f"x (2, {c_in}, 4, 6), stride 1"
        expect_own_gradients(of_all(answer, p), of_all(right, p), inputs, draw, on, wrong)


def as_p_says(
    answer: Answer,
    draw: Draw,
    right: Callable[..., Tensor],
    params: Callable[..., Params],
    slips: Slips,
) -> None:
    """A projection where p holds one, whatever shapes and stride say."""
    for c_in, c_out in ((4, 4), (5, 3)):
        given = draw.normal(2, c_in, 6, 9), constant(params(draw, c_in, c_out, True)), 1
        on = f"{c_in} to {c_out} channels, with projection, "
        judge_block(answer, right, slips, "none", given, on)


def odd_sizes(
    answer: Answer,
    draw: Draw,
    right: Callable[..., Tensor],
    params: Callable[..., Params],
    slips: Slips,
) -> None:
    for size, stride in (((2, 3, 7, 5), 2), ((1, 3, 5, 8), 2), ((3, 3, 1, 1), 2)):
        given = draw.normal(*size), constant(params(draw, 3, 4, True)), stride
        judge_block(answer, right, slips, "none", given, "3 to 4 channels, ")


basic_block.property("gradients reach x and all that is learned", points=0.5)(
    partial(block_gradients, right=BASIC, params=basic_params)
)
bottleneck.property("gradients reach x and all that is learned", points=0.5)(
    partial(block_gradients, right=BOTTLENECK, params=narrow_params)
)
basic_block.property("a projection wherever p holds one", points=0.5)(
    partial(as_p_says, right=BASIC, params=basic_params, slips=BASIC_SLIPS)
)
bottleneck.property("a projection wherever p holds one", points=0.5)(
    partial(as_p_says, right=BOTTLENECK, params=narrow_params, slips=BOTTLENECK_SLIPS)
)
basic_block.property("odd heights and widths", points=0.5)(
    partial(odd_sizes, right=BASIC, params=basic_params, slips=BASIC_SLIPS)
)


# -- 4.4 shortcuts ------------------------------------------------------------------------

shortcut = visible.shortcut.hidden_part()


@shortcut.property("odd heights and widths: rounded up", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for height, width, s in ((7, 5, 2), (7, 8, 3), (3, 5, 2), (6, 9, 4)):
        x, p = draw.normal(2, 3, height, width), own_params(draw, 3, 5)
        kept = x[:, :, : height // s * s : s, : width // s * s : s]
        floor = "rounded down: row 0, s, 2s … as long as there are any"
        on = f"x (2, 3, {height}, {width}), stride {s}"
        others = list(thinned(x, s).values())
        judge(answer(x, 3, s), option_a(x, 3, s), f"{on}, no p", {floor: kept}, others)
        want = path(x, p, "0 1", {"0": s})
        others = list(projected_wrongly(x, p, s).values())
        judge(answer(x, 5, s, p), want, f"{on}, p", {}, others)


@shortcut.property("refuses to drop channels without a projection", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for c_in, c_out, s in ((4, 3, 1), (6, 3, 2)):
        if not answer.raises(ValueError, draw.normal(2, c_in, 4, 6), c_out, s):
            raise Wrong(
                f"{c_in} channels, c_out {c_out} and no p should raise a ValueError: option A "
                "only adds channels"
            )
    x, p = draw.normal(2, 4, 4, 6), own_params(draw, 4, 3)
    got = answer(x, 3, 2, p)  # a projection may
    if isinstance(got, Tensor) and got.shape[1] != 3:
        raise Wrong(f"{got.shape[1]} channels, expected 3: a projection may drop some")


# -- 4.6 size -----------------------------------------------------------------------------

resnet_size = visible.resnet_size.hidden_part()


@resnet_size.property("the deepest of table 1, to the last parameter", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    # What blocks and ends hold is another property: the answer's own counts are added up.
    way = partial(parameters, answer)
    for name, counts, narrow in (
        ("ResNet-34", (3, 4, 6, 3), False),
        ("ResNet-152", (3, 8, 36, 3), True),
    ):
        more = ((n - 1) * one_block(way, narrow, stage) for stage, n in enumerate(counts))
        want, got = way(ONES, narrow, 1001) + sum(more), way(counts, narrow, 1001)
        if got != want:
            raise Wrong(
                f"the blocks of {name} add up to {want:.12g} parameters, not {got:.12g}: a sum "
                "in float32 keeps seven digits, and every block counts"
            )


@resnet_size.property("any number of stages and classes", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    slips = [s for some in SIZE_SLIPS.values() for s in some.values()]
    for counts, narrow, classes in (
        ((2,), False, 10),
        ((1, 3), True, 10),
        ((2, 1, 3), False, 100),
        ((2, 1, 2), True, 7),
        ((1,), True, 1),
    ):
        got = parameters(answer, counts, narrow, classes)
        want = net_size(counts, narrow, classes)
        if got not in (want, *(net_size(counts, narrow, classes, **slip) for slip in slips)):
            raise Wrong(
                f"{want} parameters, not {got:.12g} (counts {counts}, bottleneck {narrow}, "
                f"{classes} classes)"
            )


# -- 4.7 gradients in deep networks -------------------------------------------------------

gradient_norms = visible.gradient_norms.hidden_part()


@gradient_norms.property("the result carries no graph", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    got = answer(*network(draw), True)
    values = got if isinstance(got, tuple | list) else [got]
    if any(isinstance(value, Tensor) and value.requires_grad for value in values):
        raise Wrong(
            "the norms have a graph, and keep that of the whole network alive: no "
            "create_graph, or detach them"
        )


@gradient_norms.property("logits of several thousand", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, y, ws = network(draw)
    for residual in (False, True):
        got = answer(1000 * x, y, ws, residual)
        if isinstance(got, Tensor) and not torch.isfinite(got).all():
            raise Wrong(
                "exp of a large logit is infinite: take log_softmax or cross_entropy, which "
                "subtract the largest logit first"
            )
        judge_norms(answer, (), (1000 * x, y, ws), residual)
