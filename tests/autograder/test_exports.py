"""Tables for spreadsheets, Canvas and Moodle."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest

from autograder.exports import canvas, grades, moodle, roster
from autograder.exports.csv_table import grades_csv
from autograder.gradebook import book as gradebook
from autograder.gradebook import database, store
from autograder.gradebook.assignment import define
from autograder.gradebook.book import Row
from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status
from course_utils import cli
from course_utils.course import Course, UsageError
from tests.autograder.graded_class import Graded
from tests.autograder.tiny_course import CHAPTER

ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,Notes,01_tiny (4711),Other (12),Current Score
,,,,,,Manual Posting,,
    Points Possible,,,,,,6.00,10.00,(read only)
"Öztürk, Ada",101,u1,ada,Lab A,hm,3.00,7,80
"Müller, Bo",102,jürgen,bmueller,"Lab A and Lab B",,,,
"Cohen, Cy",103,u3,ccohen,Lab B,,5.50,1,
"""


def rows(student: str, *points: float | None, chapter: str = CHAPTER) -> list[Row]:
    """A graded submission; an exercise is worth 3 points, and None is read by a person."""
    exercises = []
    for place, earned in enumerate(points, 1):
        status = Status.MANUAL if earned is None else Status.GRADED
        reason = "" if earned == 3 else f"x < {place} does not hold"
        exercises.append(Grade(f"test_e{place}", earned, 3.0, status, reason))
    result = Result(student, chapter, Status.GRADED, "", (), tuple(exercises))
    return [(result, grade) for grade in exercises]


def lines(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text("utf-8"))))


@pytest.fixture
def canvas_roster(tmp_path: Path) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, "utf-8")
    return path


@pytest.fixture
def finished(tiny: Course, tmp_path: Path) -> Path:
    """A grades folder whose results were not made by running anything."""
    folder = tmp_path / "finished"
    folder.mkdir()
    where = database.parse(None, folder)
    gradebook.ensure(where)
    url = database.address(where)
    define(tiny, CHAPTER, url)
    with gradebook.opened(url) as book:
        for result in (
            graded_result("right", 4, 2, 0),
            graded_result("partial", 2.5, 2, 0),
            graded_result("reader", 4, 2, None),
            graded_result("empty", 0, 0, 0, "The file is empty."),
        ):
            gradebook.merge(book, result)
            store.Results(folder).save("key", result)
        table = grades_csv(gradebook.final_grades(book, store.Results(folder)))
    store.write(folder / "grades.csv", table)
    return folder


def graded_result(
    student: str, double: float, flip: float, reflection: float | None, refused: str = ""
) -> Result:
    def grade(name: str, points: float | None, most: float, reason: str) -> Grade:
        status = Status.MANUAL if points is None else Status.GRADED
        return Grade(name, points, most, status, reason if points != most else "")

    exercises = (
        grade("test_double", double, 4, refused or "keeps integers: they became floats"),
        grade("test_flip", flip, 2, refused),
        grade("reflection", reflection, 3, refused or "No answer."),
    )
    status = Status.UNREADABLE if refused else Status.GRADED
    return Result(student, CHAPTER, status, refused, (), exercises)


def read_by_hand(folder: Path, student: str, points: float, comment: str) -> None:
    """What formgrader does when a person grades the reflection."""
    with gradebook.opened(gradebook.address(folder / "gradebook.db")) as book:
        grade = book.find_grade("reflection", CHAPTER, CHAPTER, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("reflection", CHAPTER, CHAPTER, student).manual_comment = comment
        book.db.commit()


# -- csv ------------------------------------------------------------------------


def test_csv_is_the_table_of_the_grading(
    graded: Graded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "below" / "table.csv"
    assert cli.main(["export", "csv", str(graded.out), "--out", str(out)]) == 1
    assert out.read_bytes() == (graded.out / "grades.csv").read_bytes()
    assert "nobody has read an answer yet: reflects (" in capsys.readouterr().err


def test_csv_has_what_people_entered_since(graded: Graded, tmp_path: Path) -> None:
    folder, out = tmp_path / "grades", tmp_path / "table.csv"
    shutil.copytree(graded.out, folder)
    read_by_hand(folder, "reflects", 2.5, "Gut!")
    assert cli.main(["export", "csv", str(folder), "--out", str(out)]) == 0
    before, after = lines(folder / "grades.csv"), lines(out)
    changed = [row for row in after if row not in before]
    row = ["reflects", CHAPTER, "reflection", "2.5", "3", "graded", "Gut!"]
    assert changed == [[*row, "", "", "", ""]]  # no calendar: nothing is known of lateness
    assert len(after) == len(before)


def test_csv_from_a_gradebook_elsewhere(finished: Path, tmp_path: Path) -> None:
    out = tmp_path / "table.csv"
    read_by_hand(finished, "reader", 2.5, "Gut!")
    (finished / "gradebook.db").rename(tmp_path / "elsewhere.db")
    command = ["export", "csv", str(finished), "--out", str(out)]
    assert cli.main(command) == 2
    url = gradebook.address(tmp_path / "elsewhere.db")
    assert cli.main([*command, "--gradebook", url]) == 0
    row = ["reader", CHAPTER, "reflection", "2.5", "3", "graded", "Gut!"]
    assert row in [line[:7] for line in lines(out)]


# -- Canvas ---------------------------------------------------------------------


def test_canvas_finds_students_by_login_then_sis_id_then_id(
    canvas_roster: Path, tmp_path: Path
) -> None:
    totals = grades.Totals(
        [*rows("ADA", 3, 2.5), *rows("ju\u0308rgen", 0, 3), *rows("103", 3, 3)]
    )
    done = canvas.export(totals, roster.read(canvas_roster), tmp_path / "out.csv")
    assert (done.notes, done.problems) == ((), ())
    assert lines(done.path) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01_tiny (4711)"],
        ["    Points Possible", "", "", "", "", "6"],
        ["Öztürk, Ada", "101", "u1", "ada", "Lab A", "5.5"],
        ["Müller, Bo", "102", "jürgen", "bmueller", "Lab A and Lab B", "3"],
        ["Cohen, Cy", "103", "u3", "ccohen", "Lab B", "6"],
    ]


def test_canvas_names_students_that_it_cannot_place(
    canvas_roster: Path, tmp_path: Path
) -> None:
    canvas_roster.write_text(ROSTER + '"Twin, Eve",104,u5,twin,A\n"Twin, Eva",105,u6,twin,A\n')
    class_ = [*rows("ada", 3, 3), *rows("u1", 0, 0), *rows("nobody", 3, 3), *rows("twin", 3, 3)]
    done = canvas.export(
        grades.Totals(class_), roster.read(canvas_roster), tmp_path / "out.csv"
    )
    assert done.exit_code == 1
    assert done.problems == (
        "nobody: not on the roster",
        "twin: 2 rows of the roster have this SIS Login ID",
        "u1: the roster's row is that of ada",
        "on the roster, but without a grade here: Müller, Bo; Cohen, Cy; Twin, Eve; Twin, Eva",
    )
    assert [row[0] for row in lines(done.path)[2:]] == ["Öztürk, Ada"]


def test_canvas_leaves_totals_that_are_not_final(canvas_roster: Path, tmp_path: Path) -> None:
    totals = grades.Totals([*rows("ada", 3, None), *rows("bmueller", 3, 3)])
    found, out = roster.read(canvas_roster), tmp_path / "out.csv"
    done = canvas.export(totals, found, out)
    assert {row[3]: row[-1] for row in lines(out)[2:]} == {"ada": "3.00", "bmueller": "6"}
    assert "left as they are in Canvas, because nobody has read" in done.problems[0]
    assert "yet: ada (grade them in formgrader, or --so-far)" in done.problems[0]
    assert done.exit_code == 1
    canvas.export(grades.Totals(rows("ada", 2, None)), found, out, so_far=True)
    assert lines(out)[2][-1] == "2"


def test_canvas_takes_the_assignment_that_is_named(canvas_roster: Path, tmp_path: Path) -> None:
    found, out = roster.read(canvas_roster), tmp_path / "out.csv"
    class_ = grades.Totals(rows("ada", 3, 3, chapter="02_more"))
    done = canvas.export(class_, found, out)
    assert lines(out)[0][-1] == "02_more"
    assert "no assignment “02_more”" in done.notes[0]
    for name in ("other", "Other (12)"):
        done = canvas.export(class_, found, out, columns={"02_more": name})
        assert lines(out)[0][-1] == "Other (12)"
        assert done.notes[0] == "“Other” has 10.00 points in Canvas, here 6"
    with pytest.raises(
        UsageError, match=r"no assignment .* there are: 01_tiny \(4711\), Other"
    ):
        canvas.export(class_, found, out, columns={"02_more": "Othr"})
    with pytest.raises(UsageError, match="there are grades of 02_more"):
        canvas.export(class_, found, out, columns={"03_none": "Other"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_roster_as_spreadsheets_save_it(
    encoding: str, sign: str, end: str, canvas_roster: Path, tmp_path: Path
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator=end).writerows(lines(canvas_roster))
    canvas_roster.write_bytes(text.getvalue().encode(encoding))
    found = roster.read(canvas_roster)
    assert [row[0] for row in found.students] == ["Öztürk, Ada", "Müller, Bo", "Cohen, Cy"]
    assert found.cell(found.students[1], "SIS User ID") == "jürgen"
    assert found.assignments == ["01_tiny (4711)", "Other (12)"]


def test_a_roster_without_sis_columns_or_with_other_ones(canvas_roster: Path) -> None:
    canvas_roster.write_text("LastName,FirstName,ID,SIS Login ID,Section\nCohen,Cy,3,cy,A\n")
    found = roster.read(canvas_roster)
    assert (len(found.students), found.info) == (1, 5)


def test_a_roster_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        roster.read(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        roster.read(tmp_path)
    path = tmp_path / "roster.csv"
    for data in (b"", b"\x89PNG\r\n\x1a\n\x81\x00", b"name,points\nada,3\n", b"\xff\xfe\x00"):
        path.write_bytes(data)
        with pytest.raises(UsageError, match=r"is not the gradebook that Canvas|is no table"):
            roster.read(path)


def test_canvas_by_command(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "roster.csv", tmp_path / "out.csv"
    head = "Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (9)\n"
    path.write_text(head + "Right,1,,right,A,\nPartial,2,,partial,A,\n")
    command = ["export", "canvas", str(finished), "--roster", str(path), "--out", str(out)]
    assert cli.main([*command, "--column", f"{CHAPTER}=week 1"]) == 1
    assert [row[-1] for row in lines(out)] == ["Week 1 (9)", "9", "6", "4.5"]
    said = capsys.readouterr().err
    assert "problem: empty: not on the roster" in said
    assert "problem: left as they are in Canvas" not in said
    path.write_text(path.read_text() + "".join(f"{s},,,{s},A,\n" for s in ("empty", "reader")))
    assert cli.main([*command, "--so-far"]) == 0
    with pytest.raises(SystemExit, match="2"):
        cli.main([*command, "--column", "week 1"])
    path.unlink()
    assert cli.main(command) == 2


# -- Moodle ---------------------------------------------------------------------


def test_moodle_gets_points_and_feedback(tmp_path: Path) -> None:
    class_ = [*rows("ada", 3, 2.5), *rows("bo", 3, 3), *rows("cy", 3, None)]
    class_ += rows("ada", 1, chapter="02_more") + rows("bo", 3, chapter="02_more")
    done = moodle.export(grades.Totals(class_, ["tiny"]), tmp_path / "out.csv", key="idnumber")
    assert lines(done.path) == [
        ["idnumber", CHAPTER, f"{CHAPTER} feedback"],
        ["ada", "5.5", "e1 3 of 3\ne2 2.5 of 3: x &lt; 2 does not hold"],
        ["bo", "6", "e1 3 of 3\ne2 3 of 3"],
    ]
    assert "maximum grade 6" in done.notes[0]
    assert "left out, because nobody has read an answer yet: cy (" in done.problems[0]
    done = moodle.export(grades.Totals(class_), tmp_path / "out.csv", key="username")
    assert lines(done.path)[1][:4:3] == ["ada", "1"]
    assert "cy" in done.problems[-1]
    moodle.export(grades.Totals(class_), tmp_path / "o", key="username", so_far=True)
    assert [row[0] for row in lines(tmp_path / "o")[1:]] == [
        "ada",
        "bo",
    ]  # cy: no second chapter


def test_moodle_by_command(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    command = ["export", "moodle", str(finished), "--out", str(out)]
    assert cli.main(command) == 1
    found = {row[0]: row for row in lines(out)}
    assert found["username"] == ["username", CHAPTER, f"{CHAPTER} feedback"]
    assert found["right"][1] == "6"
    assert found["partial"][1] == "4.5"
    assert "double 2.5 of 4: keeps integers" in found["partial"][2]
    assert found["empty"][1:] == ["0", "The file is empty."]
    assert "reader" not in found
    assert "nobody has read an answer yet: reader" in capsys.readouterr().err
    assert cli.main([*command, "--so-far"]) == 0
    assert {row[0]: row for row in lines(out)}["reader"][1] == "6"
    read_by_hand(finished, "reader", 2.5, "Gut!")
    assert cli.main([*command, "--chapter", "tiny"]) == 0
    reader = {row[0]: row for row in lines(out)}["reader"]
    assert reader[1] == "8.5"
    assert reader[2].endswith("reflection 2.5 of 3: Gut!")
    assert cli.main([*command, "--key", "email"]) == 2
    assert "no e-mail address are empty, partial" in capsys.readouterr().err


# -- bad input ------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "moodle"])
def test_a_folder_without_grades(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    (tmp_path / "empty").mkdir()
    for folder, says in (("none", "there is no folder"), ("empty", "is no folder of grades")):
        assert cli.main(["export", form, str(tmp_path / folder), "--out", str(out)]) == 2
        assert says in capsys.readouterr().err
    assert not out.exists()
    assert not list((tmp_path / "empty").iterdir()), "nothing is left in a folder of others"


def test_grades_that_cannot_be_read_now(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = finished, tmp_path / "out.csv"
    command = ["export", "csv", str(folder), "--out"]
    with store.lock(folder):
        assert cli.main([*command, str(out)]) == 1
    assert "is being graded into" in capsys.readouterr().err
    assert cli.main([*command, str(tmp_path)]) == 1
    assert "cannot write" in capsys.readouterr().err
    (folder / "gradebook.db").write_bytes(b"no database" * 500)
    assert cli.main([*command, str(out)]) == 1
    assert "cannot use the gradebook" in capsys.readouterr().err
    (folder / "grades.csv").unlink()
    assert cli.main([*command, str(out)]) == 1
    assert "was never finished" in capsys.readouterr().err
    assert not out.exists()


def test_a_chapter_that_nobody_handed_in() -> None:
    with pytest.raises(UsageError, match="unknown chapter '9'; there are: 01_tiny"):
        grades.Totals(rows("ada", 3), ["9"])
