"""In which order the cells run: that of the file, with what was released in its place."""

from __future__ import annotations

from bisect import bisect_left

from course_utils.handin import names
from course_utils.handin.recognise import Item, defined
from course_utils.handin.released import Released, Role


def complete(items: list[Item], released: Released) -> list[Item]:
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


def move_tests(items: list[Item], released: Released, notes: list[str]) -> None:
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
        cells = [n for n, bound in enumerate(binds) if name in bound]
        above = [n for n in cells if n < at]
        answer = [n for n in cells if items[n].place == released.answers.get(name, -1)]
        if above or not cells:
            needs = above[-1:]
        elif name in asked:
            needs = answer or cells[-1:]
        else:  # not beyond another try
            needs = [n for n in cells if not any(b & asked for b in binds[target + 1 : n])][:1]
        for cell in needs:
            target = max(target, cell)
            if items[cell].answers(released):
                more = names.needed(items[cell].source, name) - known
                known |= more
                left += sorted(more)
    return target


def _binds(item: Item, released: Released) -> set[str]:
    """Names that a cell binds; a stub binds none."""
    if item.kind != "code":
        return set()
    found = set(names.bound(item.source))
    if item.answers(released):
        return found - released.names | defined(item, released)
    return found
