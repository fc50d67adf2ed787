"""Right and wrong answers to exercise `receptive_field`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

PLAIN = "layers of stride 1: each adds k − 1"


SPREAD = "strides spread the layers after them"


APART = "neighbouring outputs lie the product of all strides apart"


NOTHING = "no layer at all: a pixel sees itself"


KERNELS_OF_1 = "kernels of 1, strides wider than the kernel"


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


@right("tensors")
def receptive_field(layers):
    k = torch.tensor([k for k, _ in layers], dtype=torch.int64)
    jumps = torch.tensor([1] + [s for _, s in layers]).cumprod(0)
    return 1 + ((k - 1) * jumps[:-1]).sum(), jumps[-1]


@wrong("sum-of-kernels", PLAIN, "the kernels are added")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size += k * jump
        jump *= s
    return max(size, 1), jump


@wrong("kernels-whole", PLAIN, "the kernels are added to a 1")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += k * jump
        jump *= s
    return size, jump


@wrong("without-the-1", PLAIN, "the 1 is missing")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("ignores-strides", SPREAD, "the strides are ignored")
def receptive_field(layers):
    return 1 + sum(k - 1 for k, _ in layers), math.prod(s for _, s in layers)


@wrong("own-stride-too", SPREAD, "a layer's own stride counts too early")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        jump *= s
        size += (k - 1) * jump
    return size, jump


@wrong("own-stride-alone", SPREAD, "spread by its own stride alone")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * s
        jump *= s
    return size, jump


@wrong("stride-before-alone", SPREAD, "only the layer before spreads")
def receptive_field(layers):
    size, jump, before = 1, 1, 1
    for k, s in layers:
        size += (k - 1) * before
        before = s
        jump *= s
    return size, jump


@wrong("from-the-output", SPREAD, "taken from output to input")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in reversed(layers):
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("strides-added", APART, "the strides are added")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, sum(s for _, s in layers) or 1


@wrong("last-stride", APART, "the last layer's stride alone")
def receptive_field(layers):
    size, jump, s = 1, 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size, s


@wrong("swapped", PLAIN, "size and stride are swapped")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return jump, size


@wrong("size-alone", PLAIN, "expected two ints")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        size += (k - 1) * jump
        jump *= s
    return size


@wrong("float", PLAIN, "returned a float")
def receptive_field(layers):
    strides = np.cumprod([1.0] + [s for _, s in layers])
    size = 1 + sum((k - 1) * j for (k, _), j in zip(layers, strides, strict=False))
    return float(size), float(strides[-1])


@wrong("starts-with-first", NOTHING, "raised IndexError")
def receptive_field(layers):
    size, jump = layers[0]
    for k, s in layers[1:]:
        size += (k - 1) * jump
        jump *= s
    return size, jump


@wrong("zero-without-layers", NOTHING, "(1, 1), not (0, 1)")
def receptive_field(layers):
    size, jump = 0, 1
    for k, s in layers:
        size = size + (k - 1) * jump if size else k
        jump *= s
    return size, jump


@wrong("skips-kernels-of-1", KERNELS_OF_1, "outputs lie 2 pixels apart, not 1")
def receptive_field(layers):
    size, jump = 1, 1
    for k, s in layers:
        if k == 1:
            continue  # sees nothing new
        size += (k - 1) * jump
        jump *= s
    return size, jump
