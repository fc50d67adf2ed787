"""Right and wrong answers to exercise `positives`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

INT64 = "gives int64: an index and a target"
SIZES = "two hundred images"


@right("arithmetic")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@right("loop")
def positives(n, interleaved):
    out = []
    for i in range(2 * n):
        if interleaved:
            out.append(i + 1 if i % 2 == 0 else i - 1)
        else:
            out.append(i + n if i < n else i - n)
    return torch.tensor(out)


@right("reshape-and-flip")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i.view(n, 2).flip(1).flatten() if interleaved else i.view(2, n).flip(0).flatten()


@right("by-labels")
def positives(n, interleaved):
    image = torch.arange(n)
    image = image.repeat_interleave(2) if interleaved else image.repeat(2)
    alike = (image[:, None] == image).float()
    return alike.fill_diagonal_(0).argmax(1)


@right("numpy")
def positives(n, interleaved):
    i = np.arange(2 * n)
    j = np.where(i % 2 == 0, i + 1, i - 1) if interleaved else np.roll(i, n)
    return torch.from_numpy(j)


@wrong("floats", INT64, "torch.float32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i ^ 1).float() if interleaved else i.roll(n).float()


@wrong("int32", INT64, "torch.int32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n, dtype=torch.int32)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@wrong("a-list", Exercise.WHOLE, "returned a list")
def positives(n, interleaved):
    return [i ^ 1 if interleaved else (i + n) % (2 * n) for i in range(2 * n)]


@wrong("power-of-two", Exercise.WHOLE, "at index")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i ^ n


@wrong("two-or-more", Exercise.WHOLE, "refuses this input")
def positives(n, interleaved):
    if n < 2:
        raise ValueError("two images at least")
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i.roll(n)


@wrong("bytes", SIZES, "at index")
def positives(n, interleaved):
    i = np.arange(2 * n).astype(np.uint8)
    return torch.tensor(i ^ 1 if interleaved else np.roll(i, n)).long()
