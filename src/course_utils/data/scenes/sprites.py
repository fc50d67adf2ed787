"""Emoji cut out, scaled, mirrored and turned, ready to be painted onto a picture."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from PIL import Image

from course_utils.data.emoji import concepts, pixels

VISIBLE = 20  # of 255: fainter pixels do not count when a drawing is cut out
MEMORY = 256 << 20  # bytes of sprites that are kept

Sprite = np.ndarray  # (h, w, 4) float32 in 0 to 1, colour times opacity


class Sprites:
    """Drawings of some styles.

    Args:
        names: CLDR names of the drawings.
        styles: the emoji styles to take them from.
        largest: side of the largest sprite that will be asked for, in pixels.
    """

    def __init__(self, names: Sequence[str], styles: Sequence[str], largest: int) -> None:
        self._drawn: dict[str, dict[str, Sprite]] = {name: {} for name in names}
        for style in styles:
            listed = [c.name for c in concepts() if style in c.styles]
            drawings = pixels(style)
            for name in set(names) & set(listed):
                self._drawn[name][style] = _cut_out(drawings[listed.index(name)].numpy())
        self.sprite = functools.lru_cache(MEMORY // (16 * largest**2))(self._make)

    def styles(self, name: str) -> list[str]:
        """The styles that draw ``name``."""
        return list(self._drawn[name])

    def _make(self, name: str, style: str, size: int, mirrored: bool, angle: int) -> Sprite:
        """A drawing with its longer side ``size`` pixels, turned by ``angle`` degrees."""
        drawing = self._drawn[name][style]
        height, width = drawing.shape[:2]
        scale = size / max(height, width)
        target = (max(2, round(width * scale)), max(2, round(height * scale)))
        planes = []
        for channel in range(4):
            plane = Image.fromarray(drawing[..., channel])
            plane = plane.resize(target, Image.Resampling.LANCZOS)
            if mirrored:  # before it is turned: else it would turn the other way
                plane = plane.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            if angle:
                plane = plane.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True)
            planes.append(np.asarray(plane))
        sprite = np.stack(planes, axis=-1).clip(0, 1)
        return _trimmed(sprite, 0.3)


def _cut_out(rgba: np.ndarray) -> Sprite:
    """(4, H, W) uint8 to the part of it that is visible."""
    return _trimmed(rgba.transpose(1, 2, 0).astype(np.float32) / 255, VISIBLE / 255)


def _trimmed(sprite: Sprite, threshold: float) -> Sprite:
    rows, columns = np.where(sprite[..., 3] > threshold)
    cut = sprite[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.ascontiguousarray(cut)


def paint(
    canvas: np.ndarray, sprite: Sprite, top: int, left: int
) -> tuple[slice, slice, Sprite]:
    """Put a sprite onto (H, W, 3) float32; what lies outside is cut off.

    Returns:
        the rows, the columns and the part of the sprite that was painted.
    """
    height, width = sprite.shape[:2]
    y, x = max(0, top), max(0, left)
    y_end, x_end = min(canvas.shape[0], top + height), min(canvas.shape[1], left + width)
    if y_end <= y or x_end <= x:
        return slice(0), slice(0), sprite[:0, :0]
    part = sprite[y - top : y_end - top, x - left : x_end - left]
    region = canvas[y:y_end, x:x_end]
    region *= 1 - part[..., 3:]
    region += part[..., :3]
    return slice(y, y_end), slice(x, x_end), part
