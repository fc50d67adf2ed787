"""From recognised cells to the notebook that is graded."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.handin import names, raw
from course_utils.handin.order import complete, move_tests
from course_utils.handin.recognise import Item, defined, recognise
from course_utils.handin.released import Released, Role
from course_utils.handin.texts import gather

EXTRA = "extra-"  # how the ids of a student's own cells begin
MAX_EXTRA_CELLS = 300
MAX_EXTRA_CODE = 500_000  # characters of all own cells together


@dataclass(frozen=True)
class Submission:
    """A notebook to grade, or a status and the reason for the student why there is none.

    Attributes:
        status: graded, unreadable or wrong-notebook.
        asks: for grade_ids what a person must look at, unless the points are full.
    """

    notebook: NotebookNode | None
    status: str = "graded"
    reason: str = ""
    notes: tuple[str, ...] = ()
    asks: dict[str, str] = field(default_factory=dict)


def read(data: bytes, release: NotebookNode) -> Submission:
    """``data`` as a notebook to grade. Never raises, whatever the bytes."""
    notes: list[str] = []
    try:
        return _read(raw.cells(data, notes), release, notes)
    except raw.Unreadable as problem:
        return Submission(None, "unreadable", str(problem))
    finally:
        names.forget()


def _read(cells: list[raw.Cell], release: NotebookNode, notes: list[str]) -> Submission:
    released = Released(release)
    items = recognise(cells, released, notes)
    if not _belongs(items, released):
        return Submission(
            None,
            "wrong-notebook",
            "None of this chapter's exercises is in the file: it is another notebook. Hand in "
            "the notebook that you downloaded.",
        )
    if not any(cell.grade_id for cell in cells):
        notes.append("nbgrader's marks are lost: the cells were found by their ids and texts")
    items = _limited(items, released, notes)
    _note_deleted(items, released, notes)
    items = complete(items, released)
    move_tests(items, released, notes)
    asks = _asks(items, released)
    _leave_out_stubs(items, released)
    gather(items, released, notes)
    notebook = _notebook(items, release)
    return Submission(notebook, notes=tuple(dict.fromkeys(notes)), asks=asks)


def _belongs(items: list[Item], released: Released) -> bool:
    """Whether an exercise of the chapter is in the file; ids are often those of others too."""
    theirs = {p for i in items for p in (i.place, i.copy_of) if p is not None}
    code = {p for p in theirs if released.roles[p] is Role.ANSWER or released.asked.get(p)}
    if not released.asked:
        return any(released.roles[p] is Role.TEXT for p in theirs)
    return bool(code)


def _limited(items: list[Item], released: Released, notes: list[str]) -> list[Item]:
    """Without the own cells that are too many; those that define an answer stay longest."""
    own = [i for i in items if i.own]
    own.sort(key=lambda i: not defined(i, released))
    left, size = [], 0
    for number, item in enumerate(own):
        size += len(item.source)
        if number >= MAX_EXTRA_CELLS or size > MAX_EXTRA_CODE:
            left.append(item)
    if left:
        notes.append(
            f"{len(left)} of {len(own)} added cells were left out: more than "
            f"{MAX_EXTRA_CELLS} cells or {MAX_EXTRA_CODE:,} characters"
        )
    gone = {id(item) for item in left}
    return [i for i in items if id(i) not in gone]


def _note_deleted(items: list[Item], released: Released, notes: list[str]) -> None:
    there = {i.place for i in items}
    for place, role in enumerate(released.roles):
        name = released.grade_ids[place]
        if place in there or role is Role.GIVEN:
            continue
        if role is Role.LOCKED:
            notes.append(f"the locked cell “{name}” was deleted or renamed and is restored")
        else:
            notes.append(f"the answer cell “{name}” was deleted")


def _asks(items: list[Item], released: Released) -> dict[str, str]:
    """Tests for which it is not clear which answer is meant."""
    return {
        str(released.grade_ids[place]): why
        for place, asked in released.asked.items()
        for name in sorted(asked & set(released.answers), reverse=True)
        if (why := _unclear(items, place, name, released))
    }


def _unclear(items: list[Item], test: int, name: str, released: Released) -> str:
    """Why it is not clear what the ``test`` at this place should look at; mostly nothing.

    What stands above the answer cell was tried before, and no question.
    """
    theirs = [(n, i) for n, i in enumerate(items) if i.kind == "code" and i.answers(released)]
    found = [(n, i) for n, i in theirs if name in defined(i, released)]
    end = next(n for n, i in enumerate(items) if i.place == test)
    its = (i.place == released.answers[name] and not i.taken and n < end for n, i in found)
    sure = next((at for at, answer in enumerate(its) if answer), 0)
    tries = [_definitions(i, name, released) for _, i in found[sure:]]
    if any(t != tries[0] for t in tries):
        return (
            f"“{name}” is defined in several cells, and in different ways: see which one is "
            "meant."
        )
    cells = [i for _, i in (found if any(tries) else theirs)]
    if not any(tries) and any(names.may_bind(i.source) is not None for i in cells):
        return (
            f"“{name}” may be defined in a way that cannot be read off the code (exec, "
            "globals(), import *, a magic): see whether it is."
        )
    if not found and (text := _in_text(items, name)):
        return f"“{name}” is defined in a cell of text, which does not run: {text!r}."
    return ""


def _in_text(items: list[Item], name: str) -> str:
    """The line of a student's text that begins to define ``name``."""
    name = re.escape(name)
    define = re.compile(
        rf"^.*(?:\b(?:def|class)[ \t]+{name}\b|(?<![\w.]){name}[ \t]*=(?!=)).*", re.MULTILINE
    )
    text = (i for i in items if i.kind != "code" or names.parse(i.source) is None)
    lines = [m[0] for i in text if (m := define.search(i.source))]
    return lines[0].strip()[:100] if lines else ""


def _definitions(item: Item, name: str, released: Released) -> list[str]:
    return names.definitions(names.without(item.source, {name}, released.stubs), name)


def _leave_out_stubs(items: list[Item], released: Released) -> None:
    """No stub of a name that the student defines somewhere."""
    theirs = [i for i in items if i.kind == "code" and i.answers(released)]
    solved = {name for item in theirs for name in defined(item, released)}
    for item in theirs:
        item.source = names.without(item.source, solved, released.stubs)


def _notebook(items: list[Item], release: NotebookNode) -> NotebookNode:
    nb = deepcopy(release)
    released, nb.cells = nb.cells, []
    numbers = iter(range(len(items)))
    for item in items:
        if item.place is not None:
            cell = released[item.place]
            cell.source = item.source
            nb.cells.append(cell)
        elif item.source.strip():
            make = new_code_cell if item.kind == "code" else new_markdown_cell
            nb.cells.append(make(item.source, id=f"{EXTRA}{next(numbers)}"))
    return nb
