"""A course with one small chapter, for tests of the grader, and answers to it."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.course import Course

CHAPTER = "01_tiny"

CHECKS = """
from course_utils.checks.core import Check
from course_utils.checks.answer import Wrong
import torch

double = Check("1.1", "double", points=4, hidden=1)
flip = Check("1.2", "flip", points=2, hidden=1)

@double.property("doubles", points=2)
def _(answer, draw):
    x = draw.normal(3, 4)
    if not torch.allclose(answer(x), 2 * x):
        raise Wrong("the values are not doubled")

@flip.property("reverses", points=1)
def _(answer, draw):
    x = draw.normal(5)
    if not torch.equal(answer(x), x.flip(0)):
        raise Wrong("the order is not reversed")
"""

HIDDEN = """
import tiny_checks
from course_utils.checks.answer import Wrong
import torch

double = tiny_checks.double.hidden_part()
flip = tiny_checks.flip.hidden_part()

@double.property("keeps integers", points=2)
def _(answer, draw):
    secret_probe = torch.arange(3)
    value = answer(secret_probe)
    if not isinstance(value, torch.Tensor) or value.dtype != torch.int64:
        raise Wrong("integers became floats")

@flip.property("leaves its input alone", points=1)
def _(answer, draw):
    answer(draw.normal(4))
    if answer.changed_input:
        raise Wrong("the input was changed in place")
"""

RIGHT = {
    "double": "def double(x):\n    return 2 * x\n",
    "flip": "def flip(x):\n    return x.flip(0)\n",
}


def _meta(grade_id: str, **flags: object) -> dict:
    base = {
        "grade": False,
        "solution": False,
        "locked": True,
        "task": False,
        "schema_version": 3,
    }
    return {"nbgrader": {**base, "grade_id": grade_id, **flags}}


def _exercise(name: str, points: int) -> list[NotebookNode]:
    head, body = RIGHT[name].split("\n", 1)
    solution = (
        f'{head}\n    """The task."""\n    ### BEGIN SOLUTION\n{body}    ### END SOLUTION\n'
    )
    test = (
        f"report = tiny_checks.{name}({name})\n"
        "### BEGIN HIDDEN TESTS\n"
        "from autograder.hidden import tiny as hidden\n"
        f"report += hidden.{name}({name})\n"
        "### END HIDDEN TESTS\n"
        "report"
    )
    return [
        new_markdown_cell(f"## Exercise: {name}", id=f"{name}-head"),
        new_code_cell(solution, id=name, metadata=_meta(name, solution=True, locked=False)),
        new_code_cell(
            test, id=f"test-{name}", metadata=_meta(f"test_{name}", grade=True, points=points)
        ),
    ]


def notebook() -> NotebookNode:
    """The instructor's notebook."""
    reflection = _meta("reflection", grade=True, solution=True, locked=False, points=3)
    return new_notebook(
        cells=[
            new_markdown_cell("# A tiny chapter", id="title"),
            new_code_cell("import torch\nimport tiny_checks", id="setup"),
            new_code_cell("print('a demo')", id="demo"),
            *_exercise("double", 4),
            *_exercise("flip", 2),
            new_markdown_cell(
                "### BEGIN MARK SCHEME\nsecret rubric\n### END MARK SCHEME",
                id="reflection",
                metadata=reflection,
            ),
        ],
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
    )


def build(root: Path) -> Course:
    """Write the course under ``root``."""
    folder = root / "notebooks" / CHAPTER
    hidden = root / "autograder" / "hidden"
    folder.mkdir(parents=True)
    hidden.mkdir(parents=True)
    (root / "_config.yml").write_text("title: tiny\n")
    (root / "autograder" / "__init__.py").touch()
    (hidden / "__init__.py").touch()
    (hidden / "tiny.py").write_text(HIDDEN)
    (folder / "tiny_checks.py").write_text(CHECKS)
    nbformat.write(notebook(), folder / f"{CHAPTER}.ipynb")
    return Course(root)


def answer(release: str, **sources: str) -> bytes:
    """The student notebook ``release`` with solution cells replaced."""
    nb = json.loads(release)
    for cell in nb["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if grade_id in sources:
            cell["source"] = sources[grade_id]
    return json.dumps(nb).encode()


def hand_in(submissions: Path, student: str, data: bytes, chapter: str = CHAPTER) -> Path:
    """Put a file where ``course grade`` looks for it."""
    path = submissions / student / chapter / f"{chapter}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
