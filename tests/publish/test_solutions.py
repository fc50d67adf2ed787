"""Solutions are handed out after the due date, and nothing else that graders know."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from course_utils.cli import main
from course_utils.course import Course, CourseError
from course_utils.publish import leaks, solutions
from course_utils.publish.execute import read

COURSE = Course.find(Path(__file__).parent)
CHAPTERS = COURSE.chapters()


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_solution_is_there_and_no_hidden_test_or_rubric(chapter: str) -> None:
    source = COURSE.source(chapter)
    text = solutions.solved_text(source)
    for cell in read(source).cells:
        inside = ""
        for line in cell.source.splitlines():
            if found := leaks.BEGIN.search(line):
                inside = found[1]
            elif leaks.END.search(line):
                inside = ""
            elif inside and len(line.strip()) >= leaks.LINE_LENGTH:
                shown = line.strip().replace("\\", "\\\\").replace('"', '\\"')
                assert (shown in text) == (inside == "SOLUTION"), line
    assert "nbgrader" not in text
    assert "autograder" not in text


def test_solutions_wait_for_the_due_date() -> None:
    due = {CHAPTERS[0]: "2026-11-01T23:59:00"}
    before, after = datetime(2026, 11, 1, 23, 58), datetime(2026, 11, 2)
    with pytest.raises(CourseError, match="2026-11-01 23:59 UTC"):
        solutions.require_past(CHAPTERS, due, before)
    solutions.require_past(CHAPTERS[1:], due, before)
    solutions.require_past(CHAPTERS, due, after)


def test_the_command_asks_for_a_folder_and_keeps_to_the_calendar(tmp_path: Path) -> None:
    calendar, out = tmp_path / "calendar.yml", tmp_path / "out"
    calendar.write_text(f"chapters:\n  {CHAPTERS[0]}: 9999-01-01\n")
    command = ["release", CHAPTERS[0], "--solutions"]
    assert main(command) == 2
    command += ["--out", str(out)]
    assert main([*command, "--calendar", str(calendar)]) == 1
    assert not out.exists()
    assert main([*command, "--calendar", str(calendar), "--force"]) == 0
    assert [file.name for file in out.rglob("*.ipynb")] == [f"{CHAPTERS[0]}_solutions.ipynb"]
