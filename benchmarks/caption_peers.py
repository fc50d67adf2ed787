"""The networks of chapter 7 once more, as other libraries have them, with the same weights.

``Plain`` is built of ``torch.nn.TransformerDecoder``; ``generator`` puts its weights into
MBart of ``transformers``, the one model there whose decoder also normalises before each part
and sees a memory, so that ``generate`` searches in the very same network. ``VITS``: the vision
transformers of torchvision and timm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from course_utils.reference.vit import from_torchvision

if TYPE_CHECKING:
    from transformers import MBartForConditionalGeneration

PAD, START, END = 0, 1, 2
OFFSET = 2  # MBart's table of places begins with two rows that nothing uses


class Plain(nn.Module):
    """Words (B, T) and a memory (B, S, d) to logits (B, T, V).

    Args:
        vocabulary: V.
        width: d.
        length: the most words there can be.
    """

    def __init__(
        self, vocabulary: int, width: int, layers: int, heads: int, hidden: int, length: int
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        layer = nn.TransformerDecoderLayer(
            width, heads, hidden, 0.0, "gelu", batch_first=True, norm_first=True
        )
        self.decoder = nn.TransformerDecoder(layer, layers, nn.LayerNorm(width))
        self.output = nn.Linear(width, vocabulary)

    def forward(self, memory: Tensor, words: Tensor) -> Tensor:
        length = words.shape[1]
        x = self.words(words) + self.places[:length]
        mask = nn.Transformer.generate_square_subsequent_mask(length, x.device)
        return self.output(self.decoder(x, memory, tgt_mask=mask, tgt_is_causal=True))


def weights_of(plain: Plain) -> dict[str, Tensor]:
    """The weights of ``Plain`` under the names of ``TransformerDecoder``."""
    return {name.removeprefix("decoder."): t for name, t in plain.state_dict().items()}


def generator(plain: Plain) -> MBartForConditionalGeneration:
    """The same decoder as a model of ``transformers``; its encoder is never run."""
    from transformers import MBartConfig, MBartForConditionalGeneration

    layers = plain.decoder.layers
    vocabulary, width = plain.words.weight.shape
    config = MBartConfig(
        vocab_size=vocabulary,
        d_model=width,
        encoder_layers=1,
        encoder_attention_heads=1,
        encoder_ffn_dim=1,
        decoder_layers=len(layers),
        decoder_attention_heads=layers[0].self_attn.num_heads,
        decoder_ffn_dim=layers[0].linear1.out_features,
        max_position_embeddings=len(plain.places),
        activation_function="gelu",
        dropout=0.0,
        attention_dropout=0.0,
        scale_embedding=False,
        tie_word_embeddings=False,
        pad_token_id=PAD,
        bos_token_id=START,
        eos_token_id=END,
        decoder_start_token_id=START,
        forced_eos_token_id=None,
    )
    model = MBartForConditionalGeneration(config).eval()
    decoder = model.model.decoder
    decoder.layernorm_embedding = nn.Identity()  # ours has none
    with torch.no_grad():
        decoder.embed_tokens.weight.copy_(plain.words.weight)
        decoder.embed_positions.weight[OFFSET:].copy_(plain.places)
        model.lm_head.weight.copy_(plain.output.weight)
        model.final_logits_bias.copy_(plain.output.bias)
        assert plain.decoder.norm is not None
        decoder.layer_norm.load_state_dict(plain.decoder.norm.state_dict())
        for ours, theirs in zip(layers, decoder.layers, strict=True):
            _copy_layer(ours, theirs)
    return model


def _copy_layer(ours: nn.TransformerDecoderLayer, theirs: nn.Module) -> None:
    names = {
        "norm1": "self_attn_layer_norm",
        "norm2": "encoder_attn_layer_norm",
        "norm3": "final_layer_norm",
        "linear1": "fc1",
        "linear2": "fc2",
    }
    for name, other in names.items():
        getattr(theirs, other).load_state_dict(getattr(ours, name).state_dict())
    for name, other in (("self_attn", "self_attn"), ("multihead_attn", "encoder_attn")):
        attention, copy = getattr(ours, name), getattr(theirs, other)
        weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
        for n, part in enumerate((copy.q_proj, copy.k_proj, copy.v_proj)):
            part.weight.copy_(weights[n])
            part.bias.copy_(biases[n])
        copy.out_proj.load_state_dict(attention.out_proj.state_dict())


def generate(
    model: MBartForConditionalGeneration, memory: Tensor, length: int, width: int = 1
) -> Tensor:
    """``length`` words after the start word: greedy, or the best of a beam.

    The score of a sentence is the sum of its words' log p, without a penalty for its length.
    """
    from transformers.modeling_outputs import BaseModelOutput

    beam = {"num_beams": width, "length_penalty": 0.0, "early_stopping": False}
    return model.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=memory),
        max_new_tokens=length,
        do_sample=False,
        use_cache=True,
        **(beam if width > 1 else {}),
    )[:, 1:]


def _torchvision(
    side: int, patch: int, d: int, layers: int, heads: int, hidden: int, classes: int
) -> tuple[nn.Module, dict[str, Tensor]]:
    from torchvision.models import VisionTransformer

    theirs = VisionTransformer(side, patch, layers, heads, d, hidden, num_classes=classes)
    nn.init.normal_(theirs.heads.head.weight, 0, d**-0.5)  # zeros would make all logits equal
    return theirs, from_torchvision(theirs.state_dict())


def _timm(
    side: int, patch: int, d: int, layers: int, heads: int, hidden: int, classes: int
) -> tuple[nn.Module, dict[str, Tensor]]:
    from timm.models.vision_transformer import VisionTransformer

    theirs = VisionTransformer(
        side, patch, num_classes=classes, embed_dim=d, depth=layers, num_heads=heads,
        mlp_ratio=hidden / d,
    )  # fmt: skip
    renamed = {
        "cls_token": "class_token", "pos_embed": "positions",
        "patch_embed.proj": "patches.proj", "mlp.fc1": "linear1", "mlp.fc2": "linear2",
        "blocks.": "layers.", "attn.qkv.": "self_attn.in_proj_",
        "attn.proj": "self_attn.out_proj",
    }  # fmt: skip
    ours = {}
    for name, tensor in theirs.state_dict().items():
        for old, new in renamed.items():
            name = name.replace(old, new)
        ours[name] = tensor
    return theirs, ours


# A network, and its weights under our names.
VITS = {"torchvision": _torchvision, "timm": _timm}
