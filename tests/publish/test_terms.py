"""Stressed words of a chapter become links to the glossary, in the page alone."""

from __future__ import annotations

import re

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.publish.terms import linked, words
from tests.conftest import ROOT


def test_the_glossary_is_read_in_the_order_of_the_alphabet() -> None:
    known = words(ROOT / "book" / "glossary.md")
    assert known["relu"] == "ReLU"
    assert list(known) == sorted(known)
    assert len(known) > 20
    assert words(ROOT / "nowhere.md") == {}


def test_the_first_stressed_mention_is_linked() -> None:
    known = {"padding": "padding", "relu": "ReLU", "low-pass filter": "low-pass filter"}
    nb = new_notebook(
        cells=[
            new_markdown_cell("# The *padding* of a title"),
            new_markdown_cell("**Padding** adds zeros. *Padding* again, *other*, a*b*c."),
            new_code_cell("x = '*relu*'"),
            new_markdown_cell("A *low-pass filter* and *relu*."),
        ]
    )
    one, two, code, three = (c.source for c in linked(nb, known).cells)
    assert one == "# The *padding* of a title"
    assert two.startswith("{term}`Padding <padding>` adds zeros. *Padding* again")
    assert two.endswith("*other*, a*b*c.")
    assert code == "x = '*relu*'"
    assert three == "A {term}`low-pass filter <low-pass filter>` and {term}`relu <ReLU>`."


def test_each_word_leads_to_a_chapter_that_says_it() -> None:
    glossary = ROOT / "book" / "glossary.md"
    entries = re.findall(
        r"^(\S.*)\n  \S.*\n\n  Chapter \d+, \[.*\]\(\.\./(.*)\)",
        glossary.read_text(),
        re.MULTILINE,
    )
    assert len(entries) > 50
    for word, chapter in entries:
        cells = nbformat.read(ROOT / chapter, as_version=4).cells
        prose = "\n".join(c.source for c in cells if c.cell_type == "markdown").lower()
        assert word.lower().removesuffix("y") in prose, f"{word} does not occur in {chapter}"
