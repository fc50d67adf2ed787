"""Right and wrong answers to exercise `information_bound`."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS_SCALAR = "a scalar tensor of the inputs' dtype; inputs are left alone"


KEEPS = "keeps the dtype and leaves its inputs alone"
SCALAR = "a tensor without axes, no number of Python"
HUNDREDS = "large scores: none overflows"


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


@wrong("bits", Exercise.WHOLE, "expected")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return (math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))) / math.log(2)


@wrong("true-information", Exercise.WHOLE, "expected")
def information_bound(x, y, rho):
    return -0.5 * x.shape[1] * torch.log(1 - torch.tensor(rho, dtype=x.dtype) ** 2)


@wrong("pairs-not-crossed", Exercise.WHOLE, "expected")
def information_bound(x, y, rho):
    square = rho**2 * x**2 + rho**2 * y**2 - 2 * rho * x * y
    f = (-0.5 * math.log(1 - rho**2) - square / (2 * (1 - rho**2))).sum(1)
    return math.log(len(x)) + f.log_softmax(0).mean()


@wrong("float32", KEEPS, "torch.float32 came out")
def information_bound(x, y, rho):
    x, y = x.float(), y.float()
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("item", SCALAR, "returned a float")
def information_bound(x, y, rho):
    share = 1 - rho**2
    f = rho / share * x @ y.T - rho**2 / (2 * share) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x))).item()


@wrong("divides-by-rho", Exercise.WHOLE, "float division by zero")
def information_bound(x, y, rho):
    rest = (1 - rho**2) / rho**2
    f = (y[None].square() / 2 - (x[:, None] - y[None] / rho).square() / (2 * rest)).sum(2)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))


@wrong("quotient-of-densities", HUNDREDS, "too large or too small for a number")
def information_bound(x, y, rho):
    share = 1 - rho**2
    given = (-(y[None] - rho * x[:, None]).square() / (2 * share)).exp() / math.sqrt(share)
    alone = (-y.square() / 2).exp()
    ratio = (given / alone).prod(2)
    return math.log(len(x)) - (ratio.sum(1).log() - ratio.diagonal().log()).mean()


@wrong("scales-in-place", KEEPS, "changed in place")
def information_bound(x, y, rho):
    x *= rho / (1 - rho**2)
    f = x @ y.T - rho**2 / (2 * (1 - rho**2)) * y.square().sum(1)
    return math.log(len(x)) - F.cross_entropy(f, torch.arange(len(x)))
