"""Right and wrong answers to exercise `decoder_mask`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "gives bool and leaves lengths alone"
REFUSES = "refuses a caption without words, lengths above size, past = size"


@right("two-comparisons")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths must be 1 to size, past below size")
    s = torch.arange(size)
    causal = s <= torch.arange(past, size)[:, None]
    real = s < lengths[:, None]
    return causal & real[:, None]


@right("tril")
def decoder_mask(lengths, size, past=0):
    if past >= size or ((lengths < 1) | (lengths > size)).any():
        raise ValueError("lengths, past")
    triangle = torch.ones(size, size).tril().bool()
    pads = torch.arange(size)[None].ge(lengths[:, None])
    return (triangle.unsqueeze(0) & ~pads.unsqueeze(1))[:, past:]


@right("loops")
def decoder_mask(lengths, size, past=0):
    if not past < size:
        raise ValueError("past must be below size")
    mask = torch.zeros(len(lengths), size - past, size, dtype=torch.bool)
    for b, n in enumerate(lengths.tolist()):
        if n < 1 or n > size:
            raise ValueError(f"lengths[{b}] = {n}")
        for row, t in enumerate(range(past, size)):
            mask[b, row, : min(t + 1, n)] = True
    return mask


@right("triu-inverted")
def decoder_mask(lengths, size, past=0):
    if not (past < size and 1 <= lengths.min() <= lengths.max() <= size):
        raise ValueError("past < size and 1 <= lengths <= size")
    future = torch.triu(torch.ones(size - past, size, dtype=torch.bool), diagonal=past + 1)
    pad = torch.arange(size).expand(len(lengths), size) >= lengths.unsqueeze(1)
    return torch.logical_not(future | pad[:, None, :])


@wrong("floats", KEEPS, "torch.float32 came out")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths, past")
    causal = torch.ones(size, size).tril()[past:]
    return causal * (torch.arange(size) < lengths[:, None])[:, None]


@wrong("one-caption", Exercise.WHOLE, "shape")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths, past")
    causal = torch.ones(size, size, dtype=torch.bool).tril()[past:]
    return causal & (torch.arange(size) < lengths.max())


@wrong("upside-down", Exercise.WHOLE, "counted from 0")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths, past")
    causal = torch.ones(size - past, size, dtype=torch.bool).tril()
    return causal & (torch.arange(size) < lengths[:, None])[:, None]


@wrong("in-place", KEEPS, "changed in place")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths, past")
    causal = torch.ones(size, size, dtype=torch.bool).tril()[past:]
    lengths -= 1
    return causal & (torch.arange(size) <= lengths[:, None])[:, None]


@wrong("past-not-refused", REFUSES, "no row is left")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size:
        raise ValueError("lengths")
    causal = torch.ones(size, size, dtype=torch.bool).tril()[past:]
    return causal & (torch.arange(size) < lengths[:, None])[:, None]


@wrong("full-captions-refused", f"{REFUSES}{EVERY}", "this input is allowed")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past >= size:
        raise ValueError("lengths, past")
    if past == size - 1 and lengths.max() == size and size == 3:
        raise ValueError("nothing is left to say")
    causal = torch.ones(size, size, dtype=torch.bool).tril()[past:]
    return causal & (torch.arange(size) < lengths[:, None])[:, None]


@wrong("past-equal-alone", f"{REFUSES}{EVERY}", "raised")
def decoder_mask(lengths, size, past=0):
    if lengths.min() < 1 or lengths.max() > size or past == size:
        raise ValueError("lengths, past")
    causal = torch.ones(size, size, dtype=torch.bool).tril()[past:]
    return causal & (torch.arange(size) < lengths[:, None])[:, None]
