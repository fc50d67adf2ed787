"""A student's own report: what the grader would judge, run here, and what its checks say."""

from __future__ import annotations

import functools
import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from course_utils import handin
from course_utils.checks.report import MIME, Report
from course_utils.course import CELL_SECONDS, CourseError, UsageError
from course_utils.handin import modules
from course_utils.releases import released

Progress = Callable[[int, int], None]
UNCOMPARED = (
    "the released notebook is not in this installation: the file was checked as it stands, and "
    "the grader may see other cells"
)


@dataclass(frozen=True)
class Line:
    """One exercise: its report, or why there is none; or an answer that a person reads."""

    exercise: str
    points: float
    report: Report | None = None
    problem: str = ""
    by_hand: bool = False

    @property
    def passed(self) -> bool:
        return self.report is not None and self.report.passed

    def __str__(self) -> str:
        if self.report is not None:
            return str(self.report)
        return f"{self.exercise}\n  {'·' if self.by_hand else '○'} {self.problem}"


@dataclass(frozen=True)
class Checked:
    """All exercises of a notebook, and what to know about it."""

    lines: list[Line]
    notes: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return all(line.passed for line in self.lines if not line.by_hand)

    def __str__(self) -> str:
        first = ["Missing here:\n" + "\n".join(f"  ! {m}" for m in self.missing)]
        last = [f"note: {note}" for note in self.notes]
        lines = [*(first if self.missing else ()), *map(str, self.lines), self._summary()]
        return "\n\n".join([*lines, *(["\n".join(last)] if last else [])])

    def _summary(self) -> str:
        tests = [line for line in self.lines if not line.by_hand]
        reports = [line.report for line in tests if line.report]
        parts = []
        if seen := sum(r.tried for r in reports):
            earned = sum(r.earned for r in reports)
            parts.append(f"{earned:g} of {seen:g} points that can be seen here")
        if rest := sum(line.points for line in tests if not line.report):
            parts.append(f"0 of {rest:g} points for exercises without a report")
        if hidden := sum(r.hidden_left for r in reports):
            left = sum(r.max_points - r.tried for r in reports)
            parts.append(f"hidden properties checked at grading: {hidden} ({left:g} points)")
        if read := sum(line.points for line in self.lines if line.by_hand):
            parts.append(f"{read:g} points are given by a person who reads")
        done = sum(line.passed for line in tests)
        verdict = f"{done} of {len(tests)} exercises pass all public checks."
        return f"{verdict}\n{'; '.join(parts)}."


def check_notebook(
    path: Path, *, cell_timeout: int = CELL_SECONDS, progress: Progress | None = None
) -> Checked:
    """Run what the grader would make of ``path``; the file is not written to.

    It runs in a folder that holds what comes along with a submission and nothing else.

    Args:
        cell_timeout: seconds a cell may take.
        progress: is told the number of cells done and of all cells.

    Raises:
        UsageError: there is no such file, or it is not a notebook of this course.
        CourseError: the kernel died.
    """
    nb, release, notes = _graded(path)
    files, left_out = modules.choose(_beside(path))
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        _run(nb, path, Path(folder), cell_timeout, progress)
    notes = (*notes, *left_out, *_left_here(nb, path, files))
    handed_out = {_id(c): c.source for c in release.cells if _id(c)} if release else {}
    lines = [
        _test(cell, cell_timeout) if _is_test(cell) else _by_hand(cell, handed_out)
        for cell in nb.cells
        if _grading(cell).get("grade") or _grading(cell).get("task")
    ]
    return Checked(lines, notes, tuple(dict.fromkeys(_missing(nb))))


def _graded(path: Path) -> tuple[NotebookNode, NotebookNode | None, tuple[str, ...]]:
    """The notebook that would be graded, the released one, and what was noted."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise UsageError(f"{path} cannot be read: it is no file")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    found = None
    for release in released(path.name):
        found = handin.read(data, release)
        if found.notebook is not None:
            asked = [f"a person will look at {name}: {why}" for name, why in found.asks.items()]
            return found.notebook, release, (*found.notes, *asked)
        if found.status == "unreadable":
            break
    if found is None:
        return _as_it_stands(path), None, (UNCOMPARED,)
    raise UsageError(
        f"{path} is not a notebook of this course, there is no exercise in it: {found.reason}"
    )


def _as_it_stands(path: Path) -> NotebookNode:
    try:
        nb = nbformat.reads(path.read_text(encoding="utf-8-sig"), as_version=4)
        tests = [cell for cell in nb.cells if _is_test(cell)]
    except Exception:  # nbformat raises many kinds
        raise UsageError(f"{path} is not a notebook, or a damaged one") from None
    if not tests:
        raise UsageError(f"{path} holds no exercise of this course")
    return nb


def _beside(path: Path) -> Iterator[tuple[str, modules.Read]]:
    """The plain files in the notebook's folder; links are not followed at grading."""
    for file in sorted(path.resolve().parent.iterdir()):
        if file.is_file() and not file.is_symlink() and not file.name.startswith("."):
            yield file.name, functools.partial(_first, file)


def _first(file: Path, limit: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(limit)


def _run(
    nb: NotebookNode, path: Path, folder: Path, cell_timeout: int, progress: Progress | None
) -> None:
    total, begun = len(nb.cells), [""]
    client = NotebookClient(
        nb,
        timeout=cell_timeout,
        kernel_name="python3",
        allow_errors=True,
        interrupt_on_timeout=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=lambda cell, **_: begun.append(cell.source.strip().split("\n")[0]),
        on_cell_executed=lambda cell_index, **_: progress and progress(cell_index + 1, total),
    )
    try:
        client.execute()
    except DeadKernelError:
        raise CourseError(
            f"{path}: the kernel died in the cell that begins with {begun[-1]!r}, so nothing "
            "can be said of what follows (too much memory?)"
        ) from None


def _missing(nb: NotebookNode) -> Iterator[str]:
    """What the notebook needs and this machine lacks."""
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            if output.output_type == "error" and output.ename == "CourseError":
                yield output.evalue
            elif output.output_type == "error" and output.ename == "ModuleNotFoundError":
                yield (
                    f"{output.evalue}: the grader has the packages of the course and nothing "
                    "else"
                )
    if any(c.cell_type == "code" and "data.cifar10(" in c.source for c in nb.cells):
        from course_utils.data.cifar10 import available

        if not available():  # also where a cell was stopped while it fetched
            yield "CIFAR-10 is not fetched: course data fetch cifar10"


def _left_here(nb: NotebookNode, path: Path, files: Collection[str]) -> Iterator[str]:
    """What lies beside the notebook and is named in its code, and does not come along."""
    own = (c for c in nb.cells if c.cell_type == "code" and _id_of_own(c))
    words = {w for c in own for w in re.findall(r"[\w.-]+", c.source)}
    names = {part for word in words for part in (word, word.split(".")[0])}
    for there in sorted(path.resolve().parent.iterdir()):
        known = there.name in names or (there.suffix == ".py" and there.stem in names)
        if known and there.name not in (path.name, *files):
            yield (
                f"“{there.name}” is not there at grading, and was not here: only the notebook "
                "and the Python files beside it come along"
            )


def _id_of_own(cell: NotebookNode) -> bool:
    """Whether a student wrote the cell."""
    return bool(_grading(cell).get("solution")) or cell.get("id", "").startswith(handin.EXTRA)


def _test(cell: NotebookNode, cell_timeout: int) -> Line:
    name = _id(cell).removeprefix("test_")
    points = float(_grading(cell).get("points") or 0)
    for output in cell.outputs:
        if output.output_type == "error":
            why = _sentence(output, cell_timeout)
            return Line(name, points, problem=f"{why}: 0 of {points:g} points")
        data = output.get("data", {})
        if output.output_type == "execute_result" and MIME in data:
            report = Report.from_data(data[MIME])
            return Line(f"Exercise {report.number} · {report.name}", points, report)
    return Line(name, points, problem="the test cell gave no report: was it edited?")


def _sentence(output: NotebookNode, cell_timeout: int) -> str:
    if output.ename == "NotImplementedError":
        return "not solved yet"
    if output.ename == "NameError":
        return f"{output.evalue}, for the cell that should define it did not run through"
    if output.ename == "KeyboardInterrupt":
        return f"stopped after {cell_timeout} seconds, as at grading"
    return f"{output.ename}: {output.evalue}"


def _by_hand(cell: NotebookNode, handed_out: dict[str, str]) -> Line:
    text = cell.source.strip()
    untouched = not text or text == handed_out.get(_id(cell), "").strip()
    points = float(_grading(cell).get("points") or 0)
    state = "untouched" if untouched else "answered"
    problem = f"{state}: read by a person ({points:g} points)"
    return Line(_id(cell), points, problem=problem, by_hand=True)


def _grading(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _id(cell: NotebookNode) -> str:
    return str(_grading(cell).get("grade_id", ""))


def _is_test(cell: NotebookNode) -> bool:
    """A graded test cell: it holds no answer itself."""
    grading = _grading(cell)
    return bool(
        cell.cell_type == "code" and grading.get("grade") and not grading.get("solution")
    )
