"""What a grading run did, for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.gradebook.records import Grade, Result
from autograder.gradebook.status import Status
from autograder.integrity import PAGE
from course_utils.tables import counted

SHOWN = 8  # names in a line


@dataclass(frozen=True)
class Chapter:
    """One assignment of the class.

    Attributes:
        mean: of those who handed in something and count; with penalties.
        unread: by question, who waits for a person.
        missing: who handed in nothing.
        late: ``student (minutes)``, or with the penalty.
        undated: who handed in at a time that is not known, though there is a due date.
    """

    name: str
    students: int
    submissions: Counter[str]
    exercises: Counter[str]
    mean: float
    max_points: float
    unread: dict[str, list[str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    undated: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.name}: {counted(self.students, 'student')}, "
            f"mean {self.mean:.1f} of {self.max_points:g} points",
            f"  submissions  {_list(self.submissions)}",
            f"  exercises    {_list(self.exercises)}",
            *(f"  unread       {q}: {_names(who)}" for q, who in self.unread.items()),
        ]
        if self.missing:
            lines.append(f"  missing      {_names(self.missing)}")
        if self.late:
            lines.append(f"  late         {_names(self.late)}")
        if self.undated:
            lines.append(
                f"  no time      {_names(self.undated)}: no timestamp.txt that can be read"
            )
        return "\n".join(lines)


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
        lines = [str(chapter) for chapter in self.chapters]
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
    count = {s: r for s, r in results.items() if r.standing.counts}
    handed_in = {s: r for s, r in count.items() if r.status is not Status.MISSING}
    points = dict.fromkeys(handed_in, 0.0)
    unread: dict[str, list[str]] = {}
    for result, grade in rows:
        if result.student in handed_in:
            points[result.student] += grade.points or 0
            if grade.is_unread:
                unread.setdefault(grade.title, []).append(result.student)
    total = sum(max(0, points[s] - r.standing.penalty) for s, r in handed_in.items())
    return Chapter(
        name=rows[0][0].assignment,
        students=len(count),
        submissions=Counter(r.standing.word or str(r.status) for r in results.values()),
        exercises=Counter(
            str(grade.status) for result, grade in rows if result.student in count
        ),
        mean=total / len(handed_in) if handed_in else 0.0,
        max_points=sum(grade.max_points for _, grade in rows) / len(results),
        unread=unread,
        missing=[s for s in count if s not in handed_in],
        late=[_late(r) for r in handed_in.values() if r.standing.late_minutes],
        undated=[
            s
            for s, r in handed_in.items()
            if r.standing.due and r.standing.late_minutes is None
        ],
    )


def _late(result: Result) -> str:
    standing = result.standing
    penalty = f", −{standing.penalty:g}" if standing.penalty else ""
    return f"{result.student} ({standing.late_minutes} min{penalty})"


def _names(names: Sequence[str]) -> str:
    """The first few."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.most_common())
