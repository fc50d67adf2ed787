"""What the gradebook says about one submission, for its pages."""

from __future__ import annotations

from dataclasses import dataclass

from nbgrader.api import SubmittedNotebook


@dataclass(frozen=True)
class Mark:
    """Points of one exercise; ``unread``: a person has still to give them."""

    points: float
    max_points: float
    unread: bool


@dataclass(frozen=True)
class Marks:
    """Points and comments of a submission, by nbgrader's names of cells."""

    by_name: dict[str, Mark]
    comments: dict[str, str]
    late_seconds: float
    penalty: float

    @property
    def points(self) -> float:
        return max(0.0, sum(m.points for m in self.by_name.values()) - self.penalty)

    @property
    def max_points(self) -> float:
        return sum(m.max_points for m in self.by_name.values())

    @property
    def unread(self) -> list[str]:
        return [name for name, mark in self.by_name.items() if mark.unread]


def marks(notebook: SubmittedNotebook) -> Marks:
    return Marks(
        {
            g.name: Mark(g.score, g.max_score, bool(g.needs_manual_grade))
            for g in notebook.grades
        },
        {c.name: c.comment for c in notebook.comments if c.comment},
        notebook.assignment.total_seconds_late or 0.0,
        notebook.late_submission_penalty or 0.0,
    )
