"""What was handed in: ``SUBMISSIONS/<student>/<assignment>/``, or wherever it lies below."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.gradebook.records import Handin
from autograder.gradebook.standing import moment
from autograder.gradebook.status import Status
from autograder.intake import folder
from autograder.intake.folder import Parts, Seen
from autograder.intake.notebook import Choice, chapter_in, choose, shown
from course_utils import handin
from course_utils.course import UsageError
from course_utils.handin import modules
from course_utils.handin.raw import MAX_BYTES, Unreadable

LAYOUT = "SUBMISSIONS/<student>/<assignment>/<assignment>.ipynb"
MAX_NAME = 128  # of nbgrader's column
MAX_ON_DISK = 512 << 20  # of a notebook with its outputs
LINK = "is a link, and links are not followed: hand in the thing itself"


@dataclass(frozen=True)
class Found:
    """Every student of the class with every assignment that anybody handed in."""

    submissions: tuple[tuple[str, str], ...]
    assignments: tuple[str, ...]
    problems: tuple[str, ...]
    root: Path = Path()
    seen: dict[str, Seen] = field(default_factory=dict)
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)

    def handin(self, student: str, assignment: str) -> Handin:
        """The file of a student as it is now, or why there is none."""
        choice = self.choices.get((student, assignment))
        if choice is None or choice.file is None:
            nothing = f"No notebook {assignment}.ipynb was handed in."
            return Handin(None, choice.reason if choice else nothing)
        where = (student, *choice.file)
        try:
            data = folder.read(self.root, *where, limit=MAX_ON_DISK + 1)
        except OSError as error:
            why = error.strerror or str(error)
            return Handin(None, f"The file “{shown(choice.file)}” cannot be read: {why}.")
        try:
            if len(data) > MAX_ON_DISK:
                raise Unreadable(f"The file is larger than {MAX_ON_DISK >> 20} MB.")
            data = handin.without_outputs(data)[: MAX_BYTES + 1]
        except Unreadable as problem:
            return Handin(None, str(problem), choice.notes, status=Status.UNREADABLE)
        files, left_out = modules.choose(self._beside(student, choice.file))
        depths = range(min(2, len(where) - 1), len(where))
        times = ((student, assignment), *(where[:depth] for depth in depths))
        when = self._timestamp(times)
        if when and not moment(when):
            left_out.append(f"the time in timestamp.txt cannot be read: {when[:40]!r}")
        return Handin(data, notes=(*choice.notes, *left_out), files=files, timestamp=when)

    def _beside(self, student: str, notebook: Parts) -> Iterator[tuple[str, modules.Read]]:
        """The plain files in the notebook's folder, and how they are read."""
        for path in self.seen[student].files:
            if path[:-1] == notebook[:-1]:
                yield path[-1], functools.partial(folder.read, self.root, student, *path)

    def _timestamp(self, folders: Iterable[tuple[str, ...]]) -> str:
        """Of the folder in which nbgrader writes it, else the outermost: those below are the
        student's own."""
        for place in folders:
            try:
                text = folder.read(self.root, *place, "timestamp.txt", limit=100)
            except OSError:
                continue
            return text.decode("utf-8-sig", "replace").strip()
        return ""


def find(root: Path, known: list[str]) -> Found:
    """Look through ``root``; what cannot be placed is named, not skipped in silence.

    Raises:
        UsageError: nothing in it can be graded.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder: expected {LAYOUT}")
    problems: list[str] = []
    seen: dict[str, Seen] = {}
    for student in _students(root, problems):
        try:
            seen[student] = folder.walk(root, student)
        except OSError as error:
            problems.append(f"{student}: cannot be read: {error.strerror}")
    if not seen:
        nobody = f"no student's folder in {root}: expected {LAYOUT}"
        raise UsageError("; ".join([nobody, *problems[:5]]))
    assignments = sorted({c for s in seen.values() for c in _chapters(s, known)})
    if not assignments:
        raise UsageError(
            f"no assignment in {root}: expected {LAYOUT} with one of {', '.join(known)}"
        )
    pairs = tuple((s, a) for s in seen for a in assignments)
    alone = len(assignments) == 1
    choices = {(s, a): choose(seen[s], a, known, alone=alone) for s, a in pairs}
    for student in seen:
        mine = {a: choices[student, a] for a in assignments}
        problems += [f"{student}{what}" for what in _problems(seen[student], mine, known)]
    return Found(pairs, tuple(assignments), tuple(problems), root, seen, choices)


def _students(root: Path, problems: list[str]) -> list[str]:
    """The folders of students."""
    top = folder.walk(root, depth=1)
    students = []
    for (name,) in top.folders:
        if trouble := _unfit(name):
            problems.append(trouble)
        else:
            students.append(name)
    for path, why in top.refused.items():
        if why == "is a link":
            problems.append(f"{shown(path)}: {LINK}")
    loose = [p for p in top.files if p[-1].endswith(".ipynb")]
    problems += [f"{shown(p)}: not in the folder of a student" for p in loose]
    return students


def _chapters(seen: Seen, known: list[str]) -> set[str]:
    """Chapters that a student has a folder or a notebook of."""
    files = [f for f in seen.files if ".ipynb" in f[-1].lower()]
    names = {part for path in (*seen.folders, *files) for part in path}
    return {c for name in names if (c := chapter_in(name, known))}


def _problems(seen: Seen, choices: dict[str, Choice], known: list[str]) -> list[str]:
    """What a person must look at in a student's folder."""
    used = {c.file for c in choices.values() if c.file}
    said = [f"/{a}: {c.reason}" for a, c in choices.items() if c.unclear]
    for path, why in seen.refused.items():
        said.append(f"/{shown(path)}: {LINK if why == 'is a link' else why}")
    for top in (p[0] for p in seen.folders if len(p) == 1):
        if not chapter_in(top, known) and not any(f[0] == top for f in used):
            said.append(f"/{shown((top,))}: no chapter has this name")
    for file in seen.files:
        if len(file) == 1 and file[-1].endswith(".ipynb") and file not in used:
            said.append(f"/{shown(file)}: not in a folder of its assignment")
    return said


def _unfit(name: str) -> str:
    """Why nbgrader's tables cannot hold the student ``name``; SQLite would not even say so."""
    if len(name) > MAX_NAME:
        return f"{name[:20]}…: a student's name has at most {MAX_NAME} characters"
    try:
        name.encode()
    except UnicodeEncodeError:
        return f"{shown((name,))}: the folder's name is not UTF-8"
    return ""
