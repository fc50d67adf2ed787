"""Throw-away courses: small notebooks in a temporary folder, solved and graded for real."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.course import Course

REPOSITORY = Path(__file__).parents[2]
CHAPTER = "01_small"

SOLUTION = '''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    zebra_sum = x + x
    return zebra_sum
    ### END SOLUTION


print(double(21))'''

CHECKS = """
from course_utils.checks.report import Report, Verdict


def verdicts(hidden, held):
    return [Verdict(name, 1.0, ok, "", hidden) for name, ok in held.items()]


def check(function):
    return Report("1.1", "double", 3, verdicts(False, {"doubles one": function(1) == 2}), 2)
"""
HIDDEN = """
from checks_small import Report, verdicts


def check(function):
    held = {
        "quokkas are doubled too": function(-4) == -8,
        "a void stays a void": function(0) == 0,
    }
    return Report("1.1", "double", 3, verdicts(True, held))
"""

TEST = """report = checks_small.check(double)

### BEGIN HIDDEN TESTS
import sys

sys.path.append("../../secret")
import hidden_small

report += hidden_small.check(double)
### END HIDDEN TESTS

report"""

PICTURE = """from IPython.display import display

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
for alt in ("a red pixel", "the same pixel again"):
    display({"image/png": PIXEL}, raw=True, metadata={"image/png": {"alt": alt}})"""


def graded(cell: NotebookNode, grade_id: str, **kind: object) -> NotebookNode:
    """A cell with nbgrader's metadata."""
    plain = dict.fromkeys(("grade", "solution", "locked", "task"), False)
    cell.metadata["nbgrader"] = {**plain, "schema_version": 3, "grade_id": grade_id, **kind}
    return cell


def code(source: str, name: str, *tags: str) -> NotebookNode:
    cell = new_code_cell(source, id=name)
    if tags:
        cell.metadata["tags"] = list(tags)
    return cell


def small_notebook() -> NotebookNode:
    """One exercise, one picture, one question in words, one output that nbval watches."""
    cells = [
        new_markdown_cell("# A small chapter\n\nIt doubles numbers.", id="title"),
        code("import checks_small", "imports"),
        graded(code(SOLUTION, "double"), "double", solution=True),
        graded(code(TEST, "double-test"), "double-test", grade=True, locked=True, points=3),
        code(PICTURE, "picture"),
        code("print('six by', 7)", "watched", "nbval-check-output"),
        code("import sys\n\nprint('a warning', file=sys.stderr)", "warns"),
        graded(
            new_markdown_cell("The wombat answer is forty-two.", id="why"),
            "why",
            grade=True,
            solution=True,
            points=2,
        ),
    ]
    nb = new_notebook(cells=cells)
    nb.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python 3",
        "language": "python",
    }
    return nb


def write_course(root: Path, nb: NotebookNode | None = None) -> Course:
    """A course of one chapter in the folder ``root``."""
    folder = root / "notebooks" / CHAPTER
    folder.mkdir(parents=True)
    (root / "_config.yml").write_text("title: Small\n")
    (folder / "checks_small.py").write_text(CHECKS)
    (root / "secret").mkdir()
    (root / "secret" / "hidden_small.py").write_text(HIDDEN)
    nbformat.write(nb or small_notebook(), folder / f"{CHAPTER}.ipynb")
    return Course(root)


def write_book(root: Path, nb: NotebookNode | None = None) -> Course:
    """The same with prose around it, built by the configuration of the real book."""
    course = write_course(root, nb)
    shutil.copy(REPOSITORY / "_config.yml", root)
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n"
        f"  - file: notebooks/{CHAPTER}/{CHAPTER}\n  - file: book/references\n"
    )
    (root / "book").mkdir()
    (root / "book" / "index.md").write_text(
        f"# Small book\n\nA number $x^2$, a paper {{cite}}`lecun` and a chapter,\n"
        f"{{doc}}`/notebooks/{CHAPTER}/{CHAPTER}`.\n"
    )
    (root / "book" / "references.md").write_text("# References\n\n```{bibliography}\n```\n")
    (root / "book" / "references.bib").write_text(
        "@article{lecun, author={Yann LeCun}, title={Nets}, journal={J}, year={1998}}\n"
    )
    return course
