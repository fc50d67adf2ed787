"""Questions of the book, asked by name: ``questions.ask("cnn.products")``.

Their texts and answers lie in a file for each topic, so that the notebook that asks does not
show the answer. An entry of ``cnn.yml``::

    pooled_edge:
      kind: predict               # before an explorer; quiz: to look back
      question: An edge moves by {shift} pixel inside a window. What does the maximum do?
      choices:
        - text: it stays
          right: true
          why: The largest value is the same, wherever in the window it stands.
        - text: it moves too
          why: Only when the edge crosses into the next window.

It is asked by ``questions.ask("cnn.pooled_edge", shift=1)``. In place of ``choices`` a number
is asked for by ``answer`` (a number, or a text such as ``"{drop:.1f}"``), with ``explain`` and,
where they are wanted, ``tolerance`` and ``unit``.
"""

from __future__ import annotations

from course_utils.questions import bank
from course_utils.widgets import Quiz, Tally

__all__ = ["ask", "tally"]


def ask(name: str, **values: object) -> Quiz:
    """A question as a widget; the reader's browser keeps the answer.

    Args:
        name: ``topic.question``.
        values: what the notebook computed, for ``{…}`` in the texts.

    Raises:
        ValueError: there is no such question, its entry makes no sense, or values are missing.
    """
    asked = bank.read(name, values)
    predict = asked.kind == "predict"
    if asked.choices:
        return Quiz.choose(
            asked.question, asked.choices, asked.right, predict=predict, name=name
        )
    return Quiz.number(
        asked.question,
        asked.answer,
        asked.explain,
        tolerance=asked.tolerance,
        unit=asked.unit,
        predict=predict,
        name=name,
    )


def tally(topic: str) -> Tally:
    """How many predictions of a topic were made and right, with links to the wrong ones.

    Raises:
        ValueError: there is no such topic.
    """
    known = bank.entries(topic)
    return Tally(
        names=[
            f"{topic}.{name}" for name, entry in known.items() if entry.get("kind") == "predict"
        ]
    )
