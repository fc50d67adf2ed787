"""Tests wait for conditions, and as long as they must: other work may slow the machine down.

A cap ends what hangs; no test is about time.
"""

from __future__ import annotations

import time
from collections.abc import Callable

CAP = 300.0  # seconds


def until(true: Callable[[], object], what: str = "", pause: float = 0.05) -> None:
    """Wait until ``true()`` is; what raises in it ends the wait."""
    end = time.monotonic() + CAP
    while not true():
        assert time.monotonic() < end, f"waited in vain {what}"
        time.sleep(pause)
