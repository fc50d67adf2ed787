"""What is kept is made once, and again when something that it reads changed."""

from __future__ import annotations

import pytest

from tests.kept import kept


@pytest.fixture
def counted(tmp_path):
    """``kept`` with one file to read; each value is the number of times it was made."""
    read, made = tmp_path / "read.txt", []
    read.write_text("1")

    def make() -> int:
        made.append(1)
        return len(made)

    def ask(also: str = "") -> int:
        return kept("x", make, [read], also, folder=tmp_path / "kept")

    return ask, read


def test_it_is_made_once_and_again_when_a_file_changed(counted):
    ask, read = counted
    assert [ask(), ask()] == [1, 1]
    read.write_text("2")
    assert [ask(), ask()] == [2, 2]
    assert [ask("browser 3"), ask("browser 4")] == [3, 4]


def test_what_is_broken_is_made_again(counted, tmp_path):
    ask, _ = counted
    assert ask() == 1
    (tmp_path / "kept" / "x.json").write_text("{")
    assert ask() == 2


def test_what_is_not_good_is_not_kept(tmp_path):
    values = iter([1, 2, 3])
    found = [
        kept("x", lambda: next(values), [], good=lambda n: n == 2, folder=tmp_path)
        for _ in range(3)
    ]
    assert found == [1, 2, 2]


def test_nothing_is_kept_of_what_fails(tmp_path):
    tries = []

    def make() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("first")

    with pytest.raises(ValueError, match="first"):
        kept("x", make, [], folder=tmp_path)
    assert kept("x", make, [], folder=tmp_path) is None
    assert kept("x", make, [], folder=tmp_path) is None
    assert len(tries) == 2
