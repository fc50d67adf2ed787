"""Small data sets for the probes of this chapter."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.core import Draw


def labels(*counts: int) -> Tensor:
    """So many labels of each class, mixed without a draw; the last class comes first."""
    y = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts)).flip(0)
    n = len(y)
    step = next(s for s in (5, 7, 3, 2, 1) if torch.gcd(torch.tensor(s), torch.tensor(n)) == 1)
    return y[torch.arange(n) * step % n]


def coins(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) float64 of zeros and ones without a pattern."""
    return (draw.uniform(n, d) > 0.4).double()


def mixed(draw: Draw, y: Tensor, d: int) -> Tensor:
    """(N, d) zeros and ones; in classes of two or more each pixel is on once and off once."""
    x = coins(draw, len(y), d)
    for k in y.unique():
        members = (y == k).nonzero()[:, 0]
        if len(members) > 1:
            x[members[0]] = 1 - x[members[1]]
    return x


def tables(draw: Draw, k: int, d: int) -> tuple[Tensor, Tensor, Tensor]:
    """log_prior (k,), log_on and log_off (k, d): coins near one half, and nearly sure ones.

    The classes are the first of k + 1: the prior of one alone is not 1.
    """
    on = (3 * draw.normal(k, d)).sigmoid()
    return draw.normal(k + 1).log_softmax(0)[:k].clone(), on.log(), (1 - on).log()
