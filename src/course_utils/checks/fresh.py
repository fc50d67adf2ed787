"""Torch, NumPy and Python as they were at the start, whatever a student's cells have set."""

from __future__ import annotations

import contextlib
import decimal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch


@dataclass(frozen=True)
class Flags:
    """Settings of the whole process that change what a function computes."""

    dtype: torch.dtype
    deterministic: tuple[bool, bool]
    anomaly: tuple[bool, bool]
    autocast: bool
    recursion: int

    @classmethod
    def now(cls) -> Flags:
        return cls(
            torch.get_default_dtype(),
            (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ),
            (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()),
            torch.is_autocast_enabled("cpu"),
            sys.getrecursionlimit(),
        )

    def set(self) -> None:
        now = Flags.now()
        if now == self:
            return
        for field in fields(self):
            value = getattr(self, field.name)
            if value != getattr(now, field.name):
                _SET[field.name](value)


_SET: dict[str, Callable] = {
    "dtype": torch.set_default_dtype,
    "deterministic": lambda v: torch.use_deterministic_algorithms(v[0], warn_only=v[1]),
    "anomaly": lambda v: torch.autograd.set_detect_anomaly(*v),
    "autocast": lambda v: torch.set_autocast_enabled("cpu", v),
    "recursion": sys.setrecursionlimit,
}
START = Flags.now()
DEVICE = torch.get_default_device()
NUMPY = np.geterr()
WARNINGS = list(warnings.filters)
DECIMAL = decimal.Context()


def _device() -> torch.device:
    try:
        return torch.get_default_device()
    except AttributeError:  # torch 2.6, after set_default_device(None)
        return torch.device("cpu")


@contextlib.contextmanager
def as_at_the_start() -> Iterator[None]:
    """The body runs with gradients and with the flags of the start; then they are as before."""
    before = Flags.now()
    START.set()
    try:
        with (
            torch.inference_mode(False),
            torch.enable_grad(),
            np.errstate(**NUMPY),
            decimal.localcontext(DECIMAL),
            warnings.catch_warnings(),
            contextlib.nullcontext() if _device() == DEVICE else DEVICE,
        ):
            warnings.filters[:] = WARNINGS  # type: ignore[index]
            yield
    finally:
        before.set()
