"""The bundle for Gradescope, unpacked and run in a folder laid out as Gradescope does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import sample
from autograder.exports.gradescope import VISIBILITIES, bundle, run
from autograder.exports.gradescope.results import Exercise, exercises, of_result
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status
from course_utils import cli
from course_utils.checks.report import Report, Verdict
from course_utils.course import Course, CourseError, UsageError
from tests.autograder import tiny_course

CHAPTER = sample.CHAPTER
ROOT = Path(__file__).parents[2]
TOP = {"score", "execution_time", "output", "output_format", "visibility", "tests"}
TOP |= {"test_output_format", "test_name_format"}
ENTRY = {"score", "max_score", "status", "name", "number", "output", "visibility"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "autograder.zip"
    done = bundle.export(Course(ROOT), "convolution", path, cell_timeout=120)
    assert "set the autograder points to 38" in done.notes[0]
    assert "“reflection” is read by a person: add a question of 4 points" in done.notes[1]
    return path


@pytest.fixture(scope="module")
def machine(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Gradescope's image holds, after its documentation; /autograder is elsewhere."""
    root = tmp_path_factory.mktemp("gradescope") / "autograder"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    (root / "run_autograder").chmod(0o755)
    (root / "submission").mkdir()
    (root / "results").mkdir()
    return root


def handed_in(machine: Path, student: str) -> None:
    """The files of a student of the sample class, and nothing of the one before."""
    for folder in ("submission", "results"):
        shutil.rmtree(machine / folder, ignore_errors=True)
        (machine / folder).mkdir()
    for file in (sample.FOLDER / student / CHAPTER).iterdir():
        shutil.copy(file, machine / "submission" / file.name)


def graded(machine: Path, **environment: str) -> dict:
    """Run the autograder as Gradescope does, and check results.json by the documentation."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(machine), "AUTOGRADER_ROOT": str(machine)}
    done = subprocess.run(
        _without_network([str(machine / "run_autograder")]),
        cwd=machine,
        env={**variables, "AUTOGRADER_PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((machine / "results" / "results.json").read_text())
    assert set(results) <= TOP
    assert isinstance(results["score"], int | float)
    for test in results.get("tests", []):
        assert set(test) <= ENTRY
        assert test["visibility"] in VISIBILITIES
        assert ("score" in test) == ("max_score" in test) == ("status" in test)
        assert 0 <= test.get("score", 0) <= test.get("max_score", 0)
        assert test.get("status", "passed") in ("passed", "failed")
    assert results["score"] == pytest.approx(sum(t.get("score", 0) for t in results["tests"]))
    return results | {"stdout": done.stdout + done.stderr}


def _without_network(command: list[str]) -> list[str]:
    """In a network of its own, where the system lets us."""
    alone = ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") and not subprocess.run([*alone, "true"]).returncode:
        return [*alone, "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *command]
    return command


# -- the bundle -----------------------------------------------------------------


def test_the_bundle_has_what_gradescope_asks_for(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        for program in ("setup.sh", "run_autograder"):
            assert opened.getinfo(program).external_attr >> 16 & 0o111, "not executable"
            assert opened.read(program).startswith(b"#!/usr/bin/env bash\n")
        assert opened.read("requirements.txt") == (ROOT / "requirements.txt").read_bytes()
    assert f"course/notebooks/{CHAPTER}/{CHAPTER}.ipynb" in names
    assert "course/autograder/hidden/convolution.py" in names
    assert "course/src/course_utils/checks/convolution/conv2d.py" in names
    for foreign in ("/answers/", "sample_class", "__pycache__", ".db", "/tests/", ".git"):
        assert not [name for name in names if foreign in name.removeprefix("course/src/")]


def test_the_scripts_are_sound_and_name_files_that_are_there(machine: Path) -> None:
    source = machine / "source"
    for program in ("setup.sh", "run_autograder"):
        subprocess.run(["bash", "-n", source / program], check=True)
        text = (source / program).read_text()
        named = re.findall(r"(?<![\w/$-])[\w/]+\.(?:txt|sh|py|json)\b", text)
        named += re.findall(r"(?<![\w/$}])course(?:/\w+)*", text)
        named += re.findall(r"\$root/source/([\w/.]+)", text)
        named += [
            m.replace(".", "/") + ".py" for m in re.findall(r"autograder(?:\.\w+)+", text)
        ]
        files = [name for name in named if name != "results.json"]
        assert files
        for name in files:
            places = (source / name, source / "course" / name)
            assert any(place.exists() for place in places), f"{program} names {name}"


def test_what_setup_installs_is_enough_and_pinned(machine: Path) -> None:
    """All that grading imports belongs to dependencies.txt, and the lock pins it."""
    source = machine / "source"
    wanted = (source / "dependencies.txt").read_text().split("\n")
    installed = _closure([Requirement(line).name for line in wanted if line])
    code = (
        "import sys, autograder.exports.gradescope.run, autograder.execution.grading\n"
        "for name, module in sys.modules.items():\n"
        "    file = getattr(module, '__file__', None)\n"
        "    if file and '_vendor' not in file: print(name)"  # setuptools brings its own
    )
    path = os.pathsep.join(str(source / "course" / part) for part in ("src", "."))
    modules = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    owners = packages_distributions()
    for module in {name.split(".")[0] for name in modules} - {"autograder", "course_utils"}:
        names = {canonicalize_name(name) for name in owners.get(module, [])}
        # Start-up hooks of this environment, what markdown-it and psygnal can do without.
        names -= {"setuptools", "coverage", "linkify-it-py", "mypy-extensions"}
        assert not names or names & installed, f"{module} would be missing"
    pins = {
        canonicalize_name(line.split("==")[0])
        for line in (source / "requirements.txt").read_text().splitlines()
        if re.match(r"[\w.-]+==", line)
    }
    assert installed - pins == set()


def _closure(names: list[str]) -> set[str]:
    """What pip would install for these on this machine, by the installed metadata."""
    found: set[str] = set()
    todo = [(name, "") for name in names]
    seen = set(todo)
    while todo:
        name, extra = todo.pop()
        found.add(canonicalize_name(name))
        for text in distribution(name).requires or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                new = {(need.name, e) for e in ("", *need.extras)} - seen
                seen |= new
                todo += new
    return found


def test_bad_arguments(tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.zip"
    monkeypatch.chdir(ROOT)
    assert cli.main(["export", "gradescope", "99_none", "--out", str(out)]) == 2
    course = Course(ROOT)
    with pytest.raises(UsageError, match="visibility 'never' is none of visible"):
        bundle.export(course, CHAPTER, out, hidden="never")
    with pytest.raises(UsageError, match="is no address"):
        bundle.export(course, CHAPTER, out, extra_index="cpu; rm -rf /")
    with pytest.raises(CourseError, match=r"No such file .* whole checkout"):
        bundle.export(tiny, tiny_course.CHAPTER, out)
    assert not out.exists()
    with pytest.raises(CourseError, match="cannot write"):
        bundle.export(course, CHAPTER, tmp_path)


def test_options_change_the_settings_and_nothing_else(archive: Path, tmp_path: Path) -> None:
    out, url = tmp_path / "out.zip", "https://index.example.org/cpu"
    bundle.export(
        Course(ROOT), CHAPTER, out, hidden="hidden", cell_timeout=120, extra_index=url
    )
    with zipfile.ZipFile(out) as opened, zipfile.ZipFile(archive) as before:
        lines = opened.read("dependencies.txt").decode().splitlines()
        assert lines[0] == f"--extra-index-url {url}"
        assert lines[1:] == before.read("dependencies.txt").decode().splitlines()
        assert json.loads(opened.read("settings.json"))["hidden"] == "hidden"
        files = [(f.filename, f.CRC, f.date_time) for f in opened.infolist()]
        known = [(f.filename, f.CRC, f.date_time) for f in before.infolist()]
    changed = {file[0] for file in set(files) ^ set(known)}
    assert changed == {"dependencies.txt", "settings.json"}


# -- run ------------------------------------------------------------------------


def test_an_honest_submission(machine: Path) -> None:
    handed_in(machine, "chloe")  # all right but for a kernel that is not flipped
    only = next((machine / "submission").iterdir())
    (machine / "submission" / "week 2").mkdir()
    only.rename(machine / "submission" / "week 2" / "My Homework (final).ipynb")
    results = graded(machine)
    assert results["output"] == "All cells were run."
    tests = {test["name"]: test for test in results["tests"]}
    lost = [name for name, test in tests.items() if test.get("status") == "failed"]
    assert all(name.startswith("conv1d: ") for name in lost)
    flipped = tests["conv1d: the filter runs backwards: b[i − j]"]
    assert flipped["number"] == "2.3.2"
    assert (flipped["score"], flipped["max_score"], flipped["status"]) == (0, 0.5, "failed")
    assert "the filter is not flipped" in flipped["output"]
    assert results["score"] == 38 - sum(tests[name]["max_score"] for name in lost)
    assert {t["visibility"] for t in tests.values()} == {"visible", "after_published"}
    assert tests["conv1d: the gradient reaches a, b"]["visibility"] == "after_published"
    assert "score" not in tests["reflection"]
    assert (
        "A person reads this answer and gives up to 4 points" in tests["reflection"]["output"]
    )


def test_an_unsolved_submission(machine: Path) -> None:
    handed_in(machine, "hugo")
    results = graded(machine)
    assert results["score"] == 0
    scored = [test for test in results["tests"] if "score" in test]
    assert [test["number"] for test in scored] == [f"2.{n}" for n in range(1, 8)]
    assert sum(test["max_score"] for test in scored) == 38
    assert {test["output"] for test in scored} == {Status.UNSOLVED.sentence}


@pytest.mark.parametrize(
    ("student", "says"),
    [
        ("lucia", "The file is not a Jupyter notebook"),
        (
            "priya",
            "No notebook 02_convolution.ipynb was handed in; there is only "
            "“02_convolution/notes.txt”.",
        ),
    ],
)
def test_a_submission_that_cannot_be_run(student: str, says: str, machine: Path) -> None:
    handed_in(machine, student)
    results = graded(machine)
    assert results["score"] == 0
    assert results["output"].startswith(says)
    assert len(results["tests"]) == 8


def test_no_submission_at_all(machine: Path) -> None:
    for folder in ("submission", "results"):  # not even the folders
        shutil.rmtree(machine / folder)
    results = graded(machine)
    assert results["score"] == 0
    assert "No notebook 02_convolution.ipynb was handed in." in results["output"]


def test_a_grader_that_fails_says_so_without_details(machine: Path) -> None:
    handed_in(machine, "amira")
    settings = machine / "source" / "settings.json"
    text = settings.read_text()
    try:
        settings.write_text(text.replace(CHAPTER, "03_lost"))
        results = graded(machine)
    finally:
        settings.write_text(text)
    assert (results["score"], results["output"]) == (0, run.FAILED)
    assert "no assignment in" in results["stdout"]


# -- what the scripts promise, with a Python that misbehaves ----------------------


@pytest.mark.parametrize(
    ("python", "says"),
    [
        ("#!/bin/sh\nexit 3\n", "The autograder could not run."),
        ("#!/bin/sh\nkill -9 $$\n", "The autograder could not run."),
        ("", "The autograder could not run."),
        ("#!/bin/sh\nkill -9 $PPID\n", "The autograder was stopped before it had finished."),
    ],
)
def test_results_are_there_even_if_python_is_not(
    python: str, says: str, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    if python:
        program.write_text(python)
        program.chmod(0o755)
    environment = {"AUTOGRADER_ROOT": str(tmp_path), "AUTOGRADER_PYTHON": str(program)}
    script = bundle.HERE / "run_autograder"
    subprocess.run([script], env={**os.environ, **environment}, capture_output=True)
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert results["score"] == 0
    assert results["output"].startswith(says)


# -- the pieces -----------------------------------------------------------------


def test_which_file_is_meant(tmp_path: Path) -> None:
    def found(*names: str) -> dict[str, str]:
        submission, folder = tmp_path / "submission", tmp_path / "folder"
        for path in (submission, folder):
            shutil.rmtree(path, ignore_errors=True)
        for name in names:
            path = submission / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        run.lay_out(submission, folder, "01_tiny.ipynb")
        return {path.name: path.read_text() for path in folder.iterdir()}

    assert found("a b.ipynb", "notes.txt") == {"01_tiny.ipynb": "a b.ipynb"}
    assert found("a.ipynb", "own.py", "x/other.py") == {
        "01_tiny.ipynb": "a.ipynb",
        "own.py": "own.py",
    }
    assert found("x/y/HW.IPYNB") == {"01_tiny.ipynb": "x/y/HW.IPYNB"}
    assert found(
        "hw.ipynb", ".ipynb_checkpoints/hw-checkpoint.ipynb", "__MACOSX/._hw.ipynb"
    ) == {"01_tiny.ipynb": "hw.ipynb"}
    assert found("a.ipynb", "old/01_tiny.ipynb", "01_tiny.ipynb")["01_tiny.ipynb"] == (
        "01_tiny.ipynb"
    )
    assert found("notes.txt") == {"notes.txt": "notes.txt"}
    assert found() == {}


def test_a_link_to_the_solutions_is_not_followed(tmp_path: Path) -> None:
    solutions = tmp_path / "solutions"
    solutions.mkdir()
    (solutions / "01_tiny.ipynb").write_text("secret")
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "01_tiny.ipynb").symlink_to(solutions / "01_tiny.ipynb")
    (tmp_path / "submission" / "folder").symlink_to(solutions)
    run.lay_out(tmp_path / "submission", tmp_path / "out", "01_tiny.ipynb")
    assert not list((tmp_path / "out").iterdir())


def test_numbers_come_from_headings_or_are_counted(assignment: Assignment) -> None:
    known = exercises(assignment.released())
    assert {name: (e.number, e.by_hand) for name, e in known.items()} == {
        "test_double": ("1", False),
        "test_flip": ("2", False),
        "reflection": ("3", True),
    }


def test_a_report_that_contradicts_the_grade_is_not_shown(assignment: Assignment) -> None:
    verdicts = [Verdict("doubles", 2, True, "", False), Verdict("ints", 2, True, "", True)]
    report = Report("1.1", "double", 4, verdicts)
    nb = assignment.released()
    test = next(c for c in nb.cells if c.id == "test-double")
    test.outputs = [nbformat.v4.new_output("execute_result", report.bundle())]
    known = {"test_double": Exercise("1.1", by_hand=False)}

    def entries(points: float) -> list[tuple]:
        grade = Grade("test_double", points, 4, Status.GRADED, "why")
        result = Result(
            "s", "01_tiny", Status.GRADED, "", (), (grade,), notebook=nbformat.writes(nb)
        )
        tests = of_result(result, known, "after_due_date")["tests"]
        return [(t["name"], t["score"], t["visibility"], t["output"]) for t in tests]

    assert entries(4) == [
        ("double: doubles", 2, "visible", ""),
        ("double: ints", 2, "after_due_date", ""),
    ]
    assert entries(1) == [("double", 1, "visible", "why")]
