"""A course's calendar: due dates, late policies, extensions and excuses, read from files.

``calendar.yml``, in the course's folder or named by ``--calendar``::

    timezone: Europe/Berlin      # of times that name none; UTC where this is missing
    late: 10% per day            # for all chapters; see gradebook/late.py
    chapters:
      02_convolution: 2026-11-01 23:59
      03_cnn: {due: 2026-11-15T23:59+01:00, late: none}

or a table with the columns chapter (empty: all chapters), due, late, timezone; a zone stands in
each row, or in that for all chapters. Extensions and excuses are a table with the columns
student, assignment (empty: all chapters), extension (``2d``, ``36h``, ``1d 12h``) or until,
excused, reason. A chapter is called by its name, topic or number: 02_convolution, 02, 2.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from dateutil import parser

from autograder.gradebook import late
from autograder.gradebook.standing import Leave
from autograder.intake import tables
from course_utils.course import UsageError, select

NAME = "calendar.yml"
COLUMNS = {
    "chapter": ("assignment", "name", "id"),
    "due": ("duedate", "due date", "deadline"),
    "late": ("late policy", "policy"),
    "timezone": ("time zone", "tz"),
}
LEAVE_COLUMNS = {
    "student": ("id", "name", "username", "student id"),
    "assignment": ("chapter",),
    "extension": ("extra time",),
    "until": ("due", "extended until"),
    "excused": ("excuse",),
    "reason": ("note", "comment"),
}
YES, NO = ("yes", "y", "true", "x", "1", "excused"), ("", "no", "n", "false", "0")
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_TIME = re.compile(
    r"\d{4}-\d\d?-\d\d?([T,\s]+\d\d?:\d\d(:\d\d(\.\d+)?)?\s*([AaPp][Mm])?"
    r"\s*(Z|UTC|GMT|[+-]\d\d?(:?\d\d)?)?)?"
)
_PART = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(?:(w)(?:eeks?)?|(d)(?:ays?)?|(h)(?:rs?|ours?)?|"
    r"(m)(?:in(?:utes?|s)?)?)(?![a-z])[\s,]*"
)
MOST_DAYS = 1000
MIDNIGHT = "write 24:00 as 23:59, or as 00:00 of the next day"


@dataclass
class Calendar:
    """Due dates in UTC and late policies, by chapter; the zone of times that name none."""

    due: dict[str, str] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    zone: str = "UTC"


def read(path: Path, chapters: Sequence[str]) -> Calendar:
    """The calendar in a file.

    Raises:
        UsageError: it cannot be read, or names a chapter, time or policy that there is not.
    """
    calendar = Calendar()
    seen: set[str] = set()
    entries = _yaml(path) if path.suffix.lower() in (".yml", ".yaml") else _table(path)
    for entry in entries:
        try:
            _add(calendar, entry, chapters, path.resolve().parent, seen)
        except (ValueError, UsageError) as error:
            raise UsageError(f"{path}: {entry['chapter']}: {error}") from None
    return calendar


def _add(
    calendar: Calendar,
    entry: dict[str, Any],
    chapters: Sequence[str],
    folder: Path,
    seen: set[str],
) -> None:
    zone, name = str(entry.get("timezone") or "UTC"), str(entry["chapter"])
    if name == late.ANY:
        names, calendar.zone = [late.ANY], zone
        if entry.get("due"):
            raise ValueError("a due date needs the name of its chapter")
    else:
        names = _chapters(chapters, name)
    for chapter in names:
        if chapter in seen:
            raise ValueError(f"{chapter} stands there twice")
        seen.add(chapter)
        if entry.get("due"):
            calendar.due[chapter] = utc(entry["due"], zone).isoformat()
        if policy := str(entry.get("late") or ""):
            calendar.policies[chapter] = late.absolute(policy, folder)
            late.load(calendar.policies[chapter])


def _chapters(known: Sequence[str], name: str) -> list[str]:
    """What ``name`` means; spreadsheets make 2 of 02."""
    number = name.zfill(2)
    return select(known, [number if any(c.startswith(f"{number}_") for c in known) else name])


def _yaml(path: Path) -> list[dict[str, Any]]:
    try:
        data = yaml.safe_load(path.read_bytes()) or {}
    except OSError as error:
        raise UsageError(f"the calendar {path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # a time with seconds that there is not
        raise UsageError(
            f"the calendar {path} holds a time that there is not: {error}; {MIDNIGHT}"
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"the calendar {path} is no YAML: {said[:200]}") from None
    chapters = data.get("chapters") if isinstance(data, dict) else None
    if not isinstance(chapters, dict):
        raise UsageError(
            f"the calendar {path} needs a list “chapters:” with a line “02_topic: 2026-11-01 "
            "23:59” for each"
        )
    if unknown := sorted(map(str, {*data} - {"timezone", "late", "chapters"})):
        raise UsageError(
            f"the calendar {path}: unknown key {unknown[0]!r}: expected timezone, late, "
            "chapters"
        )
    zone = data.get("timezone")
    entries: list[dict[str, Any]] = [
        {"chapter": late.ANY, "late": _policy(data.get("late")), "timezone": zone}
    ]
    for chapter, entry in chapters.items():
        entry = entry if isinstance(entry, dict) else {"due": entry}
        name = str(chapter)  # 01 is 1 in YAML
        if unknown := sorted(map(str, {*entry} - {"due", "late", "timezone"})):
            raise UsageError(
                f"{path}: {name}: unknown key {unknown[0]!r}: expected due, late, timezone"
            )
        policy = _policy(entry.get("late"))
        entries.append({"timezone": zone, **entry, "late": policy, "chapter": name})
    return entries


def _policy(value: Any) -> Any:
    """``late: no`` is False in YAML, and means none."""
    return "none" if value is False or (value == 0 and value != "") else value


def _table(path: Path) -> list[dict[str, Any]]:
    rows = tables.records(path, "the calendar", COLUMNS)
    if not rows or not {"chapter", "due"} <= set(rows[0]):
        raise UsageError(f"the calendar {path} needs the columns chapter and due")
    for row in rows:
        row["chapter"] = row["chapter"] or late.ANY
    if not any(row["chapter"] == late.ANY for row in rows):
        rows.insert(0, {"chapter": late.ANY})
    shared = _shared_zone(path, rows)
    return [row | {"timezone": row.get("timezone") or shared} for row in rows]


def _shared_zone(path: Path, rows: list[dict[str, str]]) -> str:
    """The zone of rows that name none: that of all chapters, or of every other row."""
    zones = {row["chapter"]: row.get("timezone", "") for row in rows}
    if whole := zones.pop(late.ANY):
        return whole
    given = {*zones.values()} - {""}
    if given and (silent := [chapter for chapter, zone in zones.items() if not zone]):
        raise UsageError(
            f"the calendar {path} names a time zone in some rows and none for {silent[0]}: "
            "write it into each row, or into one without a chapter"
        )
    return given.pop() if len(given) == 1 else "UTC"


def utc(value: Any, zone: str) -> datetime.datetime:
    """A time in UTC; a day alone means its last second.

    Raises:
        ValueError: it is none, or the zone is none.
    """
    try:
        where = ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"unknown time zone {zone!r}: expected one like Europe/Berlin"
        ) from None
    if isinstance(value, datetime.datetime):
        moment = value
    else:
        text = str(value).strip()
        if isinstance(value, int | float):
            raise ValueError(
                f"{text} is how YAML reads a number, or a time without a day: write it as "
                "2026-11-01 23:59"
            )
        if re.search(r"\b24:", text):
            raise ValueError(f"{text!r} is no time: {MIDNIGHT}")
        if not _TIME.fullmatch(text):  # dateutil leaves out what it does not know, CEST too
            raise ValueError(
                f"{text!r} is no time: write it as 2026-11-01 23:59, or with an offset as "
                "2026-11-01 23:59+01:00"
            )
        try:
            moment = parser.parse(text)
        except (ValueError, OverflowError):
            raise ValueError(f"{text!r} is no time: write it as 2026-11-01 23:59") from None
        if re.fullmatch(r"\d{4}-\d\d?-\d\d?", text):
            moment = moment.replace(hour=23, minute=59, second=59)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=where)
    try:
        return moment.astimezone(datetime.UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError(f"{value} is no time of this world") from None


# -- extensions and excuses ----------------------------------------------------------------


def read_leaves(path: Path, chapters: Sequence[str], zone: str = "UTC") -> list[Leave]:
    """Extensions and excuses from a table; each line is for one student.

    Raises:
        UsageError: it cannot be read, or a line is not clear.
    """
    rows = tables.records(path, "the table of extensions", LEAVE_COLUMNS)
    if not rows or "student" not in rows[0]:
        raise UsageError(
            f"the table of extensions {path} needs the columns student, assignment, extension "
            "or until, excused, reason"
        )
    found: dict[tuple[str, str], Leave] = {}
    for row in rows:
        try:
            leaves = _leaves(row, chapters, zone)
        except (ValueError, UsageError) as error:
            raise UsageError(f"{path}: {row['student'] or 'a line'}: {error}") from None
        for leave in leaves:
            old = found.setdefault((leave.student, leave.assignment), leave)
            if old != leave:
                chapter = row.get("assignment") or "all chapters"
                raise UsageError(f"{path}: {leave.student} has two lines for {chapter}")
    return list(found.values())


def _leaves(row: dict[str, str], chapters: Sequence[str], zone: str) -> list[Leave]:
    if not row["student"]:
        raise ValueError("it names no student")
    name = row.get("assignment", "")
    names = [late.ANY] if name.lower() in ("", "all", late.ANY) else _chapters(chapters, name)
    excused = row.get("excused", "").lower()
    if excused not in YES + NO:
        raise ValueError(f"excused is yes or no, not {excused!r}")
    until = row.get("until", "")
    if until and row.get("extension"):
        raise ValueError("extension and until say the same thing: fill in one of them")
    return [
        Leave(
            student=row["student"],
            assignment=name,
            minutes=_minutes(row["extension"]) if row.get("extension") else None,
            until=utc(until, zone).isoformat() if until else "",
            excused=excused in YES,
            reason=row.get("reason", ""),
        )
        for name in names
    ]


def _minutes(text: str) -> float:
    parts = _PART.findall(text.lower())
    if not parts or _PART.sub("", text.lower()).strip():
        raise ValueError(f"{text!r} is no extension: write 2d, 36h or 90min, or use until")
    minutes = sum(float(n.replace(",", ".")) * _MINUTES["".join(unit)] for n, *unit in parts)
    if minutes > MOST_DAYS * _MINUTES["d"]:
        raise ValueError(f"{text!r} is longer than {MOST_DAYS} days")
    return minutes
