"""Visible checks of chapter 4, residual networks.

Every property compares with a value worked out from the definition. A slip that another
property names is forgiven here, so that one slip costs one property.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.cnn import number
from course_utils.checks.compare_old import (
    FLOATS,
    Inputs,
    expect,
    expect_dtype,
    expect_own_gradients,
    refuse_change,
    same,
)
from course_utils.checks.core import Check, Draw

NORM_BY_HAND = Ban(
    "take mean and variance yourself, they are the exercise",
    operators=r"(batch|instance|layer|group|rms)_norm",
    modules=(
        "torch.nn.modules.batchnorm",
        "torch.nn.modules.instancenorm",
        "torch.nn.modules.normalization",
        "torch.nn.functional:rms_norm",
        "torchvision",
    ),
)
DRAW_BY_HAND = Ban("draw the weights yourself, it is the exercise", modules=("torch.nn.init",))
BLOCK_BY_HAND = Ban(
    "put the block together yourself, it is the exercise", modules=("torchvision",)
)
COUNT_BY_HAND = Ban("count it yourself, it is the exercise", modules=("torchvision",))


def judge(
    got: object,
    want: Tensor,
    on: str,
    wrong: Mapping[str, Tensor] | None = None,
    forgiven: Sequence[Tensor] = (),
) -> None:
    """``expect`` to five digits; ``forgiven`` values are another property's matter."""
    mine = wrong or {}
    if same(got, want):
        return
    for sentence, value in mine.items():
        if same(got, value):
            raise Wrong(f"{sentence} ({on})")
    if not any(same(got, value) for value in forgiven):
        expect(got, want, on)


# -- 4.1 batch norm -----------------------------------------------------------------------

batch_norm = Check("4.1", "batch_norm", points=9, hidden=3, bans=(NORM_BY_HAND,))


def normed(
    answer: Answer,
    x: Tensor,
    training: bool,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    mean: Tensor | None = None,
    var: Tensor | None = None,
    **options: float,
) -> list:
    """y, new mean and new variance; γ and running variance are 1 where not given, β and mean 0.

    The running values are flat: what shape they have is one property of its own.
    """
    one, zero = torch.ones_like(x[0, :, 0, 0]), torch.zeros_like(x[0, :, 0, 0])
    given = [
        default if t is None else t
        for t, default in ((weight, one), (bias, zero), (mean, zero), (var, one))
    ]
    y, *running = three(answer(x, *given, training, **options), x)
    return [y, *(flat(t, x.shape[1]) for t in running)]


Y_ALONE = "returned y alone, expected three: y, new mean, new variance"


def three(got: Any, x: Tensor) -> list:
    """The three values that came back, y first: their order is one property of its own."""
    if isinstance(got, Tensor) and got.shape == x.shape:
        return [got, None, None]
    if not isinstance(got, tuple | list) or len(got) != 3:
        what = f"{len(got)} values" if isinstance(got, tuple | list) else _a(got)
        raise Wrong(f"returned {what}, expected three: y, new mean, new variance")
    like_x = [isinstance(t, Tensor) and t.shape == x.shape for t in got]
    if not like_x[0] and like_x[2]:
        return [got[2], got[0], got[1]]
    return list(got)


def _a(value: object) -> str:
    return (
        "nothing (is there a return?)" if value is None else f"a {type(value).__name__} alone"
    )


def flat(value: object, c: int) -> object:
    one_each = isinstance(value, Tensor) and value.numel() == c
    return value.reshape(c) if one_each else value  # type: ignore[attr-defined]


def standard(x: Tensor, dims: Sequence[int], of: Sequence[int] = (), correction: int = 0):
    """(x − μ) / σ with μ over ``dims``, σ over ``of`` or the same."""
    dims, of = tuple(dims), tuple(of or dims)
    var = x.var(of, correction=correction, keepdim=True)
    return (x - x.mean(dims, keepdim=True)) / var.sqrt()


def checkerboard(*size: int) -> Tensor:
    """±1, equally many of both along every axis: mean 0 and variance 1 over any axes."""
    places = torch.meshgrid(*(torch.arange(n) for n in size), indexing="ij")
    return 1 - 2 * (sum(places, torch.zeros(())) % 2).double()


@batch_norm.property("training: statistics over pictures, rows and columns", points=2)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(4, 3, 5, 3) * torch.tensor([20.0, 60, 35])[:, None, None].double()
    x = x + 50 * draw.normal(3)[:, None, None]  # so large that ε is another property's matter
    per = (0, 2, 3)
    centred = x - x.mean(per, keepdim=True)
    forgiven = [
        standard(x, per, correction=1),
        centred / x.var(per, correction=0, keepdim=True),
    ]
    each = "each channel has its own mean and variance, over pictures, rows and columns"
    judge(
        normed(answer, x, True)[0],
        standard(x, per),
        "y, training, x (4, 3, 5, 3), γ = 1, β = 0",
        {
            f"statistics over the pictures alone: {each}": standard(x, (0,)),
            f"statistics over everything at once: {each}": standard(x, (0, 1, 2, 3)),
            f"statistics over the channels of a pixel, a kind of layer norm: {each}": standard(
                x, (1,)
            ),
            f"statistics over channels, rows and columns, as in layer norm: {each}": standard(
                x, (1, 2, 3)
            ),
            f"statistics of each picture, as in instance norm: {each}": standard(x, (2, 3)),
            f"statistics over pictures and channels: {each}": standard(x, (0, 1)),
            f"statistics over pictures and columns: {each}": standard(x, (0, 3)),
            f"statistics over pictures and rows: {each}": standard(x, (0, 2)),
            "the variance is that of all channels together": standard(x, per, (0, 1, 2, 3)),
            "the mean is that of all channels together": standard(x, (0, 1, 2, 3), per),
            "the running values are used in training: normalise by the batch's own": x,
            "only the mean is subtracted: divide by the standard deviation": centred,
            "the mean is not subtracted": x / x.std(per, correction=0, keepdim=True),
        },
        forgiven,
    )


@batch_norm.property("divides by √(σ² + ε)", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 1.3 * checkerboard(2, 4, 2, 4)
    var, eps = 1.3**2, 0.5
    outside = "ε is added to σ: it belongs inside of the root, √(σ² + ε)"
    judge(
        normed(answer, x, True, eps=eps)[0],
        x / math.sqrt(var + eps),
        "y, training, x of ±1.3, ε = 0.5",
        {
            "ε is left out, or the argument is not used: √(σ² + ε)": x / math.sqrt(var),
            outside: x / (math.sqrt(var) + eps),
            "the root of ε is added to σ: both belong under one root": x
            / (math.sqrt(var) + math.sqrt(eps)),
            "divided by σ² + ε: take the root": x / (var + eps),
            "divided by σ²: take the root of σ² + ε": x / var,
            "ε is squared: √(σ² + ε)": x / math.sqrt(var + eps**2),
            "multiplied by √(σ² + ε)": x * math.sqrt(var + eps),
        },
        [x, x / math.sqrt(1 + eps), x / math.sqrt(var * 16 / 15 + eps)],
    )


@batch_norm.property("normalises by the variance that divides by N", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = 40 * checkerboard(2, 2, 2, 2)  # so large that ε is another property's matter
    judge(
        normed(answer, x, True)[0],
        x / 40,
        "y, training, 8 values a channel",
        {
            "divided by N − 1: Tensor.var does so unless correction=0; the batch is normalised "
            "by the biased variance": x / 40 * math.sqrt(7 / 8),
            "multiplied by N / N − 1": x / 40 * math.sqrt(8 / 7),
        },
        [x, x / 1600, 40 * x],
    )


@batch_norm.property("evaluation: normalises with the running values", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = 40 * draw.normal(3, 4, 5, 4)
    mean, std = 30 * draw.normal(4), 20 + 10 * draw.normal(4).abs()
    var = std**2
    m, s = mean[:, None, None], std[:, None, None]
    own_mean, own_var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    new_mean = (0.9 * mean + 0.1 * own_mean)[:, None, None]
    new_std = (0.9 * var + 0.1 * own_var).sqrt()[:, None, None]
    batch = "the batch's own statistics are used in evaluation: one picture changes the others"
    judge(
        normed(answer, x, False, mean=mean, var=var)[0],
        (x - m) / s,
        "y, evaluation, x (3, 4, 5, 4), γ = 1, β = 0",
        {
            batch: standard(x, (0, 2, 3)),
            f"{batch}; and N − 1": standard(x, (0, 2, 3), correction=1),
            "the statistics of each picture are used in evaluation": standard(x, (2, 3)),
            "the batch's mean with the running variance": (x - own_mean[:, None, None]) / s,
            "the running mean with the batch's variance": (x - m)
            / x.std((0, 2, 3), correction=0, keepdim=True),
            "the running values are renewed before they are used": (x - new_mean) / new_std,
            "the running values lie along the width: they belong to the channels": (x - mean)
            / std,
            "the running mean is added: subtract it": (x + m) / s,
            "the running mean is left out": x / s,
            "nothing is normalised in evaluation": x,
        },
        [(x - m) / s**2, x - m],
    )


@batch_norm.property("evaluation leaves the running values as they are", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, mean, var = 3 + draw.normal(2, 3, 4, 3), draw.normal(3), draw.normal(3).abs() + 0.5
    _, *got = normed(answer, x, False, mean=mean, var=var)
    if got[0] is None:
        raise Wrong(Y_ALONE)
    if same(got[0], var) and same(got[1], mean):
        return  # in what order they come is another property
    for name, t, old in zip(("mean", "variance"), got, (mean, var), strict=True):
        fresh = x.mean((0, 2, 3)) if name == "mean" else x.var((0, 2, 3))
        renewed = f"the running {name} is renewed in evaluation: training alone does that"
        wrong = {renewed: 0.9 * old + 0.1 * fresh, f"{renewed}; wrongly": fresh}
        expect(t, old, f"new {name}, evaluation", wrong)


def blended(old: Tensor, new: Tensor, m: float) -> Tensor:
    return (1 - m) * old + m * new


# How an answer renews a running value. Both values go the same way: one slip.
BLENDS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "momentum is on the wrong side: it is the weight of this batch, (1 − m)·old + m·new": (
        lambda old, new, m: m * old + (1 - m) * new
    ),
    "the batch's value replaces the running one: take in a share of it": (
        lambda old, new, m: new
    ),
    "the batch's value is added, but the old one keeps its whole weight": (
        lambda old, new, m: old + m * new
    ),
    "the old value shrinks by m, but the batch's is added whole": (
        lambda old, new, m: (1 - m) * old + new
    ),
    "momentum is always 0.1, the argument is not used": (
        lambda old, new, m: 0.9 * old + 0.1 * new
    ),
    "the mean of old and new: momentum is not used": lambda old, new, m: (old + new) / 2,
    "the sign of the step is wrong: old + m·(new − old)": (
        lambda old, new, m: old - m * (new - old)
    ),
}
SWAPPED = "new mean and new variance are swapped"


def renewed(answer: Answer, draw: Draw) -> tuple[list, Tensor, Tensor, float]:
    """Values after one batch of mean 2 and variance 9 (biased), the old ones, and N."""
    x = 2 + 3 * checkerboard(2, 2, 2, 2)
    mean, var = draw.normal(2), 4 + draw.normal(2).abs()
    got = normed(answer, x, True, mean=mean, var=var, momentum=0.25, eps=0.5)
    if got[1] is None:
        raise Wrong(Y_ALONE)
    return got[1:], mean, var, 8


@batch_norm.property("training: the running mean moves by its momentum", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    got, mean, var, n = renewed(answer, draw)
    batch = torch.full_like(mean, 2)
    want = blended(mean, batch, 0.25)
    wrong = {text: blend(mean, batch, 0.25) for text, blend in BLENDS.items()}
    wrong["the running mean is not renewed in training"] = mean
    biased, unbiased = (blended(var, torch.full_like(var, v), 0.25) for v in (9, 9 * n / 7))
    wrong[f"{SWAPPED}: y, mean, variance are asked for"] = biased
    wrong[f"{SWAPPED}: y, mean and variance are asked for"] = unbiased
    judge(got[0], want, "new mean, training, momentum 0.25, the batch's mean 2", wrong)
    x = checkerboard(2, 2, 2, 2)
    y = answer(x, torch.ones_like(mean), torch.zeros_like(mean), mean, var, True)[0]
    if isinstance(y, Tensor) and y.shape != x.shape:
        raise Wrong("the values come in another order: y, new mean, new variance are asked for")


@batch_norm.property("training: the running variance takes in the unbiased one", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    got, mean, var, n = renewed(answer, draw)
    batch, unbiased = torch.full_like(mean, 9), torch.full_like(mean, 9 * n / (n - 1))
    two = torch.full_like(mean, 2)
    ways = [blended, *BLENDS.values()]
    here, there = got[1], got[0]
    if any(same(here, way(mean, two, 0.25)) for way in ways):
        here, there = there, here  # in what order they come is another property
    blend = next((way for way in ways if same(there, way(mean, two, 0.25))), blended)

    def takes(value: Tensor) -> Tensor:
        return blend(var, value, 0.25)

    judge(
        here,
        takes(unbiased),
        "new variance, training, momentum 0.25, 8 values a channel with biased variance 9",
        {
            "the biased variance goes into the running one: what is learned about all pictures "
            "divides by N − 1": takes(batch),
            "divided by N − 1 twice: the variance was unbiased already": takes(
                unbiased * n / (n - 1)
            ),
            "multiplied by (N − 1) / N: the unbiased variance is larger": takes(
                batch * (n - 1) / n
            ),
            "the standard deviation goes into the running variance": takes(batch.sqrt()),
            "the standard deviation goes into the running variance; unbiased": takes(
                unbiased.sqrt()
            ),
            "ε goes into the running variance: it guards the division alone": takes(
                unbiased + 0.5
            ),
            "the running variance is not renewed in training": var,
            "N counts the pictures alone: it is B·H·W": takes(2.0 * batch),
            "N counts rows and columns alone: it is B·H·W": takes(batch * 4 / 3),
            "N counts the channels too: it is B·H·W": takes(batch * 32 / 31),
        },
    )


@batch_norm.property("γ and β scale and shift each channel", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, weight, bias = draw.normal(2, 4, 4, 4), draw.normal(4) + 2, draw.normal(4)
    plain = normed(answer, x, False)[0]
    if not isinstance(plain, Tensor) or plain.shape != x.shape:
        expect(plain, x, "y, evaluation, x (2, 4, 4, 4)")
        return
    plain = plain.detach()  # what it is, other properties ask
    w, b = weight[:, None, None], bias[:, None, None]
    wrong = {
        "β is left out": plain * w,
        "γ is left out": plain + b,
        "γ and β are left out": plain,
        "β is scaled by γ too: γ x + β": (plain + b) * w,
        "divided by γ: multiply": plain / w + b,
        "β is subtracted": plain * w - b,
        "1 + γ scales: γ does": plain * (1 + w) + b,
    }
    for where, across in (("width", (4,)), ("height", (4, 1))):
        lie = f"along the {where}: they belong to the channels"
        ww, bb = weight.reshape(across), bias.reshape(across)
        wrong[f"γ and β lie {lie}"] = plain * ww + bb
        wrong[f"γ lies {lie}"] = plain * ww + b
        wrong[f"β lies {lie}"] = plain * w + bb
    got = normed(answer, x, False, weight, bias)[0]
    judge(got, plain * w + b, "y against that of γ = 1, β = 0; x (2, 4, 4, 4)", wrong)


def by_parts(t: Inputs, hold: Sequence[str] = ()) -> Tensor:
    """y in training, where gradients do not pass the ``hold`` of mean, var, x̂."""
    x = t["x"]
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    mean = mean.detach() if "mean" in hold else mean
    var = var.detach() if "var" in hold else var
    y = (x - mean) / (var + 1e-5).sqrt()
    return y * t["weight"][:, None, None] + t["bias"][:, None, None]


@batch_norm.property("gradients pass through the mean and the variance", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, weight, bias = draw.normal(3, 2, 4, 2), draw.normal(2) + 2, draw.normal(2)
    mean, var = draw.normal(2), draw.normal(2).abs() + 0.5

    def call(t: Inputs) -> Any:
        return normed(answer, t["x"], True, t["weight"], t["bias"], mean, var)[0]

    depends = "depends on x: the gradient has to pass through it, no detach, no no_grad"
    expect_own_gradients(
        call,
        by_parts,
        {"x": x, "weight": weight, "bias": bias},
        draw,
        "y, training, x (3, 2, 4, 2)",
        {
            f"mean and variance are held constant, but each {depends}": partial(
                by_parts, hold=("mean", "var")
            ),
            f"the mean is held constant, but it {depends}": partial(by_parts, hold=("mean",)),
            f"the variance is held constant, but it {depends}": partial(
                by_parts, hold=("var",)
            ),
        },
    )


@batch_norm.property("keeps dtype and shapes, changes nothing in place", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, mean, var = draw.normal(2, 3, 4, 3), draw.normal(3), draw.normal(3).abs() + 0.5
    names = ("y", "the new mean", "the new variance")
    for dtype, training in itertools.product(FLOATS, (True, False)):
        ones = torch.ones(3, dtype=dtype)
        given = (x.to(dtype), ones, 0 * ones, mean.to(dtype), var.to(dtype), training)
        for name, value in zip(names, three(answer(*given), x), strict=True):
            if value is None:
                continue  # y alone came back: another property
            if not isinstance(value, Tensor):
                raise Wrong(f"{name} is a {type(value).__name__}, expected a torch.Tensor")
            expect_dtype(value, dtype, name)
            wanted = (2, 3, 4, 3) if name == "y" else (3,)
            if value.shape != wanted:
                raise Wrong(f"{name} has shape {tuple(value.shape)}, expected {wanted}")
    refuse_change(answer)


# -- 4.2 initialisation -------------------------------------------------------------------

kaiming_normal = Check("4.2", "kaiming_normal", points=4, hidden=2, bans=(DRAW_BY_HAND,))


def weights(answer: Answer, *size: int, **options: Any) -> Tensor:
    """What came back, as float64: shape and dtype are one property of its own."""
    got = answer(*size, **options)
    if not isinstance(got, Tensor) or not got.is_floating_point() or got.numel() < 2:
        raise Wrong(f"returned a {type(got).__name__}, expected a torch.Tensor of float32")
    if not torch.isfinite(got).all():
        raise Wrong(f"NaN or infinity among the weights (c_out, c_in, k = {size})")
    return got.detach().double()


def close(value: float, want: float, n: int) -> bool:
    """Whether a variance of n draws may be ``want``: five standard errors."""
    return abs(value / want - 1) < 5 * math.sqrt(2 / n)


def expect_variance(w: Tensor, fan: int, on: str, wrong: Mapping[str, float]) -> None:
    """Σ w² / n against 2 / fan."""
    got, want, n = w.square().mean().item(), 2 / fan, w.numel()
    if close(got, want, n):
        return
    reason = next((s for s, v in wrong.items() if close(got, v, n)), "the spread is off")
    raise Wrong(
        f"{reason}: standard deviation {math.sqrt(got):.4g}, expected "
        f"{math.sqrt(want):.4g} ({on})"
    )


def spread_mistakes(c: int, k: int) -> dict[str, float]:
    """Sentence -> variance, where c_in = c_out = c."""
    fan = c * k * k
    xavier = "variance 1 / fan, Xavier's or LeCun's: relu takes half of it away, so 2 / fan"
    return {
        xavier: 1 / fan,
        "the kernel's area is forgotten: fan counts c · k · k weights": 2 / c,
        "the kernel's side is counted, not its area: fan is c · k · k": 2 / (c * k),
        "the kernel's area and both numbers of channels are counted": 2 / (c * fan),
        "the kernel's area alone is counted, not the channels": 2 / (k * k),
        "multiplied by the variance: the standard deviation is its root": 4 / fan**2,
        "the 2 stands outside of the root: standard deviation √(2 / fan)": 4 / fan,
        "the root of the 2 is taken twice": math.sqrt(2) / fan,
        "fan_in and fan_out are added": 2 / (2 * fan),
        "the draws are not scaled: standard deviation √(2 / fan)": 1.0,
        "divided by the root of fan twice": 2 / fan**2,
        "the bound of a uniform distribution is taken as the standard deviation": 6 / fan,
        "√(2 / fan) is the bound of a uniform distribution here, not the standard deviation": (
            2 / (3 * fan)
        ),
    }


@kaiming_normal.property("shape (c_out, c_in, k, k), float32", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    got = answer(6, 4, 3)
    if not isinstance(got, Tensor):
        raise Wrong(f"returned a {type(got).__name__}, expected a torch.Tensor")
    if got.shape != (6, 4, 3, 3):
        order = "c_in and c_out are swapped: " if got.shape == (4, 6, 3, 3) else ""
        raise Wrong(f"{order}shape {tuple(got.shape)}, expected (6, 4, 3, 3) (c_out 6, c_in 4)")
    expect_dtype(got, torch.float32)


@kaiming_normal.property("variance 2 / fan", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    on = "c_out = c_in = 60, k = 3"
    expect_variance(weights(answer, 60, 60, 3), 60 * 9, on, spread_mistakes(60, 3))


@kaiming_normal.property("fan_in or fan_out, as mode says", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    # Against the answer's own variance where both fans are equal: the rest of the formula is
    # another property.
    k, c_out, c_in, c = 3, 120, 30, 60
    base = weights(answer, c, c, k).var().item() or math.inf
    for options, right, name in (
        ({"mode": "fan_out"}, c_out, "fan_out, c_out · k · k"),
        ({"mode": "fan_in"}, c_in, "fan_in, c_in · k · k"),
        ({}, c_in, "fan_in, c_in · k · k"),
    ):
        w = weights(answer, c_out, c_in, k, **options)
        ratio, n = w.var().item() / base, w.numel() // 4
        # The square where the variance was taken for its root.
        if close(ratio, c / right, n) or close(ratio, (c / right) ** 2, n):
            continue
        default = "" if options else "the default is fan_in; "
        other = c_in if right == c_out else c_out
        wrong = {
            "fan_in and fan_out are swapped": c / other,
            "the mean of both is used, as Glorot does": 2 * c / (c_in + c_out),
            "neither is used": 1.0,
        }
        reason = next(
            (s for s, v in wrong.items() if close(ratio, v, n)), "another fan is used"
        )
        mode = f"mode {options['mode']!r}" if options else "no mode"
        on = f"c_out 120, c_in 30, k 3, {mode}"
        raise Wrong(f"{default}{reason}: divide 2 by {name} ({on})")


@kaiming_normal.property("a normal distribution around 0", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    w = weights(answer, 60, 60, 3)
    n, std = w.numel(), w.std().item()
    mean = w.mean().item() / std if std else math.inf
    if abs(mean) > 5 / math.sqrt(n):
        raise Wrong(
            f"the weights have mean {w.mean().item():.4g}, expected 0: a normal distribution "
            f"is not shifted, and has both signs ({n} weights)"
        )
    z = (w - w.mean()) / std
    far, kurtosis = (z.abs() > 2).double().mean().item(), z.pow(4).mean().item()
    if abs(kurtosis - 3) > 0.2 or abs(far - 0.0455) > 0.006:
        shapes = {
            "a uniform distribution": 1.8,
            "a normal distribution cut off at two standard deviations": 2.37,
            "plus or minus one number": 1.0,
        }
        shape = next((s for s, v in shapes.items() if abs(kurtosis - v) < 0.1), "another one")
        raise Wrong(
            f"the weights follow {shape}: {far:.1%} lie beyond two standard deviations, "
            f"expected 4.6% of a normal one ({n} weights)"
        )


def seeded(answer: Answer, state: int, seed: int) -> Tensor:
    """Weights of one seed, with the global generator in one state or another."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(state)
        return weights(answer, 5, 4, 3, seed=seed)


@kaiming_normal.property("the seed decides the values", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    values = {seed: seeded(answer, 1, seed) for seed in (7, 0, 8, 9, 1234)}
    if not torch.equal(values[7], seeded(answer, 2, 7)):
        raise Wrong("two calls with the same seed give other values: seed the generator")
    if any(torch.equal(a, b) for a, b in itertools.combinations(values.values(), 2)):
        raise Wrong("two seeds give the same values: the seed is not used")


@kaiming_normal.property("refuses another mode", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for mode in ("fan_avg", "fan in", ""):
        if not answer.raises(ValueError, 4, 3, 3, mode=mode):
            raise Wrong(f"mode {mode!r} should raise a ValueError: a typing error goes unseen")


# -- 4.3 the basic block ------------------------------------------------------------------

basic_block = Check("4.3", "basic_block", points=7, hidden=3, bans=(BLOCK_BY_HAND,))

Params = dict[str, Tensor]


def path(
    x: Tensor,
    p: Params,
    steps: str,
    strides: Mapping[str, int],
    batch: bool = False,
    eps: float = 1e-5,
) -> Tensor:
    """x through steps such as ``"conv1 bn1 relu"``; ``batch``: norms in training mode."""
    for step in steps.split():
        if step in ("relu", "gelu"):
            x = getattr(F, step)(x)
        elif f"{step}.running_mean" in p:
            mean, var = (None if batch else p[f"{step}.running_{s}"] for s in ("mean", "var"))
            w, b = p[f"{step}.weight"], p[f"{step}.bias"]
            x = F.batch_norm(x, mean, var, w, b, batch, eps=eps)
        elif step == "pool":
            x = F.avg_pool2d(x, strides[step])
        else:
            w = p[f"{step}.weight"]
            x = F.conv2d(x, w, None, strides.get(step, 1), padding=w.shape[-1] // 2)
    return x


def residual(
    x: Tensor,
    p: Params,
    stride: int = 1,
    *,
    steps: str,
    at: str,
    short: str | None = None,
    end: Callable[[Tensor, Tensor], Tensor] = lambda f, s: (f + s).relu(),
    batch: bool = False,
    batch_short: bool = False,
    short_stride: int | None = None,
    eps: float = 1e-5,
    exchange: tuple[str, str] | None = None,
) -> Tensor:
    """A block; every option but ``steps`` and ``at`` is for a slip.

    Args:
        steps: of the main path.
        at: the convolutions that take the stride.
        short: steps of the shortcut; None for the right ones.
        end: of main path and shortcut, the block's value.
        batch, batch_short: norms in training mode, of the main path, of the shortcut.
        short_stride: of the shortcut, where it is another.
        eps: of all norms.
        exchange: two layers whose parameters change places.
    """
    if exchange:
        p = exchanged(p, *exchange)
    strides = dict.fromkeys(at.split(), stride)
    if short is None:
        short = "downsample.0 downsample.1" if "downsample.0.weight" in p else ""
    s = path(
        x, p, short, {"downsample.0": short_stride or stride, "pool": stride}, batch_short, eps
    )
    return end(path(x, p, steps, strides, batch, eps), s)


def exchanged(p: Params, a: str, b: str) -> Params:
    """Parameters where those of a and b have changed places."""
    names = {a: b, b: a}
    parts = {name: name.partition(".") for name in p}
    return {
        names.get(first, first) + dot + rest: p[n] for n, (first, dot, rest) in parts.items()
    }


def norm_params(draw: Draw, name: str, c: int) -> Params:
    return {
        f"{name}.weight": draw.normal(c).abs() + 0.5,
        f"{name}.bias": 0.5 * draw.normal(c),
        f"{name}.running_mean": 0.5 * draw.normal(c),
        f"{name}.running_var": draw.normal(c).abs() + 0.5,
    }


def block_params(draw: Draw, c_in: int, shapes: Sequence[tuple[int, int]], projection: bool):
    """Parameters of a block with convolutions of (c_out, k), and of its projection."""
    p: Params = {}
    c = c_in
    for n, (c_out, k) in enumerate(shapes, 1):
        p[f"conv{n}.weight"] = draw.normal(c_out, c, k, k) / math.sqrt(c * k * k)
        p |= norm_params(draw, f"bn{n}", c_out)
        c = c_out
    if projection:
        p["downsample.0.weight"] = draw.normal(c, c_in, 1, 1)
        p |= norm_params(draw, "downsample.1", c)
    return p


Slips = Mapping[str, Mapping[str, dict]]  # property -> sentence -> options

BASIC = partial(residual, steps="conv1 bn1 relu conv2 bn2", at="conv1")
MAIN, ADDS, AFTER = "main path", "sum", "relu"
STRIDE, PROJECTION = "stride", "projection"


def options(name: str, slips: Mapping[str, Any]) -> dict[str, dict]:
    """Slips that are all another value of one option."""
    return {text: {name: value} for text, value in slips.items()}


ENDINGS: Slips = {
    ADDS: options(
        "end",
        {
            "the shortcut is missing: relu(F(x) + x)": lambda f, s: f.relu(),
            "the shortcut is missing, and so is the relu": lambda f, s: f,
            "the shortcut is subtracted: add it": lambda f, s: (f - s).relu(),
            "multiplied by the shortcut: add it": lambda f, s: (f * s).relu(),
            "the mean of F(x) and x: add them": lambda f, s: ((f + s) / 2).relu(),
            "the shortcut is added twice": lambda f, s: (f + 2 * s).relu(),
            "the shortcut passes a relu: x itself is added": lambda f, s: (f + s.relu()).relu(),
        },
    ),
    AFTER: options(
        "end",
        {
            "relu before the sum, none after it: relu(F(x)) + x could only grow": (
                lambda f, s: f.relu() + s
            ),
            "relu before the sum and after it: F may be negative, only the sum passes a relu": (
                lambda f, s: (f.relu() + s).relu()
            ),
            "relu of both before the sum: only the sum passes a relu": (
                lambda f, s: f.relu() + s.relu()
            ),
            "no relu after the sum": lambda f, s: f + s,
            "another activation: relu is asked for": lambda f, s: F.leaky_relu(f + s, 0.01),
        },
    ),
    PROJECTION: {
        "no batch norm after the projection: downsample.1 is one": {"short": "downsample.0"},
        "the projection's batch norm is the main path's": {"short": "downsample.0 bn2"},
        "the projection's batch norm uses the batch's own statistics": {"batch_short": True},
        "relu after the projection: the shortcut is linear": {
            "short": "downsample.0 downsample.1 relu"
        },
        "the projection is missing where the shape changes": {"end": lambda f, s: f.relu()},
        "batch norm before the projection's convolution: it comes after": {
            "short": "downsample.1 downsample.0"
        },
    },
}
POOLED = {
    "pooled before the projection: its 1 × 1 convolution takes the stride": {
        "short": "pool downsample.0 downsample.1",
        "short_stride": 1,
    }
}
OWN = "use the batch's own statistics: evaluation uses the running ones"
SETTINGS: dict[str, dict] = {
    "another ε than 1e-5 in the batch norms": {"eps": 1e-3},
    f"the batch norms {OWN}": {"batch": True},
    f"the batch norms, also the projection's, {OWN}": {"batch": True, "batch_short": True},
}
BASIC_SLIPS: Slips = {
    MAIN: {
        **options(
            "steps",
            {
                "no relu between the convolutions": "conv1 bn1 conv2 bn2",
                "another activation than relu": "conv1 bn1 gelu conv2 bn2",
                "relu before the batch norm: it comes after": "conv1 relu bn1 conv2 bn2",
                "the batch norms are missing": "conv1 relu conv2",
                "the first batch norm is missing": "conv1 relu conv2 bn2",
                "the second batch norm is missing": "conv1 bn1 relu conv2",
                "norm and relu before each convolution: that is pre-activation, of a later "
                "paper": "bn1 relu conv1 bn2 relu conv2",
                "batch norm before each convolution: it comes after": (
                    "bn1 conv1 relu bn2 conv2"
                ),
                "the second convolution is missing": "conv1 bn1 relu",
                "the first convolution is used twice": "conv1 bn1 relu conv1 bn2",
                "the first batch norm is used twice": "conv1 bn1 relu conv2 bn1",
            },
        ),
        "the two convolutions are swapped": {"exchange": ("conv1", "conv2")},
        "the two batch norms are swapped": {"exchange": ("bn1", "bn2")},
        **SETTINGS,
    },
    STRIDE: {
        "the second convolution takes the stride: the first does": {"at": "conv2"},
        "both convolutions take the stride: the first does": {"at": "conv1 conv2"},
        "the stride is ignored": {"at": "", "short_stride": 1},
        **POOLED,
    },
    **ENDINGS,
}


def tried(
    right: Callable[..., Tensor], x: Tensor, p: Params, stride: int, slip: dict
) -> Tensor:
    """A slip's value; nothing where it cannot be made of these shapes."""
    try:
        return right(x, p, stride, **slip)
    except (RuntimeError, KeyError):
        return torch.zeros(0)


def summed(answer: Answer, *given: Any) -> object:
    """The value of a block, with a word on sums that do not fit."""
    try:
        return answer(*given)
    except Wrong as failed:
        fits = "must match the size" not in str(failed)
        raise (
            failed if fits else Wrong(f"main path and shortcut differ in shape: {failed}")
        ) from None


def judge_block(
    answer: Answer,
    right: Callable[..., Tensor],
    slips: Slips,
    mine: str,
    given: tuple[Tensor, Params, int],
    on: str = "",
) -> None:
    """The value of a block. Slips of other properties than ``mine`` are forgiven."""
    x, p, stride = given
    got, want = summed(answer, x, p, stride), right(x, p, stride)
    if same(got, want):
        return
    values = {
        kind: {text: tried(right, x, p, stride, slip) for text, slip in some.items()}
        for kind, some in slips.items()
    }
    forgiven = [v for kind, some in values.items() if kind != mine for v in some.values()]
    on = f"x {tuple(x.shape)}, {on}stride {stride}"
    judge(got, want, on, values.get(mine), forgiven)


def basic_params(draw: Draw, c_in: int, c_out: int, projection: bool = False) -> Params:
    return block_params(draw, c_in, ((c_out, 3), (c_out, 3)), projection)


judge_basic = partial(judge_block, right=BASIC, slips=BASIC_SLIPS)


def constant(p: Params) -> Params:
    """γ of the last norm is 0, so that F(x) is its β: what else F is, does not matter."""
    last = max(name for name in p if name.startswith("bn") and name.endswith(".weight"))
    return {**p, last: torch.zeros_like(p[last])}


def sums(answer: Answer, draw: Draw, judge_it: partial, params: Callable, mine: str) -> None:
    given = draw.normal(2, 4, 5, 7), constant(params(draw, 4, 4)), 1
    judge_it(answer, mine=mine, given=given, on="no projection, ")


def projects(answer: Answer, draw: Draw, judge_it: partial, params: Callable) -> None:
    x, p = draw.normal(2, 4, 5, 7), params(draw, 4, 4)
    batch = same(answer(x, p, 1), judge_it.keywords["right"](x, p, batch=True))
    p = params(draw, 3, 8, projection=True)
    p = p if batch else constant(p)  # norms in training are the main path's slip
    given = draw.normal(2, 3, 6, 8), p, 1
    judge_it(answer, mine=PROJECTION, given=given, on="3 to 8 channels, ")


def strides(answer: Answer, draw: Draw, judge_it: partial, params: Callable) -> None:
    given = draw.normal(2, 3, 8, 6), params(draw, 3, 8, projection=True), 2
    judge_it(answer, mine=STRIDE, given=given, on="3 to 8 channels, ")


def block_keeps(answer: Answer, draw: Draw, params: Callable[..., Params]) -> None:
    """Both floating types come back as they went in; neither x nor p is written to."""
    for dtype, projection in itertools.product(FLOATS, (False, True)):
        x = draw.normal(2, 4, 4, 6)
        p = {name: t.to(dtype) for name, t in params(draw, 4, 4, projection).items()}
        expect_dtype(answer(x.to(dtype), p), dtype)
    if answer.changed_input:
        raise Wrong("x or p was changed in place: the shortcut needs x as it was")


def block_properties(check: Check, judge_it: partial, params: Callable, takes: str) -> None:
    """What holds of every block; its convolutions are another property."""
    given: dict[str, Any] = {"judge_it": judge_it, "params": params}
    more = 0.5 if check is basic_block else 0.0
    check.property("the shortcut adds x", points=0.5)(partial(sums, mine=ADDS, **given))
    check.property("relu after the sum, not before it", points=0.5 + more)(
        partial(sums, mine=AFTER, **given)
    )
    check.property(f"{takes} and the projection take the stride", points=1)(
        partial(strides, **given)
    )
    check.property("the projection: 1 × 1 convolution, then batch norm", points=0.5 + more)(
        partial(projects, **given)
    )
    check.property("keeps the dtype and leaves x and p alone", points=0.5)(
        partial(block_keeps, params=params)
    )


@basic_block.property("convolution, batch norm, relu, convolution, batch norm", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    given = 30 * draw.normal(2, 3, 6, 5), basic_params(draw, 3, 3), 1
    judge_basic(answer, mine=MAIN, given=given, on="no projection, ")


block_properties(basic_block, judge_basic, basic_params, "the first convolution")


# -- 4.4 shortcuts ------------------------------------------------------------------------

shortcut = Check("4.4", "shortcut", points=5, hidden=2, bans=(BLOCK_BY_HAND,))


def option_a(x: Tensor, c_out: int, stride: int) -> Tensor:
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, c_out - x.shape[1]))


@shortcut.property("x itself where the shape stays", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(2, 3, 5, 6)
    wrong = {
        "relu of x: the identity is asked for": x.relu(),
        "x is normalised: the identity is asked for": standard(x, (0, 2, 3)),
        "zeros where the shape stays: the identity is asked for": torch.zeros_like(x),
    }
    expect(answer(x, 3, 1), x, "x (2, 3, 5, 6), c_out 3, stride 1, no p", wrong)


def thinned(x: Tensor, s: int) -> dict[str, Tensor]:
    """Wrong ways to make a picture s times as small."""
    return {
        "the mean of each window: option A takes every stride-th pixel": F.avg_pool2d(
            x, s, ceil_mode=True
        ),
        "the largest value of each window: option A takes every stride-th pixel": (
            F.max_pool2d(x, s, ceil_mode=True)
        ),
        "taken from pixel 1 on: the first one stays": x[:, :, 1::s, 1::s],
        "the stride is ignored": x,
        "only columns are left out: rows too": x[:, :, :, ::s],
        "only rows are left out: columns too": x[:, :, ::s],
        "the first pixels, not every stride-th one": x[
            :, :, : -(-x.shape[2] // s), : -(-x.shape[3] // s)
        ],
        "channels are left out too: rows and columns alone": x[:, ::s, ::s, ::s],
        "interpolated: option A takes every stride-th pixel": F.interpolate(
            x, scale_factor=1 / s, mode="bilinear"
        ),
    }


@shortcut.property("option A: every stride-th pixel", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for size, s in (((2, 4, 6, 8), 2), ((2, 3, 9, 6), 3)):
        x = draw.normal(*size)
        on = f"x {size}, c_out {size[1]}, stride {s}, no p"
        expect(answer(x, size[1], s), x[:, :, ::s, ::s], on, thinned(x, s))


@shortcut.property("option A: zeros for the new channels, after the old ones", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for c_out in (9, 6):
        x = draw.normal(2, 3, 4, 6)
        new = c_out - 3
        front, back = new // 2, new - new // 2
        several = (-(-c_out // 3), 1, 1)
        spread = torch.zeros(2, c_out, 4, 6, dtype=x.dtype)
        spread[:, : 3 * (c_out // 3) : c_out // 3] = x
        expect(
            answer(x, c_out, 1),
            option_a(x, c_out, 1),
            f"x (2, 3, 4, 6), c_out {c_out}, stride 1, no p",
            {
                "the zeros stand before the old channels: append them": F.pad(
                    x, (0, 0, 0, 0, new, 0)
                ),
                "half of the zeros stand before the old channels: append them": F.pad(
                    x, (0, 0, 0, 0, front, back)
                ),
                "half of the zeros stand before the old channels; append them": F.pad(
                    x, (0, 0, 0, 0, back, front)
                ),
                "the old channels are repeated: the new ones are zero": x.repeat(1, *several)[
                    :, :c_out
                ],
                "each old channel is repeated: the new ones are zero": x.repeat_interleave(
                    c_out // 3, 1
                ),
                "old channels and zeros take turns: append the zeros": spread,
                "the last channel is repeated: the new ones are zero": torch.cat(
                    [x, x[:, -1:].expand(-1, new, -1, -1)], 1
                ),
                "the new channels hold ones: zeros add nothing": F.pad(
                    x, (0, 0, 0, 0, 0, new), value=1
                ),
                "there are no new channels": x,
                "c_out zeros are appended: so many that c_out channels come out": F.pad(
                    x, (0, 0, 0, 0, 0, c_out)
                ),
                "the width grows: the channels do": F.pad(x, (0, new)),
            },
        )


def own_params(draw: Draw, c_in: int, c_out: int) -> Params:
    """Parameters of a projection, as ``shortcut`` names them."""
    p = {"0.weight": draw.normal(c_out, c_in, 1, 1)}
    return p | norm_params(draw, "1", c_out)


def projected_wrongly(x: Tensor, p: Params, s: int) -> dict[str, Tensor]:
    """Wrong projections of x with stride s."""
    whole, right = path(x, p, "0 1", {"0": 1}), path(x, p, "0 1", {"0": s})
    new = right.shape[1] - x.shape[1]
    return {
        "no batch norm after the convolution": path(x, p, "0", {"0": s}),
        f"the batch norms {OWN}": path(x, p, "0 1", {"0": s}, batch=True),
        "relu after the projection: the shortcut is linear": right.relu(),
        "the stride is ignored": whole,
        "taken from pixel 1 on: the first one stays": whole[:, :, 1::s, 1::s],
        "pooled: the convolution takes the stride": F.avg_pool2d(whole, s, ceil_mode=True),
        "option A although there is p": F.pad(x[:, :, ::s, ::s], (0, 0, 0, 0, 0, new)),
    }


@shortcut.property("option B: 1 × 1 convolution with the stride, then batch norm", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for c_in, c_out, s in ((3, 5, 2), (4, 4, 2), (3, 6, 1)):
        x, p = draw.normal(2, c_in, 6, 8), own_params(draw, c_in, c_out)
        want = path(x, p, "0 1", {"0": s})
        on = f"x (2, {c_in}, 6, 8), c_out {c_out}, stride {s}, p"
        expect(answer(x, c_out, s, p), want, on, projected_wrongly(x, p, s))


@shortcut.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in FLOATS:
        x = draw.normal(2, 3, 4, 6).to(dtype)
        p = {name: t.to(dtype) for name, t in own_params(draw, 3, 5).items()}
        for given in ((3, 1), (5, 2), (5, 2, p)):
            expect_dtype(answer(x, *given), dtype)
    refuse_change(answer)


# -- 4.5 the bottleneck -------------------------------------------------------------------

bottleneck = Check("4.5", "bottleneck", points=5, hidden=2, bans=(BLOCK_BY_HAND,))

NARROW = "conv1 bn1 relu conv2 bn2 relu conv3 bn3"
BOTTLENECK = partial(residual, steps=NARROW, at="conv2")
PAPER = (
    "the first 1 × 1 convolution takes the stride, as in the paper: it never looks at three of "
    "four pixels; here the 3 × 3 takes it"
)
BOTTLENECK_SLIPS: Slips = {
    MAIN: {
        **options(
            "steps",
            {
                "no relu after the first norm": "conv1 bn1 conv2 bn2 relu conv3 bn3",
                "no relu after the second norm": "conv1 bn1 relu conv2 bn2 conv3 bn3",
                "no relu between the convolutions": "conv1 bn1 conv2 bn2 conv3 bn3",
                "another activation than relu": "conv1 bn1 gelu conv2 bn2 gelu conv3 bn3",
                "relu before the batch norm: it comes after": (
                    "conv1 relu bn1 conv2 relu bn2 conv3 bn3"
                ),
                "the batch norms are missing": "conv1 relu conv2 relu conv3",
                "the first batch norm is missing": "conv1 relu conv2 bn2 relu conv3 bn3",
                "the second batch norm is missing": "conv1 bn1 relu conv2 relu conv3 bn3",
                "the third batch norm is missing": "conv1 bn1 relu conv2 bn2 relu conv3",
                "the first batch norm is used twice": "conv1 bn1 relu conv2 bn1 relu conv3 bn3",
                "the 3 × 3 convolution is missing": "conv1 bn1 relu conv3 bn3",
            },
        ),
        "the first two batch norms are swapped": {"exchange": ("bn1", "bn2")},
        **SETTINGS,
    },
    STRIDE: {
        PAPER: {"at": "conv1"},
        "both 1 × 1 convolutions take the stride: the 3 × 3 does": {"at": "conv1 conv3"},
        "the first two convolutions take the stride: the 3 × 3 does": {"at": "conv1 conv2"},
        "the last two convolutions take the stride: the 3 × 3 does": {"at": "conv2 conv3"},
        "all convolutions take the stride: the 3 × 3 does": {"at": "conv1 conv2 conv3"},
        "the stride is ignored": {"at": "", "short_stride": 1},
        **POOLED,
    },
    **ENDINGS,
}


def narrow_params(draw: Draw, c_in: int, c_out: int, projection: bool = False) -> Params:
    """Two channels wide in the middle: 4 times as many come out of ResNet's own, here 2."""
    return block_params(draw, c_in, ((2, 1), (2, 3), (c_out, 1)), projection)


judge_narrow = partial(judge_block, right=BOTTLENECK, slips=BOTTLENECK_SLIPS)


@bottleneck.property("1 × 1, 3 × 3 and 1 × 1, batch norm after each, relu between", points=1)
def _(answer: Answer, draw: Draw) -> None:
    given = 30 * draw.normal(2, 4, 6, 5), narrow_params(draw, 4, 4), 1
    judge_narrow(answer, mine=MAIN, given=given, on="no projection, ")


block_properties(bottleneck, judge_narrow, narrow_params, "the 3 × 3 convolution")


# -- 4.6 size -----------------------------------------------------------------------------

resnet_size = Check("4.6", "resnet_size", points=6, hidden=2, bans=(COUNT_BY_HAND,))

Counts = Sequence[int]


def convolutions(
    counts: Counts,
    narrow: bool,
    stem: int = 7,
    expansion: int = 4,
    first: bool | None = None,
    where: str = "changes",
    middle: int = 3,
    channels: int = 3,
) -> Iterator[tuple[str, int, int, int]]:
    """(kind, channels in, channels out, kernel) of each convolution; options are for slips."""
    yield "stem", channels, 64, stem
    c = 64
    for stage, count in enumerate(counts):
        width = 64 * 2**stage
        out = width * (expansion if narrow else 1)
        for n in range(count):
            if narrow:
                yield from (
                    ("main", c, width, 1),
                    ("main", width, width, middle),
                    ("main", width, out, 1),
                )
            else:
                yield from (("main", c, width, middle), ("main", width, out, middle))
            changes = c != out or (n == 0 and stage > 0)
            if stage == 0 and n == 0 and first is not None:
                changes = first
            if (changes or where == "everywhere") and where != "nowhere":
                yield "projection", c, out, 1
            c = out


def net_size(
    counts: Counts,
    narrow: bool,
    classes: int = 1000,
    norm: int = 2,
    norms: Sequence[str] = ("stem", "main", "projection"),
    bias: int = 0,
    narrow_end: bool = False,
    linear_bias: int = 1,
    **slip: Any,
) -> int:
    """Parameters, from the definition; every option but the first three is for a slip."""
    total, last = 0, 64
    for kind, c_in, c_out, k in convolutions(counts, narrow, **slip):
        total += c_in * c_out * k * k + bias * c_out + (norm * c_out if kind in norms else 0)
        last = c_out if kind == "main" else last
    last //= 4 if narrow and narrow_end else 1
    return total + classes * (last + linear_bias)


def two(answer: Answer, counts: Counts, narrow: bool, *classes: int) -> tuple[float, float]:
    """Layers and parameters; their order is one property of its own."""
    on = f"counts {tuple(counts)}, bottleneck {narrow}"
    got = answer(tuple(counts), narrow, *classes)
    if isinstance(got, Tensor | np.ndarray) and got.ndim == 1:
        got = got.tolist()
    if not isinstance(got, tuple | list) or len(got) != 2:
        what = f"{len(got)} values" if isinstance(got, tuple | list) else _a(got)
        raise Wrong(f"returned {what}, expected two ints: layers and parameters ({on})")
    values = number(got[0], "the layers", on), number(got[1], "the parameters", on)
    return values[0], values[1]


def parameters(answer: Answer, counts: Counts, narrow: bool, *classes: int) -> int | float:
    return max(two(answer, counts, narrow, *classes))  # there are always more than layers


ONES = (1, 1, 1, 1)
Way = Callable[..., float]  # (counts, narrow, classes) -> parameters


def one_block(way: Way, narrow: bool, stage: int) -> float:
    """Parameters of one block more in a stage."""
    more = tuple(n + (i == stage) for i, n in enumerate(ONES))
    return way(more, narrow) - way(ONES, narrow)


WEIGHTS, WIDTHS, NORMS = "weights", "widths", "norms"
PLACES, ENDS = "places", "ends"
SIZE_SLIPS: Slips = {
    WEIGHTS: {"the area of the 3 × 3 kernels is left out": {"middle": 1}},
    WIDTHS: {
        "twice the width comes out of a bottleneck: four times": {"expansion": 2},
        "the width comes out of a bottleneck: four times the width": {"expansion": 1},
    },
    NORMS: {
        "batch norms are left out: γ and β are learned": {"norm": 0},
        "the running statistics are counted: they are not learned, γ and β are": {"norm": 4},
        "one number for each channel of a batch norm: γ and β are two": {"norm": 1},
        "the convolutions have a bias: none does, the batch norm after it has β": {"bias": 1},
        "the convolutions have a bias in place of a batch norm": {"bias": 1, "norm": 0},
        "convolutions have a bias, and running statistics are counted": {"bias": 1, "norm": 4},
        "the batch norm of the stem is left out": {"norms": ("main", "projection")},
        "the batch norm of the projections is left out": {"norms": ("stem", "main")},
        "only the batch norms of the blocks are counted": {"norms": ("main",)},
    },
    PLACES: {
        "no projection in the first stage of a bottleneck network: 64 channels become 256": {
            "first": False
        },
        "a projection in the first stage of a basic network: 64 channels stay 64": {
            "first": True
        },
        "a projection in every block: only the first of a stage changes the shape": {
            "where": "everywhere"
        },
        "the projections are left out: they are learned too": {"where": "nowhere"},
    },
    ENDS: {
        "the linear layer sees 512 values: a bottleneck network ends with 2048": {
            "narrow_end": True
        },
        "the bias of the linear layer is left out": {"linear_bias": 0},
        "the stem has a kernel of 3 × 3: 7 × 7": {"stem": 3},
        "the stem has a kernel of 5 × 5: 7 × 7": {"stem": 5},
        "the stem has one weight for each pair of channels: 7 × 7": {"stem": 1},
        "the stem sees one channel: pictures have three": {"channels": 1},
    },
}


def expect_size(
    mine: str, numbers: Mapping[str, Callable[[Way], float]], answer: Answer
) -> None:
    """Numbers made of an answer's counts of parameters; slips of other properties go."""

    def all_of(way: Way) -> list[float]:
        return [number_of(way) for number_of in numbers.values()]

    got, want = all_of(partial(parameters, answer)), all_of(net_size)
    if got == want:
        return
    values = {
        kind: {text: all_of(partial(net_size, **slip)) for text, slip in some.items()}
        for kind, some in SIZE_SLIPS.items()
    }
    forgiven = [v for kind, some in values.items() if kind != mine for v in some.values()]
    if got in forgiven:
        return
    reason = next((s for s, v in values[mine].items() if v == got), "the count is off")
    off = next(n for n, (a, b) in enumerate(zip(got, want, strict=True)) if a != b)
    raise Wrong(f"{reason}: {want[off]} parameters, not {got[off]:.12g} ({list(numbers)[off]})")


@resnet_size.property("layers on the main path", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for counts, narrow in (
        ((2, 3, 4, 3), False),
        ((3, 4, 6, 3), True),
        ((3, 4, 6, 3), False),
        (ONES, True),
    ):
        got, parameter_count = two(answer, counts, narrow)
        blocks = sum(counts)
        each, other = (3, 2) if narrow else (2, 3)
        want, projections = 2 + each * blocks, 4 if narrow else 3
        on = f"counts {counts}, bottleneck {narrow}"
        if got > parameter_count:
            raise Wrong(f"layers and parameters are swapped: layers come first ({on})")
        wrong = {
            "projections are counted: a layer is one of the main path": want + projections,
            "the linear layer, or the stem, is left out": want - 1,
            "linear layer and stem are left out": want - 2,
            "blocks are counted; each holds several layers": blocks,
            "blocks are counted, and both ends; each block holds several layers": blocks + 2,
            "a basic block has 2 layers, a bottleneck 3": 2 + other * blocks,
            "projections are counted in every block": want + blocks,
            "batch norms are counted: layers are convolutions and the linear one": 2 * want - 1,
            "batch norms and projections are counted": 2 * (want + projections) - 1,
            "the pooling is counted: it has no weights": want + 1,
            "both poolings are counted: they have no weights": want + 2,
        }
        if got != want:
            reason = next((s for s, v in wrong.items() if v == got), "the number is off")
            raise Wrong(f"{reason}: {want} layers, not {got:.12g} ({on})")
        if isinstance(got, float) or isinstance(parameter_count, float):
            raise Wrong("returned a float: layers and parameters are ints")


def blocks(narrow: bool) -> dict[str, Callable[[Way], float]]:
    """Parameters of one block more, stage by stage."""
    return {
        f"one block more in stage {stage + 1}, bottleneck {narrow}": partial(
            one_block, narrow=narrow, stage=stage
        )
        for stage in range(4)
    }


def wholes(*counts: int) -> dict[str, Callable[[Way], float]]:
    """Parameters of whole networks, basic and bottleneck."""

    def whole(way: Way, narrow: bool) -> float:
        return way(counts, narrow)

    return {
        f"counts {counts}, bottleneck {narrow}": partial(whole, narrow=narrow)
        for narrow in (False, True)
    }


resnet_size.property("a basic block: two convolutions of 3 × 3", points=1)(
    lambda answer, _: expect_size(WEIGHTS, blocks(False), answer)
)
resnet_size.property("a bottleneck: 1 × 1, 3 × 3 and 1 × 1, four times as wide", points=1)(
    lambda answer, _: expect_size(WIDTHS, blocks(True), answer)
)
resnet_size.property("γ and β of each batch norm, no bias beside them", points=1)(
    lambda answer, _: expect_size(
        NORMS, {**blocks(False), **blocks(True), **wholes(*ONES)}, answer
    )
)
resnet_size.property("projections where the shape changes, and only there", points=0.5)(
    lambda answer, _: expect_size(PLACES, wholes(2, 2, 2, 2), answer)
)


@resnet_size.property("the stem and the linear layer", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    def one_class(way: Way, narrow: bool) -> float:
        return way(ONES, narrow, 11) - way(ONES, narrow, 10)

    more = {
        f"one class more, bottleneck {narrow}": partial(one_class, narrow=narrow)
        for narrow in (False, True)
    }
    expect_size(ENDS, {**more, **wholes(*ONES)}, answer)


# -- 4.7 gradients in deep networks -------------------------------------------------------

gradient_norms = Check("4.7", "gradient_norms", points=5, hidden=2)

Weights = list[Tensor]
STEP, SUM, ORDER, LOSS, NORM = "step", "sum", "order", "loss", "norm"


def plain_step(h: Tensor, w: Tensor, x: Tensor) -> Tensor:
    return (h @ w.mT).relu()


def residual_step(h: Tensor, w: Tensor, x: Tensor) -> Tensor:
    return h + (h @ w.mT).relu()


def norms_of(
    x: Tensor,
    y: Tensor,
    weights: Weights,
    residual: bool,
    step: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    norm: Callable[[Tensor], Tensor] = torch.linalg.vector_norm,
    of: str = "weights",
    last_linear: bool = False,
) -> Tensor:
    """The norms from the definition; options are for slips."""
    weights = [w.detach().clone().requires_grad_() for w in weights]
    step = step or (residual_step if residual else plain_step)
    hidden = [x.detach().clone().requires_grad_()]
    for w in weights:
        hidden.append(step(hidden[-1], w, x))
    if last_linear:
        h = hidden[-2]
        hidden[-1] = h @ weights[-1].mT + (h if residual else 0)
    at = {"weights": weights, "inputs": hidden[:-1], "outputs": hidden[1:]}[of]
    gradients = torch.autograd.grad(loss(hidden[-1], y), at)
    return torch.stack([norm(g) for g in gradients])


NORM_SLIPS: Slips = {
    STEP: {
        **options(
            "step",
            {
                "W is not transposed: a layer computes h Wᵀ": lambda h, w, x: (h @ w).relu(),
                "there is no relu": lambda h, w, x: h @ w.mT,
                "tanh in place of relu": lambda h, w, x: (h @ w.mT).tanh(),
                "the shortcut is added although residual is False": residual_step,
            },
        ),
        "no relu after the last layer: its h are the logits too": {"last_linear": True},
    },
    SUM: options(
        "step",
        {
            "residual is ignored: h + relu(h Wᵀ)": plain_step,
            "relu around the sum: h + relu(h Wᵀ), h passes untouched": (
                lambda h, w, x: (h + h @ w.mT).relu()
            ),
            "relu around the sum as well: h passes untouched": (
                lambda h, w, x: (h + (h @ w.mT).relu()).relu()
            ),
            "the shortcut starts at x each time: it starts at what the layer before gave": (
                lambda h, w, x: x + (h @ w.mT).relu()
            ),
            "no relu in the residual network: h + relu(h Wᵀ)": lambda h, w, x: h + h @ w.mT,
            "W is not transposed in the residual network": lambda h, w, x: h + (h @ w).relu(),
            "the mean of h and relu(h Wᵀ): add them": (
                lambda h, w, x: (h + (h @ w.mT).relu()) / 2
            ),
            "no gradient flows through the shortcut: no detach": (
                lambda h, w, x: h.detach() + (h @ w.mT).relu()
            ),
            "relu before the product: h + relu(h Wᵀ)": lambda h, w, x: h + h.relu() @ w.mT,
        },
    ),
    LOSS: options(
        "loss",
        {
            "the losses of the pictures are summed: their mean is asked for": partial(
                F.cross_entropy, reduction="sum"
            ),
            "softmax before the cross entropy: that takes logits, softmax is in it": (
                lambda h, y: F.cross_entropy(h.softmax(1), y)
            ),
            "the softmax runs over the pictures: each picture has its own": (
                lambda h, y: F.nll_loss(h.log_softmax(0), y)
            ),
            "minus the logit of the right class: the softmax is missing": F.nll_loss,
            "minus the probability of the right class: take its logarithm": (
                lambda h, y: F.nll_loss(h.softmax(1), y)
            ),
            "squared error: cross entropy is asked for": (
                lambda h, y: F.mse_loss(h, F.one_hot(y, h.shape[1]).to(h.dtype))
            ),
            "each class by itself: the softmax compares the classes": (
                lambda h, y: F.binary_cross_entropy_with_logits(
                    h, F.one_hot(y, h.shape[1]).to(h.dtype)
                )
            ),
            "divided by the number of classes too: the mean is that of the pictures": (
                lambda h, y: F.cross_entropy(h, y) / h.shape[1]
            ),
        },
    ),
    NORM: {
        **options(
            "norm",
            {
                f"{text}: the norm is the root of the summed squares": norm
                for text, norm in {
                    "the root is missing": lambda g: g.square().sum(),
                    "the mean of absolute values": lambda g: g.abs().mean(),
                    "the sum of absolute values": lambda g: g.abs().sum(),
                    "the largest absolute value": lambda g: g.abs().max(),
                    "the root of the mean square": lambda g: g.square().mean().sqrt(),
                    "the mean square": lambda g: g.square().mean(),
                    "the spectral norm": lambda g: torch.linalg.matrix_norm(g, 2),
                    "the standard deviation": lambda g: g.std(),
                    "the sum": lambda g: g.sum(),
                    "the mean": lambda g: g.mean(),
                }.items()
            },
        ),
        "the gradient of each layer's input: that of its weights counts": {"of": "inputs"},
        "the gradient of each layer's output: that of its weights counts": {"of": "outputs"},
    },
}


def network(draw: Draw, layers: int = 3, d: int = 6) -> tuple[Tensor, Tensor, Weights]:
    """x, y and weights; no layer is dead, none like another."""
    x, y = draw.normal(5, d), torch.tensor([0, 2, 1, 5, 2])
    return x, y, [draw.normal(d, d) * (1 + n / 4) / 2 for n in range(layers)]


# A slip in the layer itself shows in both networks, and costs the plain one's property.
SHARED = (
    (lambda h, w, x: (h @ w).relu(), lambda h, w, x: h + (h @ w).relu()),
    (lambda h, w, x: h @ w.mT, lambda h, w, x: h + h @ w.mT),
    (lambda h, w, x: (h @ w.mT).tanh(), lambda h, w, x: h + (h @ w.mT).tanh()),
)


def shared(answer: Answer, x: Tensor, y: Tensor, ws: Weights) -> list[Tensor]:
    """Values of the residual network that only repeat a slip of the plain one."""
    plain = row(answer(x, y, ws, False))
    return [
        norms_of(x, y, ws, True, step=both)
        for alone, both in SHARED
        if same(plain, norms_of(x, y, ws, False, step=alone))
    ]


def judge_norms(answer: Answer, mine: Sequence[str], given: tuple, residual: bool) -> None:
    """Slips of other properties than ``mine`` are forgiven, the order too."""
    x, y, ws = given
    got = row(answer(x, y, ws, residual))
    want = norms_of(x, y, ws, residual)
    if same(got, want):
        return
    values = {
        kind: {text: norms_of(x, y, ws, residual, **slip) for text, slip in some.items()}
        for kind, some in NORM_SLIPS.items()
    }
    wrong = {text: v for kind in mine for text, v in values[kind].items()}
    wrong["the norms of the weights: those of their gradients are asked for"] = torch.stack(
        [w.norm() for w in ws]
    )
    forgiven = [v for kind, some in values.items() if kind not in mine for v in some.values()]
    if residual:
        known = shared(answer, x, y, ws)
        wrong = {s: v for s, v in wrong.items() if not any(same(v, k) for k in known)}
        forgiven += known
    forgiven += [v.flip(0) for v in (want, *forgiven)]
    on = f"x {tuple(x.shape)}, {len(ws)} layers, residual {residual}"
    judge(got, want, on, wrong, forgiven)


def row(got: object) -> object:
    """A list of numbers as a tensor: what type comes back is one property of its own."""
    if isinstance(got, tuple | list) and got and all(_is_number(v) for v in got):
        return torch.tensor([float(v) for v in got], dtype=torch.float64)
    return got


def _is_number(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, Tensor) and value.numel() == 1)


@gradient_norms.property("plain: the norm of the gradient of each layer's weights", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_norms(answer, (STEP, NORM), network(draw), False)


@gradient_norms.property("the loss is the mean cross entropy of the logits", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_norms(answer, (LOSS,), network(draw), False)


@gradient_norms.property("residual: h + relu(h Wᵀ)", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_norms(answer, (SUM,), network(draw, layers=4), True)


@gradient_norms.property("one norm a layer, the first layer first", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, y, ws = network(draw, layers=4)
    got, want = row(answer(x, y, ws, False)), norms_of(x, y, ws, False)
    if same(got, want):
        return
    if not isinstance(got, Tensor) or got.shape != (4,) or same(got, got.flip(0)):
        expect(got, want, "4 layers")
    slips = [slip for some in NORM_SLIPS.values() for slip in some.values()]
    for slip in ({}, *slips):
        if same(got, norms_of(x, y, ws, False, **slip).flip(0)):
            raise Wrong("the last layer comes first: the order is that of the weights")


@gradient_norms.property("a tensor of the dtype of x; its inputs stay as they are", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, y, ws = network(draw)
    for dtype, residual in itertools.product(FLOATS, (False, True)):
        got = answer(x.to(dtype), y, [w.to(dtype) for w in ws], residual)
        if not isinstance(got, Tensor):
            raise Wrong(f"returned a {type(got).__name__}, expected a torch.Tensor (3,)")
        expect_dtype(got, dtype)
    refuse_change(answer)
