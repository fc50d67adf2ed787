"""Rosters as spreadsheets and learning platforms save them, beside the students' folders."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from autograder.intake import roster
from course_utils.course import UsageError

CANVAS = [
    ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 (7)"],
    ["", "", "", "", "", "Manual Posting"],
    ["    Points Possible", "", "", "", "", "6"],
    ["Öztürk, Ada", "101", "u1", "ada", "Lab\nA", "3"],
    ["", "", "", "", "", ""],
    ["Müller, Bo", "102", "u2", "jürgen", "B", ""],
    ["Öztürk, Ada", "101", "u1", "ada", "Lab\nA", "3"],
    ["Student, Test", "9", "", "a1b2", "", ""],
]
MOODLE = [
    ["First name", "Surname", "ID number", "Email address"],
    ["Ada", "Ö", "u1", "ada@x.org"],
]


def save(path: Path, rows: list[list[str]], encoding: str, sign: str) -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=sign).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "sign"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ";"),
        ("cp1252", "\t"),
        ("utf-16", "\t"),
        ("utf-16-le", ";"),
    ],
)
def test_the_export_of_canvas(encoding: str, sign: str, tmp_path: Path) -> None:
    found = roster.read(save(tmp_path / "r.csv", CANVAS, encoding, sign))
    on_it = roster.compare(found, ["ADA", "stranger"])
    assert on_it.folders == ("ADA",)
    assert on_it.absent == ("jürgen",)
    assert on_it.strangers == {"stranger": "not on the roster"}


def test_the_export_of_moodle_by_whatever_folders_are_called(tmp_path: Path) -> None:
    found = roster.read(save(tmp_path / "r.csv", MOODLE, "utf-8", ","))
    for name in ("u1", "ada@x.org"):
        assert roster.compare(found, [name]).folders == (name,)


@pytest.mark.parametrize(
    ("listed", "folders", "found"),
    [
        (["Anna", "anna"], ["Anna", "anna"], {"Anna", "anna"}),
        (["anna"], ["Anna", "anna"], {"anna"}),
        (["anna"], ["Anna"], {"Anna"}),
        (["anna"], ["Anna", "ANNA"], set()),
        (["Anna", "ANNA"], ["anna"], set()),
        (["J\u00fcrgen"], ["ju\u0308rgen"], {"ju\u0308rgen"}),
    ],
)
def test_exact_names_first(
    listed: list[str], folders: list[str], found: set[str], tmp_path: Path
) -> None:
    path = save(tmp_path / "r.csv", [["student"], *([n] for n in listed)], "utf-8", ",")
    on_it = roster.compare(roster.read(path), folders)
    assert set(on_it.folders) == found
    assert set(on_it.strangers) == set(folders) - found


@pytest.mark.parametrize("data", [b"", b"student\n", b"name,points\nada,3\n", b"\x89PNG\x81\0"])
def test_what_is_no_roster(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(data)
    with pytest.raises(UsageError, match=r"roster .*(column of students|is no table)"):
        roster.read(tmp_path / "r.csv")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        roster.read(tmp_path / "none.csv")


def test_excels_first_line_and_names_that_are_no_folders(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('sep=;\nstudent;note\n../x;\n"a/b";\n.hidden;\nada;"says ""hi"", twice"\n')
    on_it = roster.compare(roster.read(path), [])
    assert on_it.absent == ("ada",)
    assert len(on_it.problems) == 3
