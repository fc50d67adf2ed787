"""The workflow on GitHub: what it calls is there, and a link leads to what it publishes."""

from __future__ import annotations

import re
from typing import Any

import yaml

from course_utils.cli.app import app
from course_utils.publish import home
from tests.publish.courses import REPOSITORY

FILE = REPOSITORY / ".github" / "workflows" / "course.yml"


def jobs() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text())["jobs"]


def scripts() -> str:
    steps = [step for job in jobs().values() for step in job["steps"]]
    return "\n".join(step["run"] for step in steps if "run" in step)


def test_tests_run_as_anywhere_else_and_come_before_publishing():
    assert ".ci/run" in scripts().splitlines()
    assert (REPOSITORY / ".ci" / "run").is_file()
    assert jobs()["publish"]["needs"] == "test"


def test_targets_and_commands_exist():
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", scripts(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    called = re.findall(r"^\.venv/bin/course (\w+)(.*)$", scripts(), re.MULTILINE)
    assert {name for name, _ in called} == {"release", "build"}
    for name, words in called:
        options = {option for p in app.commands[name].params for option in p.opts}
        assert {word for word in words.split() if word.startswith("--")} <= options


def test_the_students_notebooks_go_where_links_lead():
    assert f"--initial-branch {home.BRANCH}" in scripts()
    assert "cp bundle/*.whl _build/html/" in scripts()
    assert home.CHAPTERS == "notebooks/"  # as in the bundle
