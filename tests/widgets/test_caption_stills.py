"""Stills of the caption chapters' widgets: small, whole, with the widget's own words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from ipywidgets.embed import embed_data

from course_utils.publish.photograph import BYTES, WIDTH, photograph
from course_utils.widgets import AttentionGrid, Captioner, MemoryLine, PatchGaze
from course_utils.widgets.base import BookWidget
from tests.widgets.test_patch_gaze import random_network  # noqa: F401, a fixture

WIDGETS: dict[str, tuple[Callable[[], BookWidget], str]] = {
    "memory line": (MemoryLine, "after 20 steps 12\xa0% is left"),
    "attention grid": (AttentionGrid, "products q kᵀ"),
    "captioner": (Captioner, "GRU with attention, scene 1 of 8, greedy: “a"),
    "patch gaze": (PatchGaze, "layer 1, mean of all heads"),
}


@pytest.mark.parametrize("name", WIDGETS)
def test_a_still_is_small_and_says_what_the_widget_says(
    name: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("random_network")
    make, words = WIDGETS[name]
    widget = make()
    data = embed_data(views=[widget], drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert about["width"] == WIDTH  # not made smaller to be light enough
    assert " ".join(words.split()) in about["alt"]
    assert widget.describe().endswith(".")
    assert len(json.dumps(about)) < 1000
