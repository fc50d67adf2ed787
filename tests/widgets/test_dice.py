"""kit/dice.js and kit/sampling.js: the same numbers as in Python, the choices they lead to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils.widgets.dice import dice, normals
from tests.widgets.kit import javascript, normal, run

SEEDS = [0, 1, 188, 2**31, 2**32 - 1, -1, -(2**31)]
THROWS = """
const answers = calls.map((seed) => {
  const random = kit.dice(seed);
  return { even: Array.from({ length: 300 }, random), unit: kit.normals(random, 300) };
});
"""


def test_python_throws_the_same(tmp_path: Path) -> None:
    for seed, answer in zip(SEEDS, run(tmp_path, "dice.js", THROWS, SEEDS), strict=True):
        random = dice(seed)
        assert answer["even"] == [random() for _ in range(300)]
        assert answer["unit"] == pytest.approx(normals(random, 300), abs=1e-12)


def test_what_is_thrown_is_even_and_normal() -> None:
    random = dice(188)
    even = np.array([random() for _ in range(20_000)])
    counts = np.histogram(even, 20, (0, 1))[0]
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # chi square, 19 degrees, p = 0.001
    assert abs(np.corrcoef(even[1:], even[:-1])[0, 1]) < 0.03
    unit = np.array(normals(random, 20_000))
    assert (unit.mean(), unit.std()) == pytest.approx((0, 1), abs=0.03)
    assert (np.abs(unit) > 2).mean() == pytest.approx(0.0455, abs=0.006)


def test_top_k(tmp_path: Path) -> None:
    logits = normal(40).tolist()
    cases = [(logits, 1), (logits, 7), (logits, 40), ([2, 5, 5, 1, 5], 2), ([3, 3, 3], 3)]
    answers = javascript(tmp_path, "sampling.js", [("topK", [*case]) for case in cases])
    for (values, k), got in zip(cases[:3], answers, strict=False):
        assert got == torch.tensor(values).topk(k).indices.tolist()
    assert answers[3:] == [[1, 2], [0, 1, 2]]  # the first of equals wins


def test_sampling(tmp_path: Path) -> None:
    """Shares are torch's softmax over what may come, and u falls where they say."""
    torch.manual_seed(0)
    logits = 3 * normal(12)
    us = [0, 0.1, 0.37, 0.5, 0.81, 0.99, 1 - 2**-32]
    for temperature, k in ((1, 12), (0.5, 12), (2, 4), (1, 1)):
        options = {"temperature": temperature, "k": k}
        values, order = (logits / temperature).topk(k)
        right = torch.zeros(12).double()
        right[order] = values.softmax(0)
        edges = right[order].cumsum(0)
        assert all((edges - u).abs().min() > 1e-4 for u in us[1:-1])
        calls = [("sample", [logits.tolist(), options | {"u": u}]) for u in us]
        shares, *picked = javascript(
            tmp_path, "sampling.js", [("shares", [logits.tolist(), options]), *calls]
        )
        assert shares == pytest.approx(right.tolist(), abs=1e-12)
        assert picked == [order[(edges > u).nonzero()[0]].item() for u in us]


def test_temperature_zero_is_greedy(tmp_path: Path) -> None:
    options = {"temperature": 0, "u": 0.999}
    answers = javascript(
        tmp_path,
        "sampling.js",
        [("sample", [[1, 4, 4, 2], options]), ("shares", [[1, 4, 4, 2], options])],
    )
    assert answers == [1, [0, 1, 0, 0]]
