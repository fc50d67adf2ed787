"""What was found in a class, before anybody writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.integrity.findings import Finding, Kind
from autograder.integrity.similarity import Group
from autograder.integrity.work import LeftOut


@dataclass
class Report:
    """What was found.

    Attributes:
        groups: near-identical answers, by assignment and exercise.
        findings: the rows of the table, of all kinds.
        left_out: what was not looked at.
    """

    groups: dict[tuple[str, str], list[Group]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    students: int = 0

    def of(self, kind: Kind) -> list[Finding]:
        return [f for f in self.findings if f.kind is kind]
