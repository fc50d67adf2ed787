"""Questions by name: every entry makes sense, is asked once, and none tells its answer."""

from __future__ import annotations

import ast
import base64
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from course_utils import questions
from course_utils.course import Course
from course_utils.questions import bank
from tests.conftest import ROOT

ENTRIES = [(topic, name) for topic in bank.topics() for name in bank.entries(topic)]
EXAMPLE = """
edge:
  kind: predict
  question: An edge moves by {shift} pixel. What happens?
  choices:
    - {text: it stays, right: true, why: "The maximum is the same {{once more}}."}
    - {text: it moves, why: Only into the next window.}
rows: {kind: quiz, question: "How many rows?", answer: "{rows:.1f}", unit: rows, explain: Half.}
"""


@pytest.fixture
def example(tmp_path, monkeypatch) -> Path:
    """The questions of one topic, ``small``."""
    monkeypatch.setattr(bank, "FOLDER", tmp_path)
    file = tmp_path / "small.yml"
    file.write_text(EXAMPLE)
    return file


def key(quiz) -> dict:
    return json.loads(base64.b64decode(quiz.sealed))


def asked(paths: list[Path]) -> Iterator[tuple[str, set[str]]]:
    """The names and the values of all calls of ``questions.ask`` in these notebooks."""
    for path in paths:
        for cell in nbformat.read(path, as_version=4).cells:
            tree = ast.parse(cell.source if cell.cell_type == "code" else "")
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "questions.ask":
                    yield ast.literal_eval(node.args[0]), {k.arg or "" for k in node.keywords}


@pytest.mark.parametrize(("topic", "name"), ENTRIES)
def test_every_entry_makes_sense(topic, name):
    """One right choice among two or more, each with its why; or a number and why."""
    assert list(bank.problems(bank.entries(topic)[name])) == []


def test_every_question_is_asked_once_with_the_values_that_it_needs():
    course = Course(ROOT)
    calls = list(asked([*map(course.source, course.chapters()), *course.pages()]))
    times = Counter(name for name, _ in calls)
    assert times == Counter({f"{topic}.{name}": 1 for topic, name in ENTRIES})
    for name, values in calls:
        topic, _, short = name.partition(".")
        assert values == bank.placeholders(bank.entries(topic)[short]), name


@pytest.mark.parametrize("topic", bank.topics())
def test_the_right_answer_has_no_place_of_its_own(topic):
    """Whoever always takes the first, or the longest, must not be right each time."""
    choices = [e["choices"] for e in bank.entries(topic).values() if "choices" in e]
    places = [[bool(c.get("right")) for c in choice].index(True) for choice in choices]
    lengths = [max(choice, key=lambda c: len(c["text"])).get("right") for choice in choices]
    if len(choices) > 2:
        assert len(set(places)) > 1
        assert not all(lengths)


def test_texts_are_filled_in_and_answers_are_sealed(example):
    quiz = questions.ask("small.edge", shift=1)
    assert (quiz.kind, quiz.name) == ("predict", "small.edge")
    assert quiz.question == "An edge moves by 1 pixel. What happens?"
    assert quiz.choices == ["it stays", "it moves"]
    assert key(quiz)["right"] == 0
    assert key(quiz)["whys"][0] == "The maximum is the same {once more}."
    number = questions.ask("small.rows", rows=12.46)
    assert (key(number)["answer"], number.kind, number.unit) == (12.5, "quiz", "rows")
    told = {k: v for k, v in quiz.get_state().items() if k not in ("_esm", "_css", "sealed")}
    for shown in (json.dumps(told), quiz.describe()):
        assert "it stays" in shown
        assert "maximum" not in shown
        assert "right" not in shown
    assert questions.tally("small").names == ["small.edge"]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("small.egde", {}, "no question 'small.egde'; there are small.edge"),
        ("smal.edge", {}, "no questions about 'smal'; there are small"),
        ("small.edge", {}, r"small.edge asks for the values \['shift'\], not \[\]"),
        ("small.rows", {"rows": 1, "row": 2}, r"not \['row', 'rows'\]"),
    ],
)
def test_a_wrong_call_is_refused_in_words(example, name, values, said):
    with pytest.raises(ValueError, match=said):
        questions.ask(name, **values)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("right: true, ", "", "exactly one choice must"),
        ("{text: it moves,", "{right: true, text: it moves,", "exactly one choice must"),
        ("text: it moves", "text: it stays", "two different choices"),
        ("text: it moves", "text: it moves.", "without a full stop"),
        ("text: it moves", "text: 3", "in quotes if it is a number"),
        (", why: Only into the next window.", "", "needs a text and a why"),
        ("kind: predict", "kind: guess", "kind must be one of"),
        ("kind: predict", "kind: predict\n  hint: x", "unknown keys"),
        ("  choices:", "  answer: 3\n  choices:", "either choices or an answer"),
        ("  choices:", "  unit: px\n  choices:", "belong to a number"),
        ("question: An", "question: 'An", "small.yml is not YAML"),
    ],
)  # fmt: skip
def test_a_malformed_entry_is_refused_in_words(example, old, new, said):
    assert old in EXAMPLE
    example.write_text(EXAMPLE.replace(old, new, 1))
    with pytest.raises(ValueError, match=said):
        questions.ask("small.edge", shift=1)


def test_a_number_needs_an_answer_that_is_one_and_an_explanation(example):
    for old, new in ((", explain: Half.", ""), ('"{rows:.1f}"', "true")):
        example.write_text(EXAMPLE.replace(old, new))
        with pytest.raises(
            ValueError, match=r"small\.rows: .*(needs an explain|must be a number)"
        ):
            questions.ask("small.rows", rows=1)
