"""A question with a few answers: predict first, or look back at the end of a chapter."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import traitlets as t

from ..base import BookWidget


class Quiz(BookWidget):
    """A question with answers to choose from, or a number to type; no grade.

    Attributes:
        name: under which the reader's browser keeps the answer; "" for nowhere.
        sealed: which answer is right, and what is said to each, as base64: the page must be
            able to tell, but neither its text nor a search should.
        chosen: the index of the answer that was chosen, -1 before.
    """

    _esm = Path(__file__).with_name("widget.js")

    name = t.Unicode().tag(sync=True)
    kind = t.Enum(["predict", "quiz"], "quiz").tag(sync=True)
    question = t.Unicode().tag(sync=True)
    choices: t.List = t.List(t.Unicode()).tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    sealed = t.Unicode().tag(sync=True)
    chosen = t.Int(-1).tag(sync=True)

    @classmethod
    def choose(
        cls,
        question: str,
        answers: Mapping[str, str],
        right: str,
        *,
        predict: bool = False,
        name: str = "",
    ) -> Quiz:
        """One right answer among a few.

        Args:
            answers: each answer with what to say to whoever chooses it.
            right: the right one.
            predict: to be answered before an explorer, which then shows the answer.
            name: under which the browser keeps the answer.

        Raises:
            ValueError: fewer than two answers, or ``right`` is none of them.
        """
        if len(answers) < 2 or right not in answers:
            raise ValueError(f"two answers or more, {right!r} among them, are needed")
        choices = list(answers)
        return cls(
            name=name,
            kind="predict" if predict else "quiz",
            question=question,
            choices=choices,
            sealed=_seal(right=choices.index(right), whys=list(answers.values())),
        )

    @classmethod
    def number(
        cls,
        question: str,
        answer: float,
        explain: str,
        *,
        tolerance: float = 0.0,
        unit: str = "",
        predict: bool = False,
        name: str = "",
    ) -> Quiz:
        """A number to type, within ``tolerance`` of ``answer``."""
        return cls(
            name=name,
            kind="predict" if predict else "quiz",
            question=question,
            unit=unit,
            sealed=_seal(answer=float(answer), tolerance=float(tolerance), explain=explain),
        )

    def describe(self) -> str:
        """The question and its choices, and not which one is right."""
        head = "Predict first" if self.kind == "predict" else "Question"
        choices = "; ".join(self.choices) or f"a number {self.unit}".strip()
        return f"{head}: {self.question} ({choices})"


def _seal(**key: object) -> str:
    return base64.b64encode(json.dumps(key).encode()).decode()
