"""What the exercises of this chapter share: rows, shares, and how one number is read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.ban import Ban
from course_utils.checks.core import Draw

KEEPS = "gives the dtype that came in; inputs stay as they are"
OTHERS = ("open_clip", "torchmetrics", "ignite", "netcal", "sklearn.calibration")
BY_HAND = Ban("write it yourself, it is the exercise", modules=OTHERS)


def unit(x: Tensor) -> Tensor:
    """Rows of length 1."""
    return F.normalize(x, dim=-1)


def rows(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) rows of very different lengths, in no order."""
    lengths = torch.linspace(0.4, 3, n, dtype=torch.float64)[draw.normal(n).argsort()]
    return unit(draw.normal(n, d)) * lengths[:, None]


def near(draw: Draw, n: int, d: int, noise: float) -> Tensor:
    """(n, d) rows that point almost the same way: no share of a sharp softmax is tiny."""
    return 1 + noise * draw.normal(n, d)


def scalar(got: object) -> object:
    """A reader: one number, of whatever type and shape, as a tensor without axes."""
    got = got.item() if isinstance(got, np.generic | np.ndarray) and got.size == 1 else got
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(got, dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def allowed(step: str, what: str) -> dict[str, Mapping]:
    """A slip that refuses nothing, under the name of what should be refused."""
    return {f"{what} should raise a ValueError": {step: lambda *_: True}}
