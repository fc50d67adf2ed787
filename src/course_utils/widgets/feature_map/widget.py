"""Images as dots of a plane, near where their features are near."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike
from PIL import Image

from ..arrays import array_of, fits_float32, pictures_of
from ..base import BookWidget, known

FEWEST, MOST = 2, 1000  # images
CLASSES = 10  # as many forms and colours are told apart
BLOCK = 8  # JPEG's squares: a tile fills whole ones, so that none shows its neighbour's edge


def _points(name: str, positions: ArrayLike, count: int) -> bytes:
    points = array_of(positions)
    if points.shape != (count, 2) or points.dtype.kind not in "fiu":
        raise ValueError(f"map {name!r} has shape {points.shape}: ({count}, 2) is needed")
    if not fits_float32(points):
        raise ValueError(f"map {name!r} must hold finite numbers of float32")
    return points.astype("<f4").tobytes()


def _sprite(pictures: np.ndarray) -> tuple[bytes, dict[str, int]]:
    """All images as one JPEG, row by row, and how to find one of them in it."""
    count, channels, height, width = pictures.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    high, wide = (BLOCK * math.ceil(side / BLOCK) for side in (height, width))
    missing = ((0, rows * columns - count), (0, 0), (0, high - height), (0, wide - width))
    tiles = np.pad(pictures, missing, mode="edge").reshape(rows, columns, channels, high, wide)
    grid = tiles.transpose(0, 3, 1, 4, 2).reshape(rows * high, columns * wide, channels)
    stream = io.BytesIO()
    image = Image.fromarray(grid[..., 0] if channels == 1 else grid)
    image.save(stream, "JPEG", quality=85, subsampling=0)  # a colour for every pixel
    tile = {
        "height": height, "width": width, "high": high, "wide": wide, "columns": columns,
    }  # fmt: skip
    return stream.getvalue(), tile


def _labels(labels: ArrayLike, classes: Sequence[str]) -> np.ndarray:
    """(N,) int64, each with a class.

    Raises:
        ValueError: other shapes or numbers, a label without a class, classes of one name.
    """
    named = array_of(labels)
    if not 1 <= len(classes) <= CLASSES or len({*classes, ""}) <= len(classes):
        raise ValueError(
            f"classes {list(classes)}: 1 to {CLASSES} with names of their own are needed"
        )
    if named.ndim != 1 or named.dtype.kind not in "iu":
        raise ValueError(f"labels (N,) of whole numbers are needed, not {named.shape}")
    if not FEWEST <= len(named) <= MOST:
        raise ValueError(f"{len(named)} images: {FEWEST} to {MOST} are needed")
    without = sorted({int(label) for label in named if not 0 <= label < len(classes)})
    if without:
        raise ValueError(f"labels {without} have no class: there are 0 to {len(classes) - 1}")
    return named


class FeatureMap(BookWidget):
    """A plane with one dot per image, its class in colour and form; one dot is chosen, and the
    images nearest to it in the plane are shown. Computed in the page.

    Attributes:
        map_name: the map on show.
        class_name: the class that stands out, or "" for none.
        as_pictures: whether the images take the place of the dots.
        chosen: index of the chosen image.
    """

    _esm = Path(__file__).with_name("widget.js")

    maps = t.Dict().tag(sync=True)
    sprite = t.Bytes().tag(sync=True)
    tile = t.Dict().tag(sync=True)
    labels = t.Bytes().tag(sync=True)
    classes = t.List(t.Unicode()).tag(sync=True)
    map_name = t.Unicode().tag(sync=True)
    class_name = t.Unicode("").tag(sync=True)
    as_pictures = t.Bool(False).tag(sync=True)
    chosen = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        positions: Mapping[str, ArrayLike] | ArrayLike,
        pictures: ArrayLike,
        labels: ArrayLike,
        classes: Sequence[str],
        **state: Any,
    ) -> None:
        """
        Args:
            positions: where each image lies, (N, 2), N from 2 to 1000, or several such maps
                by name.
            pictures: (N, 3, h, w) or (N, 1, h, w) uint8, at most 64 × 64; a page holds them as
                one JPEG.
            labels: (N,), indices into ``classes``.
            classes: 1 to 10 names.
            **state: start values of the attributes.

        Raises:
            ValueError: another shape or number, not finite, a label without a class.
        """
        named = _labels(labels, classes)
        given = positions if isinstance(positions, Mapping) else {"map": positions}
        if not given:
            raise ValueError("no positions were given")
        maps = {str(name): _points(str(name), p, len(named)) for name, p in given.items()}
        sprite, tile = _sprite(pictures_of(pictures, len(named)))
        state.setdefault("map_name", next(iter(maps)))
        super().__init__(
            maps=maps,
            sprite=sprite,
            tile=tile,
            labels=named.astype(np.uint8).tobytes(),
            classes=list(classes),
            **state,
        )

    @t.validate("map_name")
    def _known_map(self, proposal: dict[str, Any]) -> str:
        return known("map", proposal["value"], self.maps)

    @t.validate("class_name")
    def _known_class(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in ("", *self.classes):
            raise t.TraitError(f"no class {proposal['value']!r}; there are {self.classes}")
        return proposal["value"]

    @t.validate("chosen")
    def _known_picture(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= len(self.labels):
            raise t.TraitError(f"image {proposal['value']}: there are {len(self.labels)}")
        return proposal["value"]
