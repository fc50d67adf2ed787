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
    nn.Upsample: lambda m: {"scale": int(m.scale_factor), "mode": m.mode},
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
        if type(module) not in _OPTIONS or _beyond(module):
            known = ", ".join(sorted(kind.__name__ for kind in _OPTIONS))
            raise TypeError(
                f"{module} cannot run in the page; it runs, with plain options: {known}"
            )
        options = _OPTIONS[type(module)](module)
        layers.append({"kind": type(module).__name__, "name": name, "options": options})
    return layers


def _beyond(module: nn.Module) -> bool:
    """Whether a layer asks for what nn.js leaves out."""
    match module:
        case nn.Conv2d() | nn.ConvTranspose2d():
            sides = (module.stride, module.padding, module.dilation)
            uneven = any(len(set(side)) > 1 for side in sides)
            even = module.groups == 1 and module.dilation[0] == 1
            return uneven or not even or module.padding_mode != "zeros"
        case nn.MaxPool2d() | nn.AvgPool2d():
            square = isinstance(module.kernel_size, int) and isinstance(module.stride, int)
            spread = getattr(module, "dilation", 1), getattr(module, "divisor_override", None)
            return not square or spread != (1, None) or bool(module.padding or module.ceil_mode)
        case nn.Upsample():
            scale = module.scale_factor
            kind = module.mode in ("nearest", "bilinear") and not module.align_corners
            return not kind or not isinstance(scale, float) or not scale.is_integer()
        case nn.BatchNorm2d() | nn.GroupNorm():
            return module.weight is None
        case nn.LayerNorm():
            return module.bias is None or len(module.normalized_shape) > 1
        case nn.GELU():
            return module.approximate != "none"
    return False


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
