"""Right and wrong answers to exercise `log_likelihood`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("loop-over-classes")
def log_likelihood(x, y, classes, smoothing=1.0):
    x = x.double()
    p = torch.stack(
        [
            (x[y == k].sum(0) + smoothing) / ((y == k).sum() + 2 * smoothing)
            for k in range(classes)
        ]
    )
    return p.log(), (1 - p).log()


@right("matrix-product")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0).unsqueeze(1)
    on = torch.einsum("nk,nd->kd", members, x.double())
    return [
        torch.log(on + smoothing) - torch.log(n + 2 * smoothing),
        torch.log(n - on + smoothing) - torch.log(n + 2 * smoothing),
    ]


@right("stacked")
def log_likelihood(x, y, classes, smoothing=1.0):
    on = torch.zeros(classes, x.shape[1], dtype=torch.float64).index_add(0, y, x.double())
    n = torch.bincount(y, minlength=classes)[:, None]
    phi = (on + smoothing) / (n + 2 * smoothing)
    return torch.stack([phi.log(), torch.log1p(-phi)])


@right("pretend-images")
def log_likelihood(x, y, classes, smoothing=1.0):
    on = torch.full((classes, x.shape[1]), float(smoothing), dtype=torch.float64)
    off = torch.full_like(on, smoothing)
    for image, label in zip(x.double(), y.tolist(), strict=True):
        on[label] += image
        off[label] += 1 - image
    return (on / (on + off)).log(), (off / (on + off)).log()


@wrong("float32", "gives float64 and leaves its inputs alone", "torch.float32 came out")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).float()
    p = (members.T @ x.float() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("half-zeros", Exercise.WHOLE, "at index")
def log_likelihood(x, y, classes, smoothing=1.0):
    half = torch.full((classes, x.shape[1]), 0.5, dtype=torch.float64).log()
    return half, half


@wrong("one-tensor", Exercise.WHOLE, "expected two tensors")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log()


@wrong("equal-classes", Exercise.WHOLE, "log_on")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (len(x) / classes + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("squeeze", Exercise.WHOLE, "shape")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log().squeeze(), (1 - p).log().squeeze()


@wrong("adds-to-its-input", "gives float64 and leaves its inputs alone", "changed")
def log_likelihood(x, y, classes, smoothing=1.0):
    x *= 2
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() / 2 + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("counts-in-bytes", "hundreds of images: counts are no bytes", "log_o")
def log_likelihood(x, y, classes, smoothing=1.0):
    on = torch.zeros(classes, x.shape[1], dtype=torch.uint8).index_add_(0, y, x.byte())
    n = torch.bincount(y, minlength=classes).double()[:, None]
    p = (on.double() + smoothing) / (n + 2 * smoothing)
    return p.log(), (1 - p).log()
