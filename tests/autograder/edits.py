"""Random edits of a solved notebook that do no harm: people make them, and programs do."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from tests.autograder.tiny_course import RIGHT

Cells = list[dict[str, Any]]
REFLECTION = "The order of the rows does not matter, because every row is doubled alone."
OLD = {
    "double": "# my first try\ndef double(x):\n    return x\n",
    "flip": "# my first try\ndef flip(x):\n    return x * 0\n",
}
WAYS = (
    "{right}",
    "import math\n\n{right}",
    "{name} = lambda x: {value}\n",
    "from collections.abc import Callable\n{name}: Callable = lambda x: {value}\n",
    "if True:\n    {name} = lambda x: {value}\n",
    "try:\n    {name}, spare = (lambda x: {value}), 1\nfinally:\n    pass\n",
    "@torch.no_grad()\n{right}",
    "class {name}:\n    def __new__(cls, x):\n        return {value}\n",
    "def make():\n    global {name}\n    {name} = lambda x: {value}\nmake()\n",
    "def my_{right}\n{name} = my_{name}\n",
    "globals()['{name}'] = lambda x: {value}\n",
    "%matplotlib inline\ntry:\n    from nowhere import x as {name}\n"
    "except ImportError:\n    {name} = lambda x: {value}\n",
)
VALUES = {"double": "2 * x", "flip": "x.flip(0)"}


class Edited:
    """A notebook on its way; ``steps`` names what was done to it."""

    def __init__(self, release: str, seed: int) -> None:
        self.random = Random(seed)
        self.notebook = json.loads(release)
        self.cells: Cells = self.notebook["cells"]
        self.steps: list[str] = []
        self.sure = dict.fromkeys(RIGHT, True)  # the answer is marked as one, above its test
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
            if cell["id"] in RIGHT:
                cell["source"] = self._right(cell["id"])
            if cell["id"] == "reflection":
                cell["source"] = REFLECTION
        self.stubs = {c["id"]: "".join(c["source"]) for c in json.loads(release)["cells"]}
        kinds = self.random.sample(OF_PEOPLE, self.random.randint(1, 3))
        for edit in (*kinds, self.random.choice(OF_PROGRAMS)):
            self.steps.append(edit.__name__)
            edit(self)

    def data(self) -> bytes:
        self.notebook["cells"] = self.cells
        return json.dumps(self.notebook).encode()

    def _right(self, name: str) -> str:
        way = self.random.choice(WAYS)
        return way.format(
            name=name,
            value=VALUES[name],
            right=RIGHT[name].removeprefix("def " if "my_{right}" in way else ""),
        )

    def find(self, name: str) -> int | None:
        return next((n for n, c in enumerate(self.cells) if c.get("id") == name), None)

    def any_answer(self) -> tuple[str, int | None]:
        name = self.random.choice(sorted(RIGHT))
        return name, self.find(name)

    def put(self, at: int, source: str, kind: str = "code", **more: Any) -> None:
        cell = {"cell_type": kind, "source": source, "metadata": {}, "id": self.new_id()}
        self.cells.insert(at, cell | more)

    def new_id(self) -> str:
        return f"{self.random.getrandbits(32):08x}"


def answer_in_a_new_cell(nb: Edited) -> None:
    """Below or above the stub, behind the test, at the end."""
    name, at = nb.any_answer()
    test = nb.find(f"test-{name}")
    if at is None or test is None or not nb.sure[name]:
        return
    source = nb.cells[at]["source"]
    nb.cells[at]["source"] = nb.stubs[name]
    place = nb.random.choice([at, at + 1, test + 1, len(nb.cells)])
    nb.put(place, source)
    nb.sure[name] = False


def old_try(nb: Edited) -> None:
    """Left above the answer or copied below its test, with or without marks."""
    name, at = nb.any_answer()
    test = nb.find(f"test-{name}")
    if at is None or test is None or test < at or not nb.sure[name]:
        return
    marks = nb.random.choice([{}, {"metadata": nb.cells[at]["metadata"]}])
    nb.put(nb.random.choice([at, test + 1, len(nb.cells)]), OLD[name], **marks)


def same_answer_again(nb: Edited) -> None:
    _, at = nb.any_answer()
    if at is not None:
        nb.put(len(nb.cells), nb.cells[at]["source"], metadata=nb.cells[at]["metadata"])


def split_answer(nb: Edited) -> None:
    """As Jupyter does it: both halves keep the marks."""
    _, at = nb.any_answer()
    if at is None:
        return
    cell = nb.cells[at]
    nb.put(at + 1, "used_for_nothing = 1", metadata=cell["metadata"])
    cell["source"], nb.cells[at + 1]["source"] = nb.random.choice(
        [(cell["source"], "print('it works')"), ("import os", cell["source"])]
    )


def merge(nb: Edited) -> None:
    """Two neighbours become one, with the marks and the kind of either."""
    at = nb.random.randrange(1, len(nb.cells) - 1)
    one, other = nb.cells[at], nb.cells[at + 1]
    if "reflection" in (one["id"], other["id"]):
        return
    kept = nb.random.choice([one, other])
    nb.cells[at : at + 2] = [kept | {"source": f"{one['source']}\n\n{other['source']}"}]


def move_answer(nb: Edited) -> None:
    name, at = nb.any_answer()
    if at is not None and all(nb.sure.values()):
        nb.cells.insert(nb.random.randrange(3, len(nb.cells)), nb.cells.pop(at))
        nb.sure[name] = False


def move_given(nb: Edited) -> None:
    at = nb.find(nb.random.choice(["demo", "title", "double-head", "flip-head"]))
    if at is not None:
        nb.cells.insert(nb.random.randrange(len(nb.cells)), nb.cells.pop(at))


def delete_test(nb: Edited) -> None:
    at = nb.find(f"test-{nb.random.choice(sorted(RIGHT))}")
    if at is not None and nb.cells[at]["source"] == nb.stubs[nb.cells[at]["id"]]:
        del nb.cells[at]


def change_test(nb: Edited) -> None:
    at = nb.find(f"test-{nb.random.choice(sorted(RIGHT))}")
    if at is not None and nb.cells[at]["source"] == nb.stubs[nb.cells[at]["id"]]:
        nb.cells[at]["source"] = nb.random.choice(["4", "", nb.cells[at]["source"] + "\n# ok"])


def copy_test(nb: Edited) -> None:
    at = nb.find(f"test-{nb.random.choice(sorted(RIGHT))}")
    if at is not None:
        nb.put(len(nb.cells), nb.cells[at]["source"], metadata=nb.cells[at]["metadata"])


def retype(nb: Edited) -> None:
    at = nb.find(nb.random.choice([*RIGHT, "reflection", "title", "demo"]))
    if at is not None:
        others = {"code", "markdown", "raw"} - {nb.cells[at]["cell_type"]}
        nb.cells[at]["cell_type"] = nb.random.choice(sorted(others))


def own_cells(nb: Edited) -> None:
    for _ in range(nb.random.randint(1, 4)):
        source, kind = nb.random.choice(
            [("print(1)", "code"), ("# Notes", "markdown"), ("", "code"), ("x = 3", "code")]
        )
        nb.put(nb.random.randint(0, len(nb.cells)), source, kind)


def change_titles(nb: Edited) -> None:
    for cell in nb.cells:
        if cell["cell_type"] == "markdown" and cell["source"] == nb.stubs.get(cell["id"]):
            cell["source"] += " (Anna)"


def reflection_elsewhere(nb: Edited) -> None:
    """In a new cell below, in the question's cell, in two halves."""
    at = nb.find("reflection")
    if at is None or nb.cells[at]["source"] != REFLECTION:
        return
    half = len(REFLECTION) // 2
    way = nb.random.randrange(3)
    nb.cells[at]["source"] = "YOUR ANSWER HERE" if way < 2 else REFLECTION[:half]
    nb.put(at + (way != 1), REFLECTION if way < 2 else REFLECTION[half:], "markdown")


def reformat(nb: Edited) -> None:
    for cell in nb.cells:
        cell["source"] = "\n".join(f"{line}  " for line in cell["source"].split("\n")) + "\n\n"


OF_PEOPLE: list[Callable[[Edited], None]] = [
    answer_in_a_new_cell, old_try, old_try, same_answer_again, split_answer, merge, merge,
    move_answer, move_given, delete_test, change_test, copy_test, retype, own_cells,
    change_titles, reflection_elsewhere, reformat,
]  # fmt: skip


def jupyter(nb: Edited) -> None:
    for cell in nb.cells:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": "]}"}]}


def nbconvert(nb: Edited) -> None:
    """New ids, sources as lists."""
    for cell in nb.cells:
        cell |= {"id": nb.new_id(), "source": cell["source"].splitlines(keepends=True)}


def colab(nb: Edited) -> None:
    """The id goes into the metadata, the format has none."""
    nb.notebook["nbformat_minor"] = 0
    for cell in nb.cells:
        cell["metadata"] = cell["metadata"] | {"id": cell.pop("id"), "colab": {"base_uri": ""}}


def vscode(nb: Edited) -> None:
    for cell in nb.cells:
        cell |= {
            "id": nb.new_id(),
            "metadata": cell["metadata"] | {"vscode": {"languageId": "python"}},
        }


def kaggle(nb: Edited) -> None:
    """Neither ids nor marks."""
    for cell in nb.cells:
        del cell["id"]
        cell["metadata"] = {"_uuid": nb.new_id(), "trusted": True}


def marks_lost(nb: Edited) -> None:
    for cell in nb.cells:
        cell["metadata"] = {}


def marks_lost_in_part(nb: Edited) -> None:
    for cell in nb.cells:
        if nb.random.random() < 0.4:
            cell["metadata"] = {}
        if nb.random.random() < 0.4:
            cell["id"] = nb.new_id()


OF_PROGRAMS = [jupyter, nbconvert, colab, vscode, kaggle, marks_lost, marks_lost_in_part]
