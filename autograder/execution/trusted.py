"""Runs test cells in this process, with the student's names as objects that live elsewhere."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import traceback
import zlib
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from IPython.core.formatters import DisplayFormatter
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.utils import is_grade, is_locked, is_solution

import autograder
from autograder.boundary.remote import Link
from course_utils.checks.core import Draw

HIDDEN = "autograder.hidden"
# The hidden modules of the last notebook, by their salt: what they computed is of use again.
# They stand in ``sys.modules`` only while its test cells run: others of this name can still be
# imported, before and after.
_kept: dict[int, dict[str, ModuleType]] = {}
MAX_PRINTED = 100_000
# A test cell that expects changes of its tensors says so, "# in place: sgd_step": otherwise an
# answer could zero the inputs that the right value is worked out from.
IN_PLACE = re.compile(r"^# in place: ([\w ]+)$", re.MULTILINE)


class Trusted:
    """What test cells need: the chapter's imports and locked cells, and the hidden checks.

    Args:
        instructor: the chapter's own notebook; the student's is never asked what to import.
        folder: where it lies: modules beside it can be imported.
        modules: folder with ``autograder/hidden``.
        link: to the process that has the student's names.
    """

    def __init__(
        self, instructor: NotebookNode, folder: Path, modules: Path, link: Link
    ) -> None:
        self._instructor, self._link = instructor, link
        self._folder, self._modules = folder, modules
        cells = [c for c in instructor.cells if c.cell_type == "code"]
        self._asked_for = {n for c in cells if is_solution(c) for n in bound_names(c.source)}
        self._space: dict[str, Any] = {"__name__": "__grader__"}

    def __enter__(self) -> Trusted:
        self._path = list(autograder.__path__)
        self._salt = _salt(self._modules)
        self._outside = _take_hidden()
        sys.modules.update(_kept.get(self._salt, {}))
        self._before = set(sys.modules)
        sys.path[:0] = [str(self._folder)]
        autograder.__path__ = [str(self._modules / "autograder"), *self._path]
        Draw.salt = self._salt
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self._run_set_up()
        except BaseException:  # then nobody else puts things back
            self.__exit__(None, None, None)
            raise
        return self

    def _run_set_up(self) -> None:
        for cell in self._instructor.cells:
            if cell.cell_type == "code" and not is_solution(cell) and not is_grade(cell):
                exec(_set_up(cell), self._space)

    def __exit__(
        self, kind: type | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        Draw.salt = 0
        sys.path.remove(str(self._folder))
        autograder.__path__ = self._path
        _kept.clear()
        _kept[self._salt] = _take_hidden()
        for name in set(sys.modules) - self._before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if any(str(place) in file for place in (self._folder, self._modules)):
                del sys.modules[name]
        sys.modules.update(self._outside)

    def run(self, cell: NotebookNode, seconds: float) -> list[NotebookNode]:
        """The outputs of a test cell, which may use ``seconds`` of the student's code."""
        printed = io.StringIO()
        outputs: list[NotebookNode] = []
        self._link.budget = self._link.spent + seconds
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                value = self._value(cell)
            if value is not None:
                outputs.append(_result(value))
        except Exception as error:
            outputs.append(_error(error))
        finally:
            self._link.budget = None
        if text := printed.getvalue()[:MAX_PRINTED]:
            outputs.insert(0, new_output("stream", name="stdout", text=text))
        return outputs

    def _value(self, cell: NotebookNode) -> Any:
        """The value of the cell's last line; None when that is no expression."""
        tree = ast.parse(cell.source)
        space = dict(self._space)  # what one test cell sets is no matter of the next
        writers = {name for names in IN_PLACE.findall(cell.source) for name in names.split()}
        for name in sorted(_used(tree) & self._asked_for - bound_names(cell.source)):
            space[name] = self._link.named(name, seconds=10, writes=name in writers)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<test>", "exec"), space)
        if last is None:
            return None
        assert isinstance(last, ast.Expr)
        return eval(compile(ast.Expression(last.value), "<test>", "eval"), space)


def _salt(modules: Path) -> int:
    """A number that students do not know, the same for each submission: the hidden checks'."""
    files = sorted((modules / "autograder").rglob("*.py"))
    return zlib.crc32(b"".join(file.read_bytes() for file in files))


def _take_hidden() -> dict[str, ModuleType]:
    """The hidden modules that are imported, which are so no longer."""
    names = [n for n in sys.modules if n == HIDDEN or n.startswith(f"{HIDDEN}.")]
    return {name: sys.modules.pop(name) for name in names}


def bound_names(source: str) -> set[str]:
    """Names that a cell binds at its top level: functions, classes, assigned names."""
    lines = ("pass" if line.lstrip()[:1] in ("%", "!") else line for line in source.split("\n"))
    found: set[str] = set()
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
            found |= {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    return found


def _used(tree: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def _set_up(cell: NotebookNode) -> Any:
    """A locked cell whole, of any other one the imports: demos are not needed here."""
    lines = (
        "pass" if line.lstrip()[:1] in ("%", "!") else line for line in cell.source.split("\n")
    )
    tree = ast.parse("\n".join(lines))
    if not is_locked(cell):
        tree.body = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return compile(tree, "<set-up>", "exec")


def _result(value: Any) -> NotebookNode:
    data, metadata = DisplayFormatter().format(value)
    return new_output(
        "execute_result",
        data=data or {"text/plain": repr(value)},
        metadata=metadata,
        execution_count=None,
    )


def _error(error: Exception) -> NotebookNode:
    """The error of a test cell; of our own frames only what the student can use."""
    lines = [f"{type(error).__name__}: {error}"]
    if theirs := getattr(error, "student_traceback", ""):
        lines.insert(0, theirs)
    elif isinstance(error, AssertionError):  # of a test cell of asserts: its own line says why
        lines[:0] = traceback.format_tb(error.__traceback__)[-1:]
    return new_output(
        "error", ename=type(error).__name__, evalue=str(error)[:10_000], traceback=lines
    )
