"""A class on a Dask cluster that somebody else started, and what fails there."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.pipeline import grade_class
from course_utils import cli
from course_utils.course import Course, CourseError
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, each a process of its own."""
    folder = tmp_path_factory.mktemp("cluster")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    port = address.rpartition(":")[2]
    commands = [["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]]
    commands += [
        ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
         "--local-directory", str(folder)],
    ] * 2  # fmt: skip
    with contextlib.ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *command],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
            time.sleep(1)
        yield address


def test_a_cluster_gives_the_same_grades(tiny: Course, scheduler: str, tmp_path: Path) -> None:
    release = _release(tiny)
    half = {**RIGHT, "double": "def double(x):\n    return 2.0 * x\n"}
    for student, answers in {"ada": RIGHT, "ben": half, "cem": {}}.items():
        data = tiny_course.answer(release, **answers)
        tiny_course.hand_in(tmp_path / "s", student, data)
    for where, options in {"here": {}, "there": {"scheduler": scheduler}}.items():
        grade_class(tiny, tmp_path / "s", tmp_path / where, progress=False, **options)
    tables = [(tmp_path / where / "grades.csv").read_text() for where in ("here", "there")]
    assert tables[0] == tables[1]
    assert ",double,4,4,graded," in tables[0]


def test_nobody_at_that_address_is_one_sentence(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.execution.workers.CONNECT_SECONDS", 2)
    tiny_course.hand_in(tmp_path / "s", "ada", b"")
    with pytest.raises(CourseError, match=r"no Dask scheduler answers at tcp://127.0.0.1:9"):
        grade_class(
            tiny, tmp_path / "s", tmp_path / "o", scheduler="tcp://127.0.0.1:9", progress=False
        )


def test_without_bubblewrap_grading_refuses_and_says_what_to_do(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    tiny_course.hand_in(tmp_path / "s", "ada", b"")
    monkeypatch.chdir(tiny.root)
    monkeypatch.setattr("autograder.sandbox.warm._known", {})  # as in a process that begins
    monkeypatch.setattr("autograder.sandbox.kind.shutil.which", lambda _: None)
    assert cli.main(["grade", str(tmp_path / "s"), "--out", str(tmp_path / "o")]) == 1
    said = capsys.readouterr().err
    assert "bubblewrap is missing" in said
    assert "apt install bubblewrap" in said
    assert "--sandbox=limits-only" in said


def test_limits_only_needs_no_bubblewrap(
    tiny: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that the refusal above names works where bubblewrap is missing."""
    tiny_course.hand_in(tmp_path / "s", "ada", tiny_course.answer(_release(tiny), **RIGHT))
    monkeypatch.chdir(tiny.root)
    monkeypatch.setattr("autograder.sandbox.warm._known", {})
    monkeypatch.setattr("autograder.sandbox.kind.shutil.which", lambda _: None)
    words = ["grade", str(tmp_path / "s"), "--out", str(tmp_path / "o")]
    assert cli.main([*words, "--sandbox", "limits-only"]) == 0
    assert ",double,4,4,graded," in (tmp_path / "o" / "grades.csv").read_text()


@pytest.mark.parametrize("sandbox", ["bubblewrap", "limits-only"])
def test_grading_leaves_nothing_in_the_temporary_folder(
    sandbox: str, tiny: Course, tmp_path: Path
) -> None:
    """By the command, in a process of its own that ends."""
    name = f"of-{tmp_path.name}"
    writes = (
        "from pathlib import Path\n"
        f"for place in ('{name}', '~/{name}'):\n    Path(place).expanduser().touch()\n"
    )
    solved = tiny_course.answer(_release(tiny), **{**RIGHT, "double": writes + RIGHT["double"]})
    tiny_course.hand_in(tmp_path / "s", "ada", solved)
    with tempfile.TemporaryDirectory(prefix="t-") as place:  # a socket's path must be short
        command = [sys.executable, "-P", "-m", "course_utils.cli", "grade", str(tmp_path / "s")]
        command += ["--out", str(tmp_path / "o"), "--sandbox", sandbox]
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        environment = os.environ | {"TMPDIR": place, "PYTHONPATH": path}
        subprocess.run(command, cwd=tiny.root, env=environment, check=True, timeout=120)
        assert ",double,4,4,graded," in (tmp_path / "o" / "grades.csv").read_text()
        left = {path.name for path in Path(place).iterdir()} - {"dask-scratch-space"}
        assert not left
    assert not Path("/tmp", name).exists()


def _release(course: Course) -> str:
    from course_utils.publish.release import released_text

    return released_text(course.source(CHAPTER))
