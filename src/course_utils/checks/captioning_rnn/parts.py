"""Numbers and weights that several exercises of this chapter share."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.core import Draw

PAD, START, END = 0, 1, 2

Params = dict[str, Tensor]


def cell_params(draw: Draw, d: int, n: int) -> Params:
    """Of ``nn.GRUCell(d, n)``, with gates that differ."""
    return {
        "weight_ih": 1.5 * draw.normal(3 * n, d) / d**0.5,
        "weight_hh": 1.5 * draw.normal(3 * n, n) / n**0.5,
        "bias_ih": draw.normal(3 * n) / 2,
        "bias_hh": draw.normal(3 * n),
    }


def half_open(params: Params, gate: int) -> Params:
    """This gate, 0 r or 1 u, is ½ whatever comes in: its rows are 0."""
    kept = {name: rows.clone() for name, rows in params.items()}
    for rows in kept.values():
        rows.chunk(3)[gate].zero_()
    return kept


def stepped(x: Tensor, h: Tensor, p: Params) -> Tensor:
    """The step of a GRU: (n, E), (n, H) -> (n, H)."""
    a = (x @ p["weight_ih"].T + p["bias_ih"]).chunk(3, 1)
    b = (h @ p["weight_hh"].T + p["bias_hh"]).chunk(3, 1)
    r, z = torch.sigmoid(a[0] + b[0]), torch.sigmoid(a[1] + b[1])
    return (1 - z) * torch.tanh(a[2] + r * b[2]) + z * h


def scalar(got: object) -> object:
    """A reader: one number, of whatever type and shape, as a tensor without axes."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got
