"""A source notebook has one form."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_output

from course_utils.course import CourseError
from course_utils.publish.normalise import normalise, normalised, text_outputs
from tests.publish.courses import CHAPTER, write_course


@pytest.fixture
def messy(tmp_path, small_done):
    """A notebook as JupyterLab saves it after a run."""
    path = write_course(tmp_path).source(CHAPTER)
    nb = nbformat.from_dict(json.loads(json.dumps(small_done)))
    for cell in nb.cells:
        cell.metadata.update(editable=True, collapsed=False)
    nb.cells[2].metadata.nbgrader.checksum = "0" * 32
    nb.cells[1].source += "\n\n"
    nb.metadata.widgets = {"state": {}}
    nbformat.write(nb, path)
    return path


def test_one_form_and_then_no_change(messy):
    assert normalise(messy)
    text = messy.read_text()
    assert not normalise(messy)
    assert messy.read_text() == text
    assert text.endswith("}\n")
    assert set(json.loads(text)["metadata"]) == {"kernelspec", "language_info"}
    nbformat.validate(nbformat.read(messy, as_version=4))


def test_only_checked_cells_keep_text_and_a_count(messy):
    normalise(messy)
    for cell in nbformat.read(messy, as_version=4).cells:
        assert set(cell.metadata) <= {"mystnb", "nbgrader", "tags"}
        assert "checksum" not in cell.metadata.get("nbgrader", {})
        assert cell.source == cell.source.strip("\n")
        if cell.id == "watched":
            assert cell.execution_count == 1
            assert cell.outputs == [new_output("stream", name="stdout", text="six by 7\n")]
        elif cell.cell_type == "code":
            assert (cell.execution_count, cell.outputs) == (None, [])


def test_code_is_folded_in_jupyterlab_where_the_page_hides_it(messy):
    nb = nbformat.read(messy, as_version=4)
    tags = ("hide-input", "remove-input", "hide-output")
    for cell, tag in zip(nb.cells[3:6], tags, strict=True):
        cell.metadata["tags"] = [tag]
    nb.cells[6].metadata["jupyter"] = {"source_hidden": True, "outputs_hidden": True}
    nbformat.write(nb, messy)
    normalise(messy)
    cells = nbformat.read(messy, as_version=4).cells
    assert [c.metadata.get("jupyter") for c in cells[3:7]] == [
        {"source_hidden": True}, {"source_hidden": True}, None, None,
    ]  # fmt: skip


def test_checked_outputs_are_taken_from_a_run(messy, small_done):
    normalise(messy)
    messy.write_text(messy.read_text().replace("six by 7\\n", "six by 8\\n"))
    assert not normalise(messy)  # formatting does not refresh
    assert normalise(messy, small_done)
    assert "six by 7\\n" in messy.read_text()
    other = nbformat.from_dict(json.loads(json.dumps(small_done)))
    other.cells[1].source = "import other"
    with pytest.raises(CourseError, match="other code"):
        normalise(messy, other)


def test_text_outputs_are_printed_text_and_last_value():
    outputs = [
        new_output("stream", name="stdout", text="a\n"),
        new_output("stream", name="stderr", text="warning"),
        new_output("stream", name="stdout", text="b\n"),
        new_output("display_data", data={"image/png": "AAAA", "text/plain": "<Figure>"}),
        new_output("execute_result", data={"text/plain": "3", "text/html": "<b>3</b>"}),
        new_output("execute_result", data={"text/html": "<b>3</b>"}),
    ]
    printed, value = text_outputs(outputs)
    assert printed.text == "a\nb\n"
    assert value.data == {"text/plain": "3"}
    assert outputs[0].text == "a\n"


def as_text(*cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def cell(source, **keys):
    return {"cell_type": "markdown", "metadata": {}, "source": [source], **keys}


def ids(text):
    return [c["id"] for c in json.loads(text)["cells"]]


def test_ids_are_kept_or_made_without_chance():
    grading = {"nbgrader": {"grade_id": "ex 1", "grade": False, "solution": False}}
    cells = (cell("a", id="mine"), cell("b"), cell("b"), cell("c", id="x", metadata=grading))
    once = ids(normalised(as_text(*cells), "nb"))
    assert once == ids(normalised(as_text(*cells), "nb"))
    assert once[0] == "mine"
    assert once[2] == f"{once[1]}-2"
    assert once[3] == "ex-1"
    moved = ids(normalised(as_text(*cells[::-1]), "nb"))
    assert sorted(moved) == sorted(once)


def test_double_ids_are_told_apart():
    twice = as_text(cell("a", id="same"), cell("b", id="same"))
    assert ids(normalised(twice, "nb")) == ["same", "same-2"]


@pytest.mark.parametrize("text", ["", "{}", '{"cells": [{}]}', "[]"])
def test_what_is_no_notebook_is_named(text):
    with pytest.raises(CourseError, match=r"x.ipynb is not a notebook"):
        normalised(text, "x.ipynb")
