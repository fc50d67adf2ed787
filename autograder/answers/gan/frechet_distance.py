"""Right and wrong answers to exercise `frechet_distance`."""

from __future__ import annotations

import numpy as np
import scipy.linalg
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

DEAD = "features that never change"
GRADIENT = "the gradient reaches a and b"
KEEPS = "gives the dtype that came in; inputs stay as they are"
REFUSES = "refuses N ≤ D"
SAME = "the same features: 0"


@right("eigenvalues-of-the-product")
def frechet_distance(a, b):
    if min(len(a), len(b)) <= a.shape[1]:
        raise ValueError(f"{a.shape[1] + 1} rows or more are needed")
    dtype, d = a.dtype, a.shape[1]
    a, b = a.double(), b.double()
    c_a, c_b = torch.cov(a.T).reshape(d, d), torch.cov(b.T).reshape(d, d)
    roots = torch.linalg.eigvals(c_a @ c_b).real.clamp(min=0).sqrt()
    means = (a.mean(0) - b.mean(0)).pow(2).sum()
    return (means + torch.trace(c_a + c_b) - 2 * roots.sum()).to(dtype)


@right("symmetric")
def frechet_distance(a, b):
    n, d = a.shape
    m = b.shape[0]
    if n <= d or m <= d:
        raise ValueError("not enough rows for a covariance")
    mean_a, mean_b = a.mean(dim=0), b.mean(dim=0)
    c_a = (a - mean_a).T @ (a - mean_a) / (n - 1)
    c_b = (b - mean_b).T @ (b - mean_b) / (m - 1)
    values, vectors = torch.linalg.eigh(c_a)
    root = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
    inner = torch.linalg.eigvalsh(root @ c_b @ root).clamp_min(0).sqrt().sum()
    return torch.sum((mean_a - mean_b) ** 2) + c_a.trace() + c_b.trace() - 2 * inner


@right("nuclear-norm")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("more rows than features, please")
    x = (a - a.mean(0)) / (len(a) - 1) ** 0.5
    y = (b - b.mean(0)) / (len(b) - 1) ** 0.5
    spread = x.square().sum() + y.square().sum()
    apart = (a.mean(0) - b.mean(0)).square().sum()
    return apart + spread - 2 * torch.linalg.svdvals(x @ y.T).sum()


@right("loops-for-the-covariance")
def frechet_distance(a, b):
    def moments(x):
        n, d = x.shape
        if n <= d:
            raise ValueError(f"{n} rows do not make a covariance of {d} features")
        mean = sum(x) / n
        c = sum(torch.outer(row - mean, row - mean) for row in x) / (n - 1)
        return mean, c

    (m, c), (w, v) = moments(a), moments(b)
    value = (m - w) @ (m - w) + c.diagonal().sum() + v.diagonal().sum()
    for eigenvalue in torch.linalg.eigvals(c.double() @ v.double()).real:
        if eigenvalue > 0:
            value = value - 2 * eigenvalue.sqrt().to(value.dtype)
    return value


@right("complex-root")
def frechet_distance(a, b):
    if min(len(a) - a.shape[1], len(b) - b.shape[1]) < 1:
        raise ValueError("singular")
    x, y = a.double(), b.double()
    c, v = (torch.atleast_2d(torch.cov(k.mT)) for k in (x, y))
    covmean = torch.linalg.eigvals(c @ v).sqrt().sum().real
    distance = (x.mean(0) - y.mean(0)).norm() ** 2 + (c + v).trace() - 2 * covmean
    return distance.type_as(a)


@wrong("sqrtm", Exercise.WHOLE, "is not allowed here")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    x, y = a.detach().numpy(), b.detach().numpy()
    c, v = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    root = scipy.linalg.sqrtm(c @ v).real
    value = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(c + v - 2 * root)
    return torch.tensor(value, dtype=a.dtype)


@wrong("numpy", GRADIENT, "no gradient of a")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    x, y = a.detach().double().numpy(), b.detach().double().numpy()
    c, v = np.atleast_2d(np.cov(x.T)), np.atleast_2d(np.cov(y.T))
    root = np.sqrt(np.clip(np.linalg.eigvals(c @ v).real, 0, None)).sum()
    value = ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(c + v) - 2 * root
    return torch.tensor(value, dtype=a.dtype)


@wrong("cholesky", DEAD, "raised")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    c_a, c_b = torch.atleast_2d(torch.cov(a.T)), torch.atleast_2d(torch.cov(b.T))
    root = torch.linalg.cholesky(c_a)
    inner = torch.linalg.eigvalsh(root.T @ c_b @ root).clamp(min=0).sqrt().sum()
    return (a.mean(0) - b.mean(0)).square().sum() + (c_a + c_b).trace() - 2 * inner


@wrong("as-many-rows-as-features", REFUSES + EVERY, "should raise a ValueError")
def frechet_distance(a, b):
    if len(a) < a.shape[1] or len(b) < b.shape[1]:
        raise ValueError("not enough rows")
    c_a = (a - a.mean(0)).T @ (a - a.mean(0)) / max(1, len(a) - 1)
    c_b = (b - b.mean(0)).T @ (b - b.mean(0)) / max(1, len(b) - 1)
    roots = torch.linalg.eigvals(c_a @ c_b).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + (c_a + c_b).trace() - 2 * roots.sum()


@wrong("only-a-is-counted", REFUSES + EVERY, "should raise a ValueError")
def frechet_distance(a, b):
    if len(a) <= a.shape[1]:
        raise ValueError("not enough rows")
    c_a = (a - a.mean(0)).T @ (a - a.mean(0)) / (len(a) - 1)
    c_b = (b - b.mean(0)).T @ (b - b.mean(0)) / max(1, len(b) - 1)
    roots = torch.linalg.eigvals(c_a @ c_b).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + (c_a + c_b).trace() - 2 * roots.sum()


@wrong("something-added-to-the-diagonal", SAME, "expected")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    more = 1e-6 * torch.eye(a.shape[1], dtype=a.dtype)
    c_a = torch.atleast_2d(torch.cov(a.T))
    c_b = torch.atleast_2d(torch.cov(b.T))
    roots = torch.linalg.eigvals((c_a + more) @ (c_b + more)).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + (c_a + c_b).trace() - 2 * roots.sum()


@wrong("float64-comes-out", KEEPS, "torch.float64 came out")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    a, b = a.double(), b.double()
    c_a, c_b = torch.atleast_2d(torch.cov(a.T)), torch.atleast_2d(torch.cov(b.T))
    roots = torch.linalg.eigvals(c_a @ c_b).real.clamp(min=0).sqrt()
    return (a.mean(0) - b.mean(0)).square().sum() + (c_a + c_b).trace() - 2 * roots.sum()


@wrong("in-place", KEEPS, "changed in place")
def frechet_distance(a, b):
    if len(a) <= a.shape[1] or len(b) <= b.shape[1]:
        raise ValueError("not enough rows")
    apart = (a.mean(0) - b.mean(0)).square().sum()
    a -= a.mean(0)
    b -= b.mean(0)
    c_a, c_b = a.T @ a / (len(a) - 1), b.T @ b / (len(b) - 1)
    roots = torch.linalg.eigvals(c_a @ c_b).real.clamp(min=0).sqrt()
    return apart + (c_a + c_b).trace() - 2 * roots.sum()
