"""The vision transformer (Dosovitskiy et al., "An image is worth 16x16 words", 2021)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from course_utils.reference.transformer import EncoderBlock

EPSILON = 1e-6  # of the paper's layer norms; torch's default is 1e-5


class PatchEmbedding(nn.Module):
    """Images (B, C, H, W) to one vector a patch (B, N, d): one shared linear map."""

    def __init__(self, patch: int, d: int, channels: int = 3) -> None:
        super().__init__()
        if patch < 1 or d < 1 or channels < 1:
            raise ValueError("patch, d and channels must be at least 1")
        self.patch, self.channels = patch, channels
        self.proj = nn.Conv2d(channels, d, patch, patch)  # a stride of a patch: no overlap

    def forward(self, images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1] != self.channels or 0 in images.shape:
            asked = f"(B, {self.channels}, H, W), not empty"
            raise ValueError(f"images must be {asked}, not {tuple(images.shape)}")
        if not images.is_floating_point():
            raise ValueError(f"images must be of floats, not {images.dtype}")
        if images.shape[2] % self.patch or images.shape[3] % self.patch:
            size = tuple(images.shape[2:])
            raise ValueError(
                f"images must have sides that are multiples of {self.patch}: {size}"
            )
        return self.proj(images).flatten(2).transpose(1, 2)


class ViT(nn.Module):
    """Images (B, 3, side, side) to tokens (B, N, d); with ``classes``: logits (B, classes).

    Args:
        class_token: a learned token before the patches; without it the mean of the patches
            goes to the head. It stays in front of the tokens that come back.
        positions: learned codes of the places; False: none, the patches are a set.
        classes: 0: no head.

    Raises:
        ValueError: a size below 1, ``side`` no multiple of ``patch`` or ``d`` of ``heads``.
    """

    def __init__(self, side: int, patch: int, d: int, layers: int, heads: int, hidden: int,
                 *, class_token: bool = True, positions: bool = True,
                 classes: int = 0) -> None:  # fmt: skip
        super().__init__()
        if min(side, patch, layers, hidden) < 1 or classes < 0:
            raise ValueError("side, patch, layers and hidden must be at least 1, classes 0")
        if side % patch:
            raise ValueError(f"side = {side} must be a multiple of patch = {patch}")
        self.side, self.size = side, d
        self.patches = PatchEmbedding(patch, d)
        self.class_token = nn.Parameter(torch.zeros(1, 1, d)) if class_token else None
        number = (side // patch) ** 2 + class_token
        codes = nn.Parameter(torch.randn(1, number, d) * 0.02) if positions else None
        self.positions = codes
        self.layers = nn.ModuleList(EncoderBlock(d, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, classes) if classes else None
        for part in self.modules():
            if isinstance(part, nn.LayerNorm):
                part.eps = EPSILON

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[2:] != (self.side, self.side):
            asked = (3, self.side, self.side)
            raise ValueError(f"images must be (B, *{asked}), not {tuple(images.shape)}")
        x = images.float() / 255 * 2 - 1 if images.dtype == torch.uint8 else images
        x = self.patches(x)
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1)
        if self.positions is not None:
            x = x + self.positions
        alone = self.head is not None and self.class_token is not None
        for n, layer in enumerate(self.layers, 1):  # the last one: for the token that is read
            x = layer(x, first=1 if alone and n == len(self.layers) else None)
        x = self.norm(x)
        return x if self.head is None else self.head(x.mean(1))  # of one token: itself


def from_torchvision(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of torchvision's ``VisionTransformer`` under the names of ``ViT``.

    Raises:
        ValueError: there are others among them, or none.
    """
    renamed = {
        "class_token": "class_token",
        "conv_proj": "patches.proj",
        "encoder.pos_embedding": "positions",
        "encoder.ln": "norm",
        "heads.head": "head",
    }
    parts = {"ln_1": "norm1", "self_attention": "self_attn", "ln_2": "norm2",
             "mlp.0": "linear1", "mlp.3": "linear2"}  # fmt: skip
    ours = {}
    for name, tensor in weights.items():
        for old, new in renamed.items():
            if name == old or name.startswith(old + "."):
                ours[new + name[len(old) :]] = tensor
        if name.startswith("encoder.layers.encoder_layer_"):
            number, rest = name.removeprefix("encoder.layers.encoder_layer_").split(".", 1)
            for old, new in parts.items():
                if rest.startswith(old + "."):
                    ours[f"layers.{number}.{new}{rest[len(old) :]}"] = tensor
    if not ours or len(ours) != len(weights):
        raise ValueError("weights must be those of torchvision's VisionTransformer")
    return ours
