"""A notebook runs once, its errors are fatal, and its run is measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from course_utils.course import Course, CourseError
from course_utils.publish import execute, fingerprint
from course_utils.publish.execute import executed
from course_utils.publish.marks import marks
from tests.publish import courses
from tests.publish.courses import CHAPTER, code, graded, small_notebook, write_course

REAL_DIGEST = fingerprint.packages_digest  # a fixture puts a fixed one in its place
EXECUTE = """
import sys
from pathlib import Path
from course_utils.publish.execute import executed
print(executed(Path(sys.argv[1]), Path(sys.argv[2])).cells[-1].outputs[0].text)
"""


def start(source: Path, cache: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", EXECUTE, str(source), str(cache)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def one_cell(root: Path, source: str, *tags: str) -> Course:
    nb = small_notebook()
    nb.cells = [code(source, "only", *tags)]
    return write_course(root, nb)


def run(course: Course) -> nbformat.NotebookNode:
    return executed(course.source(CHAPTER), course.cache)


def test_outputs_measures_and_marks(small_done):
    assert small_done.cells[2].outputs[0].text == "42\n"
    assert small_done.metadata.course.seconds > 0.1
    assert 20 < small_done.metadata.course.peak_mb < 3000
    assert marks(small_done) == {"double-test": (3, 3)}


def test_runs_once_while_only_prose_changes(small_book, small_done, tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "_run", lambda *_: pytest.fail("it ran again"))
    again = run(small_book)
    assert again.cells[2].outputs == small_done.cells[2].outputs
    nb = nbformat.read(small_book.source(CHAPTER), as_version=4)
    nb.cells[0].source = "# A better title"
    monkeypatch.setattr(execute, "read", lambda path: nb)
    assert run(small_book).cells[0].source == "# A better title"


def test_new_code_runs_and_the_older_copy_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "_run", lambda path, nb: nb)
    course = one_cell(tmp_path, "print(1)")
    bystander = course.cache / "executed" / f"{CHAPTER}-notes.ipynb"
    bystander.parent.mkdir(parents=True)
    bystander.write_text("mine")
    names = []
    for source in ("print(1)", "print(2)"):
        nb = nbformat.read(course.source(CHAPTER), as_version=4)
        nb.cells[0].source = source
        nbformat.write(nb, course.source(CHAPTER))
        run(course)
        names.append({p.name for p in course.cache.glob("executed/*.ipynb")})
    assert [len(n) for n in names] == [2, 2]
    assert names[0] != names[1]
    assert bystander.name in names[1]


@pytest.mark.parametrize("what", ["companion", "torch", "package"])
def test_fingerprint_covers(what, small_book, monkeypatch):
    source = small_book.source(CHAPTER)
    nb = nbformat.read(source, as_version=4)
    before = fingerprint.fingerprint(source, nb)
    if what == "companion":
        monkeypatch.setattr(fingerprint, "companions", lambda path: [])
    elif what == "torch":
        monkeypatch.setattr(fingerprint, "version", lambda name: "99")
    else:
        monkeypatch.setattr(fingerprint, "packages_digest", lambda: b"other")
    assert fingerprint.fingerprint(source, nb) != before


def test_the_package_digest_covers_what_a_kernel_can_read(monkeypatch):
    read = []
    monkeypatch.setattr(fingerprint, "_file_digest", lambda file: read.append(file) or b"")
    REAL_DIGEST()
    names = {str(file.relative_to(courses.REPOSITORY)) for file in read}
    assert {
        "src/course_utils/checks/core.py",
        "src/course_utils/widgets/kit/kit.js",
        "src/course_utils/data/files/emoji/noto.webp",
        "autograder/hidden/convolution.py",
        "results/convolution.json",
        "book/facts.yml",
    } <= names
    assert not [name for name in names if "publish/" in name or "__pycache__" in name]


def test_hidden_tests_import_nothing_else_of_the_grader():
    """``fingerprint`` covers ``autograder/hidden`` only, so that a run outlives other work."""
    hidden = courses.REPOSITORY / "autograder" / "hidden"
    for file in hidden.rglob("*.py"):
        for line in file.read_text().splitlines():
            if line.startswith(("import autograder", "from autograder")):
                assert line.split()[1].startswith("autograder.hidden"), f"{file}: {line}"


def test_an_error_is_fatal_and_named(tmp_path):
    course = one_cell(tmp_path, "\nx = 1\nraise KeyError('lost')", "raises-exception")
    with pytest.raises(
        CourseError, match=r"01_small.ipynb, cell only \(x = 1\): KeyError.*lost"
    ):
        run(course)
    assert not list(course.cache.rglob("*.ipynb"))


def test_a_dead_kernel_is_named(tmp_path):
    course = one_cell(tmp_path, "import os\nos._exit(1)")
    with pytest.raises(CourseError, match=r"cell only \(import os\): the kernel died"):
        run(course)


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("1.5", "earns 1.5 of 3"),
        ("import sys\nprint('!', file=sys.stderr)", "earns 0 of 3: it wrote to stderr"),
        ("4.5", "greater than maximum"),
    ],
)
def test_a_reference_solution_needs_full_marks(tmp_path, test, message):
    nb = small_notebook()
    nb.cells = [graded(code(test, "poor"), "poor", grade=True, locked=True, points=3)]
    with pytest.raises(CourseError, match=message):
        run(write_course(tmp_path, nb))


def test_two_processes_execute_once(tmp_path):
    count = tmp_path / "runs.txt"
    source = f"with open({str(count)!r}, 'a') as f:\n    print('ran', file=f)\nprint('done')"
    course = one_cell(tmp_path / "course", source)
    both = [start(course.source(CHAPTER), course.cache) for _ in range(2)]
    assert [p.communicate(timeout=120)[0].strip() for p in both] == ["done", "done"]
    assert count.read_text() == "ran\n"


def test_a_killed_run_leaves_nothing_and_the_next_one_works(tmp_path):
    flag = tmp_path / "started"
    source = f"import os, pathlib, time\nflag = pathlib.Path({str(flag)!r})\n"
    source += "if not flag.exists():\n    flag.touch()\n    time.sleep(60)\nprint('done')"
    course = one_cell(tmp_path / "course", source)
    process = start(course.source(CHAPTER), course.cache)
    while not flag.exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list(course.cache.rglob("*.ipynb*"))
    assert run(course).cells[0].outputs[0].text == "done\n"


def test_what_is_no_notebook_is_named(tmp_path):
    course = one_cell(tmp_path, "1")
    course.source(CHAPTER).write_text("{")
    with pytest.raises(CourseError, match="is not a notebook"):
        run(course)
    course.source(CHAPTER).unlink()
    with pytest.raises(CourseError, match="cannot read"):
        run(course)
