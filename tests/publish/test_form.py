"""Words, hours and visible code of a chapter are counted as its reader meets them."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from course_utils.publish.form import form, words
from tests.publish.courses import code, graded


@pytest.mark.parametrize(
    ("prose", "count"),
    [
        ("It doubles numbers.", 3),
        ("The sum $a + b$ of two\n\n$$\nx = y\n$$\n\nnumbers", 5),
        ("Run\n\n```python\nx = 1\n```\n\nand `conv1d(a)`.", 4),
        ("| a | b |\n|---|---|\n| one | [two](https://a.b/c) |", 4),
        ("<details>\n<summary>Hint</summary>\n\nThe reader's own words.\n\n</details>", 5),
    ],
)
def test_what_counts_as_a_word(prose, count):
    assert words(prose) == count


def test_hours_are_for_reading_looking_answering_and_solving():
    nb = new_notebook(
        cells=[
            new_markdown_cell("word " * 1999 + "\n\n**3 points · 30 minutes · ●○○**"),
            code("from course_utils.widgets import DigitPad, FeatureMap, Quiz", "imports"),
            code('pad = DigitPad(7)\npad', "pad"),
            code('questions.ask("small.a")', "ask", "remove-input"),
        ]
    )  # fmt: skip
    found = form(nb)
    assert (found.explorers, found.questions, found.exercise_minutes) == (1, 1, 30)
    assert found.hours == pytest.approx((found.words / 200 + 5 + 1 + 30) / 60)
    assert 2000 <= found.words <= 2010


def test_code_is_seen_unless_it_is_hidden_or_an_exercise():
    nb = new_notebook(
        cells=[
            code("a = 1\n\nb = 2  # two lines", "shown"),
            code("figures.bars(x)", "drawn", "hide-input"),
            graded(code("def f():\n    pass", "exercise"), "exercise", solution=True),
        ]
    )
    assert form(nb).code == {"shown": 2}
