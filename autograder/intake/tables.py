"""Tables as spreadsheets and learning platforms save them."""

from __future__ import annotations

import csv
import functools
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from course_utils.course import UsageError

_QUOTED = re.compile(r'"[^"]*"')


def lines(path: Path, what: str) -> list[list[str]]:
    """The cells of each line that has any, whatever the encoding and the sign between them.

    Args:
        what: the table, for the error.

    Raises:
        UsageError: there is no such file, or it is no table.
    """
    try:
        text = _text(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{what} {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is no table: save it as CSV") from None
    if found := re.match(r"sep=(.)\r?\n", text):  # Excel's own first line
        sign, text = found[1], text[found.end() :]
    else:
        first = _QUOTED.sub("", text).lstrip().partition("\n")[0]
        sign = max(",;\t|", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=sign))
    except csv.Error:
        raise UsageError(f"{what} {path} is no table: save it as CSV") from None
    return [row for row in rows if any(cell.strip() for cell in row)]


def records(path: Path, what: str, names: dict[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """The lines of a table as dictionaries, by the names of the columns that are known.

    Args:
        names: for each column the headers that mean it.
    """
    header, *rows = lines(path, what) or [[]]
    meant = {plain(other): name for name, others in names.items() for other in (name, *others)}
    places = [(i, meant[plain(cell)]) for i, cell in enumerate(header) if plain(cell) in meant]
    return [{n: row[i].strip() if i < len(row) else "" for i, n in places} for row in rows]


def _text(data: bytes) -> str:
    """UTF-8, or UTF-16 or Windows' own as Excel writes it."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    if b"\0" in data[:2]:  # without its mark
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252")


def same(one: str, other: str) -> bool:
    """Equal but for case, blanks around, and the two ways to write an umlaut."""
    return plain(one) == plain(other)


@functools.cache
def plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def pair(
    names: Iterable[str], rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[dict[int, str], dict[str, str]]:
    """For each name the row that has it: exactly in any column, else as ``same``.

    Args:
        rows: what each may be called, in ``columns``, the most important first.

    Returns:
        Names by number of the row, and by name the reason why it has none.
    """
    found: dict[int, str] = {}
    problems = dict.fromkeys(names, "not on the roster")
    for form in (str, plain):
        for place, column in enumerate(columns):
            hits = _hits(problems, [row[place] for row in rows], form)
            for name, claimed in hits.items():
                free = [i for i in claimed if i not in found]
                rivals = [n for n, other in hits.items() if n != name and other == claimed]
                if len(claimed) > 1:
                    problems[name] = f"{len(claimed)} rows of the roster have this {column}"
                elif not free:
                    problems[name] = f"the roster's row is that of {found[claimed[0]]}"
                elif rivals:
                    problems[name] = f"the roster's row may be that of {rivals[0]}"
            found |= {
                claimed[0]: name
                for name, claimed in hits.items()
                if problems[name] == "not on the roster"
            }
            for name in found.values():
                problems.pop(name, None)
    return found, problems


def _hits(
    names: Iterable[str], cells: Sequence[str], form: Callable[[str], str]
) -> dict[str, list[int]]:
    """The rows of each name that is in a column."""
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(cells):
        places.setdefault(form(cell), []).append(place)
    return {name: places[form(name)] for name in names if form(name) in places}
