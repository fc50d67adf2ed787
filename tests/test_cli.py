"""The ``course`` command as people call it: a process, its exit code and what it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import nbformat
import pytest

from autograder.answers.convolution import ANSWERS
from course_utils import cli
from course_utils.publish.release import released_text
from tests.patience import CAP

CHAPTER = "02_convolution"


def course(*words: str, cwd=None, env=None, timeout=CAP) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "course_utils.cli", *map(str, words)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )


def one_sentence(done: subprocess.CompletedProcess) -> str:
    """What a person reads when a command fails: one line, no traceback."""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """A student's folder: one exercise right, one wrong, one broken, the rest unsolved."""
    from tests.conftest import ROOT

    folder = tmp_path_factory.mktemp("student")
    nb = nbformat.reads(released_text(ROOT / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb"), 4)
    sources = {(a.exercise, a.name): a.source for a in ANSWERS}
    chosen = {
        "moving_average": sources["moving_average", "loop"],
        "conv1d": sources["conv1d", "not-flipped"],
        "output_size": "def output_size(n, k:",
        "reflection": "Both slide the same weights over the picture.",
    }
    for cell in nb.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in chosen:
            cell.source = chosen[grade_id]
    own = "from my_module import HELP\nimport nothing_of_this_name"
    nb.cells.insert(2, nbformat.v4.new_code_cell(own))
    runs_here_alone = "import my_package\nopen('numbers.csv')"
    nb.cells.insert(3, nbformat.v4.new_code_cell(runs_here_alone))
    (folder / "my_module.py").write_text("HELP = 1\n")
    (folder / "my_package").mkdir()
    (folder / "my_package" / "__init__.py").touch()
    (folder / "numbers.csv").write_text("1\n")
    nbformat.write(nb, folder / f"{CHAPTER}.ipynb")
    return folder / f"{CHAPTER}.ipynb"


def test_check_names_what_passes_and_the_misconception_of_what_fails(solved):
    before = solved.read_bytes()
    done = course("check", solved.name, cwd=solved.parent)
    assert done.returncode == 1
    assert "Exercise 2.1 · moving_average\n  ✓ right on ordinary input" in done.stdout
    assert "✗ the filter runs backwards" in done.stdout
    assert "the filter is not flipped: this is cross-correlation" in done.stdout
    assert "output_size\n  ○ name 'output_size' is not defined" in done.stdout
    assert "conv2d\n  ○ not solved yet: 0 of 10 points" in done.stdout
    assert "reflection\n  · answered: read by a person (4 points)" in done.stdout
    assert "1 of 7 exercises pass all public checks.\n" in done.stdout
    assert " points that can be seen here; 0 of 29 points for exercises without" in done.stdout
    assert "hidden properties checked at grading: " in done.stdout
    first = "Missing here:\n  ! No module named 'nothing_of_this_name': the grader has"
    assert done.stdout.startswith(first)
    assert "! No module named 'my_package'" in done.stdout
    for name in ("numbers.csv", "my_package"):
        assert f"“{name}” is not there at grading, and was not here: only the" in done.stdout
    assert "my_module" not in done.stdout
    assert solved.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.ipynb", None, "there is no file"),
        ("empty.ipynb", b"", "is not a notebook"),
        ("text.ipynb", b"hello", "is not a notebook"),
        ("list.ipynb", b"[1, 2]", "is not a notebook"),
        ("folder.ipynb", "folder", "cannot be read"),
        ("other.ipynb", nbformat.writes(nbformat.v4.new_notebook()).encode(), "no exercise"),
    ],
)
def test_check_of_what_is_no_notebook_of_the_course(tmp_path, name, content, sentence):
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    done = course("check", path)
    assert done.returncode == 2
    assert sentence in one_sentence(done)


def test_check_sees_what_the_grader_sees(tmp_path, solved):
    """An old format, a test cell that says "all is well", an untouched reflection; and a
    terminal that knows ASCII alone."""
    nb = nbformat.read(solved, 4)
    for cell in nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in ("test_conv2d", "reflection"):
            cell.source = "10.0" if cell.cell_type == "code" else ""
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(nbformat.convert(nb, 3)))
    done = course("check", path, env=os.environ | {"PYTHONIOENCODING": "ascii:strict"})
    assert done.returncode == 1
    assert "conv2d\n  o not solved yet" in done.stdout
    assert "reflection\n  - untouched: read by a person (4 points)" in done.stdout
    assert "1 of 7 exercises pass" in done.stdout
    assert "note: notebook format 3 was read as 4" in done.stdout


WORDS = [["--help"], ["bild"], ["data", "list"], ["check", "mißing – ✗.ipynb"], ["doctor"]]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_output_fits_every_terminal(words, tmp_path):
    for encoding in ("cp1252", "ascii:strict"):
        done = course(*words, cwd=tmp_path, env=os.environ | {"PYTHONIOENCODING": encoding})
        assert "Traceback" not in done.stderr
        assert done.returncode == (2 if words[0] in ("bild", "check") else 0)
        assert done.stdout or done.stderr


@pytest.mark.parametrize("words", WORDS[:3], ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_leaves_ends_nothing(words, unbuffered):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "course_utils.cli", *words],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert done.returncode == (2 if words == ["bild"] else 0)
    assert "Error" not in done.stderr.replace("Error: invalid choice", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a system without /dev/full")
def test_a_full_disk_is_named():
    command = [sys.executable, "-m", "course_utils.cli", "data", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "cannot be written: No space left on device" in one_sentence(done)
    script = [sys.executable, "-c", f"import subprocess; subprocess.run({command}, check=True)"]
    assert subprocess.run(["sh", "-c", '"$@" >&-', "sh", *script], check=False).returncode == 0


def test_help_is_fast_because_it_imports_little():
    code = "import sys; from course_utils import cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "course_utils.cli.grade" in loaded
    assert not loaded & {"torch", "numpy", "nbformat", "nbgrader", "autograder", "yaml"}


def test_release_writes_the_students_notebook(tmp_path, course):
    out = tmp_path / "release"
    assert _main("release", "02", "--out", out, cwd=course.root) == 0
    text = (out / CHAPTER / f"{CHAPTER}.ipynb").read_text()
    assert "raise NotImplementedError()" in text
    assert "HIDDEN" not in text
    assert "SOLUTION" not in text


def _main(*words, cwd) -> int:
    before = Path.cwd()
    os.chdir(cwd)
    try:
        return cli.main([str(w) for w in words])
    finally:
        os.chdir(before)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["release", "99_nothing"], "unknown chapter '99_nothing'"),
        (["build", "nothing"], "unknown chapter 'nothing'"),
        (["format", "nothing"], "unknown chapter 'nothing'"),
        (["grade", "/nowhere", "--out", "grades"], "/nowhere"),
    ],
)
def test_wrong_usage_is_two(words, sentence, course, tmp_path, capsys):
    words = [str(tmp_path / w) if w == "grades" else w for w in words]
    assert _main(*words, cwd=course.root) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "release", "serve", "format"])
def test_outside_a_checkout_is_two(command, tmp_path, capsys):
    assert _main(command, cwd=tmp_path) == 2
    assert "is not inside a checkout of the course" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_one(course, tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert _main("release", "--out", blocked / "release", cwd=course.root) == 1
    assert str(blocked) in capsys.readouterr().err
    submissions = course.root / "autograder" / "sample_class"
    assert _main("grade", submissions, "--out", blocked / "x", cwd=course.root) == 1
    assert str(blocked) in capsys.readouterr().err


def test_no_words_and_unknown_words_explain_themselves():
    assert course().returncode == 2
    done = course("bild")
    assert done.returncode == 2
    assert "invalid choice" in done.stderr


@pytest.mark.parametrize(
    "command", ["build", "serve", "release", "check", "grade", "format", "doctor"]
)
def test_every_command_has_help_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert f"example: course {command}" in capsys.readouterr().out


def test_what_students_lack_is_named(tmp_path):
    """In an installation without the instructor's packages the message says what to do."""
    (tmp_path / "autograder.py").write_text(
        "raise ModuleNotFoundError('no', name='autograder')"
    )
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = course("grade", "x", "--out", "y", env=env, cwd=tmp_path)
    assert done.returncode == 1
    assert "This command is for instructors" in one_sentence(done)


def test_doctor_says_what_is_there(capsys, course):
    assert _main("doctor", cwd=course.root) == 0
    out = capsys.readouterr().out
    assert "MNIST, test: 10000 images" in out
    assert CHAPTER in out


def test_serve_shows_the_book(built_site, course):
    process = subprocess.Popen(
        [sys.executable, "-m", "course_utils.cli", "serve", "--port", "0"],
        cwd=course.root,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline().split()[0]
        with urllib.request.urlopen(f"{address}book/index.html", timeout=CAP) as page:
            assert "Pixels to Prompts" in page.read().decode()
    finally:
        process.terminate()
        process.wait()


def test_serve_without_a_book_says_so(tmp_path, capsys):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_config.yml").touch()
    assert _main("serve", cwd=tmp_path) == 1
    assert "run course build first" in capsys.readouterr().err


def test_the_wheel_of_students_holds_no_answers(tmp_path, course):
    """Built as an instructor builds it; results travel along, the autograder does not."""
    pytest.importorskip("hatchling")
    copy = tmp_path / "copy"
    ignore = shutil.ignore_patterns(".venv", ".git", "_build", ".cache", "release", "grades")
    shutil.copytree(course.root, copy, ignore=ignore)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    import zipfile

    names = zipfile.ZipFile(wheel).namelist()
    assert "course_utils/measured/convolution.json" in names
    assert "course_utils/data/files/digits/train-images-idx3-ubyte.xz" in names
    assert "course_utils/data/licences/Apache-2.0.txt" in names
    assert any(n.endswith("widget.js") for n in names)
    assert not [n for n in names if "autograder" in n or "hidden" in n]
