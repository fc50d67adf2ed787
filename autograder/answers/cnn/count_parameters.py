"""Right and wrong answers to exercise `count_parameters`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

CONV = "a convolution has k × k weights for each pair of channels"


LINEAR = "a linear layer has one weight for each pair"


BIASES = "one bias for each output, where the layer has one"


POOLS = "pooling has none; layers add up"


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


@wrong("kernel-not-squared", CONV, "the kernel has k × k weights, not k")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("one-slice", CONV, "every kernel has a slice for each input channel")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("linear-added", LINEAR, "inputs and outputs are added")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_in + n_out + n_out * bias
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-forgotten", BIASES, "the biases are forgotten")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-always", BIASES, "counted although the layer has none")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + 1)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + 1)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-once", BIASES, "one bias for the whole layer")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k + bias
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in + bias
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-of-each-weight", BIASES, "one bias for each weight")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * c_in * k * k * (1 + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * n_in * (1 + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("bias-of-inputs", BIASES, "one bias for each input")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_in * (c_out * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_in * (n_out + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("pooling-counted", POOLS, "pooling is counted")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total += c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total += n_out * (n_in + bias)
        elif kind == "pool":
            total += sizes[0] ** 2
        else:
            raise ValueError(f"unknown layer {kind}")
    return total


@wrong("last-layer-alone", POOLS, "only the last layer is counted")
def count_parameters(layers):
    total = 0
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            total = c_out * (c_in * k * k + bias)
        elif kind == "linear":
            n_in, n_out, bias = sizes
            total = n_out * (n_in + bias)
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
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


@wrong("key-error", REFUSES, "the call raised KeyError")
def count_parameters(layers):
    count = {
        "conv": lambda c_in, c_out, k, bias: c_out * (c_in * k * k + bias),
        "linear": lambda n_in, n_out, bias: n_out * (n_in + bias),
        "pool": lambda k: 0,
    }
    return sum(count[kind](*sizes) for kind, *sizes in layers)


@wrong("float32-sum", LARGE, "the layers of VGG-16 add up to")
def count_parameters(layers):
    counts = [0]
    for kind, *sizes in layers:
        if kind == "conv":
            c_in, c_out, k, bias = sizes
            counts.append(c_out * (c_in * k * k + bias))
        elif kind == "linear":
            n_in, n_out, bias = sizes
            counts.append(n_out * (n_in + bias))
        elif kind != "pool":
            raise ValueError(f"unknown layer {kind}")
    return int(torch.tensor(counts, dtype=torch.float32).sum())
