"""What a graded notebook brings into the grading process stays with it."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from nbformat.v4 import new_code_cell, new_notebook

import autograder
from autograder.execution.trusted import HIDDEN, Trusted


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    """A course with hidden checks of one chapter, none of which is ours."""
    folder = tmp_path / "autograder" / "hidden"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "theirs.py").write_text("VALUE = 3\n", "utf-8")
    return tmp_path


def graded(modules: Path) -> ModuleType:
    """The hidden module as the test cells of one notebook see it."""
    with Trusted(new_notebook(), modules, modules, cast(Any, None)):
        return importlib.import_module(f"{HIDDEN}.theirs")


def hidden() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.startswith(HIDDEN)}


@pytest.mark.parametrize("first", [True, False])
def test_hidden_checks_are_there_for_test_cells_alone(
    modules: Path, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not others of this name were imported before."""
    if first:
        importlib.import_module(f"{HIDDEN}.cnn")
    before, path = hidden(), list(autograder.__path__)
    assert graded(modules).VALUE == 3
    assert hidden() == before
    assert list(autograder.__path__) == path
    monkeypatch.delitem(sys.modules, f"{HIDDEN}.convolution", raising=False)
    importlib.import_module(f"{HIDDEN}.convolution")  # ours, not theirs


def test_what_hidden_checks_computed_is_of_use_again(modules: Path) -> None:
    once = graded(modules)
    assert graded(modules) is once
    (modules / "autograder" / "hidden" / "theirs.py").write_text("VALUE = 4444\n", "utf-8")
    assert graded(modules).VALUE == 4444  # another course, other checks


def test_a_set_up_that_fails_leaves_nothing_behind(modules: Path) -> None:
    before, path = hidden(), [*autograder.__path__, *sys.path]
    fails = new_notebook(
        cells=[new_code_cell("import autograder.hidden.theirs\nimport nowhere")]
    )
    with (
        pytest.raises(ModuleNotFoundError, match="nowhere"),
        Trusted(fails, modules, modules, cast(Any, None)),
    ):
        pass
    assert hidden() == before
    assert [*autograder.__path__, *sys.path] == path
