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
def test_encodings_are_repaired(answered: dict, assignment: Assignment, encode, note) -> None:
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


# The rule for cells (see course_utils.handin), case by case.


def order(submission: Submission) -> list[str]:
    """The ids of the cells behind the title of the exercise ``double``."""
    assert submission.notebook is not None
    return [c.id for c in submission.notebook.cells][4:]


def own(source: str, kind: str = "code") -> dict:
    return {"cell_type": kind, "source": source, "metadata": {}}


def position(nb: dict, name: str) -> int:
    return next(n for n, c in enumerate(nb["cells"]) if c.get("id") == name)


@pytest.fixture
def blank(assignment: Assignment) -> dict:
    return json.loads(tiny_course.answer(assignment.release, flip=RIGHT["flip"]))


@pytest.mark.parametrize("below", [0, 1, 2, 5])
def test_an_answer_in_a_new_cell_becomes_the_answer_cell(
    blank: dict, assignment: Assignment, below: int
) -> None:
    blank["cells"].insert(position(blank, "double") + below, own("double = lambda x: 2 * x"))
    submission = read(blank, assignment)
    assert source(submission, "double") == "double = lambda x: 2 * x"
    assert order(submission).index("double") < order(submission).index("test-double")
    assert "the answer to “double” stands in another cell" in submission.notes
    assert not submission.asks


@pytest.mark.parametrize(
    "stub",
    [
        "def double(x):\n    pass",
        "def double(x):\n    ...",
        "def double(x):\n    return None",
        "def double(x):  # mine\n    raise NotImplementedError",
        "print(1)\n\n\ndef double(x):\n    'Later.'\n    raise NotImplementedError()",
    ],
)
def test_a_stub_hides_no_answer(blank: dict, assignment: Assignment, stub: str) -> None:
    at = position(blank, "double")
    blank["cells"][at]["source"] = stub
    blank["cells"].insert(at, own(RIGHT["double"]))
    assert "def double" not in source(read(blank, assignment), "double")


def test_a_test_runs_behind_what_its_answer_needs(blank: dict, assignment: Assignment) -> None:
    at = position(blank, "double")
    blank["cells"][at]["source"] = "def double(x):\n    return factor * x"
    blank["cells"][at + 2 : at + 2] = [own("factor = 2"), own("print(1)")]
    submission = read(blank, assignment)
    assert order(submission)[:4] == ["double", "extra-0", "extra-1", "test-double"]
    assert "the test “test_double” runs behind its answer" in submission.notes


def test_old_tries_move_nothing(answered: dict, assignment: Assignment) -> None:
    cell = answered["cells"][position(answered, "double")]
    answered["cells"].append(cell | {"id": "old", "source": "def double(x):\n    return x"})
    submission = read(answered, assignment)
    assert source(submission, "double") == RIGHT["double"]
    assert order(submission)[:2] == ["double", "test-double"]
    assert order(submission)[-1] == "extra-0"


@pytest.mark.parametrize(
    ("place", "asked"), [("double", False), ("test-double", True), ("reflection", True)]
)
def test_a_person_is_asked_where_another_answer_follows(
    answered: dict, assignment: Assignment, place: str, asked: bool
) -> None:
    answered["cells"].insert(position(answered, place), own("def double(x):\n    return x + x"))
    answered["cells"].append(own(f"# the same again\n{RIGHT['double']}"))
    assert ("test_double" in read(answered, assignment).asks) is asked


def test_an_answer_in_a_cell_of_text_is_shown_to_a_person(
    blank: dict, assignment: Assignment
) -> None:
    text = f"My answer:\n```python\n{RIGHT['double']}```"
    blank["cells"].insert(position(blank, "double"), own(text, "markdown"))
    asks = read(blank, assignment).asks
    assert list(asks) == ["test_double"]
    assert "def double(x):" in asks["test_double"]


def test_a_notebook_that_was_pasted_into_itself(blank: dict, assignment: Assignment) -> None:
    copies = [cell | {"id": f"copy-{n}"} for n, cell in enumerate(blank["cells"])]
    copies[position(blank, "double")]["source"] = RIGHT["double"]
    blank["cells"] += copies
    submission = read(blank, assignment)
    assert source(submission, "double") == RIGHT["double"]
    assert order(submission).index("double") < order(submission).index("test-double")


TEXT = "Every row is doubled alone."


@pytest.mark.parametrize(
    "where", ["below", "above", "question", "split", "copy", "code", "far"]
)
def test_a_reflection_is_found(blank: dict, assignment: Assignment, where: str) -> None:
    cells = blank["cells"]
    at = position(blank, "reflection")
    if where == "split":
        cells[at]["source"] = "Every row is"
        cells.insert(at + 1, own("doubled alone.", "markdown"))
    elif where == "copy":
        cells.insert(2, cells[at] | {"id": "copy", "source": TEXT})
    elif where == "question":
        cells[position(blank, "flip-head")]["source"] += f"\n\n{TEXT}"
    elif where == "far":
        cells[2:2] = [own("# A long title of my own", "markdown"), own(TEXT, "markdown")]
    else:
        kind = "code" if where == "code" else "markdown"
        cells.insert(at + (where != "above"), own(TEXT, kind))
    assert " ".join(source(read(blank, assignment), "reflection").split()) == TEXT


def test_another_chapter_is_no_reflection_of_this_one(
    blank: dict, assignment: Assignment
) -> None:
    blank["cells"] = [c for c in blank["cells"] if c["id"] in ("title", "reflection")]
    blank["cells"][1]["source"] = TEXT
    assert read(blank, assignment).status == "wrong-notebook"


def test_without_any_marks_sources_are_enough(answered: dict, assignment: Assignment) -> None:
    answered["cells"] = [own(c["source"], c["cell_type"]) for c in answered["cells"]]
    submission = read(answered, assignment)
    assert submission.notebook is not None
    released = [c.id for c in assignment.released().cells]
    assert [c.id for c in submission.notebook.cells] == released
    assert source(submission, "double") == RIGHT["double"]
    assert submission.notes == (
        "nbgrader's marks are lost: the cells were found by their ids and texts",
    )


@pytest.mark.parametrize(
    "source",
    ['print("""{}""")', '"""{}"""', 'answer = """{}"""', "# {}", "x = 1\n# {}"],
)
def test_a_text_in_a_cell_of_code_is_shown_to_a_person(
    answered: dict, assignment: Assignment, source: str
) -> None:
    text = "The order of the rows does not matter because each is doubled alone."
    cell = {"cell_type": "code", "source": source.format(text), "metadata": {}, "id": "own"}
    answered["cells"].insert(1, cell)
    assert text in answer_to(read(answered, assignment))


def answer_to(submission: Submission) -> str:
    return source(submission, "reflection")


@pytest.mark.parametrize(
    "text",
    ["Mine:\n\n    double = lambda x: 2 * x", "My answer:\n\nclass double:\n    pass"],
)
@pytest.mark.parametrize("cell", ["own", "reflection"])
def test_an_answer_in_any_text_is_asked_for(
    assignment: Assignment, text: str, cell: str
) -> None:
    notebook = json.loads(tiny_course.answer(assignment.release, flip=RIGHT["flip"]))
    notebook["cells"].insert(
        5, {"cell_type": "markdown", "source": "", "metadata": {}, "id": "own"}
    )
    place = next(c for c in notebook["cells"] if c["id"] == cell)
    place["source"] = text
    assert "test_double" in read(notebook, assignment).asks
