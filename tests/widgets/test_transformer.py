"""kit/transformer.js computes what torch computes: heads, masks, blocks, and their caches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.widgets.kit import Cases, half_weights, normal, received, run

HEADS, WIDTH = 3, 12


def test_attention(tmp_path: Path) -> None:
    """Outputs and weights, with unequal numbers of queries, keys and widths."""
    torch.manual_seed(0)
    cases = Cases("transformer.js")
    for heads, own, out, T, S in ((1, 4, 3, 5, 7), (3, 2, 5, 4, 4), (2, 8, 1, 1, 6)):
        q, k, v = normal(heads, T, own), normal(heads, S, own), normal(heads, S, out)
        for causal in (False, True):
            for hidden in ([], [1], [0, S - 1]):
                if causal and 0 in hidden:
                    continue  # the first would see nothing
                allowed = (
                    torch.ones(T, S).tril(S - T).bool() if causal else torch.ones(T, S) > 0
                )
                allowed[:, hidden] = False
                flat = [x.transpose(0, 1).flatten(1) for x in (q, k, v)]
                options = {"heads": heads, "causal": causal}
                if hidden:
                    options["padding"] = [s in hidden for s in range(S)]
                y = F.scaled_dot_product_attention(q, k, v, allowed).transpose(0, 1).flatten(1)
                weights = (q @ k.mT / own**0.5).masked_fill(~allowed, -torch.inf).softmax(-1)
                cases.add("attention", *flat, options, expect=y, pick=lambda a: a["y"])
                cases.add(
                    "attention", *flat, options, expect=weights, pick=lambda a: a["weights"]
                )
    cases.check(tmp_path, 1e-12)


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Moved away from their starts, where norms and biases say nothing, and rounded."""
    state = {
        name: value + 0.2 * normal(*value.shape) for name, value in module.state_dict().items()
    }
    module.load_state_dict(weights := half_weights(state))
    return weights


@torch.no_grad()
def test_multi_head_attention(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True).double()
    weights = weights_of(module)
    x, memory = normal(5, WIDTH), normal(8, WIDTH)
    padding = torch.arange(8) > 5
    y, shares = module(
        x[None], memory[None], memory[None],
        key_padding_mask=padding[None], average_attn_weights=False,
    )  # fmt: skip
    cases = Cases("transformer.js")
    arguments = (x, memory, weights, {"heads": HEADS, "padding": padding.tolist()})
    cases.add("multiHeadAttention", *arguments, expect=y[0], pick=lambda a: a["y"])
    cases.add("multiHeadAttention", *arguments, expect=shares[0], pick=lambda a: a["shares"])
    cases.check(tmp_path, 1e-10)


def block(kind: type[nn.Module], activation: str) -> Any:
    options = {"batch_first": True, "norm_first": True, "dropout": 0.0}
    return kind(WIDTH, HEADS, 20, activation=activation, **options).double().eval()


# A run of layers over pieces of the tokens, each layer with a cache of its own.
LAYERS = """
const { layers, pieces, memory, options, relu } = calls;
const caches = layers.map(() => ({}));
if (relu) options.activation = (x) => ({ ...x, data: x.data.map((v) => Math.max(0, v)) });
const answers = pieces.map((x) => {
  const shares = layers.map((weights, n) => {
    const all = { ...options, cache: caches[n] };
    const made = memory ? kit.decoderBlock(x, memory, weights, all)
      : kit.transformerBlock(x, weights, all);
    x = made.x;
    return made.shares;
  });
  return { x, shares };
});
"""
PIECES = [[7], [1] * 7, [3, 1, 2, 1]]


@torch.no_grad()
def test_transformer_block_sees_all(tmp_path: Path) -> None:
    """Without a mask and with padding, for one and for several tokens."""
    torch.manual_seed(0)
    for activation in ("relu", "gelu"):
        layer = block(nn.TransformerEncoderLayer, activation)
        given = {"layers": [weights_of(layer)], "relu": activation == "relu"}
        for tokens, hidden in ((6, []), (6, [0, 4]), (1, [])):
            x = normal(tokens, WIDTH)
            padding = torch.tensor([t in hidden for t in range(tokens)])
            y = layer(x[None], src_key_padding_mask=padding[None])[0]
            options = {"heads": HEADS, "padding": padding.tolist()}
            (answer,) = run(
                tmp_path, "transformer.js", LAYERS, given | {"pieces": [x], "options": options}
            )
            assert (received(answer["x"]) - y).abs().max() < 1e-10


@torch.no_grad()
@pytest.mark.parametrize("sizes", PIECES, ids=str)
def test_transformer_block_with_a_cache(tmp_path: Path, sizes: list[int]) -> None:
    """Six causal layers, tokens in pieces: as torch with all tokens at once."""
    torch.manual_seed(0)
    layers = [block(nn.TransformerEncoderLayer, "gelu") for _ in range(6)]
    given = {"layers": [weights_of(layer) for layer in layers]}
    x = y = normal(sum(sizes), WIDTH)
    mask = torch.ones(len(x), len(x)).triu(1).bool()
    for layer in layers:
        y = layer(y[None], src_mask=mask)[0]
    options = {"heads": HEADS, "causal": True}
    given |= {"pieces": x.split(sizes), "options": options}
    answers = run(tmp_path, "transformer.js", LAYERS, given)
    got = torch.cat([received(answer["x"]) for answer in answers])
    assert (got - y).abs().max() < 1e-9
    seen = [received(share).shape for share in answers[-1]["shares"]]
    assert seen == [(HEADS, sizes[-1], len(x))] * 6


@torch.no_grad()
@pytest.mark.parametrize("sizes", PIECES, ids=str)
def test_decoder_block_with_a_cache(tmp_path: Path, sizes: list[int]) -> None:
    """Six layers over a memory with padding: tokens and the weights of what they look at."""
    torch.manual_seed(0)
    layers = [block(nn.TransformerDecoderLayer, "gelu") for _ in range(6)]
    given = {"layers": [weights_of(layer) for layer in layers]}
    x = y = normal(sum(sizes), WIDTH)
    memory, padding = normal(5, WIDTH), torch.tensor([False, True, False, False, True])
    mask = torch.ones(len(x), len(x)).triu(1).bool()
    for layer in layers:
        z = layer.norm2(y + layer.self_attn(*3 * [layer.norm1(y)], attn_mask=mask)[0])
        looked = layer.multihead_attn(
            z, memory, memory, key_padding_mask=padding, average_attn_weights=False
        )[1]
        y = layer(y[None], memory[None], tgt_mask=mask, memory_key_padding_mask=padding[None])[
            0
        ]
    options = {"heads": HEADS, "padding": padding.tolist()}
    given |= {"pieces": x.split(sizes), "memory": memory, "options": options}
    answers = run(tmp_path, "transformer.js", LAYERS, given)
    got = torch.cat([received(answer["x"]) for answer in answers])
    assert (got - y).abs().max() < 1e-9
    shares = torch.cat([received(answer["shares"][-1]) for answer in answers], 1)
    assert (shares - looked).abs().max() < 1e-9
