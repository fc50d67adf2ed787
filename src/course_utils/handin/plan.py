"""From recognised cells to the notebook that is graded."""

from __future__ import annotations

from bisect import bisect_left
from copy import deepcopy
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.handin import names, raw
from course_utils.handin.recognise import Item, own_text, recognise
from course_utils.handin.released import Released, Role, tidy

EXTRA = "extra-"  # how the ids of a student's own cells begin
MAX_EXTRA_CELLS = 300
MAX_EXTRA_CODE = 2_000_000  # characters of all own cells together
FEWEST_WORDS = 4  # of a text that may be an answer
ELSEWHERE = "# The answer stands in another cell."


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
        cells = raw.cells(data, notes)
    except raw.Unreadable as problem:
        return Submission(None, "unreadable", str(problem))
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
    items = _complete(items, released)
    _move_tests(items, released, notes)
    asks = _asks(items, released)
    _leave_out_stubs(items, released, notes)
    _gather_texts(items, released, notes, asks)
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
    own.sort(key=lambda i: not names_asked(i, released))
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


def names_asked(item: Item, released: Released) -> set[str]:
    """The names of the exercises that the student's cell defines, stubs apart."""
    if not any(name in item.source for name in released.names):
        return set()
    rest = names.without(item.source, released.names, released.stubs)
    return names.bound(rest) & released.names


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


def _complete(items: list[Item], released: Released) -> list[Item]:
    """With every released cell: what is missing, or given and moved, at its released place."""
    order = [i.place for i in items if i.place is not None]
    steady = _longest_rise(order)
    items = [
        i
        for i in items
        if i.own or i.place in steady or released.roles[i.place or 0] is not Role.GIVEN
    ]
    there = {i.place for i in items}
    for place, cell in enumerate(released.cells):
        if place in there:
            continue
        before = max((p for p in steady if p < place), default=None)
        at = next((n + 1 for n, i in enumerate(items) if i.place == before), 0)
        if before is None:
            at = 0
        if released.roles[place] is not Role.GIVEN:
            at = _behind_own(items, at)
        items.insert(at, Item(str(cell.cell_type), cell.source, place))
        steady.add(place)
    return items


def _longest_rise(places: list[int]) -> set[int]:
    """The places of the longest part of the file that has the order of the release."""
    tops: list[int] = []
    chains: list[list[int]] = []
    for place in places:
        at = bisect_left(tops, place)
        chain = [*(chains[at - 1] if at else []), place]
        tops[at : at + 1], chains[at : at + 1] = [place], [chain]
    return set(chains[-1]) if chains else set()


def _behind_own(items: list[Item], at: int) -> int:
    """The first position from ``at`` on where no own cell follows."""
    while at < len(items) and items[at].own:
        at += 1
    return at


def _move_tests(items: list[Item], released: Released, notes: list[str]) -> None:
    """Tests that stand above all definitions of their names, behind the last of them."""
    for place, asked in released.asked.items():
        test = next(i for i in items if i.place == place)
        at = _index(items, test)
        target = _last_needed(items, at, asked, released)
        if target > at:
            items.insert(_behind_own(items, target + 1), test)
            del items[at]
            notes.append(f"the test “{released.grade_ids[place]}” runs behind its answer")


def _index(items: list[Item], item: Item) -> int:
    return next(n for n, i in enumerate(items) if i is item)


def _last_needed(items: list[Item], at: int, asked: set[str], released: Released) -> int:
    """The index of the last cell below the test that its answer cannot do without."""
    binds = [_binds(i, released) for i in items]
    target, known, left = at, set(asked), sorted(asked)
    while left:
        name = left.pop()
        above = [n for n in range(at) if name in binds[n]]
        below = [
            n for n in range(at, len(items)) if name in binds[n] and items[n].kind == "code"
        ]
        if above:
            cell = above[-1]
        elif below:
            cell = below[-1] if name in asked else below[0]
            target = max(target, cell)
        else:
            continue
        if not _theirs(items[cell], released):
            continue
        more = names.needed(items[cell].source, name) - known
        known |= more
        left += sorted(more)
    return target


def _theirs(item: Item, released: Released) -> bool:
    return item.own or released.roles[item.place or 0] is Role.ANSWER


def _binds(item: Item, released: Released) -> set[str]:
    if item.kind != "code":
        return set()
    if _theirs(item, released) and any(name in item.source for name in released.names):
        return names.bound(names.without(item.source, released.names, released.stubs))
    return names.bound(item.source)


def _asks(items: list[Item], released: Released) -> dict[str, str]:
    """Tests with two answers: one in the answer cell, another one in a cell below."""
    asks = {}
    for place, asked in released.asked.items():
        for name in sorted(asked & set(released.answers)):
            found = [
                (i, names.definitions(rest, name))
                for i in items
                if i.kind == "code" and _theirs(i, released)
                if name in i.source
                if name in names.bound(rest := names.without(i.source, {name}, released.stubs))
            ]
            first = next(
                (n for n, (i, _) in enumerate(found) if i.place == released.answers[name]), None
            )
            if first is not None and any(d != found[first][1] for _, d in found[first + 1 :]):
                asks[str(released.grade_ids[place])] = (
                    f"“{name}” is defined again in a cell below its answer: look at both."
                )
    return asks


def _leave_out_stubs(items: list[Item], released: Released, notes: list[str]) -> None:
    """No stub of a name that the student defines somewhere."""
    solved = {
        n
        for i in items
        if i.kind == "code" and _theirs(i, released)
        for n in names_asked(i, released)
    }
    for item in items:
        if item.kind != "code" or not _theirs(item, released):
            continue
        place = item.place
        if place is not None and tidy(item.source) == released.texts[place]:
            mine = {n for n, p in released.answers.items() if p == place}
            if mine and mine <= solved:
                item.source = ELSEWHERE
                notes.append(
                    f"the answer to “{released.grade_ids[place]}” stands in another cell"
                )
                continue
        item.source = names.without(item.source, solved, released.stubs)


def _gather_texts(
    items: list[Item], released: Released, notes: list[str], asks: dict[str, str]
) -> None:
    """Answers that a person reads: with their copies and the own text beside them."""
    for place, role in enumerate(released.roles):
        if role is not Role.TEXT:
            continue
        answer = next(i for i in items if i.place == place)
        at = _index(items, answer)
        first = at
        while first and items[first - 1].own:
            first -= 1
        beside = items[first : _behind_own(items, at + 1)]
        parts = [
            i
            for i in items
            if i is answer
            or i.copy_of == place
            or (any(i is b for b in beside) and _is_text(i))
        ]
        texts = [
            i.source.strip()
            for i in parts
            if tidy(i.source) != released.texts[place] and i.source.strip()
        ]
        where = "stands beside its cell"
        if not texts:
            texts = [
                t
                for i in items
                if i.own
                and _is_text(i)
                and len((t := own_text(i.source, released)).split()) >= FEWEST_WORDS
            ]
            where, parts = "may be in other cells", [answer]
        if not texts:
            continue
        name = str(released.grade_ids[place])
        if len(parts) > 1 or tidy(answer.source) == released.texts[place]:
            notes.append(f"the answer to “{name}” {where}")
        answer.source = "\n\n".join(dict.fromkeys(texts))
        items[:] = [i for i in items if i is answer or not any(i is p for p in parts)]


def _is_text(item: Item) -> bool:
    """Text, or a code cell that somebody wrote text into."""
    return item.kind != "code" or not names.parse(item.source)


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
