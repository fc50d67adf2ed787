"""Which emoji become concepts of the data set, what they are called, and in which split.

Words come from Unicode's CLDR, groups from emojibase. Left out are flags, keycaps, letters,
families, and whatever one of the four complete styles does not draw.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course_utils.data.scenes.vocabulary import drawings

LEFT_OUT_GROUPS = {"flags", "component", None}
LEFT_OUT_SUBGROUPS = {"keycap", "alphanum", "family"}
TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "brown", "black", "white")
SHAPES = ("heart", "circle", "square")
PROFESSIONS = (
    "artist", "astronaut", "construction worker", "cook", "detective", "factory worker",
    "farmer", "firefighter", "guard", "health worker", "judge", "mechanic", "office worker",
    "pilot", "police officer", "scientist", "singer", "student", "teacher", "technologist",
)  # fmt: skip
HELD_OUT_CONCEPTS = 10  # one of so many


def code_points(hexcode: str) -> str:
    """A key that does not depend on case, zeros in front or variation selectors."""
    parts = [p.lstrip("0") or "0" for p in hexcode.lower().split("-")]
    return "-".join(p for p in parts if p != "fe0f")


def slug(name: str) -> str:
    """A name as icon collections spell it: ``soccer-ball``."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("&", "and"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub(r"['’“”!.:,()]", "", plain)
    plain = plain.replace("#", "hash").replace("*", "asterisk")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def known_emoji(emojibase: Path, annotations: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Every emoji that may become a concept, by its code points."""
    meta = json.loads((emojibase / "meta" / "groups.json").read_text(encoding="utf-8"))
    words = _words(annotations)
    found = {}
    for base in json.loads((emojibase / "en" / "data.json").read_text(encoding="utf-8")):
        group = meta["groups"].get(str(base.get("group")))
        subgroup = meta["subgroups"].get(str(base.get("subgroup")))
        if group in LEFT_OUT_GROUPS or subgroup in LEFT_OUT_SUBGROUPS:
            continue
        for entry in (base, *base.get("skins", [])):
            if isinstance(entry.get("tone"), list):
                continue  # two people of different tones
            written = words.get(_bare(entry["emoji"]), {})
            name = (written.get("tts") or [entry["label"]])[0].replace("’", "'")
            found[code_points(entry["hexcode"])] = {
                "name": name,
                "emoji": entry["emoji"],
                "keywords": written.get("default") or list(entry.get("tags", [])),
                "group": group,
                "subgroup": subgroup,
                **_place_in_grid(entry, base, subgroup, name),
            }
    return found


def _words(annotations: Iterable[Path]) -> dict[str, dict[str, list[str]]]:
    words: dict[str, dict[str, list[str]]] = {}
    for path in annotations:
        content = json.loads(path.read_text(encoding="utf-8"))
        (outer,) = content.values()
        for emoji, entry in outer["annotations"].items():
            words.setdefault(_bare(emoji), entry)
    return words


def _bare(emoji: str) -> str:
    return emoji.replace("\ufe0f", "")


def _place_in_grid(entry: dict, base: dict, subgroup: str, name: str) -> dict[str, str | None]:
    """Row and column of a concept that combines two ideas: base and trait."""
    tone = entry.get("tone")
    if isinstance(tone, int):
        grid = "gesture" if subgroup.startswith("hand") else None
        if base["label"] in PROFESSIONS:
            grid = "profession"
        return {"grid": grid, "base": base["label"], "trait": f"{TONES[tone - 1]} skin tone"}
    colour, _, shape = name.partition(" ")
    if colour in COLOURS and shape in SHAPES:
        return {"grid": "shape", "base": shape, "trait": colour}
    return {"grid": None, "base": None, "trait": None}


def family(name: str) -> str:
    """What a name says without saying of whom: some styles draw a family alike.

    *Woman bowing*, *man bowing* and *person bowing* are held out together or not at all.
    """
    plain = re.sub(r"\b(wo)?m[ae]n\b|\bperson\b|\bpeople\b|\bfacing right\b", "", name.lower())
    return " ".join(plain.replace(":", " ").split())


def chosen(known: dict[str, dict[str, Any]], complete: Iterable[set[str]]) -> dict[str, dict]:
    """The concepts: drawn by all complete styles; of skin tones only whole grids."""
    everywhere = set.intersection(*complete)
    rows: dict[str, dict] = {}
    for key, concept in known.items():
        toned = concept["trait"] is not None and concept["grid"] is None
        if key in everywhere and not toned:
            rows[key] = concept
    sizes: dict[tuple, int] = {}
    for concept in rows.values():
        place = (concept["grid"], concept["base"])
        sizes[place] = sizes.get(place, 0) + 1
    return {
        key: concept
        for key, concept in rows.items()
        if concept["grid"] in (None, "shape")
        or sizes[concept["grid"], concept["base"]] == len(TONES)
    }


def with_splits(concepts: dict[str, dict]) -> dict[str, dict]:
    """Each concept with its split: ``train``, ``concepts`` or ``combinations``.

    Held-out combinations: of every gesture and profession one or two of the five tones, in
    turn, so that no tone is rarer than another; of every colour one shape. What is held out
    has been seen in parts: its base with other traits, its trait on other bases.
    """
    bases = sorted({(c["grid"], c["base"]) for c in concepts.values() if c["grid"]})
    kept_for_scenes = set(drawings())
    done = {}
    for key, concept in concepts.items():
        split = "train"
        if concept["grid"] == "shape":
            turn = COLOURS.index(concept["trait"]) + SHAPES.index(concept["base"])
            split = "combinations" if turn % len(SHAPES) == 0 else "train"
        elif concept["grid"]:
            row = bases.index((concept["grid"], concept["base"]))
            held = {row % 5} | ({(row + 2) % 5} if row % 2 else set())
            tone = [f"{t} skin tone" for t in TONES].index(concept["trait"])
            split = "combinations" if tone in held else "train"
        elif concept["name"] not in kept_for_scenes:
            number = int(hashlib.sha256(family(concept["name"]).encode()).hexdigest(), 16)
            split = "concepts" if number % HELD_OUT_CONCEPTS == 0 else "train"
        done[key] = {**concept, "split": split}
    return done
