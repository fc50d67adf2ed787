"""No measured number is typed into prose: it comes from results/ or from facts.yml."""

from __future__ import annotations

import re

import nbformat
import pytest

from course_utils.course import Course
from tests.conftest import ROOT

COURSE = Course(ROOT)
SOURCES = [
    *sorted((ROOT / "book").glob("*.md")),
    *COURSE.pages(),
    *map(COURSE.source, COURSE.chapters()),
]
# Code, formulas, links and exact arithmetic may hold numbers; prose may not hold results.
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", re.DOTALL)
MEASURED = re.compile(
    r"\d+(?:[.,]\d+)?\s?%"  # a percentage
    r"|\bFID\b[^.\n]{0,20}\d|\bmAP\b[^.\n]{0,20}\d|\bBLEU\b[^.\n]{0,12}\d\d"
    r"|\b(?:accuracy|error|loss|perplexity)\b[^.\n]{0,15}\b0\.\d+"
    r"|\b\d+(?:\.\d+)?\s?(?:times|×)\s(?:faster|slower)"
    r"|\b\d+(?:\.\d+)?\s?(?:images|pictures|submissions)\s?(?:/|per|a)\s?(?:s|second)\b",
    re.IGNORECASE,
)


def measured(text: str) -> list[str]:
    return MEASURED.findall(NOT_PROSE.sub(" ", text))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_no_result_is_typed_into_prose(source):
    if source.suffix == ".ipynb":
        cells = nbformat.read(source, as_version=4).cells
        text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    else:
        text = source.read_text("utf-8")
    assert measured(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "it reaches 99.2 % on MNIST", "a FID of 3.1", "an accuracy of 0.94", "with 12% of them",
        "4.5 times faster than the loop", "about 1200 images/s", "BLEU is 31",
    ],
)  # fmt: skip
def test_the_lint_finds_results(text):
    assert measured(text)


@pytest.mark.parametrize(
    "text",
    ["`99 %` in code", "$p = 0.5\\%$", "a kernel of 3 × 3", "rank 2", "the loss is the mean"],
)
def test_the_lint_leaves_the_rest_alone(text):
    assert not measured(text)
