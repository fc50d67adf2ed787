"""The exercise that CONTRIBUTING writes down passes as it stands there."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.checks.mutants import Unwatched, lazy, slipped

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTION = TEXT.split("## How to add an exercise")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> SimpleNamespace:
    """The check, its hidden part and the bank, from the blocks of code in their order."""
    blocks = [
        textwrap.dedent(block)
        for block in re.findall(
            r"^   ```python\n(.*?)^   ```", SECTION, re.DOTALL | re.MULTILINE
        )
    ]
    check, hidden, answers, *_ = blocks
    space: dict = {"__name__": "median_filter"}
    exec(check, space)
    visible = space["median_filter"]
    exec(hidden, space | {"visible": SimpleNamespace(median_filter=visible)}, parts := {})
    exec(answers, bank := {"__name__": "answers"})
    return SimpleNamespace(
        visible=visible, hidden=parts["median_filter"], answers=bank["bank"].answers
    )


def report(written, answer):
    return written.visible.report(answer) + written.hidden.report(answer)


def test_the_points_add_up(written):
    properties = written.visible.properties + written.hidden.properties
    assert sum(p.points for p in properties) == written.visible.points
    assert len(written.hidden.properties) == written.visible.hidden


def test_the_definition_and_the_answers_get_what_they_deserve(written):
    assert report(written, Unwatched(slipped(written.visible))).failures == {}
    assert len(written.answers) == 2
    for answer in written.answers:
        got = written.visible(answer.function) + written.hidden(answer.function)
        assert answer.complaint(got) == ""


def test_slips_are_named_and_idleness_earns_nothing(written):
    assert written.hidden.slips
    for slip in written.hidden.slips:
        got = report(written, Unwatched(slipped(written.visible, slip)))
        assert any(text.startswith(slip.sentence) for text in got.failures.values())
    for answer in lazy(written.visible).values():
        assert report(written, Unwatched(answer)).earned <= 0.15 * written.visible.points


def test_the_cells_of_the_notebook_call_both_parts():
    cell = SECTION.split("grade id `test_median_filter`")[1]
    assert "checks.convolution.median_filter(median_filter)" in cell
    assert "hidden.median_filter(median_filter)" in cell
