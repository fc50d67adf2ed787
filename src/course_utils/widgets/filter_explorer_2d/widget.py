"""Move a kernel over a photo and see what it computes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike
from skimage import data, transform

from ...reference.convolution import KERNELS
from ..base import BookWidget, Cases, by_name, known

SMALLEST, LARGEST = 5, 256

# With this width three samples of a Gaussian are exactly 1 2 1, the kernel of the preset.
SIGMA_121 = math.sqrt(1 / (2 * math.log(2)))


def example_photo(n: int = 96) -> np.ndarray:
    """scikit-image's cameraman, grey, (n, n) uint8."""
    return (transform.resize(data.camera(), (n, n), anti_aliasing=True) * 255).astype(np.uint8)


def _image(name: str, photo: ArrayLike) -> dict[str, Any]:
    pixels = np.asarray(photo)
    if pixels.ndim != 2:
        raise ValueError(
            f"photo {name!r} has shape {pixels.shape}: a grey image (H, W) is needed; "
            "take one channel or the mean of the three"
        )
    if pixels.dtype != np.uint8:
        raise ValueError(f"photo {name!r} has dtype {pixels.dtype}: uint8, 0 to 255, is needed")
    height, width = pixels.shape
    if min(height, width) < SMALLEST or max(height, width) > LARGEST:
        raise ValueError(
            f"photo {name!r} has {height} × {width} pixels: "
            f"{SMALLEST} to {LARGEST} a side are needed; crop it or shrink it"
        )
    return {"height": height, "width": width, "pixels": pixels.tobytes()}


def _rows(kernel: ArrayLike) -> list[list[float]]:
    weights = np.asarray(kernel, dtype=float)
    if weights.shape not in {(3, 3), (5, 5)} or not np.isfinite(weights).all():
        raise ValueError(f"a finite kernel, 3×3 or 5×5, is needed; got shape {weights.shape}")
    return weights.tolist()


class FilterExplorer2D(BookWidget):
    """A photo, a kernel and the filtered photo, with the window and its products.

    The output is that of a convolutional layer, ``reference.conv2d`` on pixels in [0, 1] with
    zeros as padding: cross-correlation unless ``flip`` is set. Computed in the browser, so it
    also works in the page of the book.

    Grey of an output value: black 0, white 1, clipped. When the weights sum to less than one
    half and one of them is negative (an edge filter): black −m, middle grey 0, white m, with
    m the largest absolute value of this output.

    Args:
        photo: one image (H, W) of uint8, 5 to 256 pixels a side, or several by name.
        **state: start values of the traits below. ``size`` and ``sigma`` shape the presets
            box and gaussian; ``kernel`` (3×3 or 5×5) is what the preset custom applies;
            ``row`` and ``column`` name an output pixel.

    Raises:
        ValueError: no photo, or one with another shape, dtype or size.
    """

    _esm = Path(__file__).with_name("widget.js")

    photos = t.Dict().tag(sync=True)
    photo_name = t.Unicode().tag(sync=True)
    presets = Cases()
    kernel_name = t.Enum([*KERNELS, "custom"], default_value="sobel x").tag(sync=True)
    size = t.Enum([3, 5], default_value=3).tag(sync=True)
    sigma = t.Float(SIGMA_121, min=0.3, max=3.0).tag(sync=True)
    kernel = t.Any().tag(sync=True)  # set it to rows, an array or a tensor; it is kept as rows
    stride = t.Int(1, min=1, max=4).tag(sync=True)
    padding = t.Int(1, min=0, max=4).tag(sync=True)
    flip = t.Bool(False).tag(sync=True)
    row = t.Int(0, min=0).tag(sync=True)
    column = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self, photo: Mapping[str, ArrayLike] | ArrayLike | None = None, **state: Any
    ) -> None:
        if photo is None:
            photo = example_photo()
        given = by_name(photo, "photo")
        photos = {name: _image(name, pixels) for name, pixels in given.items()}
        if "kernel" in state:
            state.setdefault("kernel_name", "custom")
        state.setdefault("kernel", KERNELS["identity"].tolist())
        state.setdefault("photo_name", next(iter(photos)))
        shown = photos.get(state["photo_name"], {"height": 0, "width": 0})
        state.setdefault("row", shown["height"] // 3 // state.get("stride", 1))
        state.setdefault("column", shown["width"] // 3 // state.get("stride", 1))
        presets = {name: kernel.double().tolist() for name, kernel in KERNELS.items()}
        super().__init__(photos=photos, presets=presets, **state)

    @t.validate("photo_name")
    def _known_photo(self, proposal: dict[str, Any]) -> str:
        return known("photo", proposal["value"], self.photos)

    @t.validate("kernel")
    def _square_kernel(self, proposal: dict[str, Any]) -> list[list[float]]:
        return _rows(proposal["value"])
