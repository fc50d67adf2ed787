"""Answers that a person reads, wherever they stand."""

from __future__ import annotations

from course_utils.handin import names
from course_utils.handin.recognise import Item, own_text
from course_utils.handin.released import Released, Role, tidy

FEWEST_WORDS = 4  # of a text in another place that may be the answer
FEWEST_IN_CODE = 8  # of a comment or a string in a cell of code, or a heading


def gather(items: list[Item], released: Released, notes: list[str]) -> None:
    """Fill each answer cell with its copies and with the student's text beside it.

    Is there none of these, then with all text of the student's own that may be the answer.
    """
    for place, role in enumerate(released.roles):
        if role is not Role.TEXT:
            continue
        name = released.grade_ids[place]
        answer = next(i for i in items if i.place == place)
        parts = _beside(items, answer)
        touched = (i for i in parts if tidy(i.source) != released.texts[place])
        texts = [text for i in touched if (text := i.source.strip())]
        if texts:
            items[:] = [i for i in items if i is answer or not any(i is p for p in parts)]
        else:
            texts = [t for i in items if i.own if (t := _long(i, released))]
        if texts and texts != [answer.source.strip()]:
            notes.append(f"the answer to “{name}” was gathered from other cells")
        if texts:
            answer.source = "\n\n".join(dict.fromkeys(texts))


def _beside(items: list[Item], answer: Item) -> list[Item]:
    """The answer's cell, its copies, and own text with no released cell between."""
    at = next(n for n, i in enumerate(items) if i is answer)
    first, last = at, at + 1
    while first and items[first - 1].own:
        first -= 1
    while last < len(items) and items[last].own:
        last += 1
    return [
        item
        for n, item in enumerate(items)
        if n == at or item.copy_of == answer.place or (first <= n < last and _is_text(item))
    ]


def _is_text(item: Item) -> bool:
    """Text, or a code cell that somebody wrote text into."""
    code = names.parse(item.source) or names.bound(item.source)
    return item.kind != "code" or not code


def _long(item: Item, released: Released) -> str:
    """What may be an answer in an own cell: more than a title or a remark on code."""
    text = own_text(item.source, released)
    if item.kind == "code":
        said, fewest = list(names.prose(item.source)), FEWEST_IN_CODE
    else:
        lines = text.splitlines()
        said, fewest = [x for x in lines if not _is_title(x)], FEWEST_WORDS
    return text if len(" ".join(said).split()) >= fewest else ""


def _is_title(line: str) -> bool:
    return line.startswith("#") and len(line.split()) <= FEWEST_IN_CODE
