"""Steps of a decoder's block, and weights for them."""

from __future__ import annotations

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.captioning_transformer.parts import (
    Params,
    attention_params,
    looked,
    mixed,
    projected,
)
from course_utils.checks.core import Draw


def norm(x: Tensor, params: Params, name: str, less: int = 0) -> Tensor:
    """Layer norm; ``less``: the variance is a sum divided by so many fewer than d."""
    d, w, b = x.shape[-1], params[f"{name}.weight"], params[f"{name}.bias"]
    shrunk = (1 - less / d) ** 0.5  # of what divides by a larger variance
    return F.layer_norm(x, (d,), shrunk * w, b, 1e-5 * shrunk**2)


def mlp(h: Tensor, params: Params, bends: Callable) -> Tensor:
    h = bends(F.linear(h, params["linear1.weight"], params["linear1.bias"]))
    return F.linear(h, params["linear2.weight"], params["linear2.bias"])


def attend(
    name: str, x: Tensor, memory: Tensor, params: Params, heads: int, mask: Tensor | None = None
) -> Tensor:
    """Multi-head attention of x to memory with the weights called ``name``."""
    q, k, v = projected(x, memory, params, heads, name)
    return mixed(looked(q, k, v, mask), params, name)


def block_params(draw: Draw, d: int) -> Params:
    """Of ``nn.TransformerDecoderLayer(d, heads, 2 d)``."""
    params = {
        "linear1.weight": 1.5 * draw.normal(2 * d, d) / d**0.5,
        "linear1.bias": draw.normal(2 * d) / 2,
        "linear2.weight": draw.normal(d, 2 * d) / d**0.5,
        "linear2.bias": draw.normal(d) / 2,
    }
    for name in ("norm1", "norm2", "norm3"):
        params |= {f"{name}.weight": 0.5 + draw.uniform(d), f"{name}.bias": draw.normal(d) / 2}
    for name in ("self_attn.", "multihead_attn."):
        params |= attention_params(draw, d, name)
    return params


def silent(params: Params, *names: str) -> Params:
    """These parts of the block add nothing."""
    return params | {n: 0 * t for n, t in params.items() if n.startswith(names)}
