"""Residual networks, and the batch normalisation they stand on.

Sources: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016
(table 1, section 4.2); Ioffe and Szegedy, "Batch normalization", ICML 2015, algorithm 1; for
the initialisation, He et al., "Delving deep into rectifiers", ICCV 2015. The layers bear the
names of torchvision's, so that weights go from one to the other as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call


def batch_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """y = γ (x − μ) / √(σ² + ε) + β in each channel; nothing is changed in place.

    In training μ and σ² are those of the batch, and σ² divides by N = B·H·W; the running
    variance takes in N σ² / (N − 1), which estimates that of all images without bias.

    Args:
        x: (B, C, …).
        weight, bias: γ and β, (C,) each.
        running_mean, running_var: (C,) each; used in evaluation, renewed in training.
        training: whether the batch is normalised by itself.
        momentum: weight of this batch in the running values.
        eps: ε.

    Returns:
        y (B, C, …), and the running mean and variance from now on, (C,) each.

    Raises:
        ValueError: one value per channel to train on.
    """
    mean, var = running_mean, running_var
    if training:
        n = x.numel() // x.shape[1]
        if n < 2:
            raise ValueError("batch norm trains on two values per channel or more, not on one")
        flat = x.transpose(0, 1).flatten(1)  # (C, N)
        mean, var = flat.mean(1), flat.var(1, correction=0)
        unbiased = var.detach() * n / (n - 1)
        running_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        running_var = (1 - momentum) * running_var + momentum * unbiased
    scale = weight / (var + eps).sqrt()
    along = (-1, *[1] * (x.ndim - 2))  # (C, 1, …): the channels of x
    y = (x - mean.reshape(along)) * scale.reshape(along) + bias.reshape(along)
    return y, running_mean, running_var


def _conv(c_in: int, c_out: int, k: int, stride: int = 1) -> nn.Conv2d:
    """Keeps the size at stride 1; no bias, because batch norm has one."""
    return nn.Conv2d(c_in, c_out, k, stride, padding=k // 2, bias=False)


def _projection(c_in: int, c_out: int, stride: int) -> nn.Sequential | None:
    """Option B: a 1×1 convolution where the shape changes, else the identity itself."""
    if stride == 1 and c_in == c_out:
        return None
    return nn.Sequential(_conv(c_in, c_out, 1, stride), nn.BatchNorm2d(c_out))


def _sum(block: BasicBlock | Bottleneck, x: Tensor, y: Tensor) -> Tensor:
    """relu(F(x) + x) with y = F(x); in a plain network relu(F(x))."""
    if not block.residual:
        return F.relu(y)
    return F.relu(y + (x if block.downsample is None else block.downsample(x)))


class BasicBlock(nn.Module):
    """F is two 3×3 convolutions: (B, C_in, H, W) -> (B, width, H/s, W/s)."""

    expansion, convolutions = 1, 2  # channels that come out, in widths; layers

    def __init__(self, c_in: int, width: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv(c_in, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3), nn.BatchNorm2d(width)
        self.residual = residual
        self.downsample = _projection(c_in, width, stride) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        return _sum(self, x, self.bn2(self.conv2(y)))


class Bottleneck(nn.Module):
    """F is 1×1, 3×3 and 1×1 convolutions: (B, C_in, H, W) -> (B, 4·width, H/s, W/s).

    The stride is on the 3×3 convolution as in torchvision ("v1.5"); the paper has it on the
    first 1×1, which never looks at three of four pixels.
    """

    expansion, convolutions = 4, 3

    def __init__(self, c_in: int, width: int, stride: int = 1, residual: bool = True) -> None:
        super().__init__()
        c_out = 4 * width
        self.conv1, self.bn1 = _conv(c_in, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = _conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = _conv(width, c_out, 1), nn.BatchNorm2d(c_out)
        self.residual = residual
        self.downsample = _projection(c_in, c_out, stride) if residual else None

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return _sum(self, x, self.bn3(self.conv3(y)))


Block = type[BasicBlock] | type[Bottleneck]

# Table 1: depth -> block and number of blocks in each stage.
BLOCKS: dict[int, tuple[Block, tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


STEMS = {"imagenet": (7, 2), "cifar": (3, 1), "halving": (3, 2)}  # kernel, stride


class ResNet(nn.Module):
    """Stem, stages of blocks, mean over the places, one linear layer.

    Args:
        counts: blocks in each stage; all stages but the first begin with stride 2.
        widths: one for each stage; the stem has the first.
        stem: ``imagenet``, 7×7 with stride 2 and max pooling; ``cifar``, 3×3 alone; or
            ``halving``, 3×3 with stride 2, a quarter of the work.
        residual: False leaves out every shortcut.
        zero_init_residual: the last norm of each block starts at 0, the block as relu(x).
    """

    def __init__(
        self,
        block: Block,
        counts: Sequence[int],
        widths: Sequence[int] = (64, 128, 256, 512),
        *,
        classes: int = 1000,
        channels: int = 3,
        stem: str = "imagenet",
        residual: bool = True,
        zero_init_residual: bool = False,
    ) -> None:
        super().__init__()
        if stem not in STEMS:
            raise ValueError(f"no stem {stem!r}; there are: {', '.join(STEMS)}")
        if zero_init_residual and not residual:
            raise ValueError("zero_init_residual needs shortcuts: residual=True")
        k, stride = STEMS[stem]
        self.conv1, self.bn1 = _conv(channels, widths[0], k, stride), nn.BatchNorm2d(widths[0])
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if stem == "imagenet" else nn.Identity()
        self.stages = [f"layer{n}" for n in range(1, len(counts) + 1)]
        c = widths[0]
        for name, count, width in zip(self.stages, counts, widths, strict=True):
            stage = nn.Sequential()
            for n in range(count):
                stride = 2 if n == 0 and name != "layer1" else 1
                stage.append(block(c, width, stride, residual))
                c = width * block.expansion
            self.add_module(name, stage)
        self.fc = nn.Linear(c, classes)
        _initialise(self, zero_init_residual)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) -> logits (B, classes)."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for name in self.stages:
            x = self.get_submodule(name)(x)
        return self.fc(x.mean((2, 3)))


def _initialise(model: nn.Module, zero_init_residual: bool) -> None:
    """He's: variance 2 / fan_out, so that gradients keep their size on the way back."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif zero_init_residual and isinstance(module, BasicBlock | Bottleneck):
            last = module.bn2 if isinstance(module, BasicBlock) else module.bn3
            nn.init.zeros_(last.weight)


def resnet(
    depth: int, classes: int = 1000, channels: int = 3, stem: str = "imagenet", **options: Any
) -> ResNet:
    """The network of table 1; options ``residual`` and ``zero_init_residual``."""
    block, counts = _row(depth)
    return ResNet(block, counts, classes=classes, channels=channels, stem=stem, **options)


resnet18, resnet34, resnet50, resnet101, resnet152 = (partial(resnet, n) for n in BLOCKS)


def cifar_resnet(
    depth: int, channels: int = 3, classes: int = 10, residual: bool = True
) -> ResNet:
    """Section 4.2, for 32 × 32 images: three stages of n blocks, 16, 32 and 64 wide.

    Where the width changes the shortcut is a projection (option B); the paper has zeros for
    the new channels there (option A), which adds nothing to learn. ``residual=False`` is the
    plain network: the same layers, no shortcut at all.

    Raises:
        ValueError: a depth that is not 6n + 2.
    """
    n, rest = divmod(depth - 2, 6)
    if n < 1 or rest:
        raise ValueError(f"no network of {depth} layers here: 6n + 2, as in 8, 14, 20, 32, 56")
    options: Any = {"classes": classes, "channels": channels, "residual": residual}
    return ResNet(BasicBlock, [n] * 3, (16, 32, 64), stem="cifar", **options)


def count_layers(depth: int) -> int:
    """Weighted layers by table 1: stem, blocks, linear layer; projections do not count."""
    block, counts = _row(depth)
    return 1 + block.convolutions * sum(counts) + 1


def _row(depth: int) -> tuple[Block, tuple[int, ...]]:
    if depth not in BLOCKS:
        raise ValueError(f"no ResNet-{depth}; there are: {', '.join(map(str, BLOCKS))}")
    return BLOCKS[depth]


def gradient_norms(model: nn.Module, x: Tensor, y: Tensor) -> dict[str, float]:
    """‖∂L/∂W‖₂ for the weight of every convolution, L the cross entropy, by name.

    The model's own gradients, running statistics and mode stay. x (B, C, H, W), y (B,).
    """
    convolutions = {n: m.weight for n, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    buffers = {name: b.clone() for name, b in model.named_buffers()}  # batch norm writes here
    loss = F.cross_entropy(functional_call(model, buffers, (x,)), y)
    gradients = torch.autograd.grad(loss, list(convolutions.values()))
    return {name: g.norm().item() for name, g in zip(convolutions, gradients, strict=True)}
