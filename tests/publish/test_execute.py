"""A notebook runs once, its errors are fatal, and its run is measured."""

from __future__ import annotations

import os
import py_compile
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils.course import Course, CourseError
from course_utils.publish import execute, fingerprint
from course_utils.publish.execute import executed
from course_utils.publish.marks import marks
from tests.patience import CAP, until
from tests.publish import courses
from tests.publish.courses import CHAPTER, code, graded, small_notebook, write_course

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
    assert small_done.metadata.course.seconds > 0
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
    monkeypatch.setattr(execute, "_run", lambda path, nb, *_: nb)
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


@pytest.mark.parametrize("what", ["companion", "torch"])
def test_fingerprint_covers(what, small_book, monkeypatch):
    source = small_book.source(CHAPTER)
    nb = nbformat.read(source, as_version=4)
    before = fingerprint.fingerprint(source, nb)
    if what == "companion":
        monkeypatch.setattr(fingerprint, "companions", lambda path: [])
    else:
        monkeypatch.setattr(fingerprint, "version", lambda name: "99")
    assert fingerprint.fingerprint(source, nb) != before


READ = ("compiled.py", "imported.py", "opened.txt", "forked.txt")
READER = """
import os, sys
from pathlib import Path

sys.path.append("../../shelf")
import compiled, imported

Path("../../shelf/opened.txt").read_text()
[path.name for path in Path("../../listed").iterdir()]
Path("../../shelf/written.txt").write_text("new")
if os.fork() == 0:
    open("../../shelf/forked.txt").close()
    os._exit(0)
os.wait()
from course_utils import checks, widgets, training, facts

checks.convolution
widgets.Quiz
training.load("naive_bayes")
facts.facts("imagenet")
"""


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Course:
    course = one_cell(tmp_path_factory.mktemp("reader") / "course", READER)
    (course.root / "listed").mkdir()
    shelf = course.root / "shelf"
    shelf.mkdir()
    for name in (*READ, "other.txt"):
        (shelf / name).write_text("")
    py_compile.compile(str(shelf / "compiled.py"))
    run(course)
    return course


def what_it_read(course: Course) -> dict[str, str]:
    (kept,) = course.cache.glob("executed/*.ipynb")
    return nbformat.read(kept, as_version=4).metadata.course.read


def test_a_run_knows_what_it_read(reader):
    read = {what.split(" ", 1)[1] for what in what_it_read(reader)}
    ours = {str(Path(file).relative_to(reader.root)) for file in read if "/shelf/" in file}
    assert ours == {
        f"shelf/{n}" for n in ("compiled.py", "imported.py", "opened.txt", "forked.txt")
    }
    package = {
        str(Path(file).relative_to(courses.REPOSITORY))
        for file in read
        if Path(file).is_relative_to(courses.REPOSITORY)
    }
    assert {
        "src/course_utils/checks/report.py",
        "src/course_utils/widgets/kit/kit.js",
        "src/course_utils/checkpoints/naive_bayes.safetensors",
        "book/facts.yml",
    } <= package
    assert any(name.startswith("src/course_utils/checks/convolution") for name in package)
    surplus = [n for n in package if "simclr" in n or n.startswith("results/")]
    assert not surplus


@pytest.mark.parametrize(
    ("file", "again"),
    [
        ("shelf/imported.py", True),
        ("shelf/compiled.py", True),
        ("shelf/opened.txt", True),
        ("shelf/forked.txt", True),
        ("listed/new.txt", True),
        ("shelf/other.txt", False),
        ("shelf/new.txt", False),
    ],
)
def test_it_runs_again_when_that_changed(reader, monkeypatch, file, again):
    path = reader.root / file
    before = path.read_text() if path.exists() else None
    ran = []
    monkeypatch.setattr(execute, "_run", lambda path, nb, *_: ran.append(1) or nb)
    monkeypatch.setattr(execute, "write_atomically", lambda *_: None)
    path.write_text("# new\n")
    try:
        executed(reader.source(CHAPTER), reader.cache)
        assert bool(ran) is again
    finally:
        path.unlink() if before is None else path.write_text(before)


def test_a_run_that_kept_no_log_is_not_used_again(tmp_path):
    read = fingerprint.what_was_read(tmp_path / "none.txt", tmp_path)
    assert not fingerprint.unchanged(read)


def test_what_changed_while_it_ran_is_not_used_again(tmp_path):
    read, log = tmp_path / "read.py", tmp_path / "log.txt"
    read.write_text("1")
    log.write_text(f"file {read.stat().st_mtime_ns} {read}\n")
    assert fingerprint.unchanged(fingerprint.what_was_read(log, tmp_path))
    os.utime(read, ns=(1, 1))
    assert not fingerprint.unchanged(fingerprint.what_was_read(log, tmp_path))


def test_the_package_reads_by_way_of_python():
    """What a library reads in its own language, no kept run would know of."""
    allowed = {fingerprint.PACKAGE / "data" / "cache.py"}  # its names hold hashes
    by_itself = re.compile(r"\b(load_file|safe_open|np\.fromfile|np\.memmap|read_image)\b")
    for file in fingerprint.PACKAGE.rglob("*.py"):
        assert file in allowed or not by_itself.search(file.read_text()), file


@pytest.mark.parametrize(("raised", "ran"), [("NotImplementedError", 1), ("OSError", 2)])
def test_a_run_may_raise_what_stubs_raise(tmp_path, monkeypatch, raised, ran):
    """Another error, as of data that are not there, may be gone the next time."""
    runs, real = [], execute._run
    monkeypatch.setattr(execute, "_run", lambda *args: runs.append(1) or real(*args))
    course = one_cell(tmp_path, f"raise {raised}('not yet')")
    source = course.source(CHAPTER)
    for _ in range(2):
        nb = nbformat.read(source, as_version=4)
        done = execute.kept_run(source, nb, course.cache / "unsolved", "NotImplementedError")
        assert done.cells[0].outputs[0].ename == raised
    assert len(runs) == ran


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
    assert [p.communicate(timeout=CAP)[0].strip() for p in both] == ["done", "done"]
    assert count.read_text() == "ran\n"


def test_a_killed_run_leaves_nothing_and_the_next_one_works(tmp_path):
    flag = tmp_path / "started"
    source = f"import os, pathlib, time\nflag = pathlib.Path({str(flag)!r})\n"
    source += "if not flag.exists():\n    flag.touch()\n    time.sleep(600)\nprint('done')"
    course = one_cell(tmp_path / "course", source)
    process = start(course.source(CHAPTER), course.cache)

    def started() -> bool:
        assert process.poll() is None
        return flag.exists()

    until(started)
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
