"""Right and wrong answers to exercise `cpc_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
SCALAR = "a tensor without axes, no number of Python"
ROWS = "refuses to look further down than there are rows"


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


@wrong("z-and-context-swapped", Exercise.WHOLE, "raised RuntimeError")
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


@wrong("all-k-together", Exercise.WHOLE, "expected")
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


@wrong("returns-in-the-loop", Exercise.WHOLE, "is the return in the loop")
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


@wrong("pops-the-matrices", KEEPS, "changed in place")
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


@wrong("list-of-numbers", SCALAR, "returned a float")
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


@wrong("not-the-last-row", ROWS + EVERY, "but this input is allowed")
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


@wrong("too-few-rows-give-nan", ROWS, "no ValueError was raised")
def cpc_loss(z, context, weights):
    R, D = z.shape[1], z.shape[3]
    losses = []
    for k, W in enumerate(weights, 1):
        predictions = (context[:, : max(R - k, 0)] @ W.T).reshape(-1, D)
        targets = z[:, k:].reshape(-1, D)
        losses.append(F.cross_entropy(predictions @ targets.T, torch.arange(len(targets))))
    return torch.stack(losses).mean()


@wrong("one-row-too-many", ROWS + EVERY, "no ValueError was raised")
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
