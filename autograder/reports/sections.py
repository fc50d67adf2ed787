"""A graded notebook as sections: what each exercise asks, what was answered, what was found.

Both pages are made of them: the one that a student gets back and the one where a person
grades. Whatever a student wrote or printed is marked as such here, once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup
from nbformat import NotebookNode
from nbgrader.utils import is_grade, is_solution, is_task

from autograder.gradebook.cells import EXTRA, is_test
from autograder.reports import sanitize
from autograder.reports.chapter import Chapter, names
from autograder.reports.room import Room
from course_utils.checks.report import MIME, Report

RICH = {
    "text/html": sanitize.html,
    "text/markdown": sanitize.markdown,
    "text/latex": sanitize.markdown,
}
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass
class Piece:
    """A cell on a page.

    Attributes:
        kind: ``lecture`` and ``task`` are the chapter's; ``code`` and ``text`` a student's.
        name: nbgrader's, of an answer.
    """

    kind: str
    html: Markup
    outputs: list[Markup] = field(default_factory=list)
    name: str = ""


@dataclass
class Section:
    """An exercise, or what follows the last one (``name`` is empty).

    Attributes:
        name: nbgrader's, of the cell that gives the points.
        heading: the first line of the task.
        pieces: the cells before it, and it if it is an answer.
        report: what the check found, where there is one.
        printed: what a student's code printed or raised in the test cell.
        by_hand: a person gives the points.
    """

    name: str = ""
    heading: str = ""
    pieces: list[Piece] = field(default_factory=list)
    report: Report | None = None
    printed: list[Markup] = field(default_factory=list)
    by_hand: bool = False

    @property
    def title(self) -> str:
        return self.heading or self.name.removeprefix("test_")

    @property
    def own(self) -> list[Piece]:
        """The task and what the student wrote, without the lecture."""
        return [p for p in self.pieces if p.kind != "lecture"]

    @property
    def lecture(self) -> list[Piece]:
        return [p for p in self.pieces if p.kind == "lecture"]


def sections(
    nb: NotebookNode, chapter: Chapter, room: Room, *, lecture: bool = False
) -> list[Section]:
    """The sections of a graded notebook, in the chapter's order.

    Args:
        lecture: with the cells that are neither task nor answer.
    """
    found = {name: Section(name) for name in chapter.places.values()}
    found.setdefault("", Section())
    name = ""
    for cell in nb.cells:
        if not cell.get("id", "").startswith(EXTRA):  # those stand beside what they belong to
            name = next((chapter.places[n] for n in names(cell) if n in chapter.places), name)
        _add(cell, found[name], chapter, room, lecture)
    return [*(s for s in found.values() if s.name), found[""]]


def _add(
    cell: NotebookNode, section: Section, chapter: Chapter, room: Room, lecture: bool
) -> None:
    """Put what there is to see of a cell into its section."""
    if is_test(cell):
        _judge(section, cell, room)
    elif _is_students(cell, chapter.texts):
        section.pieces.append(_own(cell, room))
        section.by_hand |= is_grade(cell)
    elif cell.get("id") in chapter.heads:
        section.heading, text = _headed(cell.source)
        if text:
            section.pieces.append(Piece("task", sanitize.markdown(text)))
    elif lecture:
        make = sanitize.code if cell.cell_type == "code" else sanitize.markdown
        section.pieces.append(Piece("lecture", make(cell.source)))
    section.by_hand |= is_task(cell)


def _own(cell: NotebookNode, room: Room) -> Piece:
    kind = "code" if cell.cell_type == "code" else "text"
    name = cell.metadata.nbgrader.grade_id if is_solution(cell) else ""
    html = room.text(cell.source, sanitize.code if kind == "code" else _text)
    return Piece(kind, html, _outputs(cell.get("outputs", []), room), name)


def _headed(task: str) -> tuple[str, str]:
    """The heading of a task, and the rest."""
    first, _, rest = task.partition("\n")
    return (first.lstrip("# "), rest.strip()) if first.startswith("#") else ("", task)


def _is_students(cell: NotebookNode, known: frozenset[str]) -> bool:
    if is_solution(cell) or cell.get("id", "").startswith(EXTRA):
        return True
    return not is_task(cell) and cell.source.strip() not in known


def _judge(section: Section, cell: NotebookNode, room: Room) -> None:
    """Of a test cell its report; what else it holds comes from the student's code."""
    rest = []
    for output in cell.outputs:
        if MIME in output.get("data", {}):
            section.report = Report.from_data(output.data[MIME])
        else:
            rest.append(output)
    section.printed = _outputs(rest, room)


def _outputs(outputs: list[NotebookNode], room: Room) -> list[Markup]:
    shown, note = room.first(_joined(outputs))
    made = [html for output in shown if (html := _output(output, room))]
    return [*made, note] if note else made


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """The outputs with what was printed in one go: a cell may print ten thousand times."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and joined and joined[-1].output_type == "stream":
            joined[-1].text.append(output.text)
        elif output.output_type == "stream":
            joined.append(NotebookNode(output_type="stream", text=[output.text]))
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = "".join(output.text)
    return joined


def _output(output: NotebookNode, room: Room) -> Markup:
    """One output in the first form that a page can show."""
    if output.output_type == "stream":
        return room.text(output.text, sanitize.plain)
    if output.output_type == "error":
        return room.text("\n".join(output.traceback), sanitize.plain)
    data = output.get("data", {})
    for kind, make in RICH.items():
        if kind in data:
            return sanitize.without_headings(room.text(str(data[kind]), make))
    for kind in PICTURES:
        if kind in data:
            return room.picture(kind, "".join(str(data[kind]).split()))
    if "text/plain" in data:
        return room.text(str(data["text/plain"]), sanitize.plain)
    return Markup()


def _text(source: str) -> Markup:
    return sanitize.without_headings(sanitize.markdown(source))
