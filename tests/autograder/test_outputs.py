"""Outputs are taken in nbformat's shape and cut where there is too much; cells never are."""

from __future__ import annotations

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from autograder.execution.outputs import CUT, MAX_CELL, MAX_NOTEBOOK, MAX_OUTPUTS, Outputs


def stream(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text}


def shown(kind: object, value: object) -> dict:
    return {"output_type": "display_data", "data": {kind: value}}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([stream("hi")], 1),
        ([stream("x" * (MAX_CELL + 1))], 2),
        ([stream("x")] * (MAX_OUTPUTS + 1), MAX_OUTPUTS + 1),
        ([shown("image/png", "A" * MAX_CELL), shown("text/plain", "A")], 2),
        ([{"output_type": "error", "traceback": ["x" * 10**6] * 10**3}], 1),
        ([{"output_type": "error", "ename": 3, "evalue": None, "traceback": "x"}], 1),
        ([shown("text/plain", torch.ones(2)), shown(3, {1: 2}), shown("text/html", ["a"])], 3),
        ([shown("application/json", {"a": [1, None]})], 1),
        ([shown("application/json", {"a": {1, 2}}), None, 3, [], {}], 2),
    ],
)
def test_outputs_of_any_kind_can_be_written(told: list, kept: int) -> None:
    made = Outputs().of_cell(told)
    assert len(made) == kept
    nb = new_notebook(cells=[new_code_cell("1", outputs=made)])
    nbformat.validate(nb)
    assert len(nbformat.writes(nb)) < MAX_CELL + 100_000


def test_who_shows_too_much_reads_where_it_is_cut() -> None:
    outputs = Outputs()
    cells = [outputs.of_cell([stream("x" * MAX_CELL)]) for _ in range(12)]
    assert [cell[-1].text == CUT for cell in cells] == [False] * 10 + [True] * 2
    assert sum(len(o.text) for cell in cells for o in cell if o.text != CUT) == MAX_NOTEBOOK
