"""Right and wrong answers to exercise `ridge_probe`."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
CONSTANT = "a feature that never changes, one image alone"


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


@wrong("softmax", Exercise.WHOLE, "values differ")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y, classes).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return (T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)).softmax(1)


@wrong("float32", KEEPS, "torch.float32 came out")
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


@wrong("standardises-in-place", KEEPS, "changed in place")
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


@wrong("pseudo-inverse-where-many", Exercise.WHOLE, "expected")
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


@wrong("qr-of-the-features", Exercise.WHOLE, "raised")
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


@wrong("one-hot-of-what-occurs", Exercise.WHOLE, "shape (7, 4), expected (7, 6)")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X = F.pad((train_x - mean) / std, (0, 1), value=1.0)
    T = F.pad((test_x - mean) / std, (0, 1), value=1.0)
    Y = F.one_hot(train_y).to(X.dtype)
    penalty = l2 * torch.eye(X.shape[1], dtype=X.dtype)
    penalty[-1, -1] = 0
    return T @ torch.linalg.solve(X.T @ X + penalty, X.T @ Y)


@wrong("dual-without-bias", Exercise.WHOLE, "no bias")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    X, T = (train_x - mean) / std, (test_x - mean) / std
    Y = F.one_hot(train_y, classes).to(X.dtype)
    if X.shape[1] > len(X):
        K = X @ X.T + l2 * torch.eye(len(X), dtype=X.dtype)
        return T @ X.T @ torch.linalg.solve(K, Y)
    gram = X.T @ X + l2 * torch.eye(X.shape[1], dtype=X.dtype)
    return T @ torch.linalg.solve(gram, X.T @ Y) + Y.mean(0)


@wrong("library", Exercise.WHOLE, "is not allowed here")
def ridge_probe(train_x, train_y, test_x, classes, l2):
    from sklearn.linear_model import Ridge

    mean, std = train_x.mean(0), train_x.std(0, correction=0)
    std[std == 0] = 1
    Y = F.one_hot(train_y, classes).numpy()
    model = Ridge(alpha=l2).fit(((train_x - mean) / std).numpy(), Y)
    return torch.from_numpy(model.predict(((test_x - mean) / std).numpy())).to(train_x)
