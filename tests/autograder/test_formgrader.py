"""nbgrader's own programs open what we write."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import autograder
from autograder.gradebook import book as gradebook
from autograder.gradebook.assignment import Assignment
from tests.autograder import tiny_course
from tests.autograder.graded_class import Graded
from tests.autograder.tiny_course import CHAPTER, RIGHT
from tests.browser import open_page
from tests.patience import CAP

GRADER = Path(autograder.__path__[0])
PROGRAMS = Path(sys.executable).parent


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A real Jupyter server in ``folder`` with the extensions that nbgrader installs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PROGRAMS / "jupyter", "server", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token="]
    with (folder.parent / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def get(url: str, patience: float = CAP) -> str:
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def test_formgrader_shows_the_class(graded: Graded, browser: Browser, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(graded.out, out)
    with server(out) as url:
        assert "formgrader" in get(f"{url}/formgrader").lower()
        (assignment,) = json.loads(get(f"{url}/formgrader/api/assignments"))
        assert assignment["name"] == CHAPTER
        assert assignment["max_score"] == 9
        assert assignment["num_submissions"] == 14  # of 15 students one is missing
        submissions = json.loads(get(f"{url}/formgrader/api/submissions/{CHAPTER}"))
        scores = {s["student"]: s["score"] for s in submissions}
        assert scores["right"] == 6
        assert scores["partial"] == 4
        notebooks = f"{url}/formgrader/api/submitted_notebooks/{CHAPTER}/{CHAPTER}"
        first = next(n for n in json.loads(get(notebooks)) if n["student"] == "reflects")
        _read_by_a_person(browser, f"{url}/formgrader/submissions/{first['id']}")


def _read_by_a_person(browser: Browser, address: str) -> None:
    """An answer stands open beside its mark scheme, all else is closed, points are kept."""
    with open_page(browser, 1280) as (tab, watch):
        tab.goto(address)
        tab.locator("input.score#reflection:focus").wait_for()
        field = tab.locator("#reflection")
        box, scheme = tab.locator(".open figure.own"), tab.locator(".open .scheme")
        assert box.inner_text().split("\n") == ["Student's text: reflection", "", "Because so."]
        assert "secret rubric" in scheme.inner_text()
        assert scheme.bounding_box()["x"] > box.bounding_box()["x"]  # type: ignore[index]
        assert tab.locator("details[open]").count() == 0
        tab.get_by_text("Exercise: double").click()
        assert tab.get_by_text("keeps integers").is_visible()
        with tab.expect_response(lambda reply: reply.request.method == "PUT") as saved:
            field.fill("2")
            field.blur()
        assert saved.value.json()["manual_score"] == 2
        assert not watch.outside
        assert not watch.errors


@pytest.fixture
def class_folder(tiny_copy: Path, assignment: Assignment) -> Path:
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(tiny_copy / "autograder" / "grades" / "submitted", "amy", data)
    return tiny_copy


@pytest.fixture
def tiny_copy(graded: Graded, tmp_path: Path) -> Path:
    root = tmp_path / "course"
    shutil.copytree(graded.course.root, root)
    shutil.copy(GRADER / "nbgrader_config.py", root / "autograder")
    return root


_NOT_NEEDED = shutil.ignore_patterns("answers", "grades", "hidden", "sample_class", "*.pyc")


def test_the_stock_program_grades_our_notebooks(class_folder: Path) -> None:
    """``nbgrader generate_assignment`` and ``autograde`` with our configuration."""
    # The tiny course's hidden checks; in this course they are beside the installed grader.
    environment = {**os.environ, "PYTHONPATH": str(class_folder / "modules")}
    hidden = class_folder / "modules" / "autograder"
    shutil.copytree(GRADER, hidden, ignore=_NOT_NEEDED)
    shutil.copytree(class_folder / "autograder" / "hidden", hidden / "hidden")
    for command in ("generate_assignment", "autograde", "generate_feedback"):
        done = subprocess.run(
            [PROGRAMS / "nbgrader", command, CHAPTER],
            cwd=class_folder / "autograder",
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    grades = class_folder / "autograder" / "grades"
    with gradebook.opened(gradebook.address(grades / "gradebook.db")) as book:
        assert book.find_submission(CHAPTER, "amy").score == 6
    page = grades / "feedback" / "amy" / CHAPTER / f"{CHAPTER}.html"
    assert "keeps integers" in page.read_text()
    assert "HIDDEN TESTS" not in page.read_text()
