"""Grounds to stand on: a sky above a wavy horizon, and grass, sand, water or a road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_utils.data.scenes.vocabulary import GROUNDS, STUFF

# Darkest and lightest colour of each.
TINTS = {
    "sky": ((150, 200, 245), (205, 230, 250)),
    "grass": ((90, 150, 60), (150, 195, 95)),
    "sand": ((215, 190, 130), (240, 220, 170)),
    "water": ((40, 100, 170), (90, 150, 210)),
    "road": ((95, 95, 100), (140, 140, 145)),
}


@dataclass(frozen=True)
class Ground:
    """An empty scene: (S, S, 3) float32 in 0 to 1, (S, S) uint8 indices into ``STUFF``.

    ``horizon`` is the first row that is ground from side to side.
    """

    name: str
    horizon: int
    picture: np.ndarray
    semantic: np.ndarray


def make_ground(rng: np.random.Generator, name: str, side: int) -> Ground:
    """A ground of one kind, with its own colours, texture and horizon."""
    horizon = side * rng.uniform(0.22, 0.36)
    wave = (_noise(rng, 5, side)[0] - 0.5) * side * 0.08
    if name in ("water", "road"):
        wave = wave * 0
    above = np.arange(side)[:, None] < horizon + wave[None]
    picture = np.where(above[..., None], _texture(rng, "sky", side), _texture(rng, name, side))
    semantic = np.where(above, STUFF.index("sky"), STUFF.index(name)).astype(np.uint8)
    lowest = int(above.sum(0).max())
    return Ground(name, lowest, picture.astype(np.float32), semantic)


def ground_name(number: int) -> str:
    """Kinds take turns: each is as frequent as another."""
    return GROUNDS[number % len(GROUNDS)]


def _texture(rng: np.random.Generator, name: str, side: int) -> np.ndarray:
    dark, light = (np.array(colour, np.float32) / 255 for colour in TINTS[name])
    mix = 0.6 * _noise(rng, 6, side) + 0.4 * _noise(rng, side // 3, side)
    return dark + (light - dark) * mix[..., None].clip(0, 1)


def _noise(rng: np.random.Generator, cells: int, side: int) -> np.ndarray:
    """Smooth noise: few random values, blown up to (side, side)."""
    coarse = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
    return np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
