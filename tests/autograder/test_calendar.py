"""Due dates, extensions, excuses, late policies and the roster, as one class sees them."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.exports import grades
from autograder.gradebook import book as gradebook
from autograder.gradebook import late, settings, standing
from autograder.gradebook.assignment import Assignment
from autograder.gradebook.standing import Leave, Register
from autograder.intake import calendar
from autograder.intake.enrol import Given, enrol
from course_utils import cli
from course_utils.course import Course, CourseError, UsageError
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

CHAPTERS = [CHAPTER, "02_more"]
POLICY = "def two_an_hour(student, score, seconds):\n    return 2 * seconds / 3600\n"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("timezone: Europe/Berlin\nchapters: {tiny: 2026-07-01 23:59}", "2026-07-01T21:59:00"),
        ("chapters: {1_tiny: null, tiny: {due: 2026-07-01T12:00+02:00}}", "unknown chapter"),
        ("chapters: {01: 2026-07-01T12:00:00+02:00}", "2026-07-01T10:00:00"),
        ("chapters: {01_tiny: 2026-07-01}", "2026-07-01T23:59:59"),
        ("timezone: Mars\nchapters: {tiny: 2026-07-01}", "unknown time zone 'Mars'"),
        ("chapters: {tiny: soon}", "'soon' is no time"),
        ("time_zone: Europe/Berlin\nchapters: {tiny: 2026-07-01}", "unknown key 'time_zone'"),
        ("chapters: {tiny: {duedate: 2026-07-01}}", "unknown key 'duedate'"),
        ("chapters: {tiny: 2026-07-01, 01: 2026-07-02}", "stands there twice"),
        ("chapters: {tiny: 2026-13-01 10:00}", "is no time"),
        ("chapters: {tiny: 2026-07-01 23:59 EST}", "is no time"),
        ("chapters: {tiny: 2026-07-01 23:59 CEST}", "is no time"),
        ("chapters: {tiny: 2026-07-01 Mon}", "is no time"),
        ("chapters: {tiny: 2026-07-01 12:00 23:59}", "is no time"),
        ("chapters: {tiny: 2026-07-01 11:59 PM}", "2026-07-01T23:59:00"),
        ("chapters: {tiny: 2026-07-01 24:00}", "write 24:00 as 23:59, or as 00:00 of the next"),
        ("chapters: {tiny: 2026-07-01 24:00:00}", "write 24:00 as 23:59, or as 00:00 of the"),
        ("chapters: {tiny: 23:59}", "is how YAML reads a number, or a time without"),
        ("chapters: {1: 2026-07-01 10:00}", "2026-07-01T10:00:00"),
        ("chapters: {tiny: {late: ruthless}}", "unknown late policy 'ruthless'"),
        ("chapters: [tiny]", "needs a list “chapters:”"),
        ("chapters: {", "is no YAML"),
        ("\0", "is no YAML"),
    ],
)
def test_a_calendar_says_when_in_utc(text: str, utc: str, tmp_path: Path) -> None:
    path = tmp_path / "calendar.yml"
    path.write_text(text, "utf-8")
    if utc[:1].isdigit():
        assert calendar.read(path, CHAPTERS).due == {CHAPTER: utc}
    else:
        with pytest.raises(UsageError, match=utc):
            calendar.read(path, CHAPTERS)


def test_a_calendar_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "due.csv"
    path.write_bytes("chapter;due;late\r\ntiny;2026-07-01 10:00;zero\r\n".encode("utf-16"))
    found = calendar.read(path, CHAPTERS)
    assert (found.due, found.policies) == ({CHAPTER: "2026-07-01T10:00:00"}, {CHAPTER: "zero"})


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ("1;2026-07-01 10:00;", "2026-07-01T10:00:00"),
        ("01;2026-07-01 10:00;Europe/Berlin", "2026-07-01T08:00:00"),
        ("01_tiny;2026-07-01 10:00;\n;;Europe/Berlin", "2026-07-01T08:00:00"),
        ("tiny;2026-07-01 10:00;\n2;2026-07-08;Europe/Berlin", "and none for tiny"),
        (";2026-07-01 10:00;", "needs the name of its chapter"),
    ],
)
def test_chapters_and_zones_of_a_table(rows: str, due: str, tmp_path: Path) -> None:
    path = tmp_path / "due.csv"
    path.write_text(f"chapter;due;timezone\n{rows}\n")
    if due[:1].isdigit():
        found = calendar.read(path, CHAPTERS)
        assert found.due == {CHAPTER: due}
        assert found.zone == ("Europe/Berlin" if "Berlin" in rows else "UTC")
    else:
        with pytest.raises(UsageError, match=due):
            calendar.read(path, CHAPTERS)


def test_a_student_who_is_written_in_two_ways(tiny: Course, tmp_path: Path) -> None:
    path = tmp_path / "extensions.csv"
    given = Given(extensions=path)
    path.write_text("student,assignment,extension\nanna,1,2d\nANNA,tiny,2d\nbo,,1d\n")
    class_ = enrol(tiny, given, Register(), ["Anna", "Bo", "BO"], [])
    assert class_.register.leaves == [Leave("Anna", CHAPTER, minutes=2880)]
    assert class_.problems == ("extensions: bo may be BO or Bo",)
    path.write_text("student,assignment,extension\nanna,1,2d\nANNA,tiny,3d\n")
    with pytest.raises(UsageError, match="ANNA is the student Anna, who has another line for"):
        enrol(tiny, given, Register(), ["Anna"], [])
    found = enrol(tiny, given, Register(), ["anna", "ANNA"], []).register.leaves
    assert [x.student for x in found or ()] == ["anna", "ANNA"]


def test_extensions_and_excuses(tmp_path: Path) -> None:
    path = tmp_path / "extensions.csv"
    head = "student,assignment,extension,until,excused,reason\n"
    lines = ["ada,tiny,1d 12h,,,ill", "bo,,,2026-07-02 10:00,,", "", 'cy,,,,yes,"a, b"']
    path.write_text("\n".join([head, *lines, "ada,tiny,36h,,,ill"]), "utf-8")
    assert calendar.read_leaves(path, CHAPTERS) == [
        Leave("ada", CHAPTER, minutes=2160, reason="ill"),
        Leave("bo", "*", until="2026-07-02T10:00:00"),
        Leave("cy", "*", excused=True, reason="a, b"),
    ]
    for line, says in (
        ("ada,tiny,soon,,,", "'soon' is no extension"),
        ("ada,tiny,5,,,", "'5' is no extension"),
        ("ada,9,1d,,,", "unknown chapter '9'"),
        ("ada,,1d,,perhaps,", "excused is yes or no"),
        (",tiny,1d,,,", "it names no student"),
        ("ada,tiny,1d,2026-07-02,,", "extension and until say the same thing"),
        ("ada,,1d,,,\nada,,2d,,,", "two lines for all chapters"),
    ):
        path.write_text(head + line, "utf-8")
        with pytest.raises(UsageError, match=says):
            calendar.read_leaves(path, CHAPTERS)


def test_what_a_policy_takes_off(tmp_path: Path) -> None:
    (tmp_path / "policy.py").write_text(POLICY + "def bad(*a): return float('nan')\n")

    def cost(policy: str, score: float, hours: float) -> float:
        return late.penalty({"*": policy}, CHAPTER, "ada", score, hours * 3600)

    own = f"{tmp_path / 'policy.py'}:two_an_hour"
    assert [cost(p, 6, 25) for p in ("none", "zero", "10% per day", own)] == [0, 6, 1.2, 6]
    assert (cost(own, 6, 1.5), cost("10% per day", 0, 500)) == (3, 0)
    for policy, says in (
        (f"{tmp_path / 'policy.py'}:bad", "no number"),
        ("math:floor", "failed"),
    ):
        with pytest.raises(CourseError, match=says):
            cost(policy, 6, 1)
    with pytest.raises(UsageError, match="cannot be loaded"):
        late.load("no_such_module:name")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-07-01 12:00:00.5 Europe/Berlin\n", "2026-07-01 10:00:00.500000"),
        ("2026-07-01 10:00:00 UTC", "2026-07-01 10:00:00"),
        ("2026-07-01T12:00:00+02:00", "2026-07-01 10:00:00"),
        *((bad, "None") for bad in ("", "7", "yesterday", "2026-99-99", "9" * 5000, "0000-01")),
        ("0001-01-01 00:00:00+14:00", "None"),
    ],
)
def test_a_timestamp_is_read_as_nbgrader_does(text: str, utc: str) -> None:
    assert str(standing.moment(text)) == utc


def test_a_clock_that_ran_ahead() -> None:
    now = datetime.datetime.now(datetime.UTC)
    assert standing.ahead(str(now + datetime.timedelta(days=2)))
    assert not standing.ahead(str(now))


# -- a class -------------------------------------------------------------------------------

TIMES = {"right": "2026-07-01 10:00:00 UTC", "late": "2026-07-01 13:30:00 UTC"}
TIMES |= {"granted": "2026-07-02 10:00:00 UTC", "Odd": "whenever", "gone": TIMES["right"]}


@pytest.fixture(scope="module")
def folder(
    tiny: Course, assignment: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Graded with a calendar, extensions and a roster, by command."""
    root = tmp_path_factory.mktemp("calendar")
    for student, time in TIMES.items():
        data = tiny_course.answer(assignment.release, **RIGHT)
        path = tiny_course.hand_in(root / "submissions", student, data)
        (path.parent / "timestamp.txt").write_text(time)
    (root / "policy.py").write_text(POLICY)
    calendar = "timezone: Europe/Berlin\nlate: policy.py:two_an_hour\n"
    (root / "due.yml").write_text(calendar + "chapters: {tiny: 2026-07-01 14:00}\n")
    (root / "extensions.csv").write_text(
        "student;assignment;extension;excused\nGranted;tiny;1d;\nlazy;;;x\nwho;;1d;\n"
    )
    names = ("right", "late", "granted", "odd", "absent", "lazy", "../evil")
    (root / "roster.csv").write_text("\n".join(["Student", *names, "right", "", "gone"]))
    return root


def run(folder: Path, *options: str) -> int:
    command = ["grade", str(folder / "submissions"), "--out", str(folder / "out")]
    return cli.main([*command, "--no-integrity", *options])


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """The row of the first exercise, by student."""
    text = (folder / "out" / "grades.csv").read_text("utf-8")
    return {
        r["student"]: r for r in csv.DictReader(text.splitlines()) if r["exercise"] == "flip"
    }


def test_a_class_with_a_calendar(
    folder: Path, tiny: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tiny.root)
    files = {"calendar": "due.yml", "extensions": "extensions.csv", "roster": "roster.csv"}
    options = [w for name, file in files.items() for w in (f"--{name}", str(folder / file))]
    assert run(folder, *options) == 1
    said = capsys.readouterr().out
    assert "problem: extensions: who is not in the class" in said
    assert "problem: '../evil' on the roster cannot be the name of a folder" in said
    assert "missing      absent\n" in said
    assert "late         late (90 min, −3)\n" in said
    assert "no time      Odd: no timestamp.txt that can be read" in said
    assert (
        "the time in timestamp.txt cannot be read: 'whenever'" in rows(folder)["Odd"]["reason"]
    )
    assert "timestamp.txt" not in rows(folder)["right"]["reason"]
    found = {
        s: (r["late_minutes"], r["penalty"], r["extension_minutes"], r["standing"])
        for s, r in rows(folder).items()
    }
    assert found == {
        "right": ("0", "0", "", ""),
        "late": ("90", "3", "", ""),
        "granted": ("0", "0", "1440", ""),
        "Odd": ("", "", "", ""),
        "gone": ("0", "0", "", ""),
        "absent": ("", "", "", ""),
        "lazy": ("", "", "", "excused"),
    }
    assert rows(folder)["absent"]["status"] == "missing"
    page = (folder / "out" / "feedback" / "late" / f"{CHAPTER}.html").read_text("utf-8")
    assert "90 minutes after it was due" in page
    assert "3 points are taken off" in page


def test_stock_nbgrader_sees_the_same(folder: Path) -> None:
    url = gradebook.address(folder / "out" / "gradebook.db")
    with gradebook.opened(url) as book:
        submission = book.find_submission(CHAPTER, "late")
        assert submission.assignment.duedate == datetime.datetime(2026, 7, 1, 12)
        assert submission.total_seconds_late == 5400
        assert submission.late_submission_penalty == 3
        assert book.find_submission(CHAPTER, "granted").total_seconds_late == 0
    config = Config()
    policies = {"*": f"{folder / 'policy.py'}:two_an_hour"}
    settings.configure(config, folder, url, policies)
    assert repr(policies) in (folder / "out" / "nbgrader_config.py").read_text("utf-8")
    preprocessor = AssignLatePenalties(config=config)
    preprocessor.assignment_id = CHAPTER
    preprocessor.init_plugin()
    assert preprocessor.plugin_inst.late_submission_penalty("late", 6, 5400) == 3


def test_exports_take_the_penalty_off(folder: Path) -> None:
    totals = grades.Totals(grades.read(folder / "out"))
    found = {s: t.points for s in totals.students if (t := totals.of(s, CHAPTER))}
    assert found["late"] == found["right"] - 3
    assert totals.excused() == [f"lazy ({CHAPTER})"]
    out = folder / "canvas.csv"
    roster = "Student,ID,SIS Login ID,Section\n" + "".join(f"{s},,{s},A\n" for s in found)
    (folder / "canvas_roster.csv").write_text(roster)
    command = ["export", "canvas", str(folder / "out"), "--out", str(out), "--roster"]
    assert cli.main([*command, str(folder / "canvas_roster.csv")]) == 0
    lines = {r[0]: r[-1] for r in csv.reader(out.read_text("utf-8").splitlines())}
    assert (lines["lazy"], lines["late"], lines["Odd"]) == ("EX", "3", "6")


def test_who_has_left_and_who_is_graded_alone(
    folder: Path, tiny: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """What was given before stays; a student who is no longer on the roster is kept."""
    monkeypatch.chdir(tiny.root)
    (folder / "roster.csv").write_text("student\nright\nlate\ngranted\nOdd\nlazy\n")
    options = ("--roster", str(folder / "roster.csv"), "--student", "late", "--chapter", "tiny")
    assert run(folder, *options, "--force") == 0
    said = capsys.readouterr().out
    assert "1 graded now, 0 unchanged" in said
    assert "4 students" in said
    found = rows(folder)
    assert {s for s, r in found.items() if r["standing"] == "left"} == {"gone", "absent"}
    assert (found["late"]["penalty"], found["late"]["points"]) == ("3", "2")
    for wrong in (["--student", "nobody"], ["--chapter", "9"], ["--roster", "none.csv"]):
        assert run(folder, *wrong) == 2
    assert run(folder, "--late-policy", "none", "--student", "late") == 0
    assert rows(folder)["late"]["penalty"] == "0"


@pytest.mark.parametrize("text", ["2 months", "1mo", "2 dogs", "99999999999999d", "3 mon"])
def test_what_is_no_extension_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "extensions.csv"
    path.write_text(f"student,assignment,extension\nada,,{text}\n")
    with pytest.raises(UsageError, match=r"is no extension|is longer than"):
        calendar.read_leaves(path, CHAPTERS)


@pytest.mark.parametrize(
    ("text", "minutes"), [("2 days, 3 hrs", 3060), ("1.5d", 2160), ("1 week", 10080), ("2m", 2)]
)
def test_units_of_extensions(text: str, minutes: int, tmp_path: Path) -> None:
    path = tmp_path / "extensions.csv"
    path.write_text(f'student,assignment,extension\nada,,"{text}"\n')
    assert calendar.read_leaves(path, CHAPTERS)[0].minutes == minutes


@pytest.mark.parametrize("minutes", [2880.0, 1e17])
def test_an_extension_of_what_never_ends(minutes: float) -> None:
    due = datetime.datetime(9999, 12, 31, 23, 59)
    more = standing.extension(Leave("ada", "*", minutes), due)
    assert more is not None
    assert due + more <= datetime.datetime.max


def test_late_no_is_a_policy(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yml"
    path.write_text("late: 10% per day\nchapters: {tiny: {due: 2026-07-01, late: no}}")
    assert calendar.read(path, CHAPTERS).policies[CHAPTER] == "none"
