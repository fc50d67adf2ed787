"""The rotation network as the page runs it: batch norm folded in, a byte for each weight.

The encoder has 307 360 parameters, 615 kB in float16; a page may bring 450. So each output
channel of a convolution has one float32 scale, and its weights are whole numbers of it.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor, nn

from ... import training
from ...reference.resnet import BasicBlock, ResNet
from ...training.representation import small_encoder


@functools.cache
def rotation_network() -> nn.Sequential:
    """The shipped encoder and the layer that names one of four turns, in evaluation mode."""
    encoder, head = small_encoder(), nn.Linear(128, 4)
    encoder.load_state_dict(training.load("rotation_small"))
    head.load_state_dict(training.load("rotation_head"))
    return nn.Sequential(encoder, head).eval()


Layer = tuple[Tensor, Tensor, int]  # weight (O, I, k, k), bias (O,), stride


def folded(conv: nn.Module, norm: nn.Module) -> Layer:
    """One convolution that does what both do in evaluation mode."""
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    bias = norm.bias - norm.running_mean * scale
    return conv.weight * scale[:, None, None, None], bias, conv.stride[0]


def layers(network: nn.Sequential) -> dict[str, Layer]:
    """Every layer by its name; the last one as a convolution of 1 × 1."""
    encoder, head = network
    assert isinstance(encoder, ResNet)
    found = {"conv1": folded(encoder.conv1, encoder.bn1)}
    for name in encoder.stages:
        block = encoder.get_submodule(f"{name}.0")
        assert isinstance(block, BasicBlock)
        found[f"{name}.conv1"] = folded(block.conv1, block.bn1)
        found[f"{name}.conv2"] = folded(block.conv2, block.bn2)
        if block.downsample is not None:
            found[f"{name}.downsample"] = folded(*block.downsample)
    assert isinstance(head, nn.Linear)
    return found | {"head": (head.weight[:, :, None, None], head.bias, 1)}


@torch.no_grad()
def in_bytes(network: nn.Sequential) -> tuple[dict[str, dict[str, Any]], bytes, bytes]:
    """Where each layer lies; its weights as int8; a scale and a bias per output channel."""
    places: dict[str, dict[str, Any]] = {}
    weights, numbers = [], []
    start = channel = 0
    for name, (weight, bias, stride) in layers(network).items():
        scale = weight.abs().amax((1, 2, 3)) / 127
        weights.append((weight / scale[:, None, None, None]).round().to(torch.int8).flatten())
        numbers.append(torch.stack([scale, bias]).flatten())
        places[name] = {
            "shape": list(weight.shape), "stride": stride, "start": start, "channel": channel,
        }  # fmt: skip
        start, channel = start + weight.numel(), channel + 2 * len(bias)
    data = torch.cat(numbers).numpy().astype("<f4").tobytes()
    return places, torch.cat(weights).numpy().tobytes(), data
