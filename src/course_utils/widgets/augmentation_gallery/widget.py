"""Ten images of one photograph: the augmentations that SimCLR was tried with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn.functional as F
import traitlets as t
from numpy.typing import ArrayLike

from ... import data
from ..base import BookWidget, by_name, known

SMALLEST, LARGEST = 32, 128
EXAMPLES = ("cat", "coffee")  # those of data.photos() that have colours


def example_photos(n: int = 96) -> dict[str, np.ndarray]:
    """The middle squares of two colour photographs, (n, n, 3) uint8."""
    photos, examples = data.photos(), {}
    for name in EXAMPLES:
        H, W = photos[name].shape[1:]
        side = min(H, W)
        top, left = (H - side) // 2, (W - side) // 2
        square = photos[name][None, :, top : top + side, left : left + side].double()
        small = F.interpolate(square, (n, n), mode="bilinear", antialias=True)
        examples[name] = small[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
    return examples


def _image(name: str, photo: ArrayLike) -> dict[str, Any]:
    pixels = np.asarray(photo)
    if pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(
            f"photo {name!r} has shape {pixels.shape}: a colour image (H, W, 3) is needed"
        )
    if pixels.dtype != np.uint8:
        raise ValueError(f"photo {name!r} has dtype {pixels.dtype}: uint8, 0 to 255, is needed")
    height, width = pixels.shape[:2]
    if height != width or not SMALLEST <= height <= LARGEST:
        raise ValueError(
            f"photo {name!r} has {height} × {width} pixels: a square of {SMALLEST} to "
            f"{LARGEST} a side is needed; crop it or shrink it"
        )
    return {"side": height, "pixels": pixels.tobytes()}


class AugmentationGallery(BookWidget):
    """A photograph and nine augmentations of it, each with its strength and its numbers.

    Source: T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A simple framework for contrastive
    learning of visual representations", ICML 2020: figure 4, appendix A. Computed in the
    browser; for the same numbers the images are those of ``training.transforms``.

    Places and factors are random: they follow from ``seed`` and the letter of the card alone,
    so a strength can be moved while the luck stays. A strength of 0 changes nothing.

    Args:
        photos: one image (H, W, 3) of uint8, square, 32 to 128 pixels a side, or several by
            name; two examples when it is left out.
        **state: start values of the attributes below.

    Attributes:
        photo_name: the photograph on show.
        seed: of all random numbers.
        crop: of (b) and (c), which share their box: it keeps 1 − 0.92 · crop · u of the area,
            u even in 0 to 1. (c) is also mirrored.
        drop: of (d): how much of the colours is lost, 1 leaves grey.
        jitter: s of (e): brightness, contrast and saturation are changed by factors in
            1 ± 0.8 s, in this order, then the hue by at most 0.2 s of the colour circle.
        turn: of (f): quarter turns counterclockwise.
        cutout: of (g): side of the black square as a share of the image's.
        noise: of (h): standard deviation, pixels being 0 to 1.
        blur: of (i): standard deviation in pixels; the weights span a tenth of the image.

    Raises:
        ValueError: no photo, or one with another shape, dtype or size.
    """

    _esm = Path(__file__).with_name("widget.js")

    photos = t.Dict().tag(sync=True)
    photo_name = t.Unicode().tag(sync=True)
    seed = t.Int(3, min=0).tag(sync=True)
    crop = t.Float(1.0, min=0, max=1).tag(sync=True)
    drop = t.Float(1.0, min=0, max=1).tag(sync=True)
    jitter = t.Float(0.8, min=0, max=1).tag(sync=True)
    turn = t.Int(1, min=0, max=3).tag(sync=True)
    cutout = t.Float(0.4, min=0, max=0.75).tag(sync=True)
    noise = t.Float(0.15, min=0, max=0.5).tag(sync=True)
    blur = t.Float(2.0, min=0, max=4).tag(sync=True)  # takes the place of ipywidgets' blur()

    def __init__(
        self, photos: Mapping[str, ArrayLike] | ArrayLike | None = None, **state: Any
    ) -> None:
        if photos is None:
            photos = example_photos()
        given = by_name(photos, "photo")
        images = {name: _image(name, pixels) for name, pixels in given.items()}
        state.setdefault("photo_name", next(iter(images)))
        super().__init__(photos=images, **state)

    @t.validate("photo_name")
    def _known_photo(self, proposal: dict[str, Any]) -> str:
        return known("photo", proposal["value"], self.photos)
