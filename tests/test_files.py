"""Files are replaced whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import CourseError
from course_utils.files import locked, write_atomically


def test_an_interruption_keeps_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "new folder" / "file.txt"
    write_atomically(file, "old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, "new")
    assert [p.name for p in file.parent.iterdir()] == ["file.txt"]
    assert file.read_text() == "old"


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "in the way").write_text("a file where a folder should be")
    target = tmp_path / "in the way" / "file.txt"
    with pytest.raises(CourseError, match=r"cannot write .*in the way"):
        write_atomically(target, "x")
    with pytest.raises(CourseError, match=r"cannot write .*in the way"), locked(target):
        pass


def test_a_file_gets_the_usual_permissions(tmp_path):
    write_atomically(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode
