"""Right and wrong answers to exercise `information_bound`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS_SCALAR = "a scalar tensor of the inputs' dtype; inputs are left alone"


LOG_N = "log N less the mean loss, in nats"


CRITIC = "the critic is the logarithm of p(y | x) / p(y)"


DIMENSIONS = "summed over the dimensions"


EACH_X = "each x chooses among all y"


NEGATIVE = "a negative correlation"


INDEPENDENT = "nothing in common: 0"


SATURATED = "much in common: log N, and no more"


@right("formula")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    f = -0.5 * math.log(1 - rho**2) - (rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b) / (
        2 * (1 - rho**2)
    )
    f = f.sum(-1)
    loss = -f.log_softmax(1).diagonal().mean()
    return math.log(len(x)) - loss


@right("matrix-product")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@right("densities")
def information_bound(x, y, rho):
    given = torch.distributions.Normal(rho * x[:, None], math.sqrt(1 - rho**2))
    alone = torch.distributions.Normal(torch.zeros_like(y), torch.ones_like(y))
    f = given.log_prob(y[None]).sum(2) - alone.log_prob(y).sum(1)
    return (f.diagonal() - f.logsumexp(1)).mean() + math.log(x.shape[0])


@right("loop")
def information_bound(x, y, rho):
    N = len(x)
    total = 0
    for i in range(N):
        square = rho**2 * x[i] ** 2 + rho**2 * y**2 - 2 * rho * x[i] * y  # (N, d)
        f = (-np.log(1 - rho**2) / 2 - square / 2 / (1 - rho**2)).sum(1)
        total = total + torch.logsumexp(f, 0) - f[i]
    return torch.log(torch.tensor(N, dtype=x.dtype)) - total / N


@right("completed-square")
def information_bound(x, y, rho):
    rho = torch.as_tensor(rho, dtype=x.dtype)
    f = y.square().sum(1)[None] / 2
    f = f - (y[None] - rho * x[:, None]).square().sum(2) / (2 * (1 - rho**2))
    share = torch.softmax(f, 1)
    return (f - f.logsumexp(1, keepdim=True)).diagonal().mean() + np.log(len(share))


@wrong("the-loss", LOG_N, "the loss came back")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return F.cross_entropy(f, torch.arange(len(x)))


@wrong("log-n-forgotten", LOG_N, "log N is missing")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return -F.cross_entropy(f, torch.arange(len(x)))


@wrong("sign", LOG_N, "the sign is wrong")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return F.cross_entropy(f, torch.arange(len(x))) - math.log(len(x))


@wrong("bits", LOG_N, "in bits")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return (math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))) / math.log(2)


@wrong("log-n-in-bits", LOG_N, "log N in bits")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log2(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("no-softmax", LOG_N, "no InfoNCE bound")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    return f.diagonal().mean()


@wrong("true-information", CRITIC, "what InfoNCE sees of it is asked for")
def information_bound(x, y, rho):
    return -0.5 * x.shape[1] * torch.log(1 - torch.tensor(rho, dtype=x.dtype) ** 2)


@wrong("cut-off-at-0", LOG_N, "cut off at 0")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return (math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))).clamp(min=0)


@wrong("log-d", LOG_N, "N is the number of pairs")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(x.shape[1]) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("pairs-not-crossed", EACH_X, "each x with every y")
def information_bound(x, y, rho):
    square = rho**2 * x**2 + rho**2 * y**2 - 2 * rho * x * y
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(1)
    return math.log(len(x)) + f.log_softmax(0).mean()


@wrong("factor-2-missing", CRITIC, "the 2 below the fraction is missing")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (1 - rho**2)).sum(-1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("cross-term-missing", CRITIC, "the cross term 2ρxy is missing")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("rho-not-squared", CRITIC, "squares go with ρ²")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho * a**2 + rho * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("one-less-rho", CRITIC, "1 − ρ below the fraction")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho))).sum(-1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("conditional-alone", CRITIC, "divide it by p(y)")
def information_bound(x, y, rho):
    f = -(y[None] - rho * x[:, None]).square().sum(2) / (2 * (1 - rho**2))
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("dot-product", CRITIC, "a plain dot product")
def information_bound(x, y, rho):
    return math.log(len(x)) - F.cross_entropy(x @ y.T, torch.arange(len(x)))


@wrong("mean-over-dimensions", DIMENSIONS, "averaged over the dimensions")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).mean(-1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("a-bound-for-each-dimension", DIMENSIONS, "one bound for each dimension, summed")
def information_bound(x, y, rho):
    total = 0
    for a, b in zip(x.T, y.T, strict=True):
        f = rho / (1 - rho**2) * a[:, None] * b - rho**2 / (2 * (1 - rho**2)) * b**2
        total = total + math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))
    return total


@wrong("y-chooses", EACH_X, "each y chooses among all x")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    return math.log(len(x)) - F.cross_entropy(f.T, torch.arange(len(x)))


@wrong("both-choose", EACH_X, "both directions are averaged")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    labels = torch.arange(len(x))
    return math.log(len(x)) - (F.cross_entropy(f, labels) + F.cross_entropy(f.T, labels)) / 2


@wrong("float32", KEEPS_SCALAR, "torch.float32 came out")
def information_bound(x, y, rho):
    x, y = x.float(), y.float()
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("item", KEEPS_SCALAR, "a number of Python")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x))).item()


@wrong("root-of-the-square", NEGATIVE, "the sign of ρ is lost")
def information_bound(x, y, rho):
    square = rho**2
    f = math.sqrt(square) / (1 - square) * x @ y.T
    f = f - square / (2 * (1 - square)) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("divides-by-rho", INDEPENDENT, "float division by zero")
def information_bound(x, y, rho):
    rest = (1 - rho**2) / rho**2
    f = (y[None].square() / 2 - (x[:, None] - y[None] / rho).square() / (2 * rest)).sum(2)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("exp-overflows", SATURATED, "logsumexp")
def information_bound(x, y, rho):
    a, b = x[:, None, :], y[None, :, :]
    square = rho**2 * a**2 + rho**2 * b**2 - 2 * rho * a * b
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(-1)
    ratio = f.exp()
    return math.log(len(x)) + (ratio.diagonal() / ratio.sum(1)).log().mean()


@wrong("quotient-of-densities", SATURATED, "too large or too small for a number")
def information_bound(x, y, rho):
    share = 1 - rho**2
    given = (-(y[None] - rho * x[:, None]).square() / (2 * share)).exp() / math.sqrt(share)
    alone = (-y.square() / 2).exp()
    ratio = (given / alone).prod(2)
    return math.log(len(x)) - (ratio.sum(1).log() - ratio.diagonal().log()).mean()
