"""Right and wrong answers to exercise `output_size`."""

from __future__ import annotations

import math

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("formula")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k) // stride + 1


@right("counting")
def output_size(n, k, stride=1, padding=0):
    starts = range(-padding, n + padding - k + 1, stride)
    if len(starts) == 0:
        raise ValueError(f"kernel {k} larger than input {n} with padding {padding}")
    return len(starts)


@right("math-floor")
def output_size(n, k, stride=1, padding=0):
    room = n + 2 * padding - k
    if room < 0:
        raise ValueError("kernel too large")
    return math.floor(room / stride) + 1


@wrong("float", "returns an int", "returned a float")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return (n + 2 * padding - k) / stride + 1


@wrong("zero-instead", "refuses a kernel that does not fit", "should raise a ValueError")
def output_size(n, k, stride=1, padding=0):
    return max((n + 2 * padding - k) // stride + 1, 0)


@wrong("rounds-up", Exercise.WHOLE, "rounded up")
def output_size(n, k, stride=1, padding=0):
    if n + 2 * padding < k:
        raise ValueError("the kernel does not fit")
    return math.ceil((n + 2 * padding - k) / stride) + 1


@wrong(
    "refuses-below-zero",
    f"refuses a kernel that does not fit{EVERY}",
    "should raise a ValueError",
)
def output_size(n, k, stride=1, padding=0):
    size = (n + 2 * padding - k) // stride + 1
    if size < 0:
        raise ValueError("no window fits")
    return size
