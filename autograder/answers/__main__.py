"""What every right and wrong answer of a chapter gets, as a table.

    python -m autograder.answers resnet [--sandbox limits-only]

Each answer runs as a student's does, in a process of its own behind the boundary, against the
visible and the hidden checks. The command exits with 1 if one gets what it does not deserve.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.answers.bank import Answer
from autograder.boundary.channel import Channel
from autograder.boundary.remote import Link
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.kind import Kind
from autograder.sandbox.launch import Session, Zygote
from course_utils.checks import CHAPTERS, Report

SECONDS = 30  # for one cell or call


def imports(answer: Answer) -> str:
    """The imports of an answer's file, which it counts on as on those of a notebook."""
    tree = ast.parse(Path(inspect.getfile(inspect.unwrap(answer.function))).read_text())
    kept = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    lines = [ast.unparse(node) for node in kept]
    return "\n".join(line for line in lines if "autograder" not in line)


@contextmanager
def student(zygote: Zygote, cells: list[str]) -> Iterator[Link]:
    """A process in which these cells have run; a new one takes over where it dies."""
    sessions: list[Session] = []

    def connect() -> Channel:
        sessions.append(zygote.session(JailLimits()))
        fresh = Link(lambda: sessions[-1].channel)
        for cell in cells:
            fresh.value("cell", SECONDS, source=cell)
        return sessions[-1].channel

    try:
        yield Link(connect)
    finally:
        for session in sessions:
            session.end()


def graded(zygote: Zygote, chapter: str, answer: Answer) -> Report:
    """The whole report, as in the test cell."""
    check = getattr(importlib.import_module(f"course_utils.checks.{chapter}"), answer.exercise)
    hidden = getattr(importlib.import_module(f"autograder.hidden.{chapter}"), answer.exercise)
    with student(zygote, [imports(answer), answer.source]) as link:
        theirs = link.named(answer.exercise, SECONDS)
        return check(theirs) + hidden(theirs)


def row(answer: Answer, report: Report) -> str:
    """A line of the table: the property that the answer stands for, and its message."""
    failed = report.failures
    name = answer.fails if answer.fails in failed else next(iter(failed), "")
    said = failed.get(name, "").replace("\n", " ").replace("|", "\\|")
    points = f"{report.points:g} of {report.max_points:g}"
    return f"| {answer.exercise} | {answer.name} | {points} | {name} | {said} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("chapter", choices=CHAPTERS)
    kinds = [kind.value for kind in Kind]
    parser.add_argument("--sandbox", choices=kinds, default=Kind.BUBBLEWRAP.value)
    args = parser.parse_args()
    bank = importlib.import_module(f"autograder.answers.{args.chapter}").ANSWERS
    print("| exercise | answer | points | property | message |\n|---|---|---|---|---|")
    zygote, unfair = Zygote(Kind(args.sandbox)), []
    try:
        for answer in bank:
            report = graded(zygote, args.chapter, answer)
            print(row(answer, report), flush=True)
            if complaint := answer.complaint(report):
                unfair.append(f"{answer.exercise}, {answer.name}: {complaint}")
    finally:
        zygote.close()
    print(f"\n{len(bank)} answers, {len(unfair)} of them not graded as they deserve")
    print(*unfair, sep="\n")
    sys.exit(1 if unfair else 0)


if __name__ == "__main__":
    main()
