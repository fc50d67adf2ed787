"""Right and wrong answers to exercise `decode_step`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype; the cache that came in stays as it is"
REFUSES = "refuses more words than there are positions"


@right("concatenated")
def decode_step(words, params, heads, cache=None):
    b, n = words.shape
    past = 0 if cache is None else cache[0].shape[2]
    if past + n > len(params["places"]):
        raise ValueError("words: the sentence is longer than there are positions")
    x = params["words"][words] + params["places"][past : past + n]
    d = x.shape[-1]
    qkv = x @ params["in_proj_weight"].T + params["in_proj_bias"]
    q, k, v = (y.view(b, n, heads, d // heads).transpose(1, 2) for y in qkv.chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    scores = q @ k.transpose(-2, -1) / (d // heads) ** 0.5
    s, t = torch.arange(past + n), torch.arange(past, past + n)
    scores = scores.masked_fill(s > t[:, None], -torch.inf)
    y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, d)
    h = x + y @ params["out_proj.weight"].T + params["out_proj.bias"]
    return h @ params["words"].T, (k, v)


@right("torch's-scaled-dot-product")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    if end > params["places"].size(0):
        raise ValueError("too many words")
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = (torch.cat(pair, 2) for pair in zip(cache, (k, v), strict=True))
    mask = torch.ones(end, end, dtype=torch.bool).tril()[past:]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)


@right("room-for-all")
def decode_step(words, params, heads, cache=None):
    (b, n), (most, d) = words.shape, params["places"].shape
    past = cache[0].shape[2] if cache is not None else 0
    end = past + n
    if end > most:
        raise ValueError(f"{end} words, {most} positions")
    x = params["words"][words] + params["places"][torch.arange(past, end)]
    w, bias = params["in_proj_weight"], params["in_proj_bias"]
    q, *new = (
        F.linear(x, w[i * d : (i + 1) * d], bias[i * d : (i + 1) * d])
        .reshape(b, n, heads, d // heads)
        .permute(0, 2, 1, 3)
        for i in range(3)
    )
    room = [y.new_zeros(b, heads, end, d // heads) for y in new]
    for i, y in enumerate(new):
        if past:
            room[i][:, :, :past] = cache[i]
        room[i][:, :, past:] = y
    rows = []
    for i in range(n):
        k, v = (y[:, :, : past + i + 1] for y in room)
        scores = (q[:, :, i : i + 1] @ k.mT) * (d // heads) ** -0.5
        rows.append(scores.softmax(-1) @ v)
    y = torch.cat(rows, 2).permute(0, 2, 1, 3).reshape(b, n, d)
    h = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return torch.einsum("btd,vd->btv", h, params["words"]), (room[0], room[1])


@right("one-word-after-the-other")
def decode_step(words, params, heads, cache=None):
    k, v = cache if cache is not None else (None, None)
    d, logits = params["words"].shape[1], []
    for word in words.T:
        t = 0 if k is None else k.shape[2]
        if t >= len(params["places"]):
            raise ValueError("words")
        x = params["words"][word] + params["places"][t]
        three = x @ params["in_proj_weight"].T + params["in_proj_bias"]
        q, new_k, new_v = (
            y.reshape(len(word), heads, 1, d // heads) for y in three.split(d, dim=-1)
        )
        k = new_k if k is None else torch.cat([k, new_k], 2)
        v = new_v if v is None else torch.cat([v, new_v], 2)
        a = (q @ k.mT / (d // heads) ** 0.5).softmax(-1)
        x = x + (a @ v).flatten(1) @ params["out_proj.weight"].T + params["out_proj.bias"]
        logits.append(x @ params["words"].T)
    return torch.stack(logits, 1), (k, v)


@wrong("is-causal", Exercise.WHOLE, "as is_causal=True does")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    if end > params["places"].size(0):
        raise ValueError("too many words")
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)


@wrong("only-the-last-word", Exercise.WHOLE, "shape")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    if end > params["places"].size(0):
        raise ValueError("too many words")
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    y = F.scaled_dot_product_attention(q[:, :, -1:], k, v).transpose(1, 2).flatten(2)
    x = x[:, -1:] + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)


@wrong("last-place-written-in-place", KEEPS, "changed in place")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    if end > params["places"].size(0):
        raise ValueError("too many words")
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
        cache[0].resize_(k.shape).copy_(k)
        cache[1].resize_(v.shape).copy_(v)
    mask = torch.ones(end, end, dtype=torch.bool).tril()[past:]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)


@wrong("float32-cache", KEEPS, "torch.float32 came out")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    if end > params["places"].size(0):
        raise ValueError("too many words")
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0].to(k), k], 2), torch.cat([cache[1].to(v), v], 2)
    mask = torch.ones(end, end, dtype=torch.bool).tril()[past:]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k.float(), v.float())


@wrong("positions-wrap-round", REFUSES, "should raise a ValueError")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    end = past + words.size(1)
    places = torch.arange(past, end) % len(params["places"])
    x = F.embedding(words, params["words"]) + params["places"][places]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    mask = torch.ones(end, end, dtype=torch.bool).tril()[past:]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)


@wrong("cache-alone-counted", f"{REFUSES}{EVERY}", "raised")
def decode_step(words, params, heads, cache=None):
    past = cache[0].size(2) if cache else 0
    if past >= params["places"].size(0):
        raise ValueError("too many words")
    end = past + words.size(1)
    x = F.embedding(words, params["words"]) + params["places"][past:end]
    three = F.linear(x, params["in_proj_weight"], params["in_proj_bias"])
    q, k, v = three.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
    if cache:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    mask = torch.ones(end, end, dtype=torch.bool).tril()[past:]
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)
    x = x + F.linear(y, params["out_proj.weight"], params["out_proj.bias"])
    return F.linear(x, params["words"]), (k, v)
