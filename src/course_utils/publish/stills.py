"""What stands in a widget's place without JavaScript: a still and one sentence.

The build lets Chromium show the widgets of a page once and keeps an image of each, by the hash
of the widget's state and code: what did not change is not rendered again. The sentence is the
widget's own, the text of its output. Without Chromium it stands there alone.
"""

from __future__ import annotations

import copy
import hashlib
import html
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from course_utils.files import write_atomically
from course_utils.publish.photograph import find_chromium, photograph

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
FOLDER = "stills"  # in the course's cache, and in the site's _static
NO_CHROMIUM = (
    "widgets have no stills, a sentence alone: Chromium or its driver is missing "
    "(pip install playwright; apt install chromium)"
)


@dataclass(frozen=True)
class Still:
    """An image of a widget in the cache; ``alt`` is what the widget itself says it shows."""

    file: Path
    alt: str
    width: int
    height: int


def with_stills(nb: NotebookNode, cache: Path, static: str) -> tuple[NotebookNode, list[Path]]:
    """The notebook with a figure below each widget, and the images that the figures name.

    The page's loader puts the widget in the figure's place.

    Args:
        cache: the course's cache folder.
        static: the address of the site's ``_static`` from the page.
    """
    nb = copy.deepcopy(nb)
    records = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    outputs = [o for cell in nb.cells for o in cell.get("outputs", ()) if _ours(o, records)]
    stills = _stills([_id(o) for o in outputs], records, cache / FOLDER)
    for cell in nb.cells:
        if "outputs" in cell:
            cell.outputs = [
                shown
                for output in cell.outputs
                for shown in _with_figure(output, outputs, stills, static)
            ]
    return nb, [still.file for still in stills.values()]


def _ours(output: NotebookNode, records: dict[str, Any]) -> bool:
    """Whether it shows a widget that runs in the page."""
    model = records.get(_id(output), {})
    return model.get("model_module") == "anywidget"


def _id(output: NotebookNode) -> str:
    return output.get("data", {}).get(VIEW, {}).get("model_id", "")


def _with_figure(
    output: NotebookNode,
    ours: list[NotebookNode],
    stills: dict[str, Still],
    static: str,
) -> Iterable[NotebookNode]:
    yield output
    if output in ours:
        sentence = output.data.get("text/plain", "")
        figure = _figure(_id(output), sentence, stills.get(_id(output)), static)
        yield new_output("display_data", data={"text/html": figure})


def _figure(model: str, sentence: str, still: Still | None, static: str) -> str:
    image = ""
    if still:
        image = (
            f'<img src="{static}/{FOLDER}/{still.file.name}" alt="{html.escape(still.alt)}" '
            f'width="{still.width}" height="{still.height}" loading="lazy">'
        )
    caption = f"<figcaption>{html.escape(sentence)}</figcaption>"
    return f'<figure class="widget-still" data-model="{model}">{image}{caption}</figure>'


def _stills(ids: list[str], records: dict[str, Any], folder: Path) -> dict[str, Still]:
    """A still of each, kept or made now; none for those that could not be shown."""
    keys = {model: _key(model, records) for model in ids}
    missing = [model for model, key in keys.items() if not _kept(folder / f"{key}.json")]
    if missing and find_chromium():
        for model, (image, about) in photograph(missing, records).items():
            kept = folder / f"{keys[model]}.json"
            write_atomically(kept.with_suffix(".webp"), image)
            write_atomically(kept, json.dumps(about))
    found = {model: _kept(folder / f"{key}.json") for model, key in keys.items()}
    return {model: still for model, still in found.items() if still}


def _kept(about: Path) -> Still | None:
    image = about.with_suffix(".webp")
    try:
        return Still(image, **json.loads(about.read_text("utf-8"))) if image.exists() else None
    except (OSError, ValueError):
        return None


def _key(model: str, records: dict[str, Any]) -> str:
    """Hash of a widget's state and code, whatever its models are called in this run."""

    @cache
    def digest(model: str) -> str:
        return hashlib.sha256(
            json.dumps(named(records[model]), sort_keys=True).encode()
        ).hexdigest()

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: named(part) for key, part in value.items()}
        if isinstance(value, list):
            return [named(part) for part in value]
        reference = value.removeprefix("IPY_MODEL_") if isinstance(value, str) else ""
        return digest(reference) if value != reference and reference in records else value

    return digest(model)[:20]
