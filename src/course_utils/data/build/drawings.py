"""Emoji styles as pixels: vectors drawn large, then averaged down with their transparency."""

from __future__ import annotations

import functools
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.data.build.concepts import code_points, slug
from course_utils.data.emoji import SIDE

DRAWN = 128  # vectors are drawn at this size first
PRIVATE = re.compile(r"[ef][0-9a-f]{3}", re.IGNORECASE)  # code points of nobody and everybody
HOMONYMS = {"cricket"}  # the insect here, the game there


class IconSet:
    """A style of the Iconify collections: one JSON file of SVG bodies."""

    def __init__(self, package: Path) -> None:
        self._set = json.loads((package / "icons.json").read_text(encoding="utf-8"))
        chars = json.loads((package / "chars.json").read_text(encoding="utf-8"))
        # A name that a private code has too may be that one's drawing: OpenMoji's "scroll"
        # is a computer mouse.
        doubtful = {name for code, name in chars.items() if PRIVATE.fullmatch(code)}
        self._by_code = {
            code_points(code): name for code, name in chars.items() if name not in doubtful
        }
        self._doubtful = doubtful | HOMONYMS

    def svg(self, key: str, name: str) -> str | None:
        """The drawing of an emoji, found by its code points or else by its name."""
        by_name = slug(name) if slug(name) not in self._doubtful else None
        for icon in (self._by_code.get(key), by_name):
            if icon and (found := self._icon(icon)):
                return self._document(found)
        return None

    def _icon(self, name: str) -> dict | None:
        icon = self._set["icons"].get(name)
        alias = self._set.get("aliases", {}).get(name)
        if icon is None and alias and not set(alias) - {"parent", "hidden"}:
            icon = self._set["icons"].get(alias["parent"])
        return icon

    def _document(self, icon: dict) -> str:
        width = icon.get("width", self._set.get("width", 16))
        height = icon.get("height", self._set.get("height", 16))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            'xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{box}" width="{width}" height="{height}">{icon["body"]}</svg>'
        )


def draw_icons(package: Path, names: dict[str, str]) -> dict[str, Callable[[], np.ndarray]]:
    """For each code point key that the style has, a call that draws it: (64, 64, 4) uint8."""
    icons = IconSet(package)
    found = {key: icons.svg(key, name) for key, name in names.items()}
    return {key: functools.partial(_draw_svg, svg) for key, svg in found.items() if svg}


def draw_pictures(package: Path, names: dict[str, str]) -> dict[str, Callable[[], np.ndarray]]:
    """The same for a style that comes as picture files named by code points."""
    files = {code_points(p.stem): p for p in (package / "assets").glob("*.webp")}
    return {key: functools.partial(_draw_file, files[key]) for key in names if key in files}


def _draw_svg(svg: str) -> np.ndarray:
    import resvg_py

    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=DRAWN))
    return downscaled(Image.open(io.BytesIO(png)).convert("RGBA"))


def _draw_file(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return downscaled(picture.convert("RGBA"))


def downscaled(picture: Image.Image, side: int = SIDE) -> np.ndarray:
    """(side, side, 4) uint8 of a picture, made square first.

    Colours are weighted by their opacity: else the invisible black around a drawing would
    bleed into its edge. Where nothing is visible the colour is zero.
    """
    longest = max(picture.size)
    square = Image.new("RGBA", (longest, longest))
    width, height = picture.size
    square.paste(picture, ((longest - width) // 2, (longest - height) // 2))
    pixels = np.asarray(square, dtype=np.float32) / 255
    alpha = pixels[..., 3:]
    weighted = np.concatenate([pixels[..., :3] * alpha, alpha], axis=-1)
    how = Image.Resampling.BOX if longest % side == 0 else Image.Resampling.LANCZOS
    planes = [Image.fromarray(weighted[..., c]).resize((side, side), how) for c in range(4)]
    small = np.stack([np.asarray(plane) for plane in planes], axis=-1).clip(0, 1)
    alpha = small[..., 3:]
    colour = np.where(alpha > 1e-3, small[..., :3] / np.maximum(alpha, 1e-3), 0).clip(0, 1)
    done = (np.concatenate([colour, alpha], axis=-1) * 255 + 0.5).astype(np.uint8)
    done[done[..., 3] == 0] = 0
    return done
