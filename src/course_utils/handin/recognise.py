"""Which released cell each cell of a file is; the others are the student's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from course_utils.handin import names
from course_utils.handin.raw import Cell
from course_utils.handin.released import Released, Role, tidy


@dataclass
class Item:
    """A cell on its way into the graded notebook.

    Attributes:
        place: of the released cell that it is; None for a student's own.
        copy_of: of the released cell that it is a copy of, or what the student made of it.
        taken: an own cell that was made the answer cell.
    """

    kind: str
    source: str
    place: int | None = None
    copy_of: int | None = None
    taken: bool = False

    @property
    def own(self) -> bool:
        return self.place is None

    def answers(self, released: Released) -> bool:
        """Whether it is a cell that may hold an answer."""
        return self.place is None or released.roles[self.place] is Role.ANSWER


def recognise(cells: Iterable[Cell], released: Released, notes: list[str]) -> list[Item]:
    """The cells in the order of the file, merged ones taken apart; empty ones are gone."""
    pieces = [p for cell in cells for p in _apart(cell, released)]
    places = _claims(pieces, released)
    chosen = _chosen(pieces, places, released)
    items: list[Item] = []
    for number, (piece, place) in enumerate(zip(pieces, places, strict=True)):
        if place is None:
            items.append(Item(piece.kind, piece.source))
        else:
            items += _of_released(piece, place, chosen[place] == number, released, notes)
    items = [i for i in items if i.source.strip() or not i.own]
    for item in items:
        code = item.own and item.kind != "code" and names.parse(item.source)
        if code and names.bound(item.source) & released.names:
            item.kind = "code"  # an answer that was made text
    _by_name(items, released, notes)
    return items


def _apart(cell: Cell, released: Released) -> Iterator[Cell]:
    """The cells that were merged into this one, or itself."""
    text = f"\n{tidy(cell.source)}\n"
    for inner in released.inside:
        before, found, after = text.partition(f"\n{inner}\n")
        parts = [part.strip("\n") for part in (before, after)]
        if not found or not any(parts) or _inside_a_string(cell, parts):
            continue
        place = released.by_text[inner][0]
        kind = str(released.cells[place].cell_type)
        rest = [_rest(replace(cell, source=part), released) for part in parts]
        yield from _apart(rest[0], released) if parts[0] else ()
        yield Cell(kind, inner, released.grade_ids[place], released.ids[place])
        yield from _apart(rest[1], released) if parts[1] else ()
        return
    yield cell


def _inside_a_string(cell: Cell, parts: list[str]) -> bool:
    """Whether a cell that is Python would be none in parts: somebody put quotes around it."""
    whole = cell.kind == "code" and names.parse(cell.source) is not None
    return whole and any(names.parse(part) is None for part in parts)


def _rest(cell: Cell, released: Released) -> Cell:
    """What was beside a released text keeps its name only if that is another cell's."""
    place = _claim(cell, released)
    if place is not None and released.roles[place] in (Role.ANSWER, Role.TEXT):
        return cell
    return replace(cell, grade_id=None, id=None)


def _claim(cell: Cell, released: Released) -> int | None:
    if cell.grade_id in released.grade_ids and cell.grade_id:
        return released.grade_ids.index(cell.grade_id)
    if cell.id in released.ids and cell.id:
        return released.ids.index(cell.id)
    return None


def _claims(pieces: list[Cell], released: Released) -> list[int | None]:
    """The place that each piece says it has, else one of those with its text."""
    places = [_claim(piece, released) for piece in pieces]
    taken = set(places)
    for number, piece in enumerate(pieces):
        same = released.by_text.get(tidy(piece.source))
        if places[number] is None and same:
            place = next((p for p in same if p not in taken), same[0])
            places[number] = place
            taken.add(place)
    return places


def _chosen(pieces: list[Cell], places: list[int | None], released: Released) -> dict[int, int]:
    """For each place the piece that is the cell; the others are copies of it.

    Copies get new ids. Without ids the first of an answer that is not as it was handed out.
    """
    chosen: dict[int, tuple[bool, bool, int]] = {}
    for number, (piece, place) in enumerate(zip(pieces, places, strict=True)):
        if place is None:
            continue
        same = tidy(piece.source) == released.texts[place]
        answer = released.roles[place] in (Role.ANSWER, Role.TEXT)
        rank = (piece.id != released.ids[place], same if answer else not same, number)
        chosen[place] = min(chosen.get(place, rank), rank)
    return {place: number for place, (_, _, number) in chosen.items()}


def _of_released(
    piece: Cell, place: int, chosen: bool, released: Released, notes: list[str]
) -> Iterator[Item]:
    """What a piece that is, or was, a released cell becomes."""
    role = released.roles[place]
    same = tidy(piece.source) == released.texts[place]
    kind = str(released.cells[place].cell_type)
    if role in (Role.ANSWER, Role.TEXT):
        if chosen:
            yield Item(kind, piece.source, place)
        elif not same:
            yield Item(kind, piece.source, copy_of=place)
        return
    if chosen:
        yield Item(kind, released.cells[place].source, place)
    if role is Role.LOCKED:
        name = released.grade_ids[place]
        what = "renamed" if same else "changed"
        if chosen and piece.grade_id and (piece.grade_id != name or not same):
            notes.append(f"the locked cell “{name}” was {what} and is restored")
        theirs = Item("code", piece.source, copy_of=place)
        if not same and defined(theirs, released):  # an answer typed into it
            yield theirs
    elif kind == "code":
        if not (same and chosen):
            yield Item(piece.kind, piece.source, copy_of=place)
    elif text := own_text(piece.source, released):
        yield Item(piece.kind, text, copy_of=place)


def own_text(source: str, released: Released) -> str:
    """The lines of a text that are not in the release."""
    lines = [line for line in source.splitlines() if line.strip() not in released.lines]
    return "\n".join(lines).strip()


def _by_name(items: list[Item], released: Released, notes: list[str]) -> None:
    """Makes answer cells of the student's own cells that hold an answer.

    So it is where the answer cell has lost all marks, or still holds the stub: then the last
    cell above the test that defines the name, else the last of all.
    """
    tests = {n: p for p, asked in released.asked.items() for n in asked}
    for name, place in released.answers.items():
        stub = next((i for i in items if i.place == place), None)
        if stub and name in defined(stub, released):
            continue
        theirs = [n for n, i in enumerate(items) if i.own and name in defined(i, released)]
        if not theirs or (stub and tidy(stub.source) != released.texts[place]):
            continue
        end = next((n for n, i in enumerate(items) if i.place == tests[name]), len(items))
        item = items[([n for n in theirs if n < end] or theirs)[-1]]
        item.kind, item.place, item.copy_of, item.taken = "code", place, None, True
        if stub:
            notes.append(f"the answer to “{released.grade_ids[place]}” stands in another cell")
            items[:] = [i for i in items if i is not stub]


def defined(item: Item, released: Released) -> set[str]:
    """The names of the exercises that a student's code defines, or may define; stubs apart."""
    text = names.as_read(item.source)
    if item.kind != "code" or not any(name in text for name in released.names):
        return set()
    rest = names.without(item.source, released.names, released.stubs)
    return set((names.bound(rest) | (names.may_bind(rest) or set())) & released.names)
