"""Images made beforehand, one for each place of a slider."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import traitlets as t
from PIL import Image
from torch import Tensor

from ..base import BookWidget


def _png(image: Tensor) -> bytes:
    if image.dim() != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"a frame (3, H, W) or (1, H, W) is needed, not {tuple(image.shape)}")
    values = image if not image.is_floating_point() else (255 * image).round()
    pixels = values.clamp(0, 255).byte().cpu().numpy()
    stream = io.BytesIO()
    mode = pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)
    Image.fromarray(mode).save(stream, "PNG", optimize=True)
    return stream.getvalue()


class FrameSlider(BookWidget):
    """A slider through frames: a clip, the steps of a training, a walk through a space.

    Attributes:
        position: index of the frame on show, from 0.
    """

    _esm = Path(__file__).with_name("widget.js")

    frames = t.List(t.Bytes()).tag(sync=True)
    alts = t.List(t.Unicode()).tag(sync=True)
    label = t.Unicode().tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    width = t.Int(320).tag(sync=True)
    position = t.Int(0).tag(sync=True)

    def __init__(
        self,
        frames: Tensor | Sequence[Tensor],
        alts: Sequence[str],
        *,
        label: str = "Frame",
        names: Sequence[str] | None = None,
        width: int = 320,
    ) -> None:
        """
        Args:
            frames: (T, C, H, W) or a list of (C, H, W); uint8, or floats in 0 to 1.
            alts: what each frame shows, for who cannot see it.
            names: what the slider says at each frame; default their numbers.
            width: of the image in the page, in CSS pixels.

        Raises:
            ValueError: no frames, or not one text for each.
        """
        names = names or [str(n + 1) for n in range(len(frames))]
        if not len(frames) == len(alts) == len(names) > 0:
            raise ValueError(f"{len(frames)} frames, {len(alts)} alts, {len(names)} names")
        images = [_png(frame) for frame in frames]
        super().__init__(
            frames=images, alts=list(alts), label=label, names=list(names), width=width
        )

    def describe(self) -> str:
        """What the frame on show shows."""
        return f"{self.label} {self.names[self.position]}: {self.alts[self.position]}"
