"""SimCLR's matrix: how similar every view is to every other, and the loss that this gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import ArrayLike

from ..arrays import array_of, fits_float32, pictures_of
from ..base import BookWidget
from .pairs import PairMatrix

FEWEST, MOST = 2, 32  # images; two views of each


def _views(views: ArrayLike) -> np.ndarray:
    z = array_of(views)
    if z.ndim != 2 or not z.shape[-1] or z.dtype.kind not in "fiu":
        raise ValueError(f"views (2N, D) of numbers are needed, not {z.shape} of {z.dtype}")
    if len(z) % 2 or not FEWEST <= len(z) // 2 <= MOST:
        raise ValueError(
            f"{len(z)} views: two of each image, {2 * FEWEST} to {2 * MOST}, are needed"
        )
    if not fits_float32(z):
        raise ValueError("views must be finite numbers of float32")
    return z.astype("<f4")


class SimilarityMatrix(BookWidget):
    """The cosine similarities of 2N views as a map, the shares that a temperature makes of
    them, and the loss NT-Xent. Computed in the page as in ``reference.simclr.nt_xent``.

    A view's partner counts as the nearest where it is more similar than every other view: where
    all are equal, as after a collapse, it is nowhere.

    Attributes:
        show: what the map shows: ``similarities`` s_ij, or ``shares``
            exp(s_ij / τ) / Σ_k≠i exp(s_ik / τ).
        order: of the rows and columns: ``interleaved``, partners side by side, or
            ``concatenated``, partners N apart, as the views were given.
        temperature: τ.
        row: the chosen view, an index into the views as they were given.
    """

    _esm = Path(__file__).with_name("widget.js")

    views = t.Bytes().tag(sync=True)
    count = t.Int().tag(sync=True)
    pictures = t.Dict().tag(sync=True)
    show = t.Enum(["similarities", "shares"], default_value="similarities").tag(sync=True)
    order = t.Enum(["interleaved", "concatenated"], default_value="interleaved").tag(sync=True)
    temperature = t.Float(0.5, min=0.01, max=2.0).tag(sync=True)
    row = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self, views: ArrayLike, pictures: ArrayLike | None = None, **state: Any
    ) -> None:
        """
        Args:
            views: (2N, D) embeddings, any length of the rows, N from 2 to 32: row k and row
                k + N are of the same image. A page holds them as float32.
            pictures: what the rows are embeddings of, (2N, 3, h, w) or (2N, 1, h, w) uint8, at
                most 64 × 64.
            **state: start values of show, order, temperature and row.

        Raises:
            ValueError: another shape or number, not finite, images of another kind.
        """
        z = _views(views)
        shown: dict[str, Any] = {}
        if pictures is not None:
            pixels = pictures_of(pictures, len(z))
            channels, height, width = pixels.shape[1:]
            shown = {"channels": channels, "height": height, "width": width}
            shown["pixels"] = pixels.tobytes()
        super().__init__(views=z.tobytes(), count=len(z), pictures=shown, **state)

    @staticmethod
    def two_sided(
        images: ArrayLike,
        texts: ArrayLike,
        names: Sequence[str],
        pictures: ArrayLike | None = None,
        **state: Any,
    ) -> PairMatrix:
        """The rectangular matrix of CLIP, images down and texts across, in place of views with
        themselves.

        ``SimilarityMatrix.two_sided(x, y, names, pictures, scale=s)``; arguments, attributes
        and errors are those of ``PairMatrix``.
        """
        return PairMatrix(images, texts, names, pictures, **state)

    @t.validate("row")
    def _known_row(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] >= self.count:
            raise t.TraitError(f"row {proposal['value']}: there are {self.count}, from 0")
        return proposal["value"]
