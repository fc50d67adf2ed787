"""Right and wrong answers to exercise `log_prior`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("bincount")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no image")
    return torch.log(n / n.sum())


@right("loop")
def log_prior(y, classes):
    logs = []
    for k in range(classes):
        count = int((y == k).sum())
        if count == 0:
            raise ValueError(f"no image of class {k}")
        logs.append(math.log(count) - math.log(len(y)))
    return torch.tensor(logs, dtype=torch.float64)


@right("mean-of-one-hot")
def log_prior(y, classes):
    share = (y[:, None] == torch.arange(classes)).double().mean(0)
    if share.min() == 0:
        raise ValueError("each class needs an image")
    return share.log()


@right("scatter")
def log_prior(y, classes):
    counts = torch.zeros(classes, dtype=torch.float64)
    counts.scatter_add_(0, y, torch.ones(len(y), dtype=torch.float64))
    if not counts.all():
        raise ValueError(f"classes {(counts == 0).nonzero().flatten().tolist()} are empty")
    return counts.log() - torch.tensor(float(len(y)), dtype=torch.float64).log()


@wrong("float32", "gives float64 and leaves its input alone", "torch.float32 came out")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes)
    if (n == 0).any():
        raise ValueError("a class has no image")
    return torch.log(n / n.sum())


@wrong("log-of-0", "refuses a class without images", "should raise a ValueError")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    return torch.log(n / n.sum())


@wrong("list", Exercise.WHOLE, "returned a list")
def log_prior(y, classes):
    n = [y.tolist().count(k) for k in range(classes)]
    if 0 in n:
        raise ValueError("a class has no image")
    return [math.log(count / len(y)) for count in n]


@wrong("sorts-its-input", "gives float64 and leaves its input alone", "changed")
def log_prior(y, classes):
    y.copy_(y.sort().values)
    n = y.unique_consecutive(return_counts=True)[1].double()
    if len(n) < classes:
        raise ValueError("a class has no image")
    return torch.log(n / n.sum())
