"""A test cell run alone in a real kernel, as after a restart."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

TEST = "from course_utils import checks\n\nchecks.convolution.conv2d(conv2d)"
CELLS = [
    TEST,
    "conv3d",  # no answer: IPython's own words
    "def conv2d(x, w):\n    return convd(x, w)\n\n\nconv2d(1, 2)",
    TEST,
]


@pytest.fixture(scope="module")
def said() -> list[nbformat.NotebookNode]:
    """The last output of each cell, one after the other in one kernel."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=300).execute()
    return [cell.outputs[-1] for cell in notebook.cells]


def test_a_test_before_its_answer_says_what_to_run(said):
    (line,) = said[0].traceback
    assert said[0].ename == "NameError"
    assert line.startswith(
        "NameError: your answer conv2d is not defined yet. Run the cell above"
    )
    assert line.endswith("Run ▸ Run All Above Selected Cell.")


@pytest.mark.parametrize("cell", [1, 2])
def test_any_other_missing_name_keeps_its_traceback(said, cell):
    shown = "\n".join(said[cell].traceback)
    assert "is not defined" in shown
    assert "your answer" not in shown
    assert len(said[cell].traceback) > 1


def test_once_there_is_an_answer_the_test_runs(said):
    assert said[3].output_type == "execute_result"
