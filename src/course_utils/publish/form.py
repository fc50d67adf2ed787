"""How long a chapter is: its words, its hours, and the code that its readers see.

``python -m course_utils.publish.form`` prints a line for every chapter.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from nbformat import NotebookNode

from course_utils.course import Course
from course_utils.publish.execute import read
from course_utils.tables import Table

WORDS_A_MINUTE = 200
EXPLORER_MINUTES = 5
QUESTION_MINUTES = 1

# What is looked at rather than read: code and formulas. Tags and links' targets are neither.
NO_PROSE = re.compile(
    r"^ *```.*?^ *```|\$\$.*?\$\$|\$[^$\n]+\$|<[^>\n]+>|\]\([^)\n]*\)", re.DOTALL | re.MULTILINE
)
WORD = re.compile(r"\w[\w'’-]*")
MINUTES = re.compile(r"^\*\*\d+ points? · (\d+) minutes", re.MULTILINE)
HIDDEN = {"hide-input", "remove-input", "hide-cell", "remove-cell"}


@dataclass(frozen=True)
class Form:
    """What a chapter asks of its reader."""

    words: int
    explorers: int
    questions: int
    exercise_minutes: int
    code: dict[str, int]  # lines that are seen, by the id of the cell; exercises left out

    @property
    def hours(self) -> float:
        """To read, to move the explorers, to answer, and to solve."""
        looking = EXPLORER_MINUTES * self.explorers + QUESTION_MINUTES * self.questions
        return (self.words / WORDS_A_MINUTE + looking + self.exercise_minutes) / 60

    def row(self) -> dict[str, object]:
        return {
            "words": self.words,
            "hours": f"{self.hours:.1f}",
            "exercises (minutes)": self.exercise_minutes,
            "explorers": self.explorers,
            "questions": self.questions,
            "visible code (lines)": sum(self.code.values()),
            "longest cell (lines)": max(self.code.values(), default=0),
        }


def form(nb: NotebookNode) -> Form:
    """Measure an instructor's notebook."""
    prose = "\n\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    code = [c for c in nb.cells if c.cell_type == "code"]
    called = [_called(c.source) for c in code]
    widgets = {name for cell in code for name in _widgets(cell.source)}
    return Form(
        words=words(prose),
        explorers=sum(bool(names & widgets) for names in called),
        questions=sum(bool(names & {"ask", "choose", "number"}) for names in called),
        exercise_minutes=sum(map(int, MINUTES.findall(prose))),
        code={c.id: _lines(c.source) for c in code if is_visible(c)},
    )


def words(prose: str) -> int:
    """Of a Markdown text, without its code and formulas."""
    return len(WORD.findall(NO_PROSE.sub(" ", prose)))


def is_visible(cell: NotebookNode) -> bool:
    """Whether a page shows the cell's code at once, and it is no exercise's."""
    return not ("nbgrader" in cell.metadata or HIDDEN & set(cell.metadata.get("tags", [])))


def _lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def _widgets(source: str) -> set[str]:
    """The explorers that a cell imports."""
    return {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "course_utils.widgets"
        for alias in node.names
    } - {"Quiz"}


def _called(source: str) -> set[str]:
    """The last names of all that a cell calls: ``ask`` of ``questions.ask(…)``."""
    calls = [n.func for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    return {getattr(f, "attr", "") or getattr(f, "id", "") for f in calls}


def main() -> None:
    course = Course.find()
    chapters = {name: form(read(course.source(name))) for name in course.chapters()}
    print(Table({"chapter": name, **found.row()} for name, found in chapters.items()))


if __name__ == "__main__":
    main()
