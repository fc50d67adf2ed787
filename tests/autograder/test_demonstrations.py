"""Demonstrations run once for a class, and nobody's marks depend on it."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.execution import demonstrations
from autograder.execution.execute import SandboxedExecute
from autograder.execution.task import grade
from autograder.gradebook.assignment import Assignment, prepare
from autograder.gradebook.records import Grade, Handin, Task
from autograder.sandbox import warm
from autograder.sandbox.kind import Kind, SandboxError, require
from course_utils.course import Course
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT

BEFORE = """import math
scale = 3
weights = torch.rand(2)
with open('kept.txt', 'w') as file:
    file.write('2')
def helper(x):
    return x * (scale - 1)
"""
BETWEEN = "import cmath\nscale = 5\nclass Model:\n    pass\n"
END = "\n\nshown = double(torch.ones(2))\nprint(scale, shown)\n"
DOUBLE = RIGHT["double"]


@pytest.fixture(scope="module")
def chapter(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The tiny chapter with demonstrations, before, between and at the end of an answer."""
    course = tiny_course.build(tmp_path_factory.mktemp("demonstrated"))
    path = course.source(CHAPTER)
    nb = nbformat.read(path, as_version=4)
    place = next(n for n, c in enumerate(nb.cells) if c.id == "double")
    nb.cells[place].source += END
    nb.cells.insert(place + 2, new_code_cell(BETWEEN, id="between"))
    nb.cells.insert(place, new_code_cell(BEFORE, id="before"))
    nbformat.write(nb, path)
    return prepare(Course(course.root), CHAPTER)


# What a student writes for ``double``, and whether it is apart from the demonstrations.
CASES: dict[str, tuple[str, bool]] = {
    "as it was handed out, solved": (DOUBLE + END, True),
    "without the end": (DOUBLE, True),
    "a helper of one's own": ("def twice(x):\n    return x + x\n" + DOUBLE, True),
    "a local name that a demonstration has too": (
        "def double(x):\n    scale = 2\n    return scale * x\n",
        True,
    ),
    "an import that the chapter has too": ("import torch\nimport math\n" + DOUBLE, True),
    "an import of one's own": ("import numpy as np\n" + DOUBLE, True),
    "a comparison below": (
        DOUBLE + "assert torch.equal(double(torch.ones(2)), 2 * torch.ones(2))\n",
        True,
    ),
    "generators of its own": (
        "import numpy as np\ndef double(x):\n    np.random.default_rng(0).random()\n"
        "    torch.Generator().manual_seed(0)\n    return 2 * x\n",
        True,
    ),
    "a slip": ("def double(x):\n    return 2.0 * x\n", True),
    "a syntax error": ("def double(x:\n    return 2 * x\n", True),
    "a crash": (
        "import faulthandler\ndef double(x):\n    faulthandler._sigsegv()\n",
        True,
    ),
    "a value of a demonstration, which changes later": (
        "def double(x):\n    return x * (scale - 1)\n",
        False,
    ),
    "a function of a demonstration": ("def double(x):\n    return helper(x)\n", False),
    "a name that a demonstration uses": ("scale = 4\n" + DOUBLE, False),
    "a name bound inside": (
        "def f():\n    global scale\n    scale = 4\nf()\n" + DOUBLE,
        False,
    ),
    "another import by the name of one": ("import cmath as math\n" + DOUBLE, False),
    "an import that only comes later": (
        "def double(x):\n    return 2 * x if cmath.pi else None\n",
        False,
    ),
    "numbers of the dice that all share": ("noise = torch.rand(3)\n" + DOUBLE, False),
    "the dice in a disguise": ("noise = getattr(torch, 'ra' + 'nd')(3)\n" + DOUBLE, False),
    "a file of a demonstration": (
        "two = int(open('kept.txt').read())\ndef double(x):\n    return two * x\n",
        False,
    ),
    "a magic": ("%precision 3\n" + DOUBLE, False),
    "names by text": ("def double(x):\n    return (globals()['scale'] - 1) * x\n", False),
    "names by a function's own": (
        "def double(x):\n    return (double.__globals__['scale'] - 1) * x\n",
        False,
    ),
}


@pytest.fixture(scope="module")
def graded(
    chapter: Assignment,
) -> Callable[[str, pytest.MonkeyPatch], tuple[tuple[Grade, ...], bool]]:
    """Grades of an answer, and whether it ran without the demonstrations."""
    try:
        require(Kind.BUBBLEWRAP)
    except SandboxError as error:
        pytest.skip(str(error))
    demonstrations.grow(warm.start(Kind.BUBBLEWRAP), chapter)

    def run(source: str, patch: pytest.MonkeyPatch) -> tuple[tuple[Grade, ...], bool]:
        short: list[bool] = []
        before = SandboxedExecute._short

        def told(*args: object) -> bool:
            short.append(before(*args))  # type: ignore[arg-type]
            return short[-1]

        patch.setattr(SandboxedExecute, "_short", told)
        data = tiny_course.answer(chapter.release, **{**RIGHT, "double": source})
        return grade(Task("anna", chapter, Handin(data))).grades, short[-1]

    return run


@pytest.mark.parametrize("name", CASES)
def test_marks_are_those_of_the_whole_notebook(name, graded, monkeypatch):
    source, apart = CASES[name]
    grades, short = graded(source, monkeypatch)
    assert short is apart
    monkeypatch.undo()
    monkeypatch.setattr(demonstrations, "apart", lambda *_: None)
    whole, short = graded(source, monkeypatch)
    assert not short
    assert grades == whole


def test_a_value_that_changes_later_is_that_of_its_place(graded, monkeypatch):
    """On top of all demonstrations it would be another, and a right answer would be wrong."""
    source, _ = CASES["a value of a demonstration, which changes later"]
    grades, _ = graded(source, monkeypatch)
    assert grades[0].points == grades[0].max_points
