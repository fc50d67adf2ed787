"""What the graders need to know of a chapter, as plain data that can travel."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.utils import is_grade, is_solution, is_task

import autograder
import course_utils
from autograder.gradebook.cells import EXTRA
from autograder.gradebook.converters import run
from course_utils.course import Course, CourseError
from course_utils.publish import imports
from course_utils.publish.fingerprint import companions
from course_utils.publish.release import released_text

MAX_FILES_BYTES = 20 << 20
HIDDEN = "autograder.hidden"
GRADING = ("boundary", "execution", "gradebook", "intake", "reports", "sandbox")


@dataclass(frozen=True)
class Exercise:
    """One thing that gives points."""

    name: str
    max_points: float


@dataclass(frozen=True)
class Assignment:
    """A chapter as the grader sees it.

    Attributes:
        source: the instructor's notebook.
        release: the notebook that students got.
        gradebook: an SQLite file that knows the assignment and no student.
        files: other files of the chapter's folder, by name.
        modules: the hidden checks that it uses, by path: importable while it is graded.
        digest: changes when any of this changes, or a check that its test cells reach, or the
            grader.
    """

    name: str
    source: bytes
    release: str
    gradebook: bytes
    files: dict[str, bytes]
    modules: dict[str, bytes]
    exercises: tuple[Exercise, ...]
    digest: str

    def released(self) -> NotebookNode:
        return nbformat.reads(self.release, as_version=4)


def prepare(course: Course, name: str) -> Assignment:
    """Read a chapter and let nbgrader make its gradebook."""
    source = course.source(name)
    with tempfile.TemporaryDirectory(prefix="gradebook-") as tmp:
        path = Path(tmp).resolve() / "gradebook.db"
        define(course, name, f"sqlite:///{path}")
        gradebook = path.read_bytes()
    release = released_text(source)
    files = files_beside(source)
    hidden, checks = _checks_of(course, nbformat.reads(source.read_bytes(), as_version=4))
    modules = _read(course.root, [course.root / "autograder/__init__.py", *hidden])
    return Assignment(
        name=name,
        source=source.read_bytes(),
        release=release,
        gradebook=gradebook,
        files=files,
        modules=modules,
        exercises=_exercises(nbformat.reads(release, as_version=4)),
        digest=_digest(source.read_bytes(), files, modules, checks, _grader()),
    )


def define(course: Course, name: str, gradebook: str) -> None:
    """Write the assignment and its cells into ``gradebook``, as nbgrader does.

    Raises:
        CourseError: the notebook is no assignment, or its exercises are others than those
            for which the gradebook already holds grades.
    """
    with tempfile.TemporaryDirectory(prefix="assignment-") as tmp:
        root = Path(tmp).resolve()
        source = root / "notebooks" / name / f"{name}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_bytes(course.source(name).read_bytes())
        try:
            run(GenerateAssignment, root, name, gradebook)
        except CourseError as error:
            if re.search("Cannot (add or remove cells|modify existing)", str(error)):
                raise CourseError(
                    f"the exercises of {name} were added, removed or renamed after it was "
                    "graded here: grade it into a new folder"
                ) from None
            raise CourseError(f"{course.source(name)} is no assignment: {error}") from None


def _exercises(nb: NotebookNode) -> tuple[Exercise, ...]:
    return tuple(
        Exercise(c.metadata.nbgrader.grade_id, float(c.metadata.nbgrader.points))
        for c in nb.cells
        if is_grade(c) or is_task(c)
    )


def answer_of(nb: NotebookNode) -> dict[str, list[NotebookNode]]:
    """For each exercise the cells that hold its answer: those since the exercise before."""
    answers: dict[str, list[NotebookNode]] = {}
    since: list[NotebookNode] = []
    for cell in nb.cells:
        if is_grade(cell) or is_task(cell):
            answers[cell.metadata.nbgrader.grade_id] = since
            since = []
        elif is_solution(cell) or cell.get("id", "").startswith(EXTRA):
            since.append(cell)
    return answers


def files_beside(source: Path) -> dict[str, bytes]:
    """Files beside the notebook, which it may read."""
    paths = companions(source)
    if sum(f.stat().st_size for f in paths) > MAX_FILES_BYTES:
        raise CourseError(
            f"the files beside {source} are larger than {MAX_FILES_BYTES >> 20} MB"
        )
    return {f.relative_to(source.parent).as_posix(): f.read_bytes() for f in paths}


def _checks_of(course: Course, nb: NotebookNode) -> tuple[list[Path], dict[str, bytes]]:
    """The files of the hidden checks that a chapter's test cells reach, and of the visible."""
    package = Path(course_utils.__path__[0])
    known = imports.modules(
        {"course_utils": package, HIDDEN: course.root / "autograder" / "hidden"}
    )
    found = imports.reached(known, imports.beginnings(imports.used_by_tests(nb)))
    hidden = [path for name, path in found.items() if name.startswith(HIDDEN)]
    visible = {path for name, path in found.items() if not name.startswith(HIDDEN)}
    visible |= {f for path in visible for f in path.parent.glob("*.json")}  # hashes of data
    mechanism = (package / "checks").glob("*.py")
    return hidden, _read(package, {*visible, *mechanism})


def _grader() -> dict[str, bytes]:
    """Code of the grader that decides grades."""
    folder, rule = Path(autograder.__path__[0]), Path(course_utils.__path__[0]) / "handin"
    rooms = _read(folder, (f for room in GRADING for f in (folder / room).rglob("*.py")))
    return rooms | _read(rule.parent, rule.glob("*.py"))


def _read(root: Path, files: Iterable[Path]) -> dict[str, bytes]:
    return {
        f.relative_to(root).as_posix(): f.read_bytes() for f in sorted(files) if f.is_file()
    }


def _digest(source: bytes, *trees: dict[str, bytes]) -> str:
    digest = hashlib.sha256(source)
    for tree in trees:
        for name, content in sorted(tree.items()):
            digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
