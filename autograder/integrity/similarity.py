"""Answers to one exercise that are nearly the same."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from copydetect import compare_files

from autograder.integrity.fingerprints import RUN, Fingerprint
from autograder.integrity.work import Work

# Both from benchmarks/integrity.py: right answers that were written apart match to 0.58 at
# most, disguised copies mostly to more than the threshold.
THRESHOLD = 0.8  # share of one answer's own tokens that the other holds too
MIN_TOKENS = 40  # matching; below that there are few ways to write an answer
COMMON = 10  # students who may share a passage; MOSS's default of its option -m

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Match:
    """Two answers that are nearly the same.

    Attributes:
        works: both, by student.
        scores: for each the share of its own tokens that match.
        tokens: how many match, in the answer where fewer do.
        spans: for each where in its source the matching parts begin and end.
        shown: for each where its own part begins and ends: the rest was handed out.
    """

    works: tuple[Work, Work]
    scores: tuple[float, float]
    tokens: int
    spans: tuple[Spans, Spans]
    shown: tuple[tuple[int, int], tuple[int, int]]

    @property
    def students(self) -> tuple[str, str]:
        return self.works[0].student, self.works[1].student

    @property
    def place(self) -> tuple[str, str]:
        return self.works[0].assignment, self.works[0].exercise

    @property
    def score(self) -> float:
        return max(self.scores)


@dataclass(frozen=True)
class Group:
    """Students whose answers hang together: each is near-identical to another of them.

    Attributes:
        matches: all pairs.
        tree: the strongest pairs that connect everybody, one fewer than students.
    """

    students: tuple[str, ...]
    matches: tuple[Match, ...]
    tree: tuple[Match, ...]


@dataclass(frozen=True)
class Compared:
    """``common``: students all of whose answer was ignored because many share it."""

    matches: tuple[Match, ...]
    common: tuple[str, ...]
    complete: bool


def compare(works: list[Work], ignored: set[int], deadline: float = float("inf")) -> Compared:
    """Every pair of answers to one exercise.

    Args:
        ignored: hashes of what was handed out, see ``fingerprints.boilerplate``.
        deadline: of ``time.monotonic``; pairs after it are not tried.
    """
    prints = [Fingerprint(work.source, work.prose) for work in works]
    for print_ in prints:
        print_.ignore(ignored)
    before = [print_.own for print_ in prints]
    common = _common(prints)
    for print_ in prints:
        print_.ignore(common)
    hidden = [
        work.student
        for work, print_, own in zip(works, prints, before, strict=True)
        if own >= MIN_TOKENS > print_.own
    ]
    entries = [e for e in zip(works, prints, strict=True) if e[1].own >= MIN_TOKENS]
    found: list[Match] = []
    for one, other in itertools.combinations(entries, 2):
        if time.monotonic() > deadline:
            return Compared(tuple(found), tuple(hidden), complete=False)
        if match := _match(one, other):
            found.append(match)
    return Compared(tuple(found), tuple(hidden), complete=True)


def _common(prints: list[Fingerprint]) -> set[int]:
    """Hashes that more than ``COMMON`` answers hold."""
    holders = Counter(known for print_ in prints for known in print_.hashes)
    return {known for known, count in holders.items() if count > COMMON}


def _match(one: tuple[Work, Fingerprint], other: tuple[Work, Fingerprint]) -> Match | None:
    (work_1, print_1), (work_2, print_2) = one, other
    shared = len(print_1.hashes & print_2.hashes)
    if not shared or shared * RUN < MIN_TOKENS:  # most pairs end here
        return None
    _, scores, slices = compare_files(print_1.copydetect, print_2.copydetect)
    spans = _spans(print_1, slices[0]), _spans(print_2, slices[1])
    tokens = min(int((part[1] - part[0]).sum()) for part in slices)
    if tokens < MIN_TOKENS or max(scores) < THRESHOLD:
        return None
    shown = print_1.own_span(), print_2.own_span()
    pair = sorted(
        zip((work_1, work_2), map(float, scores), spans, shown, strict=True),
        key=lambda side: side[0].student,
    )
    works, ordered, parts, own = zip(*pair, strict=True)
    return Match(works, ordered, tokens, parts, own)


def _spans(print_: Fingerprint, slices: Any) -> Spans:
    """From runs of tokens to characters of the source."""
    found = print_.tokens
    return tuple(
        (found[int(start)].start, found[int(end) - 1].end)
        for start, end in zip(*slices, strict=True)
    )


def groups(matches: tuple[Match, ...]) -> list[Group]:
    """Matches of one exercise as groups of students, the strongest first (Kruskal)."""
    group_of: dict[str, set[str]] = {}
    tree: list[Match] = []
    ranked = sorted(matches, key=lambda m: (-m.score, -m.tokens))
    for match in ranked:
        one, other = (group_of.setdefault(w.student, {w.student}) for w in match.works)
        if one is not other:
            tree.append(match)
            one |= other
            group_of.update(dict.fromkeys(other, one))
    members = {id(group): group for group in group_of.values()}.values()
    found = [
        Group(
            tuple(sorted(group)),
            tuple(m for m in ranked if m.works[0].student in group),
            tuple(m for m in tree if m.works[0].student in group),
        )
        for group in members
    ]
    return sorted(found, key=lambda g: (-g.matches[0].score, -len(g.students), g.students))
