"""Stack layers and see what one output unit sees of the input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from ..base import BookWidget, known

SMALLEST, LARGEST, DEEPEST = 16, 96, 6
Layer = dict[str, Any]


def conv(kernel: int, channels: int, stride: int = 1) -> Layer:
    """A convolution with square kernels, without padding."""
    return {"kind": "conv", "kernel": kernel, "stride": stride, "channels": channels}


def pool(kernel: int, stride: int) -> Layer:
    """Pooling: it keeps the channels."""
    return {"kind": "pool", "kernel": kernel, "stride": stride, "channels": 0}


# Each is a case worth seeing; ``channels`` are those of the input.
NETWORKS: dict[str, dict[str, Any]] = {
    "LeNet": {"channels": 1, "layers": [conv(5, 6), pool(2, 2), conv(5, 16), pool(2, 2)]},
    "one 7 × 7": {"channels": 16, "layers": [conv(7, 16)]},
    "three 3 × 3": {"channels": 16, "layers": [conv(3, 16)] * 3},
    "six 3 × 3": {"channels": 16, "layers": [conv(3, 16)] * 6},
    "ResNet’s start": {
        "channels": 3,
        "layers": [conv(7, 64, 2), pool(3, 2), conv(3, 64), conv(3, 64)],
    },
}


def _grey(image: ArrayLike) -> np.ndarray:
    pixels = np.asarray(image)
    if pixels.ndim != 2 or pixels.dtype != np.uint8:
        raise ValueError(f"expected a grey image (H, W) of uint8, not {pixels.shape}")
    if not SMALLEST <= min(pixels.shape) <= max(pixels.shape) <= LARGEST:
        raise ValueError(
            f"expected {SMALLEST} to {LARGEST} pixels per side, {pixels.shape} came"
        )
    return pixels


class ReceptiveField(BookWidget):
    """What one output unit sees of an image, and what its layers cost.

    A network of up to six convolutions and poolings, without padding; its field, the size of
    its maps and its parameters are those of ``reference.cnn``. Computed in the browser.

    Args:
        image: (H, W) uint8, 16 to 96 pixels per side: one channel of the input.
        network: the preset that is shown first.
        depth: from after how many layers to look; all of them by default.

    Raises:
        ValueError: an image of another shape, dtype or size.
    """

    _esm = Path(__file__).with_name("widget.js")

    image = t.Dict().tag(sync=True)
    networks = t.List(t.Dict()).tag(sync=True)
    network = t.Unicode().tag(sync=True)  # the preset, "" once it is changed
    channels = t.Int(1, min=1).tag(sync=True)
    layers = t.List(t.Dict()).tag(sync=True)
    depth = t.Int(1, min=1, max=DEEPEST).tag(sync=True)
    row = t.Int(0, min=0).tag(sync=True)
    column = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self, image: ArrayLike, network: str = "LeNet", depth: int | None = None, **state: Any
    ) -> None:
        pixels = _grey(image)
        height, width = pixels.shape
        chosen = NETWORKS[known("network", network, NETWORKS)]
        state = {"row": 2, "column": 2, **chosen, **state}
        super().__init__(
            image={"height": height, "width": width, "pixels": pixels.tobytes()},
            networks=[{"name": name, **preset} for name, preset in NETWORKS.items()],
            network=network,
            depth=len(chosen["layers"]) if depth is None else depth,
            **state,
        )
