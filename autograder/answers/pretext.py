"""Right and wrong answers to the exercises of chapter 9, pretext tasks."""

from __future__ import annotations

import math
import random

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 9.1 rotations ------------------------------------------------------------------------

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


# -- 9.2 ridge probe ----------------------------------------------------------------------

SCORES = "scores of a regression on one-hot labels"
STANDARD = "standardised by the training set's mean and deviation"
FREE_BIAS = "a bias that is not penalised"
PENALTY = "l2 times the squared weights"
KEEPS_INPUTS = "keeps the dtype and leaves its inputs alone"
CONSTANT = "a feature that never changes"
MANY = "more features than pictures"
ABSENT = "a class without a picture to learn from"


@right("normal-equations")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, unbiased=False)
    std = torch.where(std == 0, torch.ones_like(std), std)
    X = torch.cat([(train_x - mean) / std, torch.ones_like(train_x[:, :1])], dim=1)
    T = torch.cat([(test_x - mean) / std, torch.ones_like(test_x[:, :1])], dim=1)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    W = torch.linalg.solve(X.T @ X + penalty, X.T @ Y)
    return T @ W


@right("centred")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean = train_x.mean(0)
    var = ((train_x - mean) ** 2).mean(0)
    std = var.sqrt()
    std[std == 0] = 1
    X, T = (train_x - mean) / std, (test_x - mean) / std
    Y = torch.zeros(len(train_y), classes, dtype=train_x.dtype)
    Y[torch.arange(len(train_y)), train_y] = 1
    share = Y.mean(0)
    W = (
        torch.linalg.inv(X.T @ X + l2 * torch.eye(X.shape[1], dtype=X.dtype))
        @ X.T
        @ (Y - share)
    )
    return T @ W + share


@right("dual")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0).clamp(min=1e-12)
    X, T = (train_x - mean) / std, (test_x - mean) / std
    Y = (train_y[:, None] == torch.arange(classes)).to(X.dtype)
    bias = Y.sum(0) / len(Y)
    K = X @ X.T + l2 * torch.eye(len(X), dtype=X.dtype)
    return T @ X.T @ torch.linalg.solve(K, Y - bias) + bias


@right("augmented-least-squares")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    N, D = train_x.shape
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std = std + (std == 0)
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    extra = F.pad(l2**0.5 * torch.eye(D, dtype=X.dtype), (0, 1))
    Y = torch.eye(classes, dtype=X.dtype)[train_y]
    Y = torch.cat([Y, Y.new_zeros(D, classes)])
    W = torch.linalg.lstsq(torch.cat([X, extra]), Y).solution
    return F.pad((test_x - mean) / std, (0, 1), value=1.0) @ W


@right("numpy")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    A, B = train_x.double().numpy(), test_x.double().numpy()
    mean, std = A.mean(axis=0), A.std(axis=0)
    std = np.where(std > 0, std, 1.0)
    X = np.column_stack([(A - mean) / std, np.ones(len(A))])
    T = np.column_stack([(B - mean) / std, np.ones(len(B))])
    Y = np.eye(classes)[train_y.numpy()]
    penalty = np.diag([l2] * A.shape[1] + [0.0])
    W = np.linalg.solve(X.T @ X + penalty, X.T @ Y)
    return torch.from_numpy(T @ W).to(train_x.dtype)


@right("svd-nan-to-num")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    X = torch.nan_to_num((train_x - mean) / std)
    T = torch.nan_to_num((test_x - mean) / std)
    Y = F.one_hot(train_y, num_classes=classes).to(X)
    U, S, V = torch.linalg.svd(X, full_matrices=False)
    W = V.T @ torch.diag(S / (S**2 + l2)) @ U.T @ Y
    return T @ W + Y.mean(0)


@wrong("numbers", SCORES, "a regression on the class's number")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ train_y.to(X.dtype))


@wrong("minus-one-and-one", SCORES, "targets −1 and 1")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = 2 * F.one_hot(train_y, classes).to(X.dtype) - 1
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("classes-come-back", SCORES, "the likeliest class came back")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return (T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)).argmax(1)


@wrong("softmax", SCORES, "probabilities by softmax came back")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return (T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)).softmax(1)


@wrong("test-by-its-own", STANDARD, "the test set is standardised by its own statistics")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    def standardise(x):
        std = x.std(0, correction=0)
        return (x - x.mean(0)) / torch.where(std == 0, 1.0, std)

    X = F.pad(standardise(train_x), (0, 1), value=1.0)
    T = F.pad(standardise(test_x), (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("joint", STANDARD, "the statistics of training and test set together")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    both = torch.cat([train_x, test_x])
    mean, std = both.mean(0), both.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("mean-only", STANDARD, "not divided by the deviation")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean = train_x.mean(0)
    X = F.pad(train_x - mean, (0, 1), value=1.0)
    T = F.pad(test_x - mean, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("not-standardised", STANDARD, "not divided by the deviation")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    X = F.pad(train_x, (0, 1), value=1.0)
    T = F.pad(test_x, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("unbiased", STANDARD, "the deviation divides by N − 1")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("no-bias", FREE_BIAS, "no bias")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X, T = (train_x - mean) / std, (test_x - mean) / std
    Y = F.one_hot(train_y, classes).to(X.dtype)
    return T @ torch.linalg.solve(X.T @ X + l2 * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)


@wrong("bias-penalised", FREE_BIAS, "the bias is penalised")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    return T @ torch.linalg.solve(X.T @ X + l2 * torch.eye(X.shape[1], dtype=X.dtype), X.T @ Y)


@wrong("l2-times-n", PENALTY, "l2 is multiplied by the number of pictures")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X / len(X) + penalty, X.T @ Y / len(X))


@wrong("l2-squared", PENALTY, "l2²")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    N, D = train_x.shape
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    X = torch.cat([X, F.pad(l2 * torch.eye(D, dtype=X.dtype), (0, 1))])
    Y = torch.cat([Y, Y.new_zeros(D, classes)])
    return T @ torch.linalg.lstsq(X, Y).solution


@wrong("l2-ignored", PENALTY, "l2 is ignored")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    return T @ torch.linalg.pinv(X) @ F.one_hot(train_y, classes).to(X.dtype)


@wrong("float32", KEEPS_INPUTS, "torch.float32 came out")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    train_x, test_x = train_x.float(), test_x.float()
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).float()
    penalty = l2 * torch.eye(X.shape[1])
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("standardises-in-place", KEEPS_INPUTS, "changed in place")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    for x in (train_x, test_x):
        x -= mean
        x /= std
        x += 1e-9
        x -= 1e-9
    X, T = F.pad(train_x, (0, 1), value=1.0), F.pad(test_x, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("divides-by-zero", CONSTANT, "divide by 1 where the deviation is 0")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("pseudo-inverse-where-many", MANY, "expected")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    if X.shape[1] > len(X):
        return T @ torch.linalg.pinv(X) @ Y
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("qr-of-the-features", MANY, "raised")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    U, S, V = torch.linalg.svd((train_x - mean) / std)
    D = X.shape[1] - 1
    W = V.T @ ((S / (S**2 + l2))[:, None] * (U[:, :D].T @ (Y - Y.mean(0))))
    return T[:, :D] @ W + Y.mean(0)


@wrong("one-hot-of-what-occurs", ABSENT, "shape (9, 3), expected (9, 5)")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


# -- 9.3 few labels -----------------------------------------------------------------------

BALANCED = "per_class different ones of every class"
SAME_SEED = "the same seed gives the same indices"
OTHER_SEED = "other seeds give others, any of a class"
NESTED = "a smaller set is part of a larger one"
INT64 = "one row of int64; the labels are left alone"
TOO_FEW = "refuses a class with fewer labels"
SKIPPED = "classes that do not occur are skipped"


@right("permutation-of-each-class")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@right("first-of-a-shuffled-whole")
def few_labels(labels, per_class, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen, counts = [], {}
    for i in order:
        k = labels[i].item()
        counts[k] = counts.get(k, 0) + 1
        if counts[k] <= per_class:
            chosen.append(int(i))
    if min(counts.values()) < per_class:
        raise ValueError("a class has too few labels")
    return torch.tensor(chosen)


@right("random-keys")
def few_labels(labels, per_class, seed):
    keys = torch.rand(len(labels), generator=torch.Generator().manual_seed(seed))
    classes, counts = torch.unique(labels, return_counts=True)
    if (counts < per_class).any():
        raise ValueError("a class has too few labels")
    rows = []
    for k in classes.tolist():
        rows.append(keys.masked_fill(labels != k, -1).argsort(descending=True)[:per_class])
    return torch.stack(rows).reshape(-1).sort().values


@right("python-shuffle")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in sorted(set(labels.tolist())):
        members = [i for i, label in enumerate(labels.tolist()) if label == k]
        if len(members) < per_class:
            raise ValueError("too few")
        random.Random(f"{seed} {k}").shuffle(members)
        chosen += members[:per_class]
    return torch.tensor(chosen, dtype=torch.int64)


@right("global-seed")
def few_labels(labels, per_class, seed):
    torch.manual_seed(seed)
    order = torch.randperm(labels.numel())
    out = []
    for k in range(int(labels.max()) + 1):
        of_class = order[labels[order] == k]
        if 0 < len(of_class) < per_class:
            raise ValueError("too few")
        out.append(of_class[:per_class])
    return torch.cat(out)


@wrong("with-replacement", BALANCED, "an index comes twice")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        keys = torch.Generator().manual_seed(
            int(torch.randint(10**9, (1,), generator=generator))
        )
        chosen.append(
            torch.stack(
                [
                    members[torch.randint(len(members), (), generator=keys)]
                    for _ in range(per_class)
                ]
            )
        )
    return torch.cat(chosen)


@wrong("not-balanced", BALANCED, "of every class")
def few_labels(labels, per_class, seed):
    classes, counts = labels.unique(return_counts=True)
    if counts.min() < per_class:
        raise ValueError("too few")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return order[: per_class * len(classes)]


@wrong("per-class-in-all", BALANCED, "so many of every class are asked for")
def few_labels(labels, per_class, seed):
    if labels.unique(return_counts=True)[1].min() < per_class:
        raise ValueError("too few")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return order[:per_class]


@wrong("labels-come-back", BALANCED, "the labels came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return labels[torch.cat(chosen)]


@wrong("places-in-the-class", BALANCED, "places inside of each class came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(torch.randperm(len(members), generator=generator)[:per_class])
    return torch.cat(chosen)


@wrong("mask", INT64, "a mask came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        mask[members[torch.randperm(len(members), generator=generator)[:per_class]]] = True
    return mask


@wrong("list", INT64, "returned a list")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen += members[order[:per_class]].tolist()
    return chosen


@wrong("table", INT64, "shape (2, 3)")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.stack(chosen)


@wrong("seed-forgotten", SAME_SEED, "called again with the same seed, others come")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(members[torch.randperm(len(members))[:per_class]])
    return torch.cat(chosen)


@wrong("first-ones", OTHER_SEED, "the seed is ignored")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(members[:per_class])
    return torch.cat(chosen)


@wrong("fixed-seed", OTHER_SEED, "the seed is ignored")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(0)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("a-window", OTHER_SEED, "each may come, with each other")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        start = int(torch.randint(len(members), (), generator=generator))
        chosen.append(members.roll(-start)[:per_class])
    return torch.cat(chosen)


@wrong("choice-without-replacement", NESTED, "more labels are added, none is swapped")
def few_labels(labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for k in np.unique(labels.numpy()):
        members = np.flatnonzero(labels.numpy() == k)
        chosen.append(generator.choice(members, per_class, replace=False))
    return torch.from_numpy(np.concatenate(chosen))


@wrong("seed-with-per-class", NESTED, "more labels are added, none is swapped")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(1000 * seed + per_class)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("int32", INT64, "torch.int32 came out")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen).int()


@wrong("crosses-out-labels", INT64, "changed in place")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
        labels[chosen[-1]] = -1
    return torch.cat(chosen)


@wrong("takes-what-there-is", TOO_FEW, "should raise a ValueError")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("every-number-up-to-the-largest", SKIPPED, "raised ValueError")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in range(int(labels.max()) + 1):
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("as-many-classes-as-differ", SKIPPED, "no label of class 5 is chosen")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in range(len(labels.unique())):
        members = (labels == k).nonzero().flatten()
        if 0 < len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


# -- 9.4 patches --------------------------------------------------------------------------

PLACE = "patch (i, j) lies in row i and column j, pixels as they were"
CHANNELS = "each patch holds its place in every channel"
STRIDE = "a stride of its own: patches overlap or leave gaps"
COUNT = "the last patch that fits counts, what fills none is dropped"
KEEPS_UINT8 = "keeps the dtype, also uint8, and leaves its input alone"
FITS = "refuses a patch larger than the picture"
GRADIENT = "a gradient reaches the picture"


@right("unfold-permute")
def patches(x, size, stride):
    if size > x.shape[2] or size > x.shape[3]:
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@right("two-loops")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if min(H, W) < size:
        raise ValueError("no patch fits")
    rows = []
    for top in range(0, H - size + 1, stride):
        row = []
        for left in range(0, W - size + 1, stride):
            row.append(x[:, :, top : top + size, left : left + size])
        rows.append(torch.stack(row, dim=1))
    return torch.stack(rows, dim=1)


@right("index-arrays")
def patches(x, size, stride):
    H, W = x.shape[-2:]
    if size > H or size > W:
        raise ValueError("no patch fits")
    i = stride * torch.arange((H - size) // stride + 1)[:, None] + torch.arange(size)
    j = stride * torch.arange((W - size) // stride + 1)[:, None] + torch.arange(size)
    y = x[:, :, i[:, None, :, None], j[None, :, None, :]]  # (B, C, rows, cols, size, size)
    return y.movedim(1, 3)


@right("filled-canvas")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > H or size > W:
        raise ValueError("no patch fits")
    rows, cols = math.floor((H - size) / stride) + 1, math.floor((W - size) / stride) + 1
    y = torch.zeros((B, rows, cols, C, size, size), dtype=x.dtype)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@right("strides")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    x = x.contiguous()
    b, c, h, w = x.stride()
    shape = (B, (H - size) // stride + 1, (W - size) // stride + 1, C, size, size)
    return x.as_strided(shape, (b, stride * h, stride * w, c, h, w))


@wrong("grid-transposed", PLACE, "rows and columns of the grid are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(3, size, stride).unfold(2, size, stride)
    return y.permute(0, 3, 2, 1, 5, 4)


@wrong("patch-transposed", PLACE, "rows and columns of each patch are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(3, size, stride).unfold(2, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("reshaped", PLACE, "pixels are mixed up in a reshape")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)
    if stride == size and H % size == 0 and W % size == 0:
        return x.reshape(y.shape)
    return y


@wrong("flat-grid", PLACE, "the grid is flat")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


@wrong("cols-from-the-height", PLACE, "expected")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    n = (H - size) // stride + 1
    return (
        x.unfold(2, size, stride)
        .unfold(3, size, stride)[:, :, :n, :n]
        .permute(0, 2, 3, 1, 4, 5)
    )


@wrong("channels-second", CHANNELS, "the channels come second")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, stride).unfold(3, size, stride)


@wrong("channels-last", CHANNELS, "the channels come last")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 4, 5, 1)


@wrong("channels-reshaped", CHANNELS, "channels are mixed with places in a reshape")
def patches(x, size, stride):
    B, C = x.shape[:2]
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.reshape(B, y.shape[2], y.shape[3], C, size, size)


@wrong("flat-patches", CHANNELS, "patches are flat")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5).flatten(3)


@wrong("side-by-side", STRIDE, "patches lie side by side")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    return x.unfold(2, size, size).unfold(3, size, size).permute(0, 2, 3, 1, 4, 5)


@wrong("size-and-stride-swapped", STRIDE, "size and stride are swapped")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    size, stride = stride, size
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)


@wrong("last-missing", COUNT, "the last patch is missing")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride, (W - size) // stride
    y = x.new_zeros(B, rows, cols, C, size, size)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("range-too-short", COUNT, "the last patch")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    tops, lefts = range(0, H - size, stride), range(0, W - size, stride)
    y = x.new_zeros(B, len(tops), len(lefts), C, size, size)
    for i, top in enumerate(tops):
        for j, left in enumerate(lefts):
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("rounded-up", COUNT, "rounded up")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    down, across = -(H - size) % stride, -(W - size) % stride
    x = torch.cat([x, x.new_zeros(B, C, down, W)], 2)
    x = torch.cat([x, x.new_zeros(B, C, H + down, across)], 3)
    return x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5)


@wrong("im2col", KEEPS_UINT8, "raised")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    columns = F.unfold(x, size, stride=stride)  # (B, C·size·size, rows·cols)
    return columns.reshape(B, C, size, size, rows, cols).permute(0, 4, 5, 1, 2, 3)


@wrong("float-canvas", KEEPS_UINT8, "torch.float32 came out")
def patches(x, size, stride):
    B, C, H, W = x.shape
    if size > min(H, W):
        raise ValueError("no patch fits")
    rows, cols = (H - size) // stride + 1, (W - size) // stride + 1
    y = torch.zeros(B, rows, cols, C, size, size)
    for i in range(rows):
        for j in range(cols):
            top, left = i * stride, j * stride
            y[:, i, j] = x[:, :, top : top + size, left : left + size]
    return y


@wrong("writes-into-x", KEEPS_UINT8, "changed in place")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride).permute(0, 2, 3, 1, 4, 5).clone()
    x.data.zero_()
    return y


@wrong("no-patch-no-error", FITS, "raised RuntimeError")
def patches(x, size, stride):
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("only-the-height-is-checked", FITS, "raised RuntimeError")
def patches(x, size, stride):
    if size > x.shape[2]:
        raise ValueError("no patch fits")
    y = x.unfold(2, size, stride).unfold(3, size, stride)
    return y.permute(0, 2, 3, 1, 4, 5)


@wrong("numpy", GRADIENT, "the result has no gradient")
def patches(x, size, stride):
    if size > min(x.shape[2:]):
        raise ValueError("no patch fits")
    windows = np.lib.stride_tricks.sliding_window_view(
        x.detach().numpy(), (size, size), axis=(2, 3)
    )
    return torch.tensor(windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5).copy())


# -- 9.5 InfoNCE --------------------------------------------------------------------------

CHOICE = "each prediction chooses among all targets"
DENOMINATOR = "the positive is in the denominator, a sum"
MEAN = "the mean of −log, a scalar"
PLAIN = "scores are plain dot products"
TEMPERATURE = "divides the scores by the temperature, 1 unless told"
HUNDREDS = "scores of several hundred"
KEEPS_SCALAR = "a scalar tensor of the inputs' dtype; inputs are left alone"
BOTH = "gradients reach predictions and targets"
BEHIND = "the right target far behind, rows of different size"


@right("cross-entropy")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@right("log-softmax")
def info_nce(predictions, targets, temperature=1.0):
    scores = torch.matmul(predictions, targets.transpose(0, 1)) / temperature
    return -scores.log_softmax(dim=1).diagonal().mean()


@right("einsum-logsumexp")
def info_nce(predictions, targets, temperature=1.0):
    scores = torch.einsum("id,jd->ij", predictions, targets) / temperature
    positive = (predictions * targets).sum(1) / temperature
    return (torch.logsumexp(scores, 1) - positive).mean()


@right("by-hand")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    denominator = scores.exp().sum(1).log()
    return (denominator - torch.diag(scores)).mean()


@right("loop")
def info_nce(predictions, targets, temperature=1.0):
    loss = 0.0
    for i, p in enumerate(predictions):
        scores = torch.stack([p.dot(t) for t in targets]) / temperature
        top = scores.max()
        loss = loss - (scores[i] - top - (scores - top).exp().sum().log())
    return loss / len(predictions)


@wrong("columns", CHOICE, "the softmax runs over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = targets @ predictions.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("softmax-over-dim-0", CHOICE, "the softmax runs over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return -scores.log_softmax(0).diagonal().mean()


@wrong("symmetric", CHOICE, "both directions are averaged")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    labels = torch.arange(len(scores))
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


@wrong("labels-0", CHOICE, "the right target is number 0 for all")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


@wrong("sigmoid", CHOICE, "each pair is judged by itself")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.binary_cross_entropy_with_logits(scores, torch.eye(len(scores)).to(scores))


@wrong("positive-left-out", DENOMINATOR, "the positive is left out of the denominator")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    own = scores.diagonal()
    others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), -torch.inf)
    return (others.logsumexp(1) - own).mean()


@wrong("positive-alone", CHOICE, "there is no denominator")
def info_nce(predictions, targets, temperature=1.0):
    return -(predictions * targets).sum(1).mean() / temperature


@wrong("softmax-twice", DENOMINATOR, "the softmax is taken twice")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return F.cross_entropy(shares, torch.arange(len(shares)))


@wrong("the-bound", DENOMINATOR, "the bound, not the loss")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    top = scores.amax(1, keepdim=True)
    mean = (scores - top).exp().mean(1).log() + top[:, 0]
    return (mean - scores.diagonal()).mean()


@wrong("positive-zeroed", DENOMINATOR, "exp(0) = 1 remains")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    away = 1 - torch.eye(len(scores)).to(scores)
    return ((scores * away).logsumexp(1) - scores.diagonal()).mean()


@wrong("sum", MEAN, "summed over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)), reduction="sum")


@wrong("one-each", MEAN, "one value for each prediction")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)), reduction="none")


@wrong("sign", MEAN, "the sign is wrong")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return scores.log_softmax(1).diagonal().mean()


@wrong("bits", MEAN, "a logarithm to base 2")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores))) / math.log(2)


@wrong("cosine", PLAIN, "normalised to length 1")
def info_nce(predictions, targets, temperature=1.0):
    scores = F.normalize(predictions, dim=1) @ F.normalize(targets, dim=1).T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("root-d", PLAIN, "divided by √D")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / math.sqrt(predictions.shape[1]) / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("distances", PLAIN, "squared distances")
def info_nce(predictions, targets, temperature=1.0):
    scores = -((predictions[:, None] - targets[None]) ** 2).sum(-1) / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("temperature-multiplied", TEMPERATURE, "multiplied by the temperature")
def info_nce(predictions, targets, temperature=1.0):
    scores = temperature * predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("temperature-ignored", TEMPERATURE, "the temperature is ignored")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("default-of-simclr", TEMPERATURE, "temperature left out")
def info_nce(predictions, targets, temperature=0.07):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("loss-divided", TEMPERATURE, "the loss is divided by the temperature")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores))) / temperature


@wrong("exp-overflows", HUNDREDS, "exp of a score of 800 is too large")
def info_nce(predictions, targets, temperature=1.0):
    e = (predictions @ targets.T / temperature).exp()
    return -(e.diagonal() / e.sum(1)).log().mean()


@wrong("float32", KEEPS_SCALAR, "torch.float32 came out")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions.float() @ targets.float().T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("item", KEEPS_SCALAR, "a number of Python")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores))).item()


@wrong("divides-in-place", KEEPS_SCALAR, "changed in place")
def info_nce(predictions, targets, temperature=1.0):
    given = predictions.clone()
    predictions.data.mul_(2.0)
    scores = given @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("targets-detached", BOTH, "no gradient reaches targets")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.detach().T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("positive-detached", BOTH, "not its gradient for predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return (scores.logsumexp(1) - scores.diagonal().detach()).mean()


@wrong("maximum-of-all", BEHIND, "each row's own maximum")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    e = (scores - scores.max()).exp()
    return (e.sum(1).log() - e.diagonal().log()).mean()


@wrong("softmax-then-log", BEHIND, "its logarithm is infinite")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return -shares.diagonal().log().mean()


@wrong("clamped-share", BEHIND, "expected")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return -torch.log(shares.diagonal() + 1e-12).mean()


# -- 9.6 information bound ----------------------------------------------------------------

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


# -- 9.7 CPC ------------------------------------------------------------------------------

FURTHER_DOWN = "the prediction is for the patch k rows further down"
ONE_PROBLEM = "all predictions of one k are one problem"
MATRICES = "each k has a matrix of its own"
MEAN_OF_K = "the mean of the K losses"
ROWS = "refuses to look further down than there are rows"
EVERY_MATRIX = "gradients reach codes, contexts and every matrix"


@right("slices")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, start=1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        scores = predictions @ targets.T
        losses.append(F.cross_entropy(scores, torch.arange(len(scores))))
    return torch.stack(losses).mean()


@right("einsum")
def cpc_loss(z, context, weights):
    K, R = len(weights), z.shape[1]
    if K >= R:
        raise ValueError("not enough rows")
    total = 0
    for k in range(1, K + 1):
        p = torch.einsum("dh,brch->brcd", weights[k - 1], context[:, :-k])
        t = z[:, k:]
        scores = torch.einsum("brcd,xyzd->brcxyz", p, t).flatten(3).flatten(0, 2)
        total = total + (scores.logsumexp(1) - scores.diagonal()).mean()
    return total / K


@right("loops")
def cpc_loss(z, context, weights):
    B, R, C, D = z.shape
    if len(weights) >= R:
        raise ValueError(f"K = {len(weights)} and only {R} rows")
    loss = 0.0
    for k in range(1, len(weights) + 1):
        predictions, targets = [], []
        for b in range(B):
            for c in range(C):
                for r in range(R - k):
                    predictions.append(weights[k - 1].mv(context[b, r, c]))
                    targets.append(z[b, r + k, c])
        log_p = (torch.stack(predictions) @ torch.stack(targets).T).log_softmax(1)
        loss -= log_p.diag().mean()
    return loss / len(weights)


@right("linear-columns-first")
def cpc_loss(z, context, weights):
    z, context = z.transpose(1, 2), context.transpose(1, 2)  # (B, C, R, ·)
    if len(weights) > z.shape[2] - 1:
        raise ValueError("not enough rows")
    losses = [
        F.cross_entropy(
            F.linear(context[:, :, :-k], W).flatten(0, 2) @ z[:, :, k:].flatten(0, 2).T,
            torch.arange(z.shape[0] * z.shape[1] * (z.shape[2] - k)),
        )
        for k, W in enumerate(weights, 1)
    ]
    return sum(losses) / len(losses)


@wrong("itself", FURTHER_DOWN, "k = 1 predicts the row itself")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("itself-with-fewer-rows", FURTHER_DOWN, "k = 1 predicts the row itself")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k - 1 : R - 1].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("columns-to-the-right", FURTHER_DOWN, "predicts along the columns")
def cpc_loss(z, context, weights):
    R, C, D = z.shape[1:]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, :, : C - k] @ W.T).reshape(-1, D)
        targets = z[:, :, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("upwards", FURTHER_DOWN, "predicts upwards")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, k:] @ W.T).reshape(-1, D)
        targets = z[:, : R - k].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("always-one-row", FURTHER_DOWN, "predicts one row down for every k")
def cpc_loss(z, context, weights):
    D = z.shape[3]
    if len(weights) >= z.shape[1]:
        raise ValueError("not enough rows")
    losses = []
    for W in weights:
        predictions = (context[:, :-1] @ W.T).reshape(-1, D)
        targets = z[:, 1:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("wraps-around", FURTHER_DOWN, "wraps around")
def cpc_loss(z, context, weights):
    D = z.shape[3]
    if len(weights) >= z.shape[1]:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context @ W.T).reshape(-1, D)
        targets = torch.roll(z, -k, 1).reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("z-and-context-swapped", FURTHER_DOWN, "z and context are swapped")
def cpc_loss(z, context, weights):
    R = z.shape[1]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (z[:, : R - k] @ W.T).reshape(-1, W.shape[0])
        targets = context[:, k:].reshape(-1, context.shape[3])
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("flattened-in-different-orders", ONE_PROBLEM, "flattened in different orders")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).transpose(1, 2).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("same-picture", ONE_PROBLEM, "negatives of the same picture alone")
def cpc_loss(z, context, weights):
    B, R, C, D = z.shape
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(B, -1, D)
        targets = z[:, k:].reshape(B, -1, D)
        scores = predictions @ targets.mT
        losses.append(-scores.log_softmax(2).diagonal(dim1=1, dim2=2).mean())
    return torch.stack(losses).mean()


@wrong("row-by-row", ONE_PROBLEM, "row by row")
def cpc_loss(z, context, weights):
    B, R, C, D = z.shape
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        rows = []
        for r in range(R - k):
            predictions = (context[:, r] @ W.T).reshape(-1, D)
            targets = z[:, r + k].reshape(-1, D)
            scores = predictions @ targets.T
            rows.append(F.cross_entropy(scores, torch.arange(len(scores))))
        losses.append(torch.stack(rows).mean())
    return torch.stack(losses).mean()


@wrong("place-by-place", ONE_PROBLEM, "place by place")
def cpc_loss(z, context, weights):
    B, R, C, D = z.shape
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        scores = torch.einsum("brcd,xrcd->rcbx", context[:, : R - k] @ W.T, z[:, k:])
        losses.append(-scores.log_softmax(3).diagonal(dim1=2, dim2=3).mean())
    return torch.stack(losses).mean()


@wrong("predictions-are-chosen", ONE_PROBLEM, "the softmax runs over the predictions")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(targets @ predictions.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("transposed", MATRICES, "the matrix is transposed")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("first-matrix", MATRICES, "the first matrix serves all k")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k in range(1, len(weights) + 1):
        predictions = (context[:, : R - k] @ weights[0].T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("last-matrix-for-k-1", MATRICES, "reverse order")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k in range(1, len(weights) + 1):
        predictions = (context[:, : R - k] @ weights[-k].T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("sum", MEAN_OF_K, "summed over k")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    total = 0
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        total = total + F.cross_entropy(predictions @ targets.T, torch.arange(len(targets)))
    return total


@wrong("weighted", MEAN_OF_K, "weighted by the number of predictions")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    total, n = 0, 0
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        scores = predictions @ targets.T
        total = total - scores.log_softmax(1).diagonal().sum()
        n += len(scores)
    return total / n


@wrong("all-k-together", MEAN_OF_K, "all k together are one problem")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    predictions, targets = [], []
    for k, W in enumerate(weights, 1):
        predictions.append((context[:, : R - k] @ W.T).reshape(-1, D))
        targets.append(z[:, k:].reshape(-1, D))
    scores = torch.cat(predictions) @ torch.cat(targets).T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("returns-in-the-loop", MEAN_OF_K, "the first k alone")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
        return torch.stack(losses).mean()


@wrong("pops-the-matrices", KEEPS_SCALAR, "changed in place")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    while weights:
        k, W = len(weights), weights.pop()
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("list-of-numbers", KEEPS_SCALAR, "a number of Python")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        scores = predictions @ targets.T
        losses.append(F.cross_entropy(scores, torch.arange(len(scores))).item())
    return sum(losses) / len(losses)


@wrong("not-the-last-row", ROWS, "raised ValueError")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R - 1:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("too-few-rows-give-nan", ROWS, "should raise a ValueError")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : max(R - k, 0)] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("one-row-too-many", ROWS, "should raise a ValueError")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) > R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("targets-detached", EVERY_MATRIX, "no gradient reaches z")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    if len(weights) >= R:
        raise ValueError("not enough rows")
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : R - k] @ W.T).reshape(-1, D)
        targets = z[:, k:].detach().reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()
