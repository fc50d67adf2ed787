"""What a grading run did, for the terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status
from autograder.integrity import PAGE


@dataclass(frozen=True)
class Chapter:
    """One assignment of the class."""

    name: str
    students: int
    submissions: Counter[str]
    exercises: Counter[str]
    mean: float
    max_points: float


@dataclass(frozen=True)
class Summary:
    """The outcome of ``grade_class``.

    Attributes:
        gradebook: where it is, without a password.
        problems: what could not be graded for reasons that are not in ``grades.csv``.
        graded: files graded by this call; ``reused`` were graded before.
    """

    out: Path
    gradebook: str
    chapters: tuple[Chapter, ...]
    problems: tuple[str, ...]
    graded: int
    reused: int

    @property
    def exit_code(self) -> int:
        return 1 if self.problems else 0

    def __str__(self) -> str:
        lines = []
        for c in self.chapters:
            lines.append(f"{c.name}: {_count(c.students, 'student')}, ")
            lines[-1] += f"mean {c.mean:.1f} of {c.max_points:g} points"
            lines.append(f"  submissions  {_list(c.submissions)}")
            lines.append(f"  exercises    {_list(c.exercises)}")
        lines += [
            f"{self.graded} graded now, {self.reused} unchanged since an earlier run",
            f"grades    {self.out / 'grades.csv'}",
            f"feedback  {self.out / 'feedback'}",
            *([f"integrity {report}"] if (report := self.out / PAGE).exists() else []),
            f"gradebook {self.gradebook}  "
            f"(cd {self.out} && jupyter lab, then Nbgrader → Formgrader)",
        ]
        return "\n".join([*lines, *(f"problem: {p}" for p in self.problems)])


def summarise(
    rows: list[tuple[Result, Grade]],
    out: Path,
    gradebook: str,
    problems: list[str],
    graded: int,
    reused: int,
) -> Summary:
    names = dict.fromkeys(result.assignment for result, _ in rows)
    chapters = (_chapter([r for r in rows if r[0].assignment == n]) for n in names)
    return Summary(out, gradebook, tuple(chapters), tuple(problems), graded, reused)


def _chapter(rows: list[tuple[Result, Grade]]) -> Chapter:
    results = {result.student: result for result, _ in rows}
    handed_in = sum(r.status is not Status.MISSING for r in results.values())
    points = sum(grade.points or 0 for _, grade in rows)
    return Chapter(
        name=rows[0][0].assignment,
        students=len(results),
        submissions=Counter(str(r.status) for r in results.values()),
        exercises=Counter(str(grade.status) for _, grade in rows),
        mean=points / handed_in if handed_in else 0.0,
        max_points=sum(grade.max_points for _, grade in rows) / len(results),
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.most_common())
