"""Right and wrong answers to exercise `attention`."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches q, k, v"
KEEPS = "keeps the dtype and leaves its inputs alone"
STABLE = "stable: scores of a thousand"
REFUSES = "refuses a mask that leaves a query nothing to look at"


@right("masked-fill")
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        if not mask.any(dim=-1).all():
            raise ValueError("mask: each row needs a True")
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.nn.Softmax(dim=-1)(scores)
    return weights @ v, weights


@right("einsum")
def attention(q, k, v, mask=None):
    scores = torch.einsum("...td,...sd->...ts", q, k) * q.size(-1) ** -0.5
    if mask is not None:
        if bool((mask.sum(-1) == 0).any()):
            raise ValueError("a query may look at nothing")
        scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    w = scores.softmax(-1)
    return torch.einsum("...ts,...se->...te", w, v), w


@right("exponentials-by-hand")
def attention(q, k, v, mask=None):
    d = q.shape[-1]
    s = (q / d**0.5).matmul(k.mT)
    if mask is None:
        mask = torch.ones(s.shape[-1], dtype=torch.bool)
    mask = mask.expand(s.shape)
    if (~mask).all(-1).any():
        raise ValueError("a row of the mask has no True")
    s = s.masked_fill(~mask, -torch.inf)
    e = (s - s.amax(-1, keepdim=True).detach()).exp()
    w = e / e.sum(-1, keepdim=True)
    return w @ v, w


@right("bias")
def attention(q, k, v, mask=None):
    scores = torch.matmul(q, k.transpose(-1, -2)).div(k.shape[-1] ** 0.5)
    if mask is not None:
        if (mask.long().sum(-1) < 1).any():
            raise ValueError("mask hides all keys of a query")
        bias = torch.zeros(mask.shape, dtype=q.dtype)
        bias[~mask] = -math.inf
        scores = scores + bias
    weights = scores.log_softmax(-1).exp()
    return [torch.matmul(weights, v), weights]


@right("one-query-at-a-time")
def attention(q, k, v, mask=None):
    rows = []
    if mask is not None:
        mask = mask.expand(*q.shape[:-1], k.shape[-2])
        if not all(bool(row.any()) for row in mask.reshape(-1, k.shape[-2])):
            raise ValueError("mask")
    for t in range(q.shape[-2]):
        s = (k * q[..., t : t + 1, :]).sum(-1) / q.shape[-1] ** 0.5
        if mask is not None:
            s = s.masked_fill(mask[..., t, :].logical_not(), -torch.inf)
        rows.append(s.softmax(-1))
    weights = torch.stack(rows, -2)
    return (weights.unsqueeze(-1) * v.unsqueeze(-3)).sum(-2), weights


@right("minus-ten-thousand")
def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-1, -2) / math.sqrt(k.shape[-1])
    if mask is not None:
        if (~mask).all(-1).any():
            raise ValueError("a query that sees no key")
        scores = scores.masked_fill(~mask, -10_000.0)  # scores of some thousand stay above
    w = torch.softmax(scores, dim=-1)
    return w @ v, w


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def attention(q, k, v, mask=None):
    y = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return y, (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)


@wrong("only-y", Exercise.WHOLE, "expected 2 values")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    return (s if mask is None else s.masked_fill(~mask, -torch.inf)).softmax(-1) @ v


@wrong("mask-of-a-batch", Exercise.WHOLE, "raised")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        s[~mask] = -torch.inf  # only where the mask has all axes of the scores
    w = s.softmax(-1)
    return w @ v, w


@wrong("weights-detached", GRADIENTS, "no gradient of q")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1).detach()
    return w @ v, w


@wrong("float32", KEEPS, "torch.float32 came out")
def attention(q, k, v, mask=None):
    q, k, v = q.float(), k.float(), v.float()
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1)
    return w @ v, w


@wrong("queries-scaled-in-place", KEEPS, "changed in place")
def attention(q, k, v, mask=None):
    q /= q.shape[-1] ** 0.5
    s = q @ k.mT
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1)
    return w @ v, w


@wrong("overflow", STABLE, "NaN or infinity")
def attention(q, k, v, mask=None):
    e = (q @ k.mT / q.shape[-1] ** 0.5).exp()
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        e = e * mask
    w = e / e.sum(-1, keepdim=True)
    return w @ v, w


@wrong("minus-a-thousand", STABLE, "expected")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        if not mask.any(-1).all():
            raise ValueError("mask")
        s = s.masked_fill(~mask, -1000.0)
    w = s.softmax(-1)
    return w @ v, w


@wrong("nobody-refused", REFUSES, "should raise a ValueError")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1)
    return w @ v, w


@wrong("the-whole-mask", REFUSES, "should raise a ValueError")
def attention(q, k, v, mask=None):
    if mask is not None and not mask.any():
        raise ValueError("the mask hides everything")
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1)
    return w @ v, w


@wrong("two-axes-alone", f"{REFUSES}{EVERY}", "should raise a ValueError")
def attention(q, k, v, mask=None):
    s = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        if mask.ndim == 2 and not mask.any(1).all():
            raise ValueError("a row of the mask is empty")
        s = s.masked_fill(~mask, -torch.inf)
    w = s.softmax(-1)
    return w @ v, w
