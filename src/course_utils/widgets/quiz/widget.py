"""A question with a few answers: predict first, or look back at the end of a chapter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import traitlets as t

from ..base import BookWidget

Choice = tuple[str, bool, str]


class Quiz(BookWidget):
    """A question with answers to choose from, or a number to type; no grade, no record.

    Attributes:
        chosen: the index of the answer that was chosen, -1 before.
    """

    _esm = Path(__file__).with_name("widget.js")

    kind = t.Enum(["predict", "quiz"], "quiz").tag(sync=True)
    question = t.Unicode().tag(sync=True)
    choices: t.List = t.List().tag(sync=True)
    answer = t.Float(None, allow_none=True).tag(sync=True)
    tolerance = t.Float(0.0).tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    explain = t.Unicode().tag(sync=True)
    chosen = t.Int(-1).tag(sync=True)

    @classmethod
    def choose(
        cls, question: str, answers: Mapping[str, str], right: str, *, predict: bool = False
    ) -> Quiz:
        """One right answer among a few.

        Args:
            answers: each answer with what to say to whoever chooses it.
            right: the right one.
            predict: to be answered before an explorer, which then shows the answer.

        Raises:
            ValueError: fewer than two answers, or ``right`` is none of them.
        """
        if len(answers) < 2 or right not in answers:
            raise ValueError(f"two answers or more, {right!r} among them, are needed")
        choices = [[text, text == right, why] for text, why in answers.items()]
        return cls(kind="predict" if predict else "quiz", question=question, choices=choices)

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
    ) -> Quiz:
        """A number to type, within ``tolerance`` of ``answer``, which the notebook computes."""
        return cls(
            kind="predict" if predict else "quiz",
            question=question,
            answer=float(answer),
            explain=explain,
            tolerance=tolerance,
            unit=unit,
        )
