"""Right and wrong answers to exercise `log_prior`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

SHARE = "the logarithm of each class's share"


@right("bincount")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@right("loop")
def log_prior(y, classes):
    logs = []
    for k in range(classes):
        count = int((y == k).sum())
        if count == 0:
            raise ValueError(f"no picture of class {k}")
        logs.append(math.log(count) - math.log(len(y)))
    return torch.tensor(logs, dtype=torch.float64)


@right("mean-of-one-hot")
def log_prior(y, classes):
    share = (y[:, None] == torch.arange(classes)).double().mean(0)
    if share.min() == 0:
        raise ValueError("each class needs a picture")
    return share.log()


@wrong("no-logarithm", SHARE, "without their logarithm")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return n / len(y)


@wrong("counts", SHARE, "the logarithm of the counts")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return n.log()


@wrong("uniform", SHARE, "the same prior")
def log_prior(y, classes):
    if len(y.unique()) < classes:
        raise ValueError("a class has no picture")
    return torch.full((classes,), 1 / classes, dtype=torch.float64).log()


@wrong("base-2", SHARE, "base 2")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log2(n / n.sum())


@wrong("order-of-appearance", SHARE, "the order in which they appear")
def log_prior(y, classes):
    seen = list(dict.fromkeys(y.tolist()))
    if len(seen) < classes:
        raise ValueError("a class has no picture")
    return torch.stack([(y == k).double().mean() for k in seen]).log()


@wrong("smoothed", SHARE, "only pixels need that")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return ((n + 1) / (len(y) + classes)).log()


@wrong("float32", "gives float64 and leaves its input alone", "torch.float32 came out")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes)
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@wrong("log-of-0", "refuses a class without pictures", "should raise a ValueError")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    return torch.log(n / n.sum())


@wrong("labels-alone", "refuses a class without pictures", "should raise a ValueError")
def log_prior(y, classes):
    n = torch.bincount(y).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@wrong("share-of-the-largest", SHARE, "the shares have to sum to one")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return (n / n.max()).log()
