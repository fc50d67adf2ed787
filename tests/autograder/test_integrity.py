"""The integrity report as a whole: what it says, to whom, and that it changes nothing."""

from __future__ import annotations

import csv
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import torch.nn.functional as F
from playwright.sync_api import Browser

from autograder import sample
from autograder.gradebook import store
from autograder.integrity import report, work
from autograder.integrity.findings import Kind
from autograder.integrity.visible import visible
from autograder.pipeline import grade_class
from autograder.sample import CHAPTER
from course_utils import checks, cli
from course_utils.course import CourseError, UsageError
from course_utils.handin import read
from tests.autograder import tiny_course
from tests.autograder.graded_class import CELL_TIMEOUT, Graded
from tests.autograder.graded_folder import (
    COURSE,
    cell,
    hand_in,
    keep,
    release,
    show_report,
    source,
)
from tests.browser import Watch

EVIL = "<script>alert(1)</script> & \"'\u202e\u2066é👩\u200d🔬"
COPY = source("conv2d", "windows-einsum")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "grades"


def rows(out: Path, *kinds: Kind) -> list[dict[str, str]]:
    with (out / "integrity.csv").open(encoding="utf-8", newline="") as stream:
        return [r for r in csv.DictReader(stream) if not kinds or r["kind"] in kinds]


def page(out: Path) -> str:
    return (out / "integrity.html").read_text("utf-8")


# -- what is found -------------------------------------------------------------------------


def test_copies_are_found_in_the_sample_class(out: Path) -> None:
    """Nearly everybody there wrote one of two answers of the bank."""
    everyone = sample.students(release())
    for student in everyone:
        hand_in(out, student.name, **student.sources)
    report.again(COURSE, out)
    pairs = {(r["student"], r["other student"]) for r in rows(out) if r["exercise"] == "conv2d"}
    assert ("boris", "farid") in pairs
    assert ("farid", "boris") in pairs
    assert ("amira", "boris") not in pairs, "both right, each its own way"
    assert not any("hugo" in pair for pair in pairs), "handed in the stub"
    assert {r["score"] for r in rows(out, Kind.SIMILAR)} <= {
        "1.00",
        *map("0.{}".format, range(80, 100)),
    }
    assert "whose answers hang together" in page(out)


def test_each_of_a_pair_has_a_row_and_a_score(out: Path) -> None:
    hand_in(out, "ada", conv2d=COPY)
    hand_in(out, "ben", conv2d=COPY)
    hand_in(out, "cem", conv2d=source("conv2d", "kernel-positions"))
    found = report.again(COURSE, out)
    assert [(r["student"], r["other student"]) for r in rows(out)] == [
        ("ada", "ben"),
        ("ben", "ada"),
    ]
    assert rows(out)[0]["kind"] == "near-identical"
    assert "100 % of this answer's own tokens" in rows(out)[0]["detail"]
    assert (found.students, len(found.findings)) == (3, 2)
    text = page(out)
    assert "cem" not in text, "only students with findings"
    assert "einsum" in text
    assert "A photographer with a tripod" not in text, "what was handed out is not shown"


def test_an_answer_moved_to_an_own_cell_is_compared(out: Path) -> None:
    hand_in(out, "ada", conv2d=COPY)
    handed_in = release()
    place = [c.get("id") for c in handed_in.cells].index(cell(handed_in, "conv2d").id)
    handed_in.cells.insert(place + 1, nbformat.v4.new_code_cell(COPY, id="mine"))
    graded = read(nbformat.writes(handed_in).encode(), release()).notebook
    assert graded is not None
    keep(out, "ben", graded)
    report.again(COURSE, out)
    assert {r["student"] for r in rows(out, Kind.SIMILAR)} == {"ada", "ben"}


def test_refused_calls_are_named(out: Path) -> None:
    nb = release()
    test = cell(nb, "test_conv1d")
    banned = checks.convolution.conv1d(
        lambda a, b: F.conv1d(a[None, None], b.flip(0)[None, None], padding=len(b) - 1)[0, 0]
    )
    show_report(test, banned)
    keep(out, "ada", nb)
    report.again(COURSE, out)
    (row,) = rows(out)
    assert (row["student"], row["exercise"], row["kind"]) == ("ada", "conv1d", "refused call")
    assert (
        "torch's convolution (F.conv2d and its like) was called and refused: " in row["detail"]
    )
    assert "seed" not in row["detail"]


def test_uses_of_the_reference_are_named(out: Path) -> None:
    hand_in(out, "ada", conv1d="def conv1d(a, b):\n    return reference.conv1d(a, b)\n")
    hand_in(out, "ben", conv1d=source("conv1d", "toeplitz"))
    report.again(COURSE, out)
    (row,) = rows(out)
    assert (row["student"], row["exercise"]) == ("ada", "conv1d")
    assert "uses course_utils.reference.convolution.conv1d inside a function" in row["detail"]


def test_what_the_intake_noted_is_named(out: Path) -> None:
    nb = release()
    cell(nb, "test_conv1d").source = "6"
    cell(nb, "test_conv2d").metadata.nbgrader.grade_id = "test_other"
    nb.cells = [c for c in nb.cells if c is not cell(nb, "test_edge_strength")]
    text = b"\xef\xbb\xbf" + nbformat.writes(nb).encode()
    submission = read(text, release())
    assert submission.notebook is not None
    assert "byte order mark removed" in submission.notes
    keep(out, "ada", submission.notebook, submission.notes)
    report.again(COURSE, out)
    assert {r["exercise"]: r["detail"].partition("” ")[2] for r in rows(out)} == {
        "conv1d": "was changed and is restored",
        "conv2d": "was renamed and is restored",
        "edge_strength": "was deleted or renamed and is restored",
    }
    assert {r["kind"] for r in rows(out)} == {"changed cells"}


def test_an_honest_class_has_no_findings(out: Path) -> None:
    for i in range(3):
        right = {e: names[i] for e, names in _right().items()}
        hand_in(out, f"student{i}", **right)
    report.again(COURSE, out)
    assert rows(out) == []
    assert page(out).count("<p>None.</p>") == len(Kind)
    assert "student0" not in page(out)


def _right() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for answer in sample.ANSWERS:
        if answer.right:
            found.setdefault(answer.exercise, []).append(answer.source)
    return found


# -- what it must not do -------------------------------------------------------------------


@pytest.fixture
def again(graded: Graded, tmp_path: Path) -> Graded:
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    shutil.copytree(graded.submissions, submissions)
    shutil.copytree(graded.out, out)
    shutil.rmtree(submissions / "murderer")  # never kept: it would be graded each time
    return Graded(graded.course, submissions, out, graded.summary)


def test_no_grade_and_no_feedback_depends_on_it(again: Graded) -> None:
    def run(integrity: bool) -> dict[str, bytes]:
        """All files that grading writes, but the two of the report."""
        for name in (report.PAGE, report.TABLE):
            (again.out / name).unlink(missing_ok=True)
        summary = grade_class(
            again.course,
            again.submissions,
            again.out,
            cell_timeout=CELL_TIMEOUT,
            progress=False,
            integrity=integrity,
        )
        assert summary.graded == 0
        assert (again.out / report.PAGE).exists() == integrity
        files = (p for p in again.out.rglob("*") if p.is_file() and p.name != ".lock")
        return {
            str(p): p.read_bytes() for p in files if p.name not in (report.PAGE, report.TABLE)
        }

    without, with_report = run(False), run(True)
    assert without[str(again.out / "grades.csv")] == with_report[str(again.out / "grades.csv")]
    assert without == with_report


def test_course_grade_writes_it_and_no_feedback_page_shows_it(graded: Graded) -> None:
    found = [(r["student"], r["kind"]) for r in rows(graded.out)]
    assert set(found) == {
        ("crash", Kind.DETOUR),
        ("murderer", Kind.DETOUR),
    }  # os._exit, os.kill
    for path in (graded.out / "feedback").rglob("*"):
        assert "integrity" not in path.name
        assert path.is_dir() or "ntegrity" not in path.read_text("utf-8")


# -- hostile and broken content ------------------------------------------------------------


class _Tags(HTMLParser):
    """Tags and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append(tag)
        self.addresses += [
            v for k, v in attrs if k in ("href", "src", "srcset", "action", "data")
        ]
        assert not [k for k, _ in attrs if k.startswith("on")]


@pytest.fixture
def hostile(out: Path) -> Path:
    """Names, code and notes that try to break the page."""
    attack = COPY.replace('"wrong number of channels"', repr(EVIL + "</pre></mark>{{ 7*7 }}"))
    attack = f"# {EVIL}\n{attack}\nrésumé = 1  # ]]>\n"
    for name in (f"<b>{EVIL.replace('/', '')}", "=cmd|' '!A0", "b\udcffyte"):
        hand_in(out, name, (f"the locked cell “test_x{EVIL}” was changed",), conv2d=attack)
    report.again(COURSE, out)
    return out


def test_every_byte_of_students_is_escaped(hostile: Path) -> None:
    text = page(hostile)
    tags = _Tags(text)
    assert tags.tags.count("script") == 1, "the page's own"
    assert {a[0] for a in tags.addresses} == {"#"}, "no address outside of the page"
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text
    assert "49</pre>" not in text
    for character in "\u202e\u2066\udcff\u200d":
        assert character not in text
        assert f"\\u{ord(character):04x}" in text
    assert "é" in text


def test_a_spreadsheet_runs_nothing_of_it(hostile: Path) -> None:
    with (hostile / "integrity.csv").open(encoding="utf-8", newline="") as stream:
        cells = [c for row in csv.reader(stream) for c in row]
    assert "'=cmd|' '!A0" in cells
    assert not [c for c in cells if c.startswith(("=", "+", "-", "@"))]


def test_in_a_browser(hostile: Path, browser: Browser) -> None:
    """Nothing runs, nothing is asked for, and the tables can be sorted."""
    watch = Watch()
    tab = browser.new_page()
    watch.attach(tab)
    tab.on("dialog", lambda dialog: watch.errors.append(f"dialog {dialog.message}"))
    tab.goto((hostile / "integrity.html").as_uri())
    button = tab.locator("th button").first
    for order in ("ascending", "descending"):
        button.focus()
        tab.keyboard.press("Enter")
        assert tab.locator("th").first.get_attribute("aria-sort") == order
        names = tab.locator("tbody").first.locator("tr td:first-child").all_inner_texts()
        assert len(names) == 3
    tab.locator("summary").first.press("Enter")
    assert tab.locator("mark").first.is_visible()
    style = tab.locator("mark").first.evaluate("m => getComputedStyle(m).textDecorationLine")
    assert style == "underline", "readable without colour"
    assert (watch.errors, watch.outside) == ([], [])
    tab.close()


def test_absurd_notebooks_are_named_and_do_not_stop_it(out: Path) -> None:
    hand_in(out, "ada", conv2d=COPY)
    hand_in(out, "ben", conv2d=COPY)
    for name, text in {
        "huge": "x = 1\n" * 170_000,
        "broken": "def conv2d(x:\n" * 900,
        "deep": "(" * 19_000,
        "minus": "-" * 19_000 + "1",
    }.items():
        nb = release()
        cell(nb, "conv2d").source = text
        keep(out, name, nb)
    hand_in(out, "torn").write_bytes(b'{"cells": [{"cell_type"')
    hand_in(out, "nested").write_bytes(b"[" * 100_000)
    hand_in(out, "typed").write_text(json.dumps({"cells": [7], "nbformat": 4}))
    hand_in(out, "bytes").write_bytes(b"\xff\xfe\x80")
    shutil.rmtree(hand_in(out, "gone").parent)
    found = report.again(COURSE, out)
    assert {r["student"] for r in rows(out)} == {"ada", "ben"}
    left = {item.what: item.why for item in found.left_out}
    assert set(left) == {
        f"huge, {CHAPTER}, conv2d",
        f"torn, {CHAPTER}",
        f"nested, {CHAPTER}",
        f"typed, {CHAPTER}",
        f"bytes, {CHAPTER}",
    }
    assert f"more than {work.MAX_ANSWER}" in left[f"huge, {CHAPTER}, conv2d"]
    assert all(what in page(out) for what in left)


def test_a_large_file_is_not_read(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(out, "ada", conv2d=COPY)
    monkeypatch.setattr(work, "MAX_FILE", 1000)
    (left,) = report.again(COURSE, out).left_out
    assert "larger than" in left.why


def test_what_time_did_not_allow_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(out, "ada", conv2d=COPY)
    hand_in(out, "ben", conv2d=COPY)
    monkeypatch.setattr(report, "SECONDS", -1)
    found = report.again(COURSE, out)
    assert [item.what for item in found.left_out] == [f"{CHAPTER}, conv2d"]
    assert "not all pairs were tried" in page(out)


# -- the command ---------------------------------------------------------------------------


@pytest.fixture
def in_course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(COURSE.root)


def test_course_integrity(
    out: Path, in_course: None, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in(out, "ada", conv2d=COPY)
    hand_in(out, "ben", conv2d=COPY)
    assert cli.main(["integrity", str(out)]) == 0
    assert re.search(r"integrity.html +2 findings", capsys.readouterr().out)
    first = page(out)
    assert cli.main(["integrity", str(out)]) == 0
    assert page(out) == first


def test_wrong_usage_is_said_in_a_sentence(
    tmp_path: Path, in_course: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UsageError, match="holds no grades: run course grade"):
            report.again(COURSE, folder)
        assert cli.main(["integrity", str(folder)]) == 2
    assert "holds no grades" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()


def test_it_waits_for_no_grader(out: Path) -> None:
    hand_in(out, "ada", conv2d=COPY)
    with store.lock(out), pytest.raises(CourseError, match="is being graded into"):
        report.again(COURSE, out)


def test_a_chapter_that_is_gone_is_named(out: Path, tmp_path: Path) -> None:
    hand_in(out, "ada", conv2d=COPY)
    other = tiny_course.build(tmp_path / "course")
    (left,) = report.again(other, out).left_out
    assert (left.what, left.why) == (CHAPTER, "the course has no such chapter")


def test_invisible_characters_become_visible() -> None:
    assert visible("plain") == "plain"
    assert visible("a\tb\nñ 漢 👍") == "a\tb\nñ 漢 👍"
    assert visible("\0\x1b\u202e\ud800\U000e0041") == r"\u0000\u001b\u202e\ud800\U000e0041"
