"""Right and wrong answers to exercise `cpc_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS_SCALAR = "a scalar tensor of the inputs' dtype; inputs are left alone"


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
