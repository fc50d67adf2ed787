"""Whatever bytes come in, a notebook to grade or a sentence comes out."""

from __future__ import annotations

import json

import nbformat
import pytest

from autograder.gradebook.assignment import Assignment
from course_utils.handin import Submission
from course_utils.handin import read as read_handin
from course_utils.handin.raw import MAX_BYTES, MAX_SOURCE
from tests.autograder import tiny_course
from tests.autograder.tiny_course import RIGHT


@pytest.fixture
def answered(assignment: Assignment) -> dict:
    return json.loads(tiny_course.answer(assignment.release, **RIGHT))


def read(data: bytes | dict, assignment: Assignment) -> Submission:
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return read_handin(data, assignment.released())


def source(submission: Submission, grade_id: str) -> str:
    assert submission.notebook is not None
    cells = submission.notebook.cells
    found = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id]
    assert len(found) == 1
    return found[0].source


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"", "unreadable", "empty"),
        (b"  \n", "unreadable", "empty"),
        (b"PK\x03\x04 a zip file", "unreadable", "not JSON"),
        (b"\x00\xff\xfe\x80", "unreadable", "not JSON"),
        (b"def double(x): pass", "unreadable", "not JSON"),
        (b"[" * 200_000, "unreadable", "not JSON"),
        (b'{"cells": [', "unreadable", "not JSON"),
        (b"[]", "unreadable", "not a Jupyter notebook"),
        (b"null", "unreadable", "not a Jupyter notebook"),
        (b"{}", "unreadable", "without cells"),
        (b'{"cells": 7}', "unreadable", "without cells"),
        (b'{"nbformat": 4, "cells": []}', "unreadable", "without cells"),
        (b'{"nbformat": 4, "cells": [7, null, {}]}', "wrong-notebook", "another notebook"),
        (
            b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1", '
            b'"metadata": {"nbgrader": {"grade_id": "other"}}}]}',
            "wrong-notebook",
            "another notebook",
        ),
        (b" " * (MAX_BYTES + 1) + b"x", "unreadable", "larger than 30 MB"),
    ],
)
def test_what_cannot_be_graded_is_refused_with_a_sentence(
    assignment: Assignment, data: bytes, status: str, says: str
) -> None:
    submission = read(data, assignment)
    assert submission.notebook is None
    assert submission.status == status
    assert says in submission.reason
    assert submission.reason.endswith(".")


def test_a_plain_notebook_has_no_notes(answered: dict, assignment: Assignment) -> None:
    submission = read(answered, assignment)
    assert submission.notes == ()
    assert source(submission, "double") == RIGHT["double"]
    nbformat.validate(submission.notebook)


@pytest.mark.parametrize(
    ("encode", "note"),
    [
        (lambda t: b"\xef\xbb\xbf" + t.encode(), "byte order mark"),
        (lambda t: t.encode("utf-16"), "utf-16"),
        (lambda t: t.replace("2 * x", "2 * x  # é").encode("latin-1"), "latin-1"),
    ],
)
def test_encodings_are_repaired(answered: dict, assignment: Assignment, encode, note) -> None:  # type: ignore[no-untyped-def]
    submission = read(encode(json.dumps(answered, ensure_ascii=False)), assignment)
    assert "return 2 * x" in source(submission, "double")
    assert note in " ".join(submission.notes)


@pytest.mark.parametrize("version", [3, 5, None, "x" * 99])
def test_other_formats_are_repaired(
    answered: dict, assignment: Assignment, version: object
) -> None:
    answered["nbformat"] = version
    submission = read(answered, assignment)
    assert source(submission, "flip") == RIGHT["flip"]
    assert "notebook format" in submission.notes[0]


def test_format_3_with_worksheets(assignment: Assignment) -> None:
    nb = nbformat.reads(tiny_course.answer(assignment.release, **RIGHT), as_version=4)
    old = nbformat.writes(nbformat.convert(nb, 3), version=3).encode()
    assert b"worksheets" in old
    submission = read(old, assignment)
    assert source(submission, "double").strip() == RIGHT["double"].strip()
    assert "notebook format 3 was read as 4" in submission.notes


def test_kernelspec_and_metadata_are_ours(answered: dict, assignment: Assignment) -> None:
    answered["metadata"] = {"kernelspec": {"name": "julia-1.9"}, "evil": 1}
    submission = read(answered, assignment)
    assert submission.notebook is not None
    assert submission.notebook.metadata == assignment.released().metadata


def test_tests_cannot_be_changed_or_deleted(answered: dict, assignment: Assignment) -> None:
    ids = [c["metadata"].get("nbgrader", {}).get("grade_id") for c in answered["cells"]]
    answered["cells"][ids.index("test_double")]["source"] = "4"
    del answered["cells"][ids.index("test_flip")]
    submission = read(answered, assignment)
    released = Submission(assignment.released())
    assert source(submission, "test_double") == source(released, "test_double")
    assert source(submission, "test_flip") == source(released, "test_flip")
    assert submission.notes == (
        "the locked cell “test_double” was changed and is restored",
        "the locked cell “test_flip” was deleted or renamed and is restored",
    )


def test_added_cells_stay_where_they_were(answered: dict, assignment: Assignment) -> None:
    added = {"cell_type": "code", "source": ["helper = 1\n", "other = 2"], "metadata": {}}
    copied = dict(answered["cells"][4])
    answered["cells"][4:4] = [added, copied]
    submission = read(answered, assignment)
    assert submission.notebook is not None
    cells = submission.notebook.cells
    assert [c.id for c in cells[3:8]] == [
        "double-head",
        "extra-0",
        "double",
        "extra-1",
        "test-double",
    ]
    assert cells[4].source == "helper = 1\nother = 2"
    nbformat.validate(submission.notebook)


def test_an_edited_demo_runs_beside_the_released_one(
    answered: dict, assignment: Assignment
) -> None:
    answered["cells"][1]["source"] += "\nimport math"
    submission = read(answered, assignment)
    assert submission.notebook is not None
    assert submission.notebook.cells[1].source == assignment.released().cells[1].source
    assert submission.notebook.cells[2].source.endswith("import math")


def test_too_many_added_cells_are_left_out_and_no_answer(
    answered: dict, assignment: Assignment
) -> None:
    answered["cells"] = [c for c in answered["cells"] if c.get("id") != "flip"]
    answered["cells"] += [{"cell_type": "code", "source": f"{i}"} for i in range(20_000)]
    answered["cells"] += [{"cell_type": "code", "source": RIGHT["flip"]}]
    submission = read(answered, assignment)
    assert submission.notebook is not None
    assert len(submission.notebook.cells) == len(assignment.released().cells) + 300
    assert "19700 of 20000 added cells were left out" in " ".join(submission.notes)
    assert source(submission, "flip") == RIGHT["flip"]


def test_a_deleted_answer_is_unsolved_unless_it_stands_elsewhere(
    answered: dict, assignment: Assignment
) -> None:
    answered["cells"] = [c for c in answered["cells"] if c.get("id") not in ("double", "flip")]
    moved = {"cell_type": "code", "source": RIGHT["flip"], "metadata": {}}
    place = [c.get("id") for c in answered["cells"]].index("flip-head")
    answered["cells"].insert(place + 1, moved)
    answered["cells"].append(
        {"cell_type": "markdown", "metadata": {"nbgrader": {"grade_id": "reflection"}}}
    )
    submission = read(answered, assignment)
    assert "NotImplementedError" in source(submission, "double")
    assert source(submission, "flip") == RIGHT["flip"]
    assert "the answer cell “double” was deleted" in submission.notes


def test_strange_text_can_be_stored(answered: dict, assignment: Assignment) -> None:
    answered["cells"].append({"cell_type": "code", "source": "'\ud800'" + "x" * 300_000})
    submission = read(answered, assignment)
    assert submission.notebook is not None
    extra = submission.notebook.cells[-1].source
    assert extra.encode()
    assert len(extra) <= MAX_SOURCE
