"""What counts as a use of the reference, and what does not."""

from __future__ import annotations

import pytest

from autograder.integrity import reference_use
from tests.autograder.graded_folder import cell, release

DEF = "def conv1d(a, b):\n    "
CAUGHT = {
    "call": (DEF + "return reference.conv1d(a, b)", "line 2: uses course_utils.reference"),
    "import inside": (
        DEF + "from course_utils.reference.convolution import conv1d as c\n    return c(a, b)",
        "line 2: imports course_utils.reference.convolution.conv1d",
    ),
    "import above": (
        "from course_utils.reference.convolution import conv1d as c\n" + DEF + "return c(a, b)",
        "line 3: uses course_utils.reference.convolution.conv1d",
    ),
    "import as the answer": (
        "from course_utils.reference.convolution import conv1d",
        "imports",
    ),
    "star": ("from course_utils.reference.convolution import *", "imports"),
    "package": (
        DEF + "import course_utils as u\n    return u.reference.x.y(a)",
        "line 3: uses",
    ),
    "another name": ("conv1d = reference.conv1d", "another name is given"),
    "lambda": ("conv1d = lambda a, b: reference.conv1d(a, b)", "uses"),
    "class": ("class conv1d:\n    f = reference.conv1d", "another name is given"),
    "walrus": ("print(c := reference.conv1d)", "another name is given"),
    "default": ("def conv1d(a, b, f=reference.conv1d):\n    return f(a, b)", "uses"),
    "getattr": ("f = getattr(reference, 'conv' + '1d')", "getattr reaches"),
    "getattr of the package": (
        "import course_utils as u\nf = getattr(u, 'ref' + 'erence')",
        "getattr reaches",
    ),
    "importlib": (
        "import importlib as i\nm = i.import_module('course_utils.' + 'reference.x')",
        "import_module reaches",
    ),
    "dunder": ("m = __import__('course_utils.reference.convolution')", "__import__ reaches"),
    "exec": ("exec('from course_utils.reference import convolution')", "exec reaches"),
    "sys.modules": (
        "import sys\nm = sys.modules['course_utils.reference.convolution']",
        "looked up by its name",
    ),
    "magic": ("%matplotlib inline\n" + DEF + "return reference.conv1d(a, b)", "line 3: uses"),
    "no Python": ("def conv1d(a, b:\n    course_utils.reference.conv1d(a)", "is no Python"),
}
HONEST = {
    "own": DEF + "return a.unfold(0, 3, 1) @ b",
    "compare": "assert torch.equal(conv1d(row, row), reference.conv1d(row, row))",
    "keep a value": "expected = reference.conv1d(row, row)",
    "import to compare": "from course_utils.reference import convolution as r\nr.conv1d(x, x)",
    "docstring": DEF + '"""Not course_utils.reference."""\n    return a',
    "comment": DEF + "return a  # unlike course_utils.reference",
    "own name": "def reference_free(a):\n    return a",
    "own object": DEF + "return a.reference.conv1d(b)",
    "print": "print('course_utils.reference')",
    "other modules": DEF + "import course_utils.data as d\n    return d.grey(a)",
    "empty": "",
    "null byte": "\0",
    "deep": "-" * 50_000 + "1",
    "brackets": "(" * 5_000 + ")" * 5_000,
    "long sum": "x = " + "+".join(["1"] * 9_000),
}


@pytest.fixture(scope="module")
def given() -> tuple:
    return reference_use.given(c.source for c in release().cells if c.cell_type == "code")


@pytest.mark.parametrize(("source", "says"), CAUGHT.values(), ids=CAUGHT)
def test_uses_are_named_with_their_line(given: tuple, source: str, says: str) -> None:
    found = reference_use.uses(source, "conv1d", *given)
    assert says in " ".join(found), found


@pytest.mark.parametrize("source", HONEST.values(), ids=HONEST)
def test_honest_code_is_no_use(given: tuple, source: str) -> None:
    assert reference_use.uses(source, "conv1d", *given) == []


def test_the_released_cells_are_no_use(given: tuple) -> None:
    """Their figures use the reference."""
    for exercise in ("conv1d", "conv2d", "separable_filter", "edge_strength"):
        text = cell(release(), exercise).source
        assert "reference." in text
        assert reference_use.uses(text, exercise, *given) == []


def test_what_was_handed_out_may_use_it_inside_functions() -> None:
    text = "from course_utils import reference\ndef show():\n    reference.plot()\n"
    names, statements = reference_use.given([text])
    assert reference_use.uses(text, "e", names, statements) == []
    assert reference_use.uses(text, "e", names, frozenset()) != []


def test_lines_are_counted_past_blank_lines_and_magics(given: tuple) -> None:
    text = "\n\n  \n%matplotlib inline\n" + DEF + "return reference.conv1d(a, b)"
    (found,) = reference_use.uses(text, "conv1d", *given)
    assert found.startswith("line 6: ")


OWN = {
    "assigned": "def f(a):\n    shift = a + 1\n    return shift.clamp(0)",
    "argument": "def f(shift):\n    return shift.clamp(0)",
    "lambda": "f = lambda shift: shift + 1",
    "loop": "def f(a):\n    for shift in a:\n        print(shift)",
}
NOT_OWN = {
    "default": "def f(a, shift=shift):\n    return shift(a)",
    "default of another": "def f(a, g=shift):\n    shift = 0\n    return g(a)",
    "comprehension": "def f(a):\n    return [shift(a) for shift in [shift]]",
    "class": "def f(a):\n    class C:\n        shift = shift\n    return C.shift(a)",
    "global": "def f(a):\n    global shift\n    shift = shift\n    return shift(a)",
}


@pytest.mark.parametrize("name", [*OWN, *NOT_OWN])
def test_a_name_of_the_function_s_own_is_not_the_course_s(name: str) -> None:
    names = {"shift": "course_utils.reference.cnn.shift"}
    found = reference_use.uses({**OWN, **NOT_OWN}[name], "f", names, frozenset())
    assert bool(found) == (name in NOT_OWN)
