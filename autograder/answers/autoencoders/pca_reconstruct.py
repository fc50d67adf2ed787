"""Right and wrong answers to exercise `pca_reconstruct`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

CORNERS = "k = 0, and fewer images than dimensions"
REFUSES = "refuses a k below 0 or above min(N, D)"
GRADIENTS = "the gradient reaches x"
KEEPS = "keeps the dtype and leaves its inputs alone"
DIRECTIONS = "projected on the k directions of largest variance, and back"


@right("svd")
def pca_reconstruct(train, x, k):
    if not 0 <= k <= min(train.shape):
        raise ValueError(f"k is {k}, take 0 to {min(train.shape)}")
    mean = train.mean(dim=0)
    v = torch.linalg.svd(train - mean, full_matrices=False).Vh[:k].T
    return mean + (x - mean) @ v @ v.T


@right("covariance")
def pca_reconstruct(train, x, k):
    n, d = train.shape
    if k < 0 or k > n or k > d:
        raise ValueError("as many directions do not exist")
    values, vectors = torch.linalg.eigh(torch.cov(train.T))
    order = values.argsort(descending=True)[:k]
    v = vectors[:, order]
    mean = train.mean(0, keepdim=True)
    codes = torch.matmul(x - mean, v)
    return torch.matmul(codes, v.transpose(0, 1)) + mean


@right("projector-from-numpy")
def pca_reconstruct(train, x, k):
    if k not in range(min(train.shape) + 1):
        raise ValueError("k")
    a = train.detach().numpy()
    _, _, rows = np.linalg.svd(a - a.mean(0))
    projector = torch.from_numpy(rows[:k].T @ rows[:k])
    centre = torch.from_numpy(a.mean(0))
    return (x - centre) @ projector + centre


@right("one-direction-after-the-other")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(len(train), train.size(1)):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = sum(train) / len(train)
    _, _, rows = torch.svd(train - mean)
    out = mean.expand_as(x).clone()
    for j in range(k):
        out = out + torch.outer((x - mean) @ rows[:, j], rows[:, j])
    return out


@right("what-is-left-is-removed")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    centred = train - train.mean(0)
    _, vectors = torch.linalg.eigh(centred.T @ centred)
    rest = vectors[:, : vectors.shape[1] - k]
    return x - (x - train.mean(0)) @ rest @ rest.T


@wrong("last-k-columns", CORNERS, "at index")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = train.mean(0)
    v = torch.linalg.eigh(torch.cov(train.T)).eigenvectors[:, -k:]  # of k = 0: all
    return mean + (x - mean) @ v @ v.T


@wrong("directions-from-the-small-matrix", CORNERS, "NaN or infinity")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = train.mean(0)
    u, s, _ = torch.linalg.svd(train - mean, full_matrices=False)
    s = torch.where(s > 1e-5 * s[0], s, 0 * s)
    v = (train - mean).T @ u[:, :k] / s[:k]
    return mean + (x - mean) @ v @ v.T


@wrong("coordinates-of-the-images", Exercise.WHOLE, "raised RuntimeError")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = train.mean(0)
    u = torch.linalg.svd(train - mean, full_matrices=False).U[:, :k]
    return mean + (x - mean) @ u @ u.T


@wrong("columns-for-rows", DIRECTIONS, "at index")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = train.mean(0)
    v = torch.linalg.svd(train - mean).Vh[:, :k]
    return mean + (x - mean) @ v @ v.T


@wrong("low-rank", Exercise.WHOLE, "pca_lowrank is not allowed here")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    _, _, v = torch.pca_lowrank(train, q=min(train.shape))
    mean = train.mean(0)
    return mean + (x - mean) @ v[:, :k] @ v[:, :k].T


@wrong("assert", REFUSES, "expected a ValueError")
def pca_reconstruct(train, x, k):
    assert 0 <= k <= min(train.shape)
    mean = train.mean(0)
    v = torch.linalg.svd(train - mean).Vh[:k].T
    return mean + (x - mean) @ v @ v.T


@wrong("negative-k", REFUSES + EVERY, "should raise a ValueError")
def pca_reconstruct(train, x, k):
    if k > min(train.shape):
        raise ValueError("so many directions do not exist")
    mean = train.mean(0)
    v = torch.linalg.svd(train - mean).Vh[:k].T
    return mean + (x - mean) @ v @ v.T


@wrong("through-numpy", GRADIENTS, "no gradient of x")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    a, b = train.detach().numpy(), x.detach().numpy()
    mean = a.mean(0)
    rows = np.linalg.svd(a - mean)[2][:k]
    return torch.from_numpy(mean + (b - mean) @ rows.T @ rows)


@wrong("in-place", KEEPS, "changed in place")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    mean = train.mean(0)
    train -= mean
    v = torch.linalg.svd(train).Vh[:k].T
    return mean + (x - mean) @ v @ v.T


@wrong("float32", KEEPS, "torch.float32 came out")
def pca_reconstruct(train, x, k):
    if k < 0 or k > min(train.shape):
        raise ValueError("k must be between 0 and min(N, D)")
    train, x = train.float(), x.float()
    mean = train.mean(0)
    v = torch.linalg.svd(train - mean).Vh[:k].T
    return mean + (x - mean) @ v @ v.T
