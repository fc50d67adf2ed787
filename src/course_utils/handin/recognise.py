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
    """

    kind: str
    source: str
    place: int | None = None
    copy_of: int | None = None

    @property
    def own(self) -> bool:
        return self.place is None


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
    _by_name(items, released)
    for item in items:
        answers = item.own and item.kind != "code" and names.parse(item.source)
        if answers and names.bound(item.source) & released.names:
            item.kind = "code"  # it was made text
    return items


def _apart(cell: Cell, released: Released) -> Iterator[Cell]:
    """The cells that were merged into this one, or itself."""
    text = tidy(cell.source)
    for inner in released.inside:
        if len(inner) < len(text) and f"\n{inner}\n" in f"\n{text}\n":
            before, after = f"\n{text}\n".split(f"\n{inner}\n", 1)
            for part in (before, inner, after):
                if part.strip():
                    own = replace(cell, source=part.strip("\n"))
                    place = released.by_text[inner][0]
                    kind = str(released.cells[place].cell_type)
                    locked = Cell(kind, inner, released.grade_ids[place], released.ids[place])
                    yield from (
                        [locked] if part == inner else _apart(_rest(own, released), released)
                    )
            return
    yield cell


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
        if not same and names.bound(piece.source) & released.names:  # an answer typed into it
            yield Item("code", piece.source, copy_of=place)
    elif kind == "code":
        if not (same and chosen):
            yield Item(piece.kind, piece.source, copy_of=place)
    elif theirs := own_text(piece.source, released):
        yield Item(piece.kind, theirs, copy_of=place)


def own_text(source: str, released: Released) -> str:
    """The lines of a text that are not in the release."""
    lines = [line for line in source.splitlines() if line.strip() not in released.lines]
    return "\n".join(lines).strip()


def _by_name(items: list[Item], released: Released) -> None:
    """Answers whose cell has lost all marks: the last own cell that defines the name."""
    there = {item.place for item in items}
    for name, place in released.answers.items():
        if place in there:
            continue
        tests = [p for p, asked in released.asked.items() if name in asked]
        end = next((n for n, i in enumerate(items) if i.place in tests), len(items))
        theirs = [
            i for i in items if i.own and i.copy_of is None and name in names.bound(i.source)
        ]
        above = [i for i in items[:end] if any(i is t for t in theirs)]
        if theirs:
            item = (above or theirs)[-1]
            item.kind, item.place = "code", place
            there.add(place)
