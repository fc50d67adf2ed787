"""Pack the emoji: one WebP atlas a style and one list of concepts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils.data.build import concepts, drawings
from course_utils.data.emoji import COLUMNS

# name of the style -> package, whether every concept must be in it, how it is stored
LOSSLESS = {"lossless": True, "quality": 100, "method": 6, "exact": False}
LOSSY = {"lossless": False, "quality": 92, "alpha_quality": 100, "method": 6}
STYLES = {
    "noto": ("@iconify-json/noto", True, LOSSLESS),
    "noto-v1": ("@iconify-json/noto-v1", False, LOSSLESS),
    "emojione": ("@iconify-json/emojione", False, LOSSLESS),
    "fluent-flat": ("@iconify-json/fluent-emoji-flat", True, LOSSLESS),
    "fluent-3d": ("@lobehub/fluent-emoji-3d", False, LOSSY),
    "twemoji": ("@iconify-json/twemoji", True, LOSSLESS),
    "openmoji": ("@iconify-json/openmoji", False, LOSSLESS),
}
WORDS = ("emojibase-data", "cldr-annotations-full", "cldr-annotations-derived-full")
PACKAGES = (*WORDS, *(package for package, _, _ in STYLES.values()))


def build(package: Callable[[str], Path]) -> Iterator[tuple[str, str, bytes]]:
    """Name, set and content of each file of the emoji.

    Args:
        package: gives the unpacked folder of a package by its name.
    """
    known = concepts.known_emoji(
        package(WORDS[0]),
        [
            package(WORDS[1]) / "annotations" / "en" / "annotations.json",
            package(WORDS[2]) / "annotationsDerived" / "en" / "annotations.json",
        ],
    )
    names = {key: concept["name"] for key, concept in known.items()}
    painters = {style: _painters(package(STYLES[style][0]), names) for style in STYLES}
    complete = [set(painters[style]) for style, (_, whole, _) in STYLES.items() if whole]
    rows = concepts.with_splits(concepts.chosen(known, complete))
    listed = [
        {**row, "styles": [style for style in STYLES if key in painters[style]]}
        for key, row in rows.items()
    ]
    lines = [json.dumps(row, ensure_ascii=False) for row in listed]
    yield "emoji/concepts.jsonl", "emoji words", ("\n".join(lines) + "\n").encode()
    for style, (_, _, options) in STYLES.items():
        pictures = [painters[style][key]() for key in rows if key in painters[style]]
        yield f"emoji/{style}.webp", f"emoji {style}", atlas(np.stack(pictures), options)


def _painters(package: Path, names: dict[str, str]) -> dict[str, Callable[[], np.ndarray]]:
    draw = drawings.draw_pictures if (package / "assets").is_dir() else drawings.draw_icons
    return draw(package, names)


def atlas(pictures: np.ndarray, options: dict) -> bytes:
    """Pictures (N, S, S, 4) row by row in one WebP file of 40 columns."""
    count, side = pictures.shape[:2]
    rows = -(-count // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, side, side, 4), np.uint8)
    sheet[:count] = pictures
    sheet = sheet.reshape(rows, COLUMNS, side, side, 4).transpose(0, 2, 1, 3, 4)
    file = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(sheet).reshape(rows * side, COLUMNS * side, 4))
    image.save(file, "WEBP", **options)
    return file.getvalue()
