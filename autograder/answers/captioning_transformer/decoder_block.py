"""Right and wrong answers to exercise `decoder_block`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENTS = "the gradient reaches x, memory, params"
KEEPS = "keeps the dtype and leaves its inputs alone"


@right("torch's-multi-head-attention")
def decoder_block(x, memory, params, heads, mask=None):
    d = x.shape[-1]

    def norm(h, name):
        return F.layer_norm(h, (d,), params[f"{name}.weight"], params[f"{name}.bias"])

    def attend(name, h, c, may_look=None):
        q, kv = h.transpose(0, 1), c.transpose(0, 1)
        w = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        out = params[f"{name}.out_proj.weight"], params[f"{name}.out_proj.bias"]
        y, _ = F.multi_head_attention_forward(
            q, kv, kv, d, heads, *w, None, None, False, 0.0, *out, need_weights=False,
            attn_mask=None if may_look is None else ~may_look,
        )  # fmt: skip
        return y.transpose(0, 1)

    n = norm(x, "norm1")
    x = x + attend("self_attn", n, n, mask)
    x = x + attend("multihead_attn", norm(x, "norm2"), memory)
    h = F.gelu(F.linear(norm(x, "norm3"), params["linear1.weight"], params["linear1.bias"]))
    return x + F.linear(h, params["linear2.weight"], params["linear2.bias"])


@right("by-hand")
def decoder_block(x, memory, params, heads, mask=None):
    def norm(h, name):
        h = h - h.mean(-1, keepdim=True)
        h = h / (h.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        return h * params[name + ".weight"] + params[name + ".bias"]

    def attend(name, h, c, may_look=None):
        b, t, d = h.shape
        p = {n.removeprefix(name + "."): w for n, w in params.items() if n.startswith(name)}
        wq, wk, wv = p["in_proj_weight"].split(d)
        bq, bk, bv = p["in_proj_bias"].split(d)
        q, k, v = h @ wq.T + bq, c @ wk.T + bk, c @ wv.T + bv
        q, k, v = (y.reshape(b, -1, heads, d // heads).transpose(1, 2) for y in (q, k, v))
        s = q @ k.mT / (d // heads) ** 0.5
        if may_look is not None:
            s = s.masked_fill(~may_look, -torch.inf)
        y = (s.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d)
        return y @ p["out_proj.weight"].T + p["out_proj.bias"]

    def mlp(h):
        h = h @ params["linear1.weight"].T + params["linear1.bias"]
        h = h * 0.5 * (1 + torch.erf(h / 2**0.5))
        return h @ params["linear2.weight"].T + params["linear2.bias"]

    n1 = norm(x, "norm1")
    x = x + attend("self_attn", n1, n1, mask)
    x = x + attend("multihead_attn", norm(x, "norm2"), memory)
    return x + mlp(norm(x, "norm3"))


@right("torch's-scaled-dot-product")
def decoder_block(x, memory, params, heads, mask=None):
    def norm(name, h):
        layer = torch.nn.LayerNorm(h.shape[-1], dtype=h.dtype)
        names = {n: params[f"{name}.{n}"] for n in ("weight", "bias")}
        return torch.func.functional_call(layer, names, (h,))

    def linear(name, h):
        return F.linear(h, params[f"{name}.weight"], params[f"{name}.bias"])

    def attend(name, h, c, may_look):
        d = h.shape[-1]
        w, b = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        q, k, v = F.linear(h, w[:d], b[:d]), *F.linear(c, w[d:], b[d:]).chunk(2, -1)
        q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, may_look)
        return linear(f"{name}.out_proj", y.transpose(1, 2).flatten(2))

    h = norm("norm1", x)
    first = x + attend("self_attn", h, h, mask)
    second = first + attend("multihead_attn", norm("norm2", first), memory, None)
    return second + linear("linear2", F.gelu(linear("linear1", norm("norm3", second))))


@right("one-word-after-the-other")
def decoder_block(x, memory, params, heads, mask=None):
    e = x.shape[-1] // heads

    def norm(word, name):
        word = (word - word.mean()) / (word.var(correction=0) + 1e-5) ** 0.5
        return word * params[f"{name}.weight"] + params[f"{name}.bias"]

    def linear(word, name):
        return params[f"{name}.weight"] @ word + params[f"{name}.bias"]

    def attend(name, words, others, mask=None):
        w, b = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        (wq, wk, wv), (bq, bk, bv) = w.chunk(3), b.chunk(3)
        keys, values = [wk @ c + bk for c in others], [wv @ c + bv for c in others]
        found = []
        for t, word in enumerate(words):
            seen = [s for s in range(len(others)) if mask is None or mask[t, s]]
            parts = []
            for h in range(heads):
                mine = slice(h * e, (h + 1) * e)
                q = (wq @ word + bq)[mine]
                scores = torch.stack([q @ keys[s][mine] / e**0.5 for s in seen])
                shares = zip(scores.softmax(0), seen, strict=True)
                parts.append(sum(share * values[s][mine] for share, s in shares))
            found.append(linear(torch.cat(parts), f"{name}.out_proj"))
        return found

    captions = []
    for words, places in zip(x, memory, strict=True):
        normed = [norm(word, "norm1") for word in words]
        looked = attend("self_attn", normed, normed, mask)
        words = [word + y for word, y in zip(words, looked, strict=True)]
        looked = attend("multihead_attn", [norm(word, "norm2") for word in words], places)
        words = [word + y for word, y in zip(words, looked, strict=True)]
        thought = [F.gelu(linear(norm(word, "norm3"), "linear1")) for word in words]
        words = [w + linear(h, "linear2") for w, h in zip(words, thought, strict=True)]
        captions.append(torch.stack(words))
    return torch.stack(captions)


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def decoder_block(x, memory, params, heads, mask=None):
    d = x.shape[-1]
    layer = torch.nn.TransformerDecoderLayer(
        d, heads, 2 * d, 0.0, "gelu", batch_first=True, norm_first=True, dtype=x.dtype
    )
    hidden = None if mask is None else ~mask
    return torch.func.functional_call(layer, params, (x, memory), {"tgt_mask": hidden})


@wrong("memory-detached", GRADIENTS, "gradient of memory")
def decoder_block(x, memory, params, heads, mask=None):
    d, memory = x.shape[-1], memory.detach()

    def norm(h, name):
        return F.layer_norm(h, (d,), params[f"{name}.weight"], params[f"{name}.bias"])

    def linear(name, h):
        return F.linear(h, params[f"{name}.weight"], params[f"{name}.bias"])

    def attend(name, h, c, may_look=None):
        w, b = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        q, k, v = F.linear(h, w[:d], b[:d]), *F.linear(c, w[d:], b[d:]).chunk(2, -1)
        q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, may_look)
        return linear(f"{name}.out_proj", y.transpose(1, 2).flatten(2))

    n = norm(x, "norm1")
    x = x + attend("self_attn", n, n, mask)
    x = x + attend("multihead_attn", norm(x, "norm2"), memory)
    return x + linear("linear2", F.gelu(linear("linear1", norm(x, "norm3"))))


@wrong("added-in-place", KEEPS, "changed in place")
def decoder_block(x, memory, params, heads, mask=None):
    d = x.shape[-1]

    def norm(h, name):
        return F.layer_norm(h, (d,), params[f"{name}.weight"], params[f"{name}.bias"])

    def linear(name, h):
        return F.linear(h, params[f"{name}.weight"], params[f"{name}.bias"])

    def attend(name, h, c, may_look=None):
        w, b = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        q, k, v = F.linear(h, w[:d], b[:d]), *F.linear(c, w[d:], b[d:]).chunk(2, -1)
        q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, may_look)
        return linear(f"{name}.out_proj", y.transpose(1, 2).flatten(2))

    n = norm(x, "norm1")
    with torch.no_grad():
        same = x.clone()
        x += attend("self_attn", n, n, mask)
    x = same + attend("self_attn", n, n, mask)
    x = x + attend("multihead_attn", norm(x, "norm2"), memory)
    return x + linear("linear2", F.gelu(linear("linear1", norm(x, "norm3"))))


@wrong("unbiased-norm", Exercise.WHOLE, "at index")
def decoder_block(x, memory, params, heads, mask=None):
    d = x.shape[-1]

    def norm(h, name):
        h = (h - h.mean(-1, keepdim=True)) / (h.std(-1, keepdim=True) + 1e-6)
        return h * params[f"{name}.weight"] + params[f"{name}.bias"]

    def linear(name, h):
        return F.linear(h, params[f"{name}.weight"], params[f"{name}.bias"])

    def attend(name, h, c, may_look=None):
        w, b = params[f"{name}.in_proj_weight"], params[f"{name}.in_proj_bias"]
        q, k, v = F.linear(h, w[:d], b[:d]), *F.linear(c, w[d:], b[d:]).chunk(2, -1)
        q, k, v = (y.unflatten(-1, (heads, -1)).transpose(1, 2) for y in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, may_look)
        return linear(f"{name}.out_proj", y.transpose(1, 2).flatten(2))

    n = norm(x, "norm1")
    x = x + attend("self_attn", n, n, mask)
    x = x + attend("multihead_attn", norm(x, "norm2"), memory)
    return x + linear("linear2", F.gelu(linear("linear1", norm(x, "norm3"))))
