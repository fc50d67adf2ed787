"""Right and wrong answers to exercise `additive_attention`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches h, memory, params"
KEEPS = "keeps the dtype and leaves its inputs alone"
REFUSES = "refuses a mask that leaves nothing to look at"
STABLE = "stable: scores of a thousand"


@right("masked-fill")
def additive_attention(h, memory, params, mask=None):
    keys = memory @ params["W_m"].T
    query = (h @ params["W_h"].T).unsqueeze(1)
    scores = torch.tanh(keys + query) @ params["v"]
    if mask is not None:
        if not mask.any(dim=1).all():
            raise ValueError("mask: each image needs a place to look at")
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=1)
    return (weights.unsqueeze(1) @ memory).squeeze(1), weights


@right("einsum")
def additive_attention(h, memory, params, mask=None):
    if mask is not None and bool((mask.sum(-1) == 0).any()):
        raise ValueError("a row of the mask is empty")
    q = torch.einsum("ah,bh->ba", params["W_h"], h)
    k = torch.einsum("ac,bsc->bsa", params["W_m"], memory)
    e = torch.einsum("a,bsa->bs", params["v"], (k + q[:, None, :]).tanh())
    if mask is not None:
        e = torch.where(mask, e, torch.finfo(e.dtype).min)
    w = e.softmax(-1)
    return torch.einsum("bs,bsc->bc", w, memory), w


@right("one-image-at-a-time")
def additive_attention(h, memory, params, mask=None):
    contexts, weights = [], []
    for b in range(len(h)):
        scores = []
        for s in range(memory.shape[1]):
            inner = params["W_m"] @ memory[b, s] + params["W_h"] @ h[b]
            scores.append(params["v"] @ torch.tanh(inner))
        seen = [s for s in range(len(scores)) if mask is None or mask[b, s]]
        if not seen:
            raise ValueError("nothing to look at")
        row = torch.zeros_like(memory[b, :, 0])
        row[seen] = torch.stack([scores[s] for s in seen]).softmax(0)
        weights.append(row)
        contexts.append(row @ memory[b])
    return torch.stack(contexts), torch.stack(weights)


@right("one-layer-of-both")
def additive_attention(h, memory, params, mask=None):
    w = torch.cat([params["W_m"], params["W_h"]], dim=1)
    both = torch.cat([memory, h[:, None].expand(-1, memory.shape[1], -1)], dim=2)
    scores = torch.nn.functional.linear(both, w).tanh().matmul(params["v"][:, None])
    if mask is not None:
        if not all(row.any() for row in mask):
            raise ValueError("mask hides an image")
        bias = torch.zeros(mask.shape, dtype=h.dtype)
        bias[~mask] = -torch.inf
        scores = scores + bias.unsqueeze(2)
    weights = torch.nn.Softmax(dim=1)(scores)
    return [(weights * memory).sum(dim=1), weights.squeeze(2)]


@wrong("only-the-context", Exercise.WHOLE, "expected 2 values")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return (scores.softmax(-1)[:, None] @ memory)[:, 0]


@wrong("three-axes-of-weights", Exercise.WHOLE, "shape")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"][:, None]
    if mask is not None:
        scores = scores.masked_fill(~mask[..., None], -torch.inf)
    weights = scores.softmax(1)
    return (weights * memory).sum(1), weights


@wrong("weights-detached", GRADIENTS, "no gradient of h")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1).detach()
    return (weights[:, None] @ memory)[:, 0], weights


@wrong("float32", KEEPS, "torch.float32 came out")
def additive_attention(h, memory, params, mask=None):
    h, memory = h.float(), memory.float()
    w, v, u = (params[name].float() for name in ("W_m", "W_h", "v"))
    scores = torch.tanh(memory @ w.T + (h @ v.T)[:, None]) @ u
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    return (weights[:, None] @ memory)[:, 0], weights


@wrong("memory-weighed-in-place", KEEPS, "changed in place")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    if memory.grad_fn is None:
        memory *= weights[..., None]
        return memory.sum(1), weights
    return (weights[..., None] * memory).sum(1), weights


@wrong("overflow", STABLE, "NaN or infinity")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    e = (scores @ params["v"]).exp()
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        e = e * mask
    weights = e / e.sum(-1, keepdim=True)
    return (weights[:, None] @ memory)[:, 0], weights


@wrong("minus-a-thousand", STABLE, "expected")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        scores = scores.masked_fill(~mask, -1000.0)
    weights = scores.softmax(-1)
    return (weights[:, None] @ memory)[:, 0], weights


@wrong("nobody-refused", REFUSES, "raise a ValueError")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    return (weights[:, None] @ memory)[:, 0], weights


@wrong("the-whole-mask", REFUSES + EVERY, "raise a ValueError")
def additive_attention(h, memory, params, mask=None):
    scores = torch.tanh(memory @ params["W_m"].T + (h @ params["W_h"].T)[:, None])
    scores = scores @ params["v"]
    if mask is not None:
        if not mask.any():
            raise ValueError("the mask hides everything")
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = scores.softmax(-1)
    return (weights[:, None] @ memory)[:, 0], weights
