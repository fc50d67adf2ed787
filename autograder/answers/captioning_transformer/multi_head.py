"""Right and wrong answers to exercise `multi_head`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches x, memory, params"
KEEPS = "keeps the dtype and leaves its inputs alone"
REFUSES = "refuses heads that do not divide d"


@right("chunk")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    if d % heads:
        raise ValueError(f"heads = {heads} does not divide d = {d}")
    wq, wk, wv = params["in_proj_weight"].chunk(3)
    bq, bk, bv = params["in_proj_bias"].chunk(3)

    def split(y):
        return y.view(b, -1, heads, d // heads).transpose(1, 2)

    q = split(x @ wq.T + bq)
    k = split(memory @ wk.T + bk)
    v = split(memory @ wv.T + bv)
    scores = q @ k.transpose(-2, -1) / (d // heads) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~(mask if mask.ndim == 2 else mask[:, None]), -torch.inf)
    y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
    return y @ params["out_proj.weight"].T + params["out_proj.bias"]


@right("loop-over-heads")
def multi_head(x, memory, params, heads, mask=None):
    d = x.shape[2]
    if d % heads != 0:
        raise ValueError("heads must divide d")
    n, w, b = d // heads, params["in_proj_weight"], params["in_proj_bias"]
    outputs = []
    for h in range(heads):
        rows = [slice(i * d + h * n, i * d + (h + 1) * n) for i in range(3)]
        q = F.linear(x, w[rows[0]], b[rows[0]])
        k = F.linear(memory, w[rows[1]], b[rows[1]])
        v = F.linear(memory, w[rows[2]], b[rows[2]])
        scores = torch.bmm(q, k.mT) / n**0.5
        if mask is not None:
            scores = torch.where(mask, scores, -torch.inf)
        outputs.append(torch.bmm(scores.softmax(2), v))
    return F.linear(torch.cat(outputs, 2), params["out_proj.weight"], params["out_proj.bias"])


@right("einsum")
def multi_head(x, memory, params, heads, mask=None):
    d = x.shape[-1]
    if d % heads:
        raise ValueError("heads")
    w = params["in_proj_weight"].reshape(3, heads, d // heads, d)
    bias = params["in_proj_bias"].reshape(3, heads, 1, d // heads)
    q = torch.einsum("btd,hed->bhte", x, w[0]) + bias[0]
    k = torch.einsum("bsd,hed->bhse", memory, w[1]) + bias[1]
    v = torch.einsum("bsd,hed->bhse", memory, w[2]) + bias[2]
    a = torch.einsum("bhte,bhse->bhts", q, k) * (d // heads) ** -0.5
    if mask is not None:
        a = a.masked_fill(~mask.expand(len(x), -1, -1).unsqueeze(1), float("-inf"))
    out = params["out_proj.weight"].reshape(d, heads, d // heads)
    y = torch.einsum("bhts,bhse,ohe->bto", a.softmax(-1), v, out)
    return y + params["out_proj.bias"]


@right("torch's-own-attention")
def multi_head(x, memory, params, heads, mask=None):
    d = x.shape[-1]
    if d % heads:
        raise ValueError("heads must divide d")
    q = F.linear(x, params["in_proj_weight"][:d], params["in_proj_bias"][:d])
    kv = F.linear(memory, params["in_proj_weight"][d:], params["in_proj_bias"][d:])
    k, v = kv.split(d, dim=-1)
    q, k, v = (y.unflatten(2, (heads, d // heads)).transpose(1, 2) for y in (q, k, v))
    if mask is not None and mask.dim() == 3:
        mask = mask.unsqueeze(1)
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    y = y.transpose(1, 2).flatten(2)
    return F.linear(y, params["out_proj.weight"], params["out_proj.bias"])


@right("heads-in-the-batch")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    s = memory.shape[1]
    if d // heads * heads != d:
        raise ValueError("heads has to divide d")
    e = d // heads
    w, bias = params["in_proj_weight"], params["in_proj_bias"]
    q = (x @ w[:d].t() + bias[:d]).reshape(b, t, heads, e).permute(0, 2, 1, 3)
    k = (memory @ w[d : 2 * d].t() + bias[d : 2 * d]).reshape(b, s, heads, e)
    v = (memory @ w[2 * d :].t() + bias[2 * d :]).reshape(b, s, heads, e)
    q = q.reshape(b * heads, t, e)
    k = k.permute(0, 2, 1, 3).reshape(b * heads, s, e)
    v = v.permute(0, 2, 1, 3).reshape(b * heads, s, e)
    scores = q @ k.transpose(1, 2) / e**0.5
    if mask is not None:
        mask = mask.expand(b, t, s).repeat_interleave(heads, dim=0)
        scores = scores + torch.zeros_like(scores).masked_fill(~mask, -torch.inf)
    y = (scores.softmax(-1) @ v).reshape(b, heads, t, e).permute(0, 2, 1, 3).reshape(b, t, d)
    return y @ params["out_proj.weight"].t() + params["out_proj.bias"]


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def multi_head(x, memory, params, heads, mask=None):
    layer = torch.nn.MultiheadAttention(x.shape[-1], heads, batch_first=True, dtype=x.dtype)
    layer.load_state_dict(params)
    return layer(x, memory, memory, attn_mask=None if mask is None else ~mask)[0]


@wrong("two-axes-only", Exercise.WHOLE, "raised")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    if d % heads:
        raise ValueError("heads")
    w, bias = params["in_proj_weight"].chunk(3), params["in_proj_bias"].chunk(3)
    q, k, v = (
        F.linear(y, w[i], bias[i]).view(b, -1, heads, d // heads).transpose(1, 2)
        for i, y in enumerate((x, memory, memory))
    )
    s = q @ k.mT / (d // heads) ** 0.5
    if mask is not None:
        s = s.masked_fill(~mask.view(1, 1, t, -1), -torch.inf)
    y = (s.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
    return F.linear(y, params["out_proj.weight"], params["out_proj.bias"])


@wrong("memory-detached", GRADIENTS, "gradient of memory")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    if d % heads:
        raise ValueError("heads")
    w, bias = params["in_proj_weight"].chunk(3), params["in_proj_bias"].chunk(3)
    memory = memory.detach()
    q, k, v = (
        F.linear(y, w[i], bias[i]).view(b, -1, heads, d // heads).transpose(1, 2)
        for i, y in enumerate((x, memory, memory))
    )
    s = q @ k.mT / (d // heads) ** 0.5
    if mask is not None:
        s = s.masked_fill(~(mask if mask.ndim == 2 else mask[:, None]), -torch.inf)
    y = (s.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
    return F.linear(y, params["out_proj.weight"], params["out_proj.bias"])


@wrong("float32-scores", KEEPS, "seven digits")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    if d % heads:
        raise ValueError("heads")
    w, bias = params["in_proj_weight"].chunk(3), params["in_proj_bias"].chunk(3)
    q, k, v = (
        F.linear(y, w[i], bias[i]).view(b, -1, heads, d // heads).transpose(1, 2)
        for i, y in enumerate((x, memory, memory))
    )
    s = (q @ k.mT / (d // heads) ** 0.5).float()
    if mask is not None:
        s = s.masked_fill(~(mask if mask.ndim == 2 else mask[:, None]), -torch.inf)
    y = (s.softmax(-1).to(x.dtype) @ v).transpose(1, 2).reshape(b, t, d)
    return F.linear(y, params["out_proj.weight"], params["out_proj.bias"])


@wrong("rest-left-out", REFUSES, "no ValueError was raised")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    w, bias = params["in_proj_weight"].chunk(3), params["in_proj_bias"].chunk(3)
    e = max(d // heads, 1)
    used = min(heads, d) * e

    def split(y):
        return y[..., :used].unflatten(-1, (-1, e)).transpose(1, 2)

    q, k, v = (split(F.linear(y, w[i], bias[i])) for i, y in enumerate((x, memory, memory)))
    s = q @ k.mT / e**0.5
    if mask is not None:
        s = s.masked_fill(~(mask if mask.ndim == 2 else mask[:, None]), -torch.inf)
    y = (s.softmax(-1) @ v).transpose(1, 2).flatten(2)
    return F.linear(y, params["out_proj.weight"][:, :used], params["out_proj.bias"])


@wrong("as-many-heads-as-numbers", f"{REFUSES}{EVERY}", "no ValueError was raised")
def multi_head(x, memory, params, heads, mask=None):
    b, t, d = x.shape
    heads = min(heads, d)  # more cannot be
    if d % heads:
        raise ValueError("heads")
    w, bias = params["in_proj_weight"].chunk(3), params["in_proj_bias"].chunk(3)
    q, k, v = (
        F.linear(y, w[i], bias[i]).view(b, -1, heads, d // heads).transpose(1, 2)
        for i, y in enumerate((x, memory, memory))
    )
    s = q @ k.mT / (d // heads) ** 0.5
    if mask is not None:
        s = s.masked_fill(~(mask if mask.ndim == 2 else mask[:, None]), -torch.inf)
    y = (s.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
    return F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
