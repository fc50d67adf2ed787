"""What a check is: named properties of an answer, each worth a share of the points.

A chapter's visible check and its hidden part are two ``Check`` objects of one exercise.
Called with a student's answer, each gives a ``Report``; reports of one exercise add up.
The report is the last value of the test cell: nbgrader reads the points from its
``text/plain``, people read its ``text/html``, programs read its JSON.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Ban, NotSolvedYet, Wrong
from course_utils.checks.fresh import as_at_the_start
from course_utils.checks.report import Report, Verdict


class Draw:
    """Random probes of one property. Its seed is printed when the property fails.

    Attributes:
        salt: at grading one that students do not know: a table of right values for the probes
            of a notebook's checks is no answer.
    """

    salt: ClassVar[int] = 0

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._generator = torch.Generator().manual_seed(seed + 10_000 * self.salt)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standard normal numbers: no symmetry, no equal values, both signs."""
        return torch.randn(*shape, dtype=dtype, generator=self._generator)

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Numbers between 0 and 1."""
        return torch.rand(*shape, dtype=dtype, generator=self._generator)

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """``int64`` from ``low`` to ``high - 1``."""
        return torch.randint(low, high, shape, generator=self._generator)


@dataclass(frozen=True)
class Property:
    """One named thing that must hold. ``test`` raises ``Wrong`` where it does not."""

    name: str
    points: float
    test: Callable[[Answer, Draw], None]
    seed: int


@dataclass
class Check:
    """The properties of one exercise.

    Args:
        number: the exercise as the reader sees it, ``"2.5"``.
        name: the function that the student writes.
        points: of the whole exercise, visible and hidden properties together.
        hidden: how many hidden properties grading adds.
        bans: what would make the exercise trivial.
    """

    number: str
    name: str
    points: float
    hidden: int = 0
    bans: tuple[Ban, ...] = ()
    is_hidden: bool = False
    properties: list[Property] = field(default_factory=list)

    def property(self, name: str, points: float) -> Callable:
        """Register a function ``(answer, draw) -> None`` as a property."""

        def add(test: Callable[[Answer, Draw], None]) -> Callable[[Answer, Draw], None]:
            seed = zlib.crc32(f"{self.number} {name}".encode()) % 10_000
            self.properties.append(Property(name, points, test, seed))
            return test

        return add

    def hidden_part(self) -> Check:
        """An empty check of the same exercise, for the grader's own properties."""
        return Check(
            self.number, self.name, self.points, self.hidden, self.bans, is_hidden=True
        )

    def __call__(self, function: Callable) -> Report:
        """Try every property on ``function``.

        Raises:
            NotImplementedError: the exercise is not solved yet.
        """
        # The visible part has run before the hidden one: a stub would have been found.
        return self.report(Answer(function, self.bans, may_be_stub=not self.is_hidden))

    def report(self, answer: Answer) -> Report:
        """Try every property on ``answer``, whatever the notebook has set of torch."""
        verdicts = []
        with as_at_the_start():
            for prop in self.properties:
                try:
                    verdicts.append(self._try(prop, answer))
                except NotSolvedYet:
                    raise self._not_solved() from None
        return Report(
            number=self.number,
            name=self.name,
            max_points=self.points,
            verdicts=verdicts,
            hidden_left=0 if self.is_hidden else self.hidden,
        )

    def _not_solved(self) -> NotImplementedError:
        text = (
            f"Exercise {self.number} is not solved yet: "
            f"write {self.name} in the cell above, run it, then run this cell."
        )
        error = NotImplementedError(text)
        # IPython's hook: one line in the notebook, without the insides of this package.
        error.__dict__["_render_traceback_"] = lambda: [f"NotImplementedError: {text}"]
        return error

    def _try(self, prop: Property, answer: Answer) -> Verdict:
        """Run one property. Whatever an answer makes happen costs this property alone."""
        message = ""
        try:
            answer.start()
            prop.test(answer, Draw(prop.seed))
        except Wrong as wrong:
            message = f"{wrong} [seed {prop.seed}]"
        except NotSolvedYet:
            raise
        except Exception as error:  # a value that is so odd that comparing it fails
            message = f"the result cannot be compared: {type(error).__name__}: {error}"
        return Verdict(prop.name, prop.points, not message, message, self.is_hidden)
