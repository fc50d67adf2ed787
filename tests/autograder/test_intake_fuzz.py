"""Any byte sequence is a notebook to grade or a sentence: hypothesis tries."""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution

from autograder.gradebook.assignment import Assignment
from course_utils.handin import Submission
from course_utils.handin import read as read_handin
from tests.autograder import tiny_course
from tests.autograder.tiny_course import RIGHT

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner)
)


@pytest.fixture(scope="module")
def release(assignment: Assignment) -> NotebookNode:
    return assignment.released()


@pytest.fixture(scope="module")
def answered(assignment: Assignment) -> bytes:
    return tiny_course.answer(assignment.release, **RIGHT)


def holds(data: bytes, release: NotebookNode) -> Submission:
    """Read ``data``; what comes out is either refused in words or sound."""
    submission = read_handin(data, release)
    if submission.notebook is None:
        assert submission.reason.endswith(".")
        return submission
    nbformat.validate(submission.notebook)
    json.dumps(submission.notebook).encode()
    locked = {c.id: c.source for c in release.cells if is_grade(c) and not is_solution(c)}
    kept = {c.id: c.source for c in submission.notebook.cells if c.id in locked}
    assert kept == locked
    return submission


@quick
@given(st.binary(max_size=300))
def test_random_bytes(release: NotebookNode, data: bytes) -> None:
    assert holds(data, release).notebook is None


@quick
@given(anything)
def test_random_json(release: NotebookNode, value: object) -> None:
    holds(json.dumps(value).encode(), release)
    holds(json.dumps({"cells": value, "nbformat": 4}).encode(), release)
    holds(json.dumps({"cells": [value], "nbformat": 4}).encode(), release)


@quick
@given(st.data())
def test_a_notebook_with_damaged_bytes(
    release: NotebookNode, answered: bytes, data: st.DataObject
) -> None:
    """A piece is cut out, or another put in."""
    start = data.draw(st.integers(0, len(answered)))
    end = data.draw(st.integers(start, min(len(answered), start + 200)))
    holds(answered[:start] + data.draw(st.binary(max_size=20)) + answered[end:], release)


@quick
@given(st.data())
def test_a_notebook_with_damaged_values(
    release: NotebookNode, answered: bytes, data: st.DataObject
) -> None:
    """Somewhere in its tree stands another value, or none."""
    nb = json.loads(answered)
    for _ in range(data.draw(st.integers(1, 3))):
        parent: object = nb
        key = "cells"
        while isinstance(parent[key], dict | list) and parent[key]:  # type: ignore[index]
            if parent is not nb and data.draw(st.integers(0, 3)) == 0:
                break
            parent = parent[key]  # type: ignore[index]
            keys = sorted(parent) if isinstance(parent, dict) else range(len(parent))  # type: ignore[arg-type]
            key = data.draw(st.sampled_from(list(keys)))
        if data.draw(st.booleans()):
            parent[key] = data.draw(anything)  # type: ignore[index]
        else:
            del parent[key]  # type: ignore[attr-defined]
        if not isinstance(nb.get("cells"), dict | list) or not nb["cells"]:
            break
    holds(json.dumps(nb).encode(), release)


def test_an_honest_file_passes_the_same_way(release: NotebookNode, answered: bytes) -> None:
    """Else the tests above could pass by refusing everything."""
    submission = holds(answered, release)
    assert submission.notebook
    assert RIGHT["double"] in [c.source for c in submission.notebook.cells]


def monsters() -> dict[str, str]:
    """Sources that are hard to parse; each may define an answer."""
    deep = "(" * 5_000 + "1" + ")" * 5_000
    return {
        "brackets": f"double = {deep}",
        "open brackets": "double = " + "[" * 100_000,
        "minus": "double = " + "-" * 50_000 + "1",
        "attributes": "double = double" + ".a" * 50_000,
        "calls": "def double(x): return x" + "()" * 50_000,
        "sum": "double = " + "1 + " * 40_000 + "1",
        "lambdas": "double = " + "lambda: " * 20_000 + "1",
        "indents": "".join(f"{' ' * n}if double:\n" for n in range(500)) + " " * 500 + "1",
        "newlines": "double = (" + "\n" * 150_000,
        "spaces": "double = (" + " " * 150_000 + "\n" * 40_000,
        "zero byte": "double = 1\0",
        "surrogate": "double = '\ud800'",
        "many": "double = 1\n" * 20_000,
        "elifs": "if double: pass\n" + "elif double: pass\n" * 5_000,
    }


@pytest.mark.parametrize("monster", monsters())
def test_sources_that_are_hard_to_parse(
    release: NotebookNode, answered: bytes, monster: str
) -> None:
    nb = json.loads(answered)
    for cell in nb["cells"]:
        if cell.get("id") == "double":
            cell["source"] = monsters()[monster]
    nb["cells"] += [{"cell_type": kind, "source": monsters()[monster]} for kind in KINDS]
    assert holds(json.dumps(nb).encode(), release).notebook


KINDS = ("code", "markdown", "raw", 7, None)
NAMES = (7, None, [], {}, "", "title", "flip", "test_flip", "reflection", "other", "x" * 9_999)


@quick
@given(st.data())
def test_marks_of_every_kind(
    release: NotebookNode, answered: bytes, data: st.DataObject
) -> None:
    """Ids and grade_ids that are no strings, those of others, and the same one many times."""
    nb = json.loads(answered)
    pick = lambda options: data.draw(st.sampled_from(options))  # noqa: E731
    for _ in range(data.draw(st.integers(1, 12))):
        cell = dict(pick(nb["cells"]))
        cell |= {"id": pick(NAMES), "cell_type": pick(KINDS)}
        cell["metadata"] = pick([{}, None, {"id": pick(NAMES)}, {"nbgrader": pick(NAMES)}])
        if data.draw(st.booleans()):
            cell["metadata"] = {"nbgrader": {"grade_id": pick(NAMES), "solution": True}}
        nb["cells"].insert(data.draw(st.integers(0, len(nb["cells"]))), cell)
    holds(json.dumps(nb).encode(), release)


@pytest.mark.parametrize("end", ["", "}" * 9, "]}", '"}]}'])
def test_outputs_that_never_end(release: NotebookNode, answered: bytes, end: str) -> None:
    for value in ("[" * 100_000, "{" * 9, '["', '[{"a": "\\', "[[]]]]]"):
        text = answered.replace(b'"outputs": []', f'"outputs": {value}{end}'.encode(), 1)
        assert text != answered
        holds(text, release)
