"""An answer keeps its points in whatever way Python binds its name, or a person is asked.

The notebooks that the intake makes are run here in IPython, as a kernel would run them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell

from autograder.gradebook.assignment import Assignment
from course_utils import handin
from course_utils.handin import Submission
from tests.autograder import tiny_course
from tests.autograder.tiny_course import RIGHT

DEF = "def double(x):\n    return 2 * x"
# Ways in which the name stands in the cell: right wherever the cell is.
PLAIN = {
    "globals": 'globals()["double"] = lambda x: 2 * x',
    "locals": 'locals()["double"] = lambda x: 2 * x',
    "vars": 'vars()["double"] = lambda x: 2 * x',
    "update": "globals().update(double=lambda x: 2 * x)",
    "held": 'space = globals()\nspace["double"] = lambda x: 2 * x',
    "exec": 'exec("def double(x):\\n    return 2 * x")',
    "eval": 'eval("(double := lambda x: 2 * x)")',
    "setattr": 'import sys\nsetattr(sys.modules[__name__], "double", lambda x: 2 * x)',
    "main": "import __main__\n__main__.double = lambda x: 2 * x",
    "shell": 'get_ipython().push({"double": lambda x: 2 * x})',
    "run_cell": f"get_ipython().run_cell({DEF!r})",
    "decorator": f"@(lambda _: lambda x: 2 * x)\n{DEF.splitlines()[0]}\n    pass",
    "decorator binds": "@(double := lambda x: 2 * x)\ndef other():\n    pass",
    "default binds": "def other(f=(double := lambda x: 2 * x)):\n    pass",
    "time": "%time double = lambda x: 2 * x",
    "prun": "%prun -q double = lambda x: 2 * x",
    "%%time": f"%%time\n{DEF}",
    "%%capture": f"%%capture shown\n{DEF}",
    "shell line": f"files = !ls\n{DEF}",
    "help line": f"{DEF}\n\ndouble?",
    "nfkc": "def \uff44ouble(x):\n    return 2 * x",
    "bom": f"\ufeff{DEF}",
    "prompts": ">>> def double(x):\n...     return 2 * x",
    "indented": "    def double(x):\n        return 2 * x",
    "await": f"import asyncio\nawait asyncio.sleep(0)\n{DEF}",
    "import": "from doubling import double",
    "import as": "from doubling import double as times\nimport functools\ndouble = times",
    "module": "import doubling as double",
    "for": "for double in [lambda x: 2 * x]:\n    pass",
    "with": "import contextlib\n"
    "with contextlib.nullcontext(lambda x: 2 * x) as double:\n    pass",
    "walrus": "(double := lambda x: 2 * x)",
    "walrus inside": "[double := f for f in [lambda x: 2 * x]]",
    "match": "match {'f': lambda x: 2 * x}:\n    case {'f': double}:\n        pass",
    "class": "class _Base:\n    def __new__(cls, x):\n        return 2 * x\n\n"
    "class double(_Base):\n    pass",
}
# Ways that cannot be seen: a person is asked where the answer did not get through.
HIDDEN = {
    "computed": 'globals()["dou" + "ble"] = lambda x: 2 * x',
    "register": "def keep(f):\n    globals()[f.__name__[1:]] = f\n    return f\n\n"
    "@keep\ndef _double(x):\n    return 2 * x",
    "star": "from doubling import *",
    "run": "%run FOLDER/doubling.py",
    "file": "exec(open('FOLDER/doubling.py').read())",
    "imported main": 'import importlib\nm = importlib.import_module("__main__")\n'
    'setattr(m, "dou" + "ble", lambda x: 2 * x)',
    "writefile": f"%%writefile FOLDER/mine.py\n{DEF}",
}
PLACES = {"above": 0, "between": 1, "below": 2}


class Doubling(ModuleType):
    """A module that can be called."""

    def __call__(self, x: Any) -> Any:
        return 2 * x


@pytest.fixture(scope="module")
def shell() -> Iterator[InteractiveShell]:
    main = sys.modules["__main__"]
    HistoryManager.enabled, enabled = False, HistoryManager.enabled
    shell = InteractiveShell()
    shell.showtraceback = lambda *_, **__: None  # takes longer than all the rest
    yield shell
    HistoryManager.enabled = enabled
    sys.modules["__main__"] = main


@pytest.fixture
def no_loop() -> Iterator[None]:
    """A browser that other tests of this process keep open runs a loop of events; ``await`` in
    a cell needs one of its own.
    """
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture
def run(
    no_loop: None, shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable:
    """Runs a graded notebook; says whether ``double`` doubles where its test stands."""
    (tmp_path / "doubling.py").write_text(f"{DEF}\n")
    module = Doubling("doubling")
    vars(module).update(double=module.__call__)
    monkeypatch.setitem(sys.modules, "doubling", module)
    monkeypatch.setitem(sys.modules, "__main__", shell.user_module)

    def is_right(submission: Submission) -> bool:
        assert submission.notebook is not None
        shell.user_ns.clear()
        shell.init_user_ns()
        shell.user_ns["__name__"] = "__main__"
        for cell in submission.notebook.cells:
            if cell.id == "test-double":
                return _doubles(shell.user_ns.get("double"))
            if cell.cell_type == "code":
                shell.run_cell(cell.source, silent=True)
        raise AssertionError("the test is gone")

    return is_right


def _doubles(found: Any) -> bool:
    try:
        return torch.equal(found(torch.arange(3)), 2 * torch.arange(3))
    except Exception:
        return False


def read(assignment: Assignment, folder: Path, *added: tuple[int, str], **answers: str):
    """With own cells so many cells behind the stub of ``double``."""
    nb = json.loads(tiny_course.answer(assignment.release, flip=RIGHT["flip"], **answers))
    at = next(n for n, cell in enumerate(nb["cells"]) if cell["id"] == "double")
    for place, source in sorted(added, reverse=True):
        own = {"cell_type": "code", "metadata": {}, "id": f"own-{place}"}
        nb["cells"].insert(at + place, own | {"source": source.replace("FOLDER", str(folder))})
    return handin.read(json.dumps(nb).encode(), assignment.released())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", PLAIN)
def test_a_name_that_can_be_read_is_found(
    way: str, place: str, assignment: Assignment, run: Callable, tmp_path: Path
) -> None:
    submission = read(assignment, tmp_path, (PLACES[place], PLAIN[way]))
    assert run(submission), [c.source for c in submission.notebook.cells]


@pytest.mark.parametrize("way", PLAIN)
def test_so_it_is_in_its_own_cell(
    way: str, assignment: Assignment, run: Callable, tmp_path: Path
) -> None:
    stub = 'def double(x):\n    """The task."""\n    raise NotImplementedError()\n'
    sources = [PLAIN[way]]
    if not PLAIN[way].startswith(("%%", ">>>", "   ", "\ufeff")):
        sources += [f"{PLAIN[way]}\n\n{stub}", f"{stub}\n\n{PLAIN[way]}"]
    for source in sources:
        assert run(read(assignment, tmp_path, double=source)), source


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("way", HIDDEN)
def test_where_it_cannot_be_read_a_person_is_asked(
    way: str, place: str, assignment: Assignment, run: Callable, tmp_path: Path
) -> None:
    submission = read(assignment, tmp_path, (PLACES[place], HIDDEN[way]))
    assert run(submission) or "test_double" in submission.asks


@pytest.mark.parametrize(
    "source", ["del double", "double = 3", 'globals().pop("double")', "exec('del double')"]
)
def test_an_answer_that_was_taken_away_again(
    source: str, assignment: Assignment, tmp_path: Path
) -> None:
    submission = read(assignment, tmp_path, (1, source), double=DEF)
    assert "test_double" in submission.asks


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline",
        "%timeit double(torch.ones(3))",
        "!ls",
        "double?",
        "print('double')",
        "net = torch.nn.Linear(1, 1).eval()\nfor part in net.modules():\n    print(part)",
        "if __name__ == '__main__':\n    print(double(torch.ones(3)))",
        "def helper():\n    double = 3\n    return double",
        "class Net:\n    double = 3",
    ],
)
def test_what_binds_nothing_asks_nobody(
    source: str, assignment: Assignment, tmp_path: Path
) -> None:
    for place in PLACES.values():
        submission = read(assignment, tmp_path, (place, source))
        assert submission.asks == {}
        assert "stands in another cell" not in " ".join(submission.notes)
