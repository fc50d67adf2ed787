"""Right and wrong answers to exercise `count_parameters`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

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


@right("tensor")
def count_parameters(layers):
    counts = []
    for layer in layers:
        kind = layer[0]
        if kind not in ("conv", "linear", "pool"):
            raise ValueError(kind)
        if kind == "pool":
            continue
        k = layer[3] if kind == "conv" else 1
        bias = layer[2] if layer[-1] else 0
        counts.append(layer[1] * layer[2] * k**2 + bias)
    return torch.tensor(counts, dtype=torch.int64).sum()


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
