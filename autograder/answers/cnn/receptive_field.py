"""Right and wrong answers to exercise `receptive_field`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

INTEGERS = "returns integers and leaves the list as it is"
HIDDEN = "strides wider than the kernel, very many layers"


@right("forwards")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@right("backwards")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in reversed(layers):
        size = (size - 1) * s + k
        jump = jump * s
    return [size, jump]


@right("formula")
def receptive_field(layers):
    strides = [s for _, s in layers]
    size = 1 + sum((k - 1) * math.prod(strides[:n]) for n, (k, _) in enumerate(layers))
    return size, math.prod(strides)


@wrong("tensors", INTEGERS, "returned a Tensor, expected a Python integer")
def receptive_field(layers):
    k = torch.tensor([k for k, _ in layers], dtype=torch.int64)
    jumps = torch.tensor([1] + [s for _, s in layers]).cumprod(0)
    return 1 + ((k - 1) * jumps[:-1]).sum(), jumps[-1]


@wrong("size-alone", Exercise.WHOLE, "returned an int, expected 2 values")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size


@wrong("float", INTEGERS, "returned a float")
def receptive_field(layers):
    strides = np.cumprod([1.0] + [s for _, s in layers])
    size = 1 + sum((k - 1) * j for (k, _), j in zip(layers, strides, strict=False))
    return float(size), float(strides[-1])


@wrong("starts-with-first", Exercise.WHOLE, "raised IndexError")
def receptive_field(layers):
    size, jump = layers[0]
    for k, s in layers[1:]:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("skips-kernels-of-1", Exercise.WHOLE, "expected")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        if k == 1:
            continue  # sees nothing new
        size += (k - 1) * jump
        jump *= s
    return size, jump


@right("recursion")
def receptive_field(layers):
    def walk(layers):
        if not layers:
            return 1, 1
        (kernel, stride), *rest = layers
        size, jump = walk(rest)
        return (size - 1) * stride + kernel, jump * stride

    return walk(layers)


@wrong("numpy", INTEGERS, "returned an int64, expected a Python integer")
def receptive_field(layers):
    if len(layers) == 0:
        return np.int64(1), np.int64(1)
    kernels, strides = np.array(layers).T
    jumps = np.concatenate([[1], np.cumprod(strides)])
    return ((kernels - 1) * jumps[:-1]).sum() + 1, jumps[-1]


@wrong("empties-the-list", INTEGERS, "the list of layers was changed")
def receptive_field(layers):
    size, jump = 1, 1
    while layers:
        kernel, stride = layers.pop(0)
        size += (kernel - 1) * jump
        jump *= stride
    return size, jump


@wrong("float32", HIDDEN, "expected")
def receptive_field(layers):
    size, jump = torch.tensor(1.0), torch.tensor(1.0)
    for kernel, stride in layers:
        size = size + (kernel - 1) * jump
        jump = jump * stride
    return int(size), int(jump)
