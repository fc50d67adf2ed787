"""Which tools in an answer are named in the integrity report, and which are not."""

from __future__ import annotations

import pytest

from autograder.answers import convolution
from autograder.integrity import reference_use
from autograder.integrity.detours import detours
from tests.attacks.ways_round import (
    EARLY_THREADS,
    HONEST,
    OURS,
    PROCESSES,
    SWITCHED_OFF,
    THREADS,
)
from tests.autograder.graded_folder import cell, release

NAMED = {
    "source": ("import inspect\nspace = inspect.getsource(f)", "line 2: getsource"),
    "executed": ("exec(open(path).read())", "line 1: exec reaches for code as data"),
    "a path made at run time": ("text = open(m.__file__).read()", "__file__"),
    "code": ("g = make(f.__code__)", "__code__"),
    "by getattr": ("g = getattr(f, '__code__')", "__code__"),
    "loaded": ("from importlib import import_module as i", "importlib.import_module"),
    "C": ("import ctypes as c", "line 1: ctypes reaches for the process"),
    "thread": ("from concurrent.futures import ThreadPoolExecutor", "another thread"),
    "fork": ("import os\npid = os.fork()", "line 2: fork reaches for another process"),
    "from os": ("from os import system", "system"),
    "profile": ("import sys\nsys.setprofile(None)", "the watch of the checks"),
    "trace": ("from sys import gettrace", "gettrace"),
    "modes": ("from torch.utils import _python_dispatch", "the insides of torch"),
    "torch's C": ("torch._C._pop_torch_dispatch_stack()", "_C"),
    "the checks": ("from course_utils.checks import guard", "the checks or the grader"),
    "no Python": ("def f(:\n    ctypes.x", "line 2: ctypes"),
}
UNNAMED = {
    "evaluation": "model.eval()",
    "compiled": "f = torch.compile(f)\np = re.compile('a')",
    "filter": "import scipy.signal",
    "words": "print('the system may fork')\nsystem, kill = 1, 2",
    "comment": "x = 1  # no ctypes here",
    "docstring": 'def f(x):\n    """Like exec."""\n    return x',
    "opened": "text = open('notes.txt').read()",
    "empty": "",
}
# These reach for nothing that could be named apart from what they do.
PLAIN = {"a cell that swallows the refusal"}
# Plain calls at the top of a cell, as who compares makes them: refused where they are run.
COMPARES = {"the reference", "called by a function of C"}
TRICKS = {**THREADS, **EARLY_THREADS, **PROCESSES, **SWITCHED_OFF}


@pytest.mark.parametrize(("source", "says"), NAMED.values(), ids=NAMED)
def test_tools_are_named_with_their_line(source: str, says: str) -> None:
    assert says in " ".join(detours(source, frozenset()))


@pytest.mark.parametrize("source", UNNAMED.values(), ids=UNNAMED)
def test_honest_code_is_not_named(source: str) -> None:
    assert detours(source, frozenset()) == []


@pytest.mark.parametrize("name", sorted({*TRICKS} - PLAIN))
def test_each_way_round_the_watch_is_named(name: str) -> None:
    assert detours(TRICKS[name], frozenset())


@pytest.mark.parametrize("name", sorted({*OURS} - COMPARES))
def test_each_use_of_the_course_s_code_is_named(name: str) -> None:
    own = reference_use.uses(OURS[name], "f", {}, frozenset())
    assert own or detours(OURS[name], frozenset())


def test_nothing_is_named_in_the_bank_and_in_what_was_handed_out() -> None:
    for answer in convolution.ANSWERS:
        assert detours(answer.source, frozenset()) == []
    _, given = reference_use.given(c.source for c in release().cells if c.cell_type == "code")
    for exercise in ("conv1d", "conv2d"):
        assert detours(cell(release(), exercise).source, given) == []
    assert detours(HONEST["by hand"], frozenset()) == []
