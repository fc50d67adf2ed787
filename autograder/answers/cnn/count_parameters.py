"""Right and wrong answers to exercise `count_parameters`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY

bank = Bank()
right, wrong = bank.right, bank.wrong

INTEGER = "returns an integer and leaves the list as it is"
REFUSES = "refuses a layer of another kind"
LARGE = "a large network, to the last parameter"


@right("if")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + int(bias))
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + int(bias))
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@right("match")
def count_parameters(layers):
    def count(layer):
        match layer:
            case ("conv", c_in, c_out, k, bias):
                return c_in * c_out * k**2 + (c_out if bias else 0)
            case ("linear", n_in, n_out, bias):
                return n_in * n_out + (n_out if bias else 0)
            case ("pool", _):
                return 0
        raise ValueError("unknown layer")

    return sum(map(count, layers))


@right("table")
def count_parameters(layers):
    counts = {
        "conv": lambda n, m, k, bias: math.prod((n, m, k, k)) + m * bias,
        "linear": lambda n, m, bias: math.prod((n, m)) + m * bias,
        "pool": lambda k: 0,
    }
    total = 0
    for kind, *sizes in layers:
        try:
            count = counts[kind]
        except KeyError:
            raise ValueError(f"unknown layer {kind}") from None
        total = total + count(*sizes)
    return total


@wrong("int64", LARGE, "expected 10")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind not in ("conv", "linear", "pool"):
            raise ValueError(kind)
        if kind == "pool":
            continue
        n, m, *k, bias = sizes
        total += int(np.prod(np.array([n, m, *k, *k], dtype=np.int64))) + m * bias
    return total


@wrong("prefixes", REFUSES + EVERY, "should raise a ValueError")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind.startswith("conv"):
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind.startswith("lin"):
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif "pool" not in kind:
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("tensor", INTEGER, "returned a Tensor, expected a Python integer")
def count_parameters(layers):
    total = torch.tensor(0)
    for kind, *sizes in layers:
        if kind not in ("conv", "linear", "pool"):
            raise ValueError(kind)
        if kind != "pool":
            n, m, *k, bias = sizes
            total += n * m * (k[0] ** 2 if k else 1) + m * bias
    return total


@wrong("any-kind", REFUSES, "should raise a ValueError")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
    return total


@wrong("float64-sum", LARGE, "expected 10000000600000149")
def count_parameters(layers):
    counts = [0.0]
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            counts.append(c_out * (c_in * k * k + bias))
        elif kind == "linear":
            n_in, n_out, bias = sizes
            counts.append(n_out * (n_in + bias))
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return int(torch.tensor(counts, dtype=torch.float64).sum())


@wrong("drops-pooling", INTEGER, "the list of layers was changed")
def count_parameters(layers):
    total = 0
    for layer in [layer for layer in layers if layer[0] == "pool"]:
        layers.remove(layer)
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        else:
            raise ValueError(f"unknown layer {kind}")
    return total
