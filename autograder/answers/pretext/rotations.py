"""Right and wrong answers to exercise `rotations`."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

TURNS = "each picture as it is, turned by 90°, 180° and 270°"


COUNTERCLOCKWISE = "turned counterclockwise"


ORDER = "first all as they are, then all turned once, twice, three times"


LABELS = "each label says how often its picture is turned"


KEEPS_PICTURES = "keeps the dtype, also uint8; labels int64; x is left alone"


SQUARE = "refuses pictures that are not square"


@right("rot90")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"pictures have to be square, not {tuple(x.shape)}")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    labels = torch.arange(4).repeat_interleave(len(x))
    return pictures, labels


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
        for picture in x:
            for _ in range(k):
                picture = picture.rot90(1, (1, 2))
            rows.append(picture)
            labels.append(k)
    return [torch.stack(rows), torch.tensor(labels)]


@right("numpy")
def rotations(x):
    if x.shape[-1] != x.shape[-2]:
        raise ValueError("not square")
    turned = [np.rot90(x.numpy(), k, axes=(-2, -1)).copy() for k in range(4)]
    labels = torch.arange(4).view(4, 1).expand(4, len(x)).reshape(-1)
    return torch.from_numpy(np.concatenate(turned)), labels


@wrong("clockwise", COUNTERCLOCKWISE, "turned clockwise")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, -k, (2, 3)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("axes-turned-round", COUNTERCLOCKWISE, "turned clockwise")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (3, 2)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("transposed", TURNS, "a transpose alone is no turn")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    half = x.flip(2, 3)
    pictures = torch.cat([x, x.transpose(2, 3), half, half.transpose(2, 3)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("one-transpose", TURNS, "a transpose alone is no turn")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([x, x.mT, x.flip(2, 3), x.mT.flip(3)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("one-flip", TURNS, "a flip along one axis mirrors")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([x, x.mT.flip(2), x.flip(2), x.mT.flip(3)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("channels-and-rows", TURNS, "channels and rows are turned")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (1, 2)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("default-axes", TURNS, "rot90 takes the first two axes unless told")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("picture-by-picture-default-axes", TURNS, "channels and rows are turned")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.stack([torch.rot90(p, k) for k in range(4) for p in x])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("four-copies", TURNS, "nothing is turned")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    return x.repeat(4, 1, 1, 1), torch.arange(4).repeat_interleave(len(x))


@wrong("without-the-original", TURNS, "label 0, are missing")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in (1, 2, 3)])
    return pictures, torch.arange(3).repeat_interleave(len(x))


@wrong("interleaved", ORDER, "the four copies of a picture lie together")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.stack([torch.rot90(x, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return pictures, torch.arange(4).repeat(len(x))


@wrong("interleaved-labels-in-blocks", ORDER, "the four copies of a picture lie together")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.stack([torch.rot90(p, k, (1, 2)) for p in x for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("stacked", ORDER, "stacked along an axis of their own")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.stack([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("labels-interleaved", LABELS, "but the pictures lie in blocks")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.arange(4).repeat(len(x))


@wrong("degrees", LABELS, "not degrees")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.tensor([0, 90, 180, 270]).repeat_interleave(len(x))


@wrong("labels-missing", LABELS, "the pictures came back alone")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    return torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])


@wrong("labels-first", LABELS, "labels first")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return torch.arange(4).repeat_interleave(len(x)), pictures


@wrong("one-hot", LABELS, "one-hot labels")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, F.one_hot(torch.arange(4).repeat_interleave(len(x)))


@wrong("float-labels", KEEPS_PICTURES, "torch.float32 came out for the labels")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.cat([torch.ones(len(x)) * k for k in range(4)])


@wrong("float-canvas", KEEPS_PICTURES, "torch.float32 came out for the pictures")
def rotations(x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("not square")
    y = torch.zeros(4, *x.shape)
    for k in range(4):
        y[k] = torch.rot90(x, k, (2, 3))
    return y.flatten(0, 1), torch.arange(4).repeat_interleave(len(x))


@wrong("writes-into-x", KEEPS_PICTURES, "changed in place")
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
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))


@wrong("asserts", SQUARE, "raised AssertionError")
def rotations(x):
    assert x.shape[2] == x.shape[3], "not square"
    pictures = torch.cat([torch.rot90(x, k, (2, 3)) for k in range(4)])
    return pictures, torch.arange(4).repeat_interleave(len(x))
