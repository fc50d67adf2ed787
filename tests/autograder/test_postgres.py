"""The gradebook in PostgreSQL: as good as the one in SQLite, and its password stays secret."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from autograder import pipeline
from autograder.gradebook import database, store
from autograder.gradebook.assignment import Assignment
from autograder.pipeline import grade_class
from autograder.reports.deliver import merge
from autograder.reports.summary import Summary
from course_utils import cli
from course_utils.course import Course, CourseError
from tests.autograder import postgres_server, tiny_course
from tests.autograder.postgres_server import PASSWORD, Server
from tests.autograder.tiny_course import CHAPTER, RIGHT

PEEK = "import os\nprint('seen', os.environ.get('PGPASSWORD'))\n"
ANSWERS = {
    "right": RIGHT,
    "partial": {**RIGHT, "double": "def double(x):\n    return 2.0 * x\n"},
    "reflects": {**RIGHT, "double": PEEK + RIGHT["double"], "reflection": "Because so."},
}


@dataclass
class Class:
    """A class and where its grades go."""

    course: Course
    submissions: Path
    out: Path
    url: str | None

    def grade(self) -> Summary:
        return grade_class(
            self.course, self.submissions, self.out, gradebook=self.url, progress=False
        )

    @property
    def table(self) -> str:
        return (self.out / "grades.csv").read_text("utf-8")

    def row(self, student: str, exercise: str) -> list[str]:
        lines = [line.split(",") for line in self.table.splitlines()]
        return next(line for line in lines if line[0] == student and line[2] == exercise)

    def times(self) -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in self.out.rglob("*.*") if p.is_file()}


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with postgres_server.start() as running:
        yield running


@pytest.fixture(scope="module")
def class_(
    server: Server,
    tiny: Course,
    assignment: Assignment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Class:
    """Graded into PostgreSQL, with the password in the environment."""
    folder = tmp_path_factory.mktemp("class")
    for student, sources in ANSWERS.items():
        data = tiny_course.answer(assignment.release, **sources)
        tiny_course.hand_in(folder / "submissions", student, data)
    tiny_course.hand_in(folder / "submissions", "empty", b"")
    server.create("grades")
    url = server.url("grades", password=None)
    made = Class(tiny, folder / "submissions", folder / "out", url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        assert made.grade().graded == 4
        assert os.environ["PGPASSWORD"] == PASSWORD
    return made


@pytest.fixture
def again(class_: Class, server: Server, tmp_path: Path) -> Iterator[Class]:
    """A copy of the class, with a copy of its gradebook, that a test may change."""
    for folder in ("submissions", "out"):
        shutil.copytree(class_.out.parent / folder, tmp_path / folder)
    server.run("CREATE DATABASE {} TEMPLATE {}", "copy", "grades")
    (tmp_path / "out" / ".gradebook").unlink()  # as after a move
    yield Class(class_.course, tmp_path / "submissions", tmp_path / "out", server.url("copy"))
    server.run("DROP DATABASE {}", "copy")


def test_grades_are_those_of_sqlite(class_: Class, tmp_path: Path) -> None:
    other = Class(class_.course, class_.submissions, tmp_path / "out", None)
    assert other.grade().graded == 4
    assert class_.table == other.table
    assert (other.out / "gradebook.db").is_file()
    assert not (class_.out / "gradebook.db").exists()


def test_formgrader_opens_it_by_the_written_config(
    class_: Class, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "pgpass"
    secrets.write_text("*:*:grades:owner:" + PASSWORD.replace(":", r"\:"))
    secrets.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(secrets))
    config = PyFileConfigLoader("nbgrader_config.py", path=str(class_.out)).load_config()
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    scores = {s["student"]: s["score"] for s in api.get_submissions(CHAPTER)}
    assert scores == {"right": 6, "partial": 4, "reflects": 6, "empty": 0}
    (exercises,) = api.get_notebooks(CHAPTER)
    assert exercises["max_score"] == 9


def test_the_gradebook_is_whole(class_: Class, server: Server) -> None:
    """nbgrader's own upgrade needs the version; nothing of ours stays connected."""
    (version,) = server.run("SELECT version_num FROM alembic_version", database="grades")
    assert version
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'grades'"
    assert server.run(query) == [(0,)]


def test_grading_again_changes_nothing(again: Class) -> None:
    before, table = again.times(), again.table
    assert again.grade().graded == 0
    changed = {p.name for p, t in again.times().items() if before.get(p) != t}
    assert changed <= {
        "grades.csv",
        "integrity.csv",
        "integrity.html",
        "nbgrader_config.py",
        ".class.json",
        ".gradebook",
        ".lock",
    }
    assert again.table == table


def test_a_persons_points_survive_and_a_resubmission_replaces_its_own(
    again: Class, assignment: Assignment
) -> None:
    assert again.url
    url = database.address(database.parse(again.url, again.out))
    with Gradebook(url, "pixels-to-prompts") as book:
        grade = book.find_grade("reflection", CHAPTER, CHAPTER, "reflects")
        grade.manual_score, grade.needs_manual_grade = 2.5, False
        book.find_comment("reflection", CHAPTER, CHAPTER, "reflects").manual_comment = "Nice!"
        book.db.commit()
    before = again.times()
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(again.submissions, "partial", data)
    assert again.grade().graded == 1
    assert again.row("partial", "double")[3] == "4"
    assert again.row("reflects", "reflection")[3:7] == ["2.5", "3", "graded", "Nice!"]
    changed = {p for p, t in again.times().items() if before.get(p) != t}
    assert not [p for p in changed if "right" in str(p) or "empty" in str(p)]

    data = tiny_course.answer(assignment.release, **RIGHT, reflection="Something else.")
    tiny_course.hand_in(again.submissions, "reflects", data)
    assert again.grade().graded == 1
    assert again.row("reflects", "reflection")[3:6] == ["2.5", "3", "manual"]


def test_an_empty_database_in_its_place_is_filled_from_the_results(
    again: Class, server: Server
) -> None:
    table = again.table
    again.url = server.create("new")
    assert again.grade().graded == 0
    assert again.table == table
    with Gradebook(database.address(database.parse(again.url, again.out))) as book:
        assert book.find_submission(CHAPTER, "partial").score == 4


def test_the_password_is_nowhere(class_: Class, again: Class) -> None:
    """Not in a file, not in the summary, not in the environment of a student's answer."""
    assert PASSWORD not in str(again.grade())
    for folder in (class_.out, again.out):
        for path in folder.rglob("*"):
            if path.is_file():
                text = path.read_text("utf-8")
                assert PASSWORD not in text, path
                assert "p%40ss" not in text, path
    page = class_.out / "autograded" / "reflects" / CHAPTER / f"{CHAPTER}.ipynb"
    assert "seen None" in page.read_text("utf-8")


def test_one_writer(again: Class) -> None:
    assert again.url
    url = database.parse(again.url, again.out)
    with (
        database.one_writer(url, again.out),
        pytest.raises(CourseError, match="being written by another course grade: wait"),
    ):
        again.grade()
    with database.one_writer(url, again.out):
        pass  # free again


def test_one_folder_has_one_gradebook(class_: Class, again: Class) -> None:
    again.grade()
    again.url = None
    with pytest.raises(CourseError, match="give the same --gradebook as before"):
        again.grade()


# -- what can go wrong: one sentence, exit 1, no password ---------------------------------


@pytest.fixture
def said(
    class_: Class,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., str]:
    """What ``course grade`` into an address says when it fails."""

    def call(url: str, code: int = 1) -> str:
        monkeypatch.chdir(class_.course.root)
        words = ["grade", str(class_.submissions), "--out", str(tmp_path / "out")]
        assert cli.main([*words, "--gradebook", url]) == code
        error = capsys.readouterr().err
        assert len(error.strip().splitlines()) == 1, error
        assert "wr0ng" not in error
        assert PASSWORD not in error
        assert not (tmp_path / "out" / ".gradebook").exists(), "the next try may be another"
        return error

    return call


def test_a_password_that_is_wrong_or_missing(server: Server, said: Callable[..., str]) -> None:
    assert "authentication failed" in (wrong := said(server.url("grades", password="wr0ng")))
    assert "set PGPASSWORD, or write the password into ~/.pgpass" in wrong
    assert "no password supplied; set PGPASSWORD" in said(server.url("grades", password=None))


def test_a_database_that_is_missing(server: Server, said: Callable[..., str]) -> None:
    assert 'database "none" does not exist; make it with createdb' in said(server.url("none"))


def test_a_server_that_cannot_be_reached(said: Callable[..., str]) -> None:
    for place in ("127.0.0.1:1", "[::1]:1", ""):
        error = said(
            f"postgresql://owner:wr0ng@{place}/grades" + "?host=/nowhere" * (not place)
        )
        assert "is the server running, and is this its address?" in error


def test_no_rights(server: Server, said: Callable[..., str]) -> None:
    server.run("CREATE ROLE guest LOGIN PASSWORD 'wr0ng'")
    server.create("locked")
    server.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database="locked")
    error = said(server.url("locked", "guest", "wr0ng"))
    assert "permission denied for schema public; let the owner of the database grant" in error


def test_no_driver(said: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert 'pip install -e ".[postgres]"' in said("postgresql://owner@host/grades")


def test_a_server_that_goes_away(
    again: Class, server: Server, monkeypatch: pytest.MonkeyPatch, assignment: Assignment
) -> None:
    """What was graded is kept, and the same command enters it."""
    tiny_course.hand_in(again.submissions, "new", tiny_course.answer(assignment.release))
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'copy'"

    def merge_without_server(*args: object) -> None:
        server.run(kill)
        merge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "merge", merge_without_server)
    with pytest.raises(CourseError, match="cannot use the gradebook"):
        again.grade()
    monkeypatch.setattr(pipeline, "merge", merge)
    again.grade()
    assert again.row("new", "double")[5] == "unsolved"


@pytest.mark.parametrize(
    "url",
    [
        "grades.db",
        "mysql://u:wr0ng@host/grades",
        "postgresql://u:wr0ng@host:port/grades",
        "postgresql://u:wr0ng@host",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_an_address_that_is_none(said: Callable[..., str], url: str) -> None:
    assert "expected sqlite:///FILE" in said(url, code=2)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgres://u:wr0ng@h/d", "postgresql://u@h/d"),
        ("postgresql+psycopg://u@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgresql://h/d?user=u&password=wr0ng", "postgresql://h/d?user=u"),
        (
            "postgresql://u@h/d?sslpassword=wr0ng&sslmode=require",
            "postgresql://u@h/d?sslmode=require",
        ),
    ],
)
def test_what_is_shown_of_an_address(given: str, shown: str, tmp_path: Path) -> None:
    url = database.parse(given, tmp_path)
    assert database.shown(url) == shown
    assert "wr0ng" not in database.configured(url, tmp_path)
    assert ("wr0ng" in given) == ("wr0ng" in database.address(url))


def test_an_sqlite_file_elsewhere(class_: Class, tmp_path: Path) -> None:
    """The config names it, and two folders cannot write it at once."""
    file = tmp_path / "books" / "ours.db"
    other = Class(class_.course, class_.submissions, tmp_path / "out", f"sqlite:///{file}")
    shutil.copytree(class_.out / ".results", other.out / ".results")
    assert other.grade().graded == 0
    assert other.table == class_.table
    config = PyFileConfigLoader("nbgrader_config.py", path=str(other.out)).load_config()
    with Gradebook(config.CourseDirectory.db_url) as book:
        assert book.find_submission(CHAPTER, "partial").score == 4
    with store.lock(file.parent), pytest.raises(CourseError, match="is being graded into"):
        other.grade()
