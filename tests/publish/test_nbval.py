"""nbval compares with the shared execution, and with a real one when asked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from course_utils.publish.execute import executed
from course_utils.publish.normalise import update_outputs
from tests.nbval_replay import ReplayKernel
from tests.publish.courses import CHAPTER, REPOSITORY, code, small_notebook, write_course


def nbval(course, live=False):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.nbval_replay", "--nbval"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "--color=no", str(course.notebooks)],
        cwd=REPOSITORY,
        env={**os.environ, "COURSE_NBVAL_LIVE": "1" if live else ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def course(tmp_path):
    nb = small_notebook()
    nb.cells = [
        code("import os\n\nos.environ['LAST'] = str(os.getpid())", "setup"),
        code("from IPython.display import HTML, display", "imports"),
        code("print('six by', 7)\ndisplay(HTML('<b>x</b>'))\n42", "a", "nbval-check-output"),
    ]
    course = write_course(tmp_path, nb)
    update_outputs(course.source(CHAPTER), course.cache)
    return course


def test_replayed_and_live_agree(course):
    replayed = nbval(course)
    assert replayed.returncode == 0, replayed.stdout
    assert "3 passed" in replayed.stdout
    live = nbval(course, live=True)
    assert live.returncode == 0, live.stdout
    source = course.source(CHAPTER)
    source.write_text(source.read_text().replace("six by 7\\n", "six by 8\\n"))
    changed = nbval(course)
    assert changed.returncode == 1
    assert "six by 8" in changed.stdout
    assert "1 failed, 2 passed" in changed.stdout


def test_a_broken_notebook_is_told_in_our_words(tmp_path):
    nb = small_notebook()
    nb.cells = [code("1 / 0", "broken")]
    done = nbval(write_course(tmp_path, nb))
    assert done.returncode == 1
    assert "cell broken (1 / 0): ZeroDivisionError" in done.stdout
    assert "Traceback" not in done.stdout


def test_cells_may_be_left_out(small_book):
    kernel = ReplayKernel(executed(small_book.source(CHAPTER), small_book.cache))
    msg_id = kernel.execute_cell_input("print('six by', 7)")
    output, idle = kernel.get_message("iopub"), kernel.get_message("iopub")
    assert output["content"]["text"] == "six by 7\n"
    assert output["parent_header"]["msg_id"] == msg_id
    assert idle["content"] == {"execution_state": "idle"}
    kernel.execute_cell_input("import checks_small")  # an earlier one
    with pytest.raises(RuntimeError, match="not in the executed copy"):
        kernel.execute_cell_input("other")
