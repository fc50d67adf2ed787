"""Random numbers that follow from a seed, the same as ``kit/dice.js`` throws in the page."""

from __future__ import annotations

import math
from collections.abc import Callable

_BITS = 0xFFFFFFFF


def dice(seed: int) -> Callable[[], float]:
    """Even numbers from 0 to 1 by "mulberry32"; the seed is a whole number of 32 bits."""
    state = seed & _BITS

    def throw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) & _BITS
        mixed = (state ^ state >> 15) * (state | 1) & _BITS
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) & _BITS
        return (mixed ^ mixed >> 14) / 2**32

    return throw


def normals(random: Callable[[], float], count: int) -> list[float]:
    """Normal numbers with mean 0 and standard deviation 1, by Box and Muller's method."""
    return [
        math.sqrt(-2 * math.log(1 - random())) * math.cos(2 * math.pi * random())
        for _ in range(count)
    ]
