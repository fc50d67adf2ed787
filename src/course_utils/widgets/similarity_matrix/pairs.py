"""CLIP's matrix: how similar each image is to each text, and the softmax in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from ...reference.clip import LARGEST, START
from ..arrays import array_of, fits_float32, pictures_of
from ..base import BookWidget

FEWEST, MOST = 2, 32  # images, and texts


def _features(name: str, features: ArrayLike) -> np.ndarray:
    x = array_of(features)
    if x.ndim != 2 or not x.shape[-1] or x.dtype.kind not in "fiu":
        raise ValueError(f"{name} (N, D) of numbers are needed, not {x.shape} of {x.dtype}")
    if not FEWEST <= len(x) <= MOST:
        raise ValueError(f"{len(x)} rows of {name}: {FEWEST} to {MOST} are needed")
    if not fits_float32(x):
        raise ValueError(f"{name} must be finite numbers of float32")
    return x.astype("<f4")


class PairMatrix(BookWidget):
    """The cosine similarities of N images and M texts as a map, and the shares that a softmax
    makes of them, along each row (image to text) or each column (text to image).

    Image n and text n are a pair. Computed in the page as in ``reference.clip``: the loss is
    ``contrastive_loss`` where N is M, and a tie with another is a miss as in ``hits_at_k``.
    ``SimilarityMatrix.two_sided`` makes one.

    Attributes:
        show: what the map shows: ``cosines``, ``image to text`` or ``text to image``.
        scale: s, by which the cosines are multiplied before a softmax, 1 to 100.
        row, column: the chosen image and text.
    """

    _esm = Path(__file__).with_name("pairs.js")

    images = t.Bytes().tag(sync=True)
    texts = t.Bytes().tag(sync=True)
    names = t.List(t.Unicode()).tag(sync=True)
    count = t.Int().tag(sync=True)
    pictures = t.Dict().tag(sync=True)
    learned = t.Float().tag(sync=True)
    show = t.Enum(["cosines", "image to text", "text to image"], "cosines").tag(sync=True)
    scale = t.Float(START, min=1.0, max=LARGEST).tag(sync=True)
    row = t.Int(0, min=0).tag(sync=True)
    column = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        images: ArrayLike,
        texts: ArrayLike,
        names: Sequence[str],
        pictures: ArrayLike | None = None,
        **state: Any,
    ) -> None:
        """
        Args:
            images, texts: (N, D) and (M, D) features, any length of the rows, N and M from 2 to
                32: row n of both is of one pair; what one has more is nobody's. A page holds
                them as float32.
            names: the M texts, as they are to be read.
            pictures: what the images are, (N, 3, h, w) or (N, 1, h, w) uint8, at most 64 × 64.
            **state: start values of show, scale, row and column. The slider for s keeps the
                scale given here among its steps.

        Raises:
            ValueError: another shape or number, not finite, texts that are empty or too many or
                too few, pictures of another kind.
            TraitError: a start value that cannot be.
        """
        x, y = _features("images", images), _features("texts", texts)
        if x.shape[1] != y.shape[1]:
            raise ValueError(f"images have D = {x.shape[1]}, texts {y.shape[1]}: one is needed")
        if isinstance(names, str) or len(names) != len(y) or not all(map(_words, names)):
            raise ValueError(f"names must be {len(y)} texts with words, not {names!r}")
        shown: dict[str, Any] = {}
        if pictures is not None:
            pixels = pictures_of(pictures, len(x))
            channels, height, width = pixels.shape[1:]
            shown = {"channels": channels, "height": height, "width": width}
            shown["pixels"] = pixels.tobytes()
        super().__init__(
            images=x.tobytes(), texts=y.tobytes(), names=list(names), count=len(x),
            pictures=shown, learned=float(state.get("scale", START)), **state,
        )  # fmt: skip

    @t.validate("row")
    def _known_row(self, proposal: dict[str, Any]) -> int:
        return _below("row", proposal["value"], self.count)

    @t.validate("column")
    def _known_column(self, proposal: dict[str, Any]) -> int:
        return _below("column", proposal["value"], len(self.names))


def _words(name: Any) -> bool:
    return isinstance(name, str) and bool(name.strip())


def _below(what: str, value: int, count: int) -> int:
    if value >= count:
        raise t.TraitError(f"{what} {value}: there are {count}, from 0")
    return value
