"""The first page says what the chapters say."""

from __future__ import annotations

import re

import nbformat

from course_utils.course import Course
from tests.conftest import ROOT

HOURS = re.compile(r"([\d½]+) hours")


def page() -> str:
    nb = nbformat.read(ROOT / "book" / "index.ipynb", as_version=4)
    return "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")


def number(text: str) -> float:
    return float(text.replace("½", ".5"))


def test_every_chapter_is_in_the_table_with_its_own_hours() -> None:
    total, course = 0.0, Course(ROOT)
    for name in course.chapters():
        card = nbformat.read(course.source(name), as_version=4).cells[0].source
        row = next(line for line in page().splitlines() if f"{name}.ipynb)**" in line)
        assert HOURS.findall(row) == HOURS.findall(card)[:1], name
        total += number(HOURS.findall(row)[0])
    said = HOURS.search(page())
    assert said
    assert number(said[1]) == total


def test_what_comes_is_said_to_come() -> None:
    ready = len(Course(ROOT).chapters())
    rows = [line for line in page().splitlines() if re.match(r"\| (\*\*\[)?\d+ ", line)]
    assert len(rows) == 15
    assert sum("in preparation" in row for row in rows) == 15 - ready
