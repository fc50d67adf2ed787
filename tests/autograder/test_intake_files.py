"""A notebook is found wherever it lies below a student's folder, and never behind a link."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from autograder.gradebook.records import Handin
from autograder.gradebook.status import Status
from autograder.intake import folder
from autograder.intake.submissions import Found, find
from course_utils.course import UsageError
from course_utils.handin import modules
from course_utils.handin.raw import MAX_BYTES

KNOWN = ["01_tiny", "02_convolution"]
NAME = "02_convolution"
EXACT = f"{NAME}/{NAME}.ipynb"


def lay(root: Path, *files: str) -> Path:
    """Files that hold their own names; returns the folder of submissions."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def anna(root: Path) -> tuple[Handin, str]:
    """What Anna has handed in, and the problems that are said of the class."""
    found = find(root, KNOWN)
    return found.handin("anna", NAME), "\n".join(found.problems)


@pytest.mark.parametrize(
    ("files", "picked", "note"),
    [
        ([EXACT, f"{NAME}/other.ipynb"], EXACT, ""),
        ([f"{NAME}/{NAME} (1).ipynb", f"{NAME}/other.ipynb"], f"{NAME}/{NAME} (1).ipynb", "as"),
        ([f"{NAME}/{NAME}.ipynb.txt"], f"{NAME}/{NAME}.ipynb.txt", "handed in as"),
        ([f"{NAME}/Untitled.ipynb", f"{NAME}/notes.txt"], f"{NAME}/Untitled.ipynb", "as"),
        ([f"anna/{EXACT}"], f"anna/{EXACT}", f"handed in as “anna/{EXACT}” instead of"),
        ([f"{NAME}/{EXACT}"], f"{NAME}/{EXACT}", "handed in as"),
        ([f"{NAME}.ipynb"], f"{NAME}.ipynb", "handed in as"),
        ([f"Homework 2/{NAME}.ipynb"], f"Homework 2/{NAME}.ipynb", "handed in as"),
        (
            [f"{NAME}/Kopie von {NAME}.ipynb", f"{NAME}/scratch.ipynb"],
            f"{NAME}/Kopie von {NAME}.ipynb",
            "handed in as",
        ),
        ([f"{NAME}-Copy1.ipynb", "scratch.ipynb"], f"{NAME}-Copy1.ipynb", "handed in as"),
        (["02 convolution/02-convolution.ipynb"], "02 convolution/02-convolution.ipynb", "as"),
        (["02_Convolution.ipynb"], "02_Convolution.ipynb", "handed in as"),
        (
            [EXACT, f"{NAME}/{NAME}-Copy1.ipynb"],
            EXACT,
            f"not read: “{NAME}/{NAME}-Copy1.ipynb”",
        ),
        ([EXACT, f"anna/{EXACT}"], EXACT, "not read"),
        ([f"{NAME}/.ipynb_checkpoints/{NAME}-checkpoint.ipynb", EXACT], EXACT, ""),
        ([f"{NAME}/.ipynb_checkpoints/{NAME}.ipynb"], None, "No notebook 02_convolution.ipynb"),
        ([f"__MACOSX/{EXACT}", f"{NAME}/._{NAME}.ipynb"], None, "No notebook"),
        ([f"{NAME}/notes.txt"], None, f"there is only “{NAME}/notes.txt”"),
        (["01_tiny/01_tiny.ipynb"], None, "No notebook 02_convolution.ipynb was handed in."),
        ([f"01_tiny/{NAME}.ipynb"], f"01_tiny/{NAME}.ipynb", "handed in as"),
    ],
)
def test_the_file_is_found(
    tmp_path: Path, files: list[str], picked: str | None, note: str
) -> None:
    lay(tmp_path / "ben", EXACT)
    lay(tmp_path / "anna", *files)
    handin, _ = anna(tmp_path)
    assert handin.data == (picked.encode() if picked else None)
    said = " ".join((handin.reason, *handin.notes))
    assert note in said if note else not said


@pytest.mark.parametrize("folder_", [f"{NAME}/", "", "deep/"])
def test_where_it_cannot_be_decided_the_candidates_are_named(
    tmp_path: Path, folder_: str
) -> None:
    names = [f"{folder_}{NAME} (1).ipynb", f"{folder_}Kopie von {NAME}.ipynb"]
    lay(tmp_path / "anna", *names)
    handin, problems = anna(tmp_path)
    assert handin.data is None
    assert all(name in handin.reason and name in problems for name in names)
    assert "anna/02_convolution: It cannot be said which file" in problems


def test_in_a_class_of_one_chapter_a_loose_notebook_of_any_name_is_it(tmp_path: Path) -> None:
    lay(tmp_path, f"ben/{EXACT}", "anna/homework.ipynb")
    handin, problems = anna(tmp_path)
    assert handin.data == b"anna/homework.ipynb"
    assert not problems
    lay(tmp_path, "cem/01_tiny.ipynb")
    handin, problems = anna(tmp_path)
    assert handin.data is None
    assert "anna/homework.ipynb: not in a folder of its assignment" in problems


def test_a_student_without_any_notebook_is_missing_and_no_problem(tmp_path: Path) -> None:
    """It has a row and the summary names it; a class with such a student is graded well."""
    lay(tmp_path, f"ben/{EXACT}", "stray.ipynb")
    (tmp_path / "anna" / NAME).mkdir(parents=True)
    handin, problems = anna(tmp_path)
    assert (handin.data, handin.reason) == (None, f"No notebook {NAME}.ipynb was handed in.")
    assert problems.splitlines() == ["stray.ipynb: not in the folder of a student"]


# What somebody can put in the place of an honest file or folder, by where it lies.


def linked(target: str, place: str):  # type: ignore[no-untyped-def]
    def make(root: Path) -> None:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).symlink_to(target)

    return make


def fifo(root: Path) -> None:
    lay(root / "anna", f"{NAME}/notes.txt")
    os.mkfifo(root / "anna" / EXACT)


def unix_socket(root: Path) -> None:
    lay(root / "anna", f"{NAME}/notes.txt")
    here = os.open(root / "anna" / NAME, os.O_RDONLY)  # the whole path would be too long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{here}/{NAME}.ipynb")
    os.close(here)


def middle(root: Path) -> None:
    (root / "anna" / "work").mkdir(parents=True)
    (root / "anna" / "work" / NAME).symlink_to(root / "ben" / NAME)


TRICKS = {
    "the file": linked(f"../../ben/{EXACT}", f"anna/{EXACT}"),
    "the file, absolute": linked("/etc/passwd", f"anna/{EXACT}"),
    "the chapter's folder": linked(f"../ben/{NAME}", f"anna/{NAME}"),
    "the student's folder": linked("ben", "anna"),
    "a parent": linked("..", f"anna/{NAME}"),
    "itself": linked(NAME, f"anna/{NAME}"),
    "in the middle": middle,
    "a pipe": fifo,
    "a socket": unix_socket,
    "a device": linked("/dev/zero", f"anna/{EXACT}"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_nothing_is_read_through_a_link(tmp_path: Path, trick: str) -> None:
    lay(tmp_path, f"ben/{EXACT}")
    TRICKS[trick](tmp_path)
    handin, problems = anna(tmp_path)
    assert handin.data is None
    assert "anna" in problems
    assert "is a link, and links are not followed" in problems or "is no plain file" in problems
    assert find(tmp_path, KNOWN).handin("ben", NAME).data == f"ben/{EXACT}".encode()


def test_what_became_a_link_after_the_look_is_not_read(tmp_path: Path) -> None:
    lay(tmp_path, f"ben/{EXACT}", f"anna/{EXACT}", f"cem/{EXACT}", f"dora/{EXACT}")
    found = find(tmp_path, KNOWN)
    (tmp_path / "anna" / EXACT).unlink()
    (tmp_path / "anna" / EXACT).symlink_to(tmp_path / "ben" / EXACT)
    (tmp_path / "cem" / NAME).rename(tmp_path / "gone")
    (tmp_path / "cem" / NAME).symlink_to(tmp_path / "ben" / NAME)
    (tmp_path / "dora" / EXACT).unlink()
    os.mkfifo(tmp_path / "dora" / EXACT)
    for student in ("anna", "cem", "dora"):
        handin = found.handin(student, NAME)
        assert handin.data is None
        assert f"“{EXACT}” cannot be read" in handin.reason


def test_the_folder_of_submissions_may_be_a_link_and_files_may_be_hard_links(
    tmp_path: Path,
) -> None:
    lay(tmp_path, f"real/ben/{EXACT}", f"real/anna/{NAME}/notes.txt")
    (tmp_path / "real" / "anna" / EXACT).hardlink_to(tmp_path / "real" / "ben" / EXACT)
    (tmp_path / "link").symlink_to("real")
    handin, problems = anna(tmp_path / "link")
    assert handin.data == f"real/ben/{EXACT}".encode()
    assert not problems


def test_only_links_are_no_class(tmp_path: Path) -> None:
    (tmp_path / "anna").symlink_to("/")
    with pytest.raises(UsageError, match=r"no student's folder .*anna: is a link"):
        find(tmp_path, KNOWN)


def test_names_that_the_gradebook_cannot_hold_are_named(tmp_path: Path) -> None:
    """PostgreSQL refuses them; they must not stop the class."""
    for name in (b"ann", b"m\xfcller", b"x" * 129):
        (tmp_path / os.fsdecode(name) / "01_tiny").mkdir(parents=True)
    (tmp_path / "ann" / os.fsdecode(b"\xff")).mkdir()
    (tmp_path / "ann" / "01_tiny" / os.fsdecode(b"\xff.ipynb")).touch()
    found = find(tmp_path, ["01_tiny"])
    assert found.submissions == (("ann", "01_tiny"),)
    said = "\n".join((*found.problems, *found.handin("ann", "01_tiny").notes))
    said.encode()  # can be printed
    assert r"m\udcfcller: the folder's name is not UTF-8" in said
    assert "a student's name has at most 128 characters" in said
    assert r"ann/\udcff: no chapter" in said
    assert r"\udcff.ipynb” instead of" in said


def test_endless_folders_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, f"anna/{EXACT}", "anna/" + "d/" * 40 + f"{NAME}.ipynb")
    assert anna(tmp_path)[0].data == f"anna/{EXACT}".encode()
    monkeypatch.setattr(folder, "MAX_ENTRIES", 50)
    lay(tmp_path, *[f"anna/many/{n}.txt" for n in range(99)])
    assert "holds more than 50 files" in anna(tmp_path)[1]


def test_outputs_are_dropped_and_size_is_of_what_is_kept(tmp_path: Path) -> None:
    big, huge = (tmp_path / name / EXACT for name in ("anna", "ben"))
    lay(tmp_path, f"anna/{EXACT}", f"ben/{EXACT}")
    big.write_text('{"outputs": ["' + "x" * (31 << 20) + '"], "cells": []}')
    huge.write_text('{"cells": ["' + "x" * (31 << 20) + '"]}')
    found = find(tmp_path, KNOWN)
    assert found.handin("anna", NAME).data == b'{"outputs": null, "cells": []}'
    data = found.handin("ben", NAME).data
    assert data is not None
    assert len(data) == MAX_BYTES + 1, "enough to be refused"


def test_more_than_is_ever_read_is_unreadable(tmp_path: Path) -> None:
    lay(tmp_path, f"anna/{EXACT}")
    os.truncate(tmp_path / "anna" / EXACT, 600 << 20)  # takes no room on the disk
    handin = anna(tmp_path)[0]
    assert (handin.data, handin.status) == (None, Status.UNREADABLE)
    assert handin.reason == "The file is larger than 512 MB."


def test_a_notebook_that_lies_too_deep_is_said(tmp_path: Path) -> None:
    deep = "/".join([NAME, *"bcdef", "g", f"{NAME}.ipynb"])
    handin, problems = anna(lay(tmp_path, f"anna/{deep}", f"bo/{EXACT}"))
    assert handin.data is None
    where = f"{NAME}/b/c/d/e/f"
    assert f"“{where}” lies too deep" in handin.reason
    assert f"anna/{where}: lies too deep" in problems


def test_own_modules_come_along(tmp_path: Path) -> None:
    lay(tmp_path, f"anna/{EXACT}")
    beside = tmp_path / "anna" / NAME
    for name in ("my_utils", "torch", "math", "course_utils", "sitecustomize", "not-a-name"):
        (beside / f"{name}.py").write_text(f"# {name}")
    (beside / "linked.py").symlink_to("/etc/passwd")
    lay(beside, "below/deeper.py")
    handin, problems = anna(tmp_path)
    assert handin.files == {"my_utils.py": b"# my_utils"}
    for name in ("torch", "math", "course_utils", "sitecustomize", "not-a-name"):
        assert f"the module “{name}.py” was left out: " in " ".join(handin.notes)
    assert f"anna/{NAME}/linked.py: is a link" in problems


def test_too_many_and_too_large_modules_stay_behind(tmp_path: Path) -> None:
    lay(tmp_path, f"anna/{EXACT}", *[f"anna/{NAME}/m{n:02}.py" for n in range(30)])
    (tmp_path / "anna" / NAME / "a_big.py").write_bytes(b"#" * (modules.MAX_BYTES + 1))
    handin = anna(tmp_path)[0]
    assert sorted(handin.files) == [f"m{n:02}.py" for n in range(modules.MAX_FILES)]
    assert "“a_big.py” was left out: more than 20 files or 1 MB" in " ".join(handin.notes)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"2026-11-01 10:00:00 UTC\n", "2026-11-01 10:00:00 UTC"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
        (None, ""),
    ],
)
def test_the_timestamp_beside_the_notebook_is_kept(
    tmp_path: Path, content: bytes | None, text: str
) -> None:
    lay(tmp_path, f"anna/{EXACT}")
    if content is not None:
        (tmp_path / "anna" / NAME / "timestamp.txt").write_bytes(content)
    assert anna(tmp_path)[0].timestamp == text


def test_a_student_without_a_folder_has_handed_in_nothing() -> None:
    found = Found((("zoe", NAME),), (NAME,), ())
    assert found.handin("zoe", NAME).reason == "No notebook 02_convolution.ipynb was handed in."


def test_a_notebook_in_a_folder_of_its_own_is_as_late_as_its_chapter(tmp_path: Path) -> None:
    inner = tmp_path / "anna" / "01_tiny" / "my work"
    inner.mkdir(parents=True)
    (inner / "01_tiny.ipynb").write_text("{}")
    (inner / "timestamp.txt").write_text("2020-01-01 10:00 UTC")  # the student's own
    (inner.parent / "timestamp.txt").write_text("2027-01-01 10:00 UTC")
    found = find(tmp_path, ["01_tiny"])
    assert found.handin("anna", "01_tiny").timestamp == "2027-01-01 10:00 UTC"
