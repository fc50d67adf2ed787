"""integrity.html: the findings for the instructor, in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.integrity import similarity, work
from autograder.integrity.findings import Kind
from autograder.integrity.outcome import Report
from autograder.integrity.similarity import Match
from autograder.integrity.visible import visible

FOLDER = Path(__file__).parent
MAX_COMPARISONS = 300  # side by side on the page; the table holds all pairs


class Part(NamedTuple):
    """A piece of source; ``matches``: it stands in the other answer too."""

    text: str
    matches: bool


class Side(NamedTuple):
    """One answer of a comparison; ``before``, ``after``: lines of it that are not shown."""

    student: str
    score: float
    before: int
    parts: list[Part]
    after: int


def page(report: Report) -> str:
    script = (FOLDER / "page.js").read_text("utf-8")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            report=report,
            kinds=list(Kind),
            counts=Counter(f.kind for f in report.findings),
            pairs=_pairs(report),
            places=list(_places(report)),
            limits=similarity,
            max_answer=work.MAX_ANSWER,
            max_comparisons=MAX_COMPARISONS,
            css=Markup((FOLDER / "page.css").read_text("utf-8")),
            script=Markup(script),
            script_hash=Markup(_sha256(script)),
        )
    )


def _environment() -> Environment:
    """Escapes every value, after what is invisible in it was made visible."""

    def finalize(value: Any) -> Any:
        return value if isinstance(value, Markup) else visible(str(value))

    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )


def _sha256(script: str) -> str:
    """For the page's Content-Security-Policy: no other script may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _pairs(report: Report) -> list[tuple[tuple[str, str], list[Match]]]:
    """Each pair of students with all their matches; who share most exercises come first."""
    pairs: dict[tuple[str, str], list[Match]] = {}
    for groups in report.groups.values():
        for group in groups:
            for match in group.matches:
                pairs.setdefault(match.students, []).append(match)
    return sorted(pairs.items(), key=lambda p: (-len(p[1]), -max(m.score for m in p[1]), p[0]))


def _places(report: Report) -> Iterator[tuple[str, str, list]]:
    """Assignment, exercise, and its groups with those comparisons that are shown."""
    left = MAX_COMPARISONS
    for (assignment, exercise), groups in report.groups.items():
        shown = []
        for group in groups:
            shown.append((group, [_sides(match) for match in group.tree[:left]]))
            left -= len(shown[-1][1])
        yield assignment, exercise, shown


def _sides(match: Match) -> list[Side]:
    return [_side(match, 0), _side(match, 1)]


def _side(match: Match, which: int) -> Side:
    """One answer from the line where its own part begins to the line where it ends."""
    done = match.works[which]
    source, (start, end) = done.source, match.shown[which]
    start = source.rfind("\n", 0, start) + 1
    end = len(source) if (newline := source.find("\n", end)) < 0 else newline
    parts, here = [], start
    for left, right in match.spans[which]:
        left, right = max(left, here), min(right, end)
        if left >= right:
            continue
        parts += [Part(source[here:left], False), Part(source[left:right], True)]
        here = right
    parts.append(Part(source[here:end], False))
    before, after = source.count("\n", 0, start), source.count("\n", end)
    return Side(done.student, match.scores[which], before, [p for p in parts if p.text], after)
