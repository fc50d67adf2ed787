"""Right and wrong answers to an exercise: what its checks are tested with."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from course_utils.checks import Report


@dataclass(frozen=True)
class Answer:
    """What a student might write.

    Args:
        exercise: the function that is asked for; also the id of its solution cell.
        name: a short slug, unique within the exercise.
        function: the answer.
        misconception: for wrong answers, a part of the message that must name it.
        fails: for wrong answers, a property that must fail.
    """

    exercise: str
    name: str
    function: Callable
    misconception: str = ""
    fails: str = ""

    @property
    def right(self) -> bool:
        return not self.misconception

    def complaint(self, report: Report) -> str:
        """What is unfair about its report; "" where it gets what it deserves.

        That is full marks for a right answer, and for a wrong one a loss of points, with a
        message that names its mistake.
        """
        failed = report.failures
        if self.right:
            return f"right, and yet {failed}" if failed else ""
        if report.points >= report.max_points or self.fails not in failed:
            return f"{self.fails!r} holds; what fails: {failed}"
        said = failed[self.fails]
        return "" if self.misconception in said else f"{self.misconception!r} not in {said!r}"

    @property
    def source(self) -> str:
        """The ``def`` as a student would type it, decorators but the bank's included."""
        source = textwrap.dedent(inspect.getsource(self.function))
        function = ast.parse(source).body[0]
        assert isinstance(function, ast.FunctionDef)
        theirs = [node.lineno for node in function.decorator_list[1:]]  # the first is ours
        return "\n".join(source.splitlines()[min([*theirs, function.lineno]) - 1 :])


class Bank:
    """Collects the answers of a chapter with two decorators."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def right(self, name: str) -> Callable[[Callable], Callable]:
        """A right answer: full marks, written in its own way."""
        return lambda function: self._add(Answer(function.__name__, name, function))

    def wrong(self, name: str, fails: str, says: str) -> Callable[[Callable], Callable]:
        """A wrong answer: property ``fails`` fails with a message that holds ``says``."""
        return lambda function: self._add(
            Answer(function.__name__, name, function, says, fails)
        )

    def _add(self, answer: Answer) -> Callable:
        self.answers.append(answer)
        return answer.function


def collected(package: str, folder: Iterable[str]) -> list[Answer]:
    """The answers of every file of a chapter's folder; each has its own ``bank``."""
    names = sorted(module.name for module in pkgutil.iter_modules(list(folder)))
    files = [importlib.import_module(f"{package}.{name}") for name in names]
    return [answer for file in files for answer in file.bank.answers]
