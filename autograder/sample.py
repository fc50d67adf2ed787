"""A class to try the grader on: its files are made here, and so is what they should get.

``python -m autograder.sample`` writes ``autograder/sample_class/`` again, after a change of
the notebook or of the answers.
"""

from __future__ import annotations

import ast
import copy
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.answers.bank import Answer
from autograder.answers.convolution import ANSWERS
from autograder.gradebook.status import Status
from course_utils.course import Course
from course_utils.publish.release import released_text

CHAPTER = "02_convolution"
FOLDER = Path(__file__).with_name("sample_class")

REFLECTION = (
    "A convolution uses the same few weights at every place, so it finds an edge wherever the "
    "edge is. A layer that connects every pixel to every output would have to learn the same "
    "edge again for each place, and it would need far more weights."
)
LOOP = (
    "def conv1d(a, b):\n    i = 0\n    while i < len(a):\n        c = a * b[0]\n    return c\n"
)
KILL = (
    "def conv2d(x, w, bias=None, stride=1, padding=0):\n"
    "    import os\n\n"
    "    os._exit(1)  # what a crash in a C extension looks like from outside\n"
)
HOG = (
    "def gaussian_filter(radius, sigma):\n"
    "    return torch.empty(10**15, dtype=torch.float64)[: 2 * radius + 1]\n"
)
TYPO = (
    "def output_size(n, k, stride=1, padding=0):\n    return ((n + 2 * padding - k) // stride\n"
)
RENAMED = "def moving_mean(a, r):\n    return a.unfold(0, 2 * r + 1, 1).mean(-1)\n"


@dataclass(frozen=True)
class Student:
    """One folder of the class.

    Args:
        did: for the README.
        sources: text of solution cells, by exercise; ``write`` makes them a notebook.
        status: of the whole submission.
        exercises: of test cells that are not ``graded`` with full marks: status and a part
            of the reason.
        file: name of the file; None for the right one.
        encode: from the notebook to the bytes of the file.
    """

    name: str
    did: str
    sources: dict[str, str]
    status: Status = Status.GRADED
    exercises: dict[str, tuple[Status, str]] = field(default_factory=dict)
    file: str | None = None
    encode: Callable[[NotebookNode], bytes] = lambda nb: _text(nb).encode()


def students(release: NotebookNode) -> list[Student]:
    """The class."""
    first, last = _perfect(0), _perfect(-1)
    unsolved = dict.fromkeys(first, (Status.UNSOLVED, "stub"))
    return [
        Student("amira", "solved everything", {**first, "reflection": REFLECTION}),
        Student("boris", "solved everything, written in another way", last),
        _mistaken("chloe", first, "conv1d", "not-flipped"),
        _mistaken("dario", last, "conv2d", "ignores-stride"),
        _mistaken("elena", first, "moving_average", "divides-by-2r"),
        _mistaken("farid", last, "output_size", "rounds-up"),
        _mistaken("greta", first, "gaussian_filter", "not-scaled"),
        Student("hugo", "handed in the notebook as it was", {}, exercises=unsolved),
        Student(
            "ines",
            "wrote a loop that never ends in `conv1d`",
            {**first, "conv1d": LOOP},
            exercises={"conv1d": (Status.TIMEOUT, "a loop that never ends")},
        ),
        Student(
            "jonas",
            "ends the Python process in `conv2d`",
            {**first, "conv2d": KILL},
            exercises={"conv2d": (Status.CRASHED, "Python died")},
        ),
        Student(
            "kenji",
            "asks for 8 petabytes, forgets a bracket, renames a function",
            {**first, "gaussian_filter": HOG, "output_size": TYPO, "moving_average": RENAMED},
            exercises={
                "gaussian_filter": (Status.CRASHED, "allocate"),
                "output_size": (Status.ERROR, "SyntaxError"),
                "moving_average": (Status.ERROR, "NameError"),
            },
        ),
        *_bad_files(first, release),
    ]


def _bad_files(first: dict[str, str], release: NotebookNode) -> list[Student]:
    """Those whose file is not what it should be."""
    refused = {
        "lucia": (Status.UNREADABLE, "JSON", "handed in a text file with the ending .ipynb"),
        "marek": (Status.UNREADABLE, "empty", "handed in an empty file"),
        "omar": (Status.WRONG_NOTEBOOK, "another notebook", "a notebook of another course"),
        "priya": (Status.MISSING, "notes.txt", "handed in notes and no notebook"),
    }
    encode: dict[str, Callable[[NotebookNode], bytes]] = {
        "lucia": lambda nb: b"moving_average: done\nconv1d: see my e-mail\n",
        "marek": lambda nb: b"",
        "omar": lambda nb: _text(_other_course()).encode(),
        "priya": lambda nb: b"I will hand in tomorrow.\n",
    }
    exercises = [c.metadata.nbgrader.grade_id for c in release.cells if _gives_points(c)]
    bad = [
        Student(
            name,
            did,
            {},
            status,
            {e.removeprefix("test_"): (status, says) for e in exercises},
            "notes.txt" if name == "priya" else None,
            encode[name],
        )
        for name, (status, says, did) in refused.items()
    ]
    renamed = Student("nadia", "gave the file another name", first, file="Untitled1.ipynb")
    old = Student("quinn", "saved in notebook format 3, with a byte order mark", first)
    return [*bad, renamed, Student(**{**vars(old), "encode": _format_3})]


def _mistaken(name: str, right: dict[str, str], exercise: str, wrong: str) -> Student:
    answer = next(a for a in ANSWERS if (a.exercise, a.name) == (exercise, wrong))
    return Student(
        name,
        f"has one misconception in `{exercise}`: {wrong.replace('-', ' ')}",
        {**right, exercise: answer.source},
        exercises={exercise: (Status.GRADED, answer.misconception)},
    )


def _perfect(which: int) -> dict[str, str]:
    """One right answer to each exercise."""
    right: dict[str, list[Answer]] = {}
    for answer in ANSWERS:
        if answer.right:
            right.setdefault(answer.exercise, []).append(answer)
    return {exercise: answers[which].source for exercise, answers in right.items()}


def build(course: Course, folder: Path = FOLDER) -> None:
    """Write the class and its README; what was in ``folder`` goes."""
    release = nbformat.reads(released_text(course.source(CHAPTER)), as_version=4)
    if folder.exists():
        shutil.rmtree(folder)
    everyone = sorted(students(release), key=lambda s: s.name)
    for student in everyone:
        path = folder / student.name / CHAPTER / (student.file or f"{CHAPTER}.ipynb")
        path.parent.mkdir(parents=True)
        path.write_bytes(student.encode(solved(release, student.sources)))
    (folder / "README.md").write_text(_readme(everyone), "utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a class by their paths."""
    files = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def is_ours(course: Course, submissions: Path) -> bool:
    """Whether ``submissions`` is this class, and nothing in it was changed or added."""
    if submissions.resolve() != FOLDER or any(p.is_symlink() for p in FOLDER.rglob("*")):
        return False
    with tempfile.TemporaryDirectory(prefix="sample-") as tmp:
        build(course, Path(tmp) / "made")
        return contents(Path(tmp) / "made") == contents(FOLDER)


def solved(release: NotebookNode, sources: dict[str, str]) -> NotebookNode:
    """The released notebook with answers in its solution cells."""
    nb = copy.deepcopy(release)
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in sources and cell.cell_type == "markdown":
            cell.source = sources[name]
        elif name in sources:
            cell.source = put(cell.source, name, sources[name])
    return nb


def put(stub: str, name: str, answer: str) -> str:
    """The cell ``stub`` with its function ``name`` replaced by ``answer``.

    What follows the function, the figure that is drawn with it, stays.
    """
    lines = stub.splitlines()
    for node in ast.parse(stub).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            assert node.end_lineno is not None
            return "\n".join(
                [*lines[: node.lineno - 1], *answer.splitlines(), *lines[node.end_lineno :]]
            )
    raise ValueError(f"the cell has no function {name}")


def _text(nb: NotebookNode) -> str:
    return nbformat.writes(nb) + "\n"


def _format_3(nb: NotebookNode) -> bytes:
    return b"\xef\xbb\xbf" + nbformat.writes(nbformat.convert(nb, 3), version=3).encode()


def _other_course() -> NotebookNode:
    cells = [
        new_markdown_cell("# Statistics, sheet 3", id="title"),
        new_code_cell("mean = sum(x) / len(x)", id="mean"),
    ]
    return new_notebook(cells=cells)


def _gives_points(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def _readme(everyone: list[Student]) -> str:
    rows = [f"| {s.name} | {s.did} | `{s.status}` | {_expected(s)} |" for s in everyone]
    return "\n".join(
        [
            "# The sample class",
            "",
            "Made by `python -m autograder.sample` from the released notebook of chapter 2 and",
            "from `autograder/answers/convolution.py`; do not edit. Try the grader on it:",
            "",
            "```",
            "course grade autograder/sample_class --out grades",
            "```",
            "",
            "| student | what they did | submission | exercises without full marks |",
            "|---|---|---|---|",
            *rows,
            "",
            "The reflection is `manual` for amira, `unsolved` for all others whose file can be",
            "read.",
            "",
        ]
    )


def _expected(student: Student) -> str:
    if student.status is not Status.GRADED:
        return "all"
    found = student.exercises.items()
    return ", ".join(f"{name}: `{status}`" for name, (status, _) in found) or "none"


if __name__ == "__main__":
    build(Course.find(Path(__file__).parent))
