"""Exercise 6.3, one step of a gated recurrent unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks import twins
from course_utils.checks.captioning_rnn.parts import Params, cell_params, half_open
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, Subject, experiment, given


def reset_product(r: Tensor, h: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """r ⊙ (W_hn h + b_hn)."""
    return r * (h @ w.T + b)


def mixed(u: Tensor, n: Tensor, h: Tensor) -> Tensor:
    return (1 - u) * n + u * h


def gated(
    x: Tensor,
    h: Tensor,
    params: Params,
    *,
    order: tuple[int, int, int] = (0, 1, 2),
    biases: Callable = lambda b: b,
    opens: Callable = torch.sigmoid,
    resets: Callable = reset_product,
    bends: Callable = torch.tanh,
    mixes: Callable = mixed,
) -> Tensor:
    """(B, D), (B, H) -> (B, H)."""
    w, v, b = (params[k].chunk(3) for k in ("weight_ih", "weight_hh", "bias_ih"))
    c = biases(params["bias_hh"]).chunk(3)
    i, j, k = order
    r = opens(x @ w[i].T + b[i] + h @ v[i].T + c[i])
    u = opens(x @ w[j].T + b[j] + h @ v[j].T + c[j])
    n = bends(x @ w[k].T + b[k] + resets(r, h, v[k], c[k]))
    return mixes(u, n, h)


FINISHED = twins.Family(
    r"gru|rnn|lstm", ("torch.nn.modules.rnn", "torch:gru_cell", "torch:gru")
)
BY_HAND = twins.ban("write the gates yourself", FINISHED)
gru_step = Exercise("6.3", "gru_step", points=7, hidden=1, bans=(BY_HAND,), right=gated)


def ordinary(draw: Draw, b: int, d: int, n: int) -> tuple[Tensor, Tensor, Params]:
    return draw.normal(b, d), draw.normal(b, n), cell_params(draw, d, n)


def sentence(subject: Subject, xs: Tensor, h: Tensor, params: Params) -> list[Tensor]:
    """The states after each of the inputs (T, B, D)."""
    states = [h]
    for x in xs:
        states.append(subject(x, states[-1], params))
    return states[1:]


@gru_step.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield ordinary(draw, 3, 5, 4)
    yield ordinary(draw, 2, 3, 6)
    yield ordinary(draw, 1, 4, 3)
    yield ordinary(draw, 4, 4, 4)
    yield ordinary(draw, 5, 2, 7)
    x, h, params = ordinary(draw, 2, 6, 5)
    yield x, 0 * h, params
    x, h, params = ordinary(draw, 6, 3, 2)
    yield given(params=params, h=h, x=x)
    _, h, params = ordinary(draw, 2, 3, 4)
    about = "the states of four steps, one after the other"
    yield experiment(sentence, draw.normal(4, 2, 3), h, params, about=about)


@gru_step.aspect(
    "rows in torch's order r, u, n; both biases",
    0.75,
    exchange(
        "order",
        {
            "u comes first in the rows: torch has r, u, n": (1, 0, 2),
            "n is taken from the first rows: torch has r, u, n": (1, 2, 0),
        },
    )
    | exchange("biases", {"bias_hh is missing": lambda b: 0 * b})
    | exchange(
        "opens", {"the gates have no sigmoid: r and u are between 0 and 1": lambda a: a}
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    yield ordinary(draw, 3, 4, 3)
    yield ordinary(draw, 2, 2, 5)


@gru_step.aspect(
    "the reset gate acts on W_hn h + b_hn",
    0.75,
    exchange(
        "resets",
        {
            "the gate acts on h before the product: r ⊙ (W_hn h + b_hn), after it": (
                lambda r, h, w, b: (r * h) @ w.T + b
            ),
            "b_hn is outside of the gate: r ⊙ (W_hn h + b_hn)": (
                lambda r, h, w, b: r * (h @ w.T) + b
            ),
            "r is not used: it multiplies W_hn h + b_hn": lambda r, h, w, b: h @ w.T + b,
        },
    )
    | exchange("bends", {"n goes through a sigmoid: expected tanh": torch.sigmoid}),
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((3, 4, 3), (2, 5, 4)):
        x, h, params = ordinary(draw, *size)
        yield x, h, half_open(params, 1)


@gru_step.aspect(
    "the update gate keeps the old state",
    0.75,
    exchange(
        "mixes",
        {
            "u and 1 − u are exchanged: (1 − u) ⊙ n + u ⊙ h": (
                lambda u, n, h: u * n + (1 - u) * h
            ),
            "the old state is missing: (1 − u) ⊙ n + u ⊙ h": lambda u, n, h: (1 - u) * n,
            "n is added whole: (1 − u) ⊙ n + u ⊙ h": lambda u, n, h: n + u * h,
        },
    ),
)
def _(draw: Draw) -> Iterator[tuple]:
    for size in ((3, 4, 3), (2, 3, 5)):
        x, h, params = ordinary(draw, *size)
        yield x, h, half_open(params, 0)


gru_step.gradients("x, h, params", 0.5)
gru_step.keeps(points=0.25)
