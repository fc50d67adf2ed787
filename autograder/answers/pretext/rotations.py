"""Right and wrong answers to exercise `rotations`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype, also uint8; labels int64; x is left alone"
SQUARE = "refuses images that are not square"


@right("rot90")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"images have to be square, not {tuple(x.shape)}")
    images = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    labels = torch.arange(4).repeat_interleave(len(x))
    return images, labels


@right("transpose-and-flip")
def rotations(x):
    B, _, H, W = x.shape
    if H != W:
        raise ValueError("not square")
    left = x.transpose(2, 3).flip(2)
    half = x.flip(2).flip(3)
    right = x.flip(2).transpose(2, 3)
    labels = torch.cat([torch.full((B,), k, dtype=torch.int64) for k in range(4)])
    return torch.cat((x, left, half, right), dim=0), labels


@right("pixel-by-pixel")
def rotations(x):
    B, C, H, W = x.shape
    if H != W:
        raise ValueError("not square")
    y = torch.empty(4 * B, C, H, H, dtype=x.dtype)
    y[:B] = x
    for k in range(1, 4):
        for i in range(H):
            for j in range(H):
                y[k * B : (k + 1) * B, :, i, j] = y[(k - 1) * B : k * B, :, j, H - 1 - i]
    return y, torch.div(torch.arange(4 * B), B, rounding_mode="floor")


@right("one-after-the-other")
def rotations(x):
    if x.size(-1) != x.size(-2):
        raise ValueError("not square")
    rows, labels = [], []
    for k in range(4):
        for image in x:
            for _ in range(k):
                image = image.rot90(1, (1, 2))
            rows.append(image)
            labels.append(k)
    return [torch.stack(rows), torch.tensor(labels)]


@right("numpy")
def rotations(x):
    if x.shape[-1] != x.shape[-2]:
        raise ValueError("not square")
    turned = [np.rot90(x.numpy(), k, axes=(-2, -1)).copy() for k in range(4)]
    labels = torch.arange(4).view(4, 1).expand(4, len(x)).reshape(-1)
    return torch.from_numpy(np.concatenate(turned)), labels


@wrong("four-copies", Exercise.WHOLE, "value 1")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    return x.repeat(4, 1, 1, 1), torch.arange(4).repeat_interleave(len(x))


@wrong("labels-missing", Exercise.WHOLE, "expected 2 values")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    return torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])


@wrong("float-labels", KEEPS, "torch.float32 came out")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    images = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return images, torch.cat([torch.ones(len(x)) * k for k in range(4)])


@wrong("float-canvas", KEEPS, "torch.float32 came out")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    y = torch.zeros(4, *x.shape)
    for k in range(4):
        y[k] = torch.rot90(x, k, (2, 3))
    return y.flatten(0, 1), torch.arange(4).repeat_interleave(len(x))


@wrong("writes-into-x", KEEPS, "changed in place")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    copies = []
    for _ in range(4):
        copies.append(x.clone())
        x[:] = torch.rot90(x, 1, (2, 3))
    x[:] = 0
    return torch.cat(copies), torch.arange(4).repeat_interleave(len(x))


@wrong("any-shape", SQUARE, "raised RuntimeError")
def rotations(x):
    images = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return images, torch.arange(4).repeat_interleave(len(x))


@wrong("asserts", SQUARE, "raised AssertionError")
def rotations(x):
    assert x.shape[2] == x.shape[3], "not square"
    images = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return images, torch.arange(4).repeat_interleave(len(x))


@wrong("library", Exercise.WHOLE, "is not allowed here")
def rotations(x):
    from torchvision.transforms.functional import rotate

    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    images = torch.cat([rotate(x, 90.0 * k) for k in range(4)])
    return images, torch.arange(4).repeat_interleave(len(x))


@wrong("only-what-is-wide", SQUARE + EVERY, "raised RuntimeError")
def rotations(x):
    if x.shape[3] > x.shape[2]:
        raise ValueError("not square")
    images = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return images, torch.arange(4).repeat_interleave(len(x))
