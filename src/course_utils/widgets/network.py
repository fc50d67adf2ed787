"""Trained networks for the page: their layers as a list, their weights as float16 bytes.

``kit/nn.js`` runs them. A ``Network`` is a model without a view, which widgets name by
reference: its weights lie once in a page, however many widgets use them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import traitlets as t
from anywidget import AnyWidget
from torch import Tensor, nn

_OPTIONS: dict[type[nn.Module], Callable[[Any], dict[str, Any]]] = {
    nn.Conv2d: lambda m: {"stride": m.stride[0], "padding": m.padding[0]},
    nn.ConvTranspose2d: lambda m: {
        "stride": m.stride[0],
        "padding": m.padding[0],
        "output_padding": m.output_padding[0],
    },
    nn.Linear: lambda m: {},
    nn.BatchNorm2d: lambda m: {"eps": m.eps},
    nn.GroupNorm: lambda m: {"groups": m.num_groups, "eps": m.eps},
    nn.LayerNorm: lambda m: {"eps": m.eps},
    nn.MaxPool2d: lambda m: {"kernel": m.kernel_size, "stride": m.stride},
    nn.AvgPool2d: lambda m: {"kernel": m.kernel_size, "stride": m.stride},
    nn.Upsample: lambda m: {"scale": int(m.scale_factor)},
    nn.Flatten: lambda m: {},
    nn.Unflatten: lambda m: {"shape": list(m.unflattened_size)},
    nn.ReLU: lambda m: {},
    nn.LeakyReLU: lambda m: {"slope": m.negative_slope},
    nn.Sigmoid: lambda m: {},
    nn.Tanh: lambda m: {},
    nn.SiLU: lambda m: {},
    nn.GELU: lambda m: {},
    nn.Softmax: lambda m: {},
}


def layers_of(model: nn.Sequential) -> list[dict[str, Any]]:
    """The layers in the order in which they run.

    Raises:
        TypeError: the page has no such layer.
    """
    layers = []
    for name, module in model.named_children():
        if type(module) not in _OPTIONS or _uneven(module):
            known = ", ".join(sorted(kind.__name__ for kind in _OPTIONS))
            raise TypeError(f"{module} cannot run in the page; it runs, evenly: {known}")
        options = _OPTIONS[type(module)](module)
        layers.append({"kind": type(module).__name__, "name": name, "options": options})
    return layers


def _uneven(module: nn.Module) -> bool:
    """Whether a convolution is one that nn.js leaves out: dilated, grouped, unlike sides."""
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        return False
    sides = (module.stride, module.padding, module.dilation)
    return (
        module.groups > 1 or set(module.dilation) != {1} or any(len(set(s)) > 1 for s in sides)
    )


def packed(tensors: dict[str, Tensor]) -> tuple[dict[str, dict[str, Any]], bytes]:
    """Where each tensor lies, by name, and all of them as little-endian float16."""
    places, parts, start = {}, [], 0
    for name, tensor in tensors.items():
        if tensor.is_floating_point():
            places[name] = {"shape": list(tensor.shape), "start": start}
            parts.append(tensor.detach().cpu().to(torch.float16).flatten())
            start += tensor.numel()
    return places, torch.cat(parts).numpy().astype("<f2").tobytes()


class Network(AnyWidget):
    """A trained network that widgets of a page share.

    Args:
        model: layers that ``nn.js`` knows; absent where a widget only wants the tensors.
        tensors: more tensors by name, such as the counts of a naive Bayes classifier.
    """

    _esm = "export default {};"

    layers = t.List(t.Dict()).tag(sync=True)
    places = t.Dict().tag(sync=True)
    weights = t.Bytes().tag(sync=True)

    def __init__(
        self, model: nn.Sequential | None = None, tensors: dict[str, Tensor] | None = None
    ) -> None:
        state = dict(tensors or {}) | (model.state_dict() if model else {})
        places, weights = packed(state)
        layers = layers_of(model) if model else []
        super().__init__(layers=layers, places=places, weights=weights)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
