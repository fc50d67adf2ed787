"""How often does the integrity report miss a copy, and how often does it accuse in error?

    python -m benchmarks.integrity

Honest pairs are all pairs of right answers to one exercise in ``autograder/answers``, each
written in its own way. Copies are the same answers, disguised (``benchmarks/disguises.py``).
All stand in the cells of the released notebook and are compared as the report does. Beside
it: copydetect with its own tokens, at the run length that suits it best (12 of 12, 16, 20 and
its default 25 characters) and the report's threshold. Writes ``results/integrity.json``.
"""

from __future__ import annotations

import io
import itertools
import random
import time

import nbformat
from copydetect import CodeFingerprint, compare_files

from autograder.answers.convolution import ANSWERS
from autograder.integrity.fingerprints import Fingerprint, ignore
from autograder.integrity.given import Given, handed_out
from autograder.integrity.similarity import MIN_TOKENS, THRESHOLD, compare
from autograder.integrity.work import Work
from autograder.sample import CHAPTER, put
from benchmarks import record
from benchmarks.disguises import DISGUISES
from course_utils.course import Course
from course_utils.publish.release import released_text

SEED, REPEATS = 0, 5
RUN_OF_CHARACTERS = 12  # for copydetect's own tokens
COURSE = Course(record.ROOT)

Pair = tuple[Work, Work]


def stubs() -> dict[str, str]:
    """The released solution cells, by exercise."""
    nb = nbformat.reads(released_text(COURSE.source(CHAPTER)), as_version=4)
    solutions = [c for c in nb.cells if c.metadata.get("nbgrader", {}).get("solution")]
    return {c.metadata.nbgrader.grade_id: c.source for c in solutions}


def pairs() -> dict[str, list[Pair]]:
    """Honest pairs, and copies by disguise."""
    draw, stub = random.Random(SEED), stubs()
    answers = [(a.exercise, a.source) for a in ANSWERS if a.right]

    def pair(exercise: str, *functions: str) -> Pair:
        one, other = (
            Work(student, CHAPTER, exercise, put(stub[exercise], exercise, function))
            for student, function in zip("ab", functions, strict=True)
        )
        return one, other

    honest = [
        pair(e1, one, other)
        for (e1, one), (e2, other) in itertools.combinations(answers, 2)
        if e1 == e2
    ]
    copies = {
        name: [pair(e, a, disguise(a, draw)) for e, a in answers for _ in range(REPEATS)]
        for name, disguise in DISGUISES.items()
    }
    return {"honest: right answers, each its own way": honest, **copies}


def long_enough(work: Work, given: Given) -> bool:
    """Whether an answer has as many tokens of its own as the report asks for."""
    print_ = Fingerprint(work.source)
    print_.ignore(given.hashes)
    return print_.own >= MIN_TOKENS


def characters(source: str) -> CodeFingerprint:
    """copydetect as it comes, without winnowing."""
    return CodeFingerprint("answer.py", RUN_OF_CHARACTERS, 1, fp=io.StringIO(source))


def as_it_comes(pair: Pair, ignored: set[int]) -> bool:
    """Whether copydetect's own tokens reach the report's threshold."""
    prints = [characters(work.source) for work in pair]
    for print_ in prints:
        ignore(print_, ignored)
    return bool(max(compare_files(*prints)[1]) >= THRESHOLD)


def row(name: str, tried: list[Pair], given: Given, ignored: set[int]) -> dict:
    """How many of the pairs the report shows."""
    compared = [p for p in tried if all(long_enough(work, given) for work in p)]
    hits = sum(bool(compare(list(p), given.hashes).matches) for p in compared)
    others = sum(as_it_comes(p, ignored) for p in compared)
    return {
        "pairs": name,
        "tried": len(tried),
        "too short to compare": len(tried) - len(compared),
        "reported": f"{hits} of {len(compared)} ({100 * hits / len(compared):.0f} %)",
        "with copydetect's own tokens": f"{others} ({100 * others / len(compared):.0f} %)",
    }


def main() -> None:
    start = time.perf_counter()
    given = Given.of(COURSE, CHAPTER)
    code, _ = handed_out(COURSE, CHAPTER)
    ignored = set().union(*(characters(source).hashes for source in code))
    rows = [row(name, tried, given, ignored) for name, tried in pairs().items()]
    caption = (
        f"Near-identical answers to chapter 2: pairs that the integrity report shows, at a "
        f"threshold of {THRESHOLD:g} and {MIN_TOKENS} tokens or more; each right answer was "
        f"disguised {REPEATS} times in each way"
    )
    seconds = time.perf_counter() - start
    print(record.write("integrity", rows, caption=caption, seed=SEED, seconds=seconds))
    for line in rows:
        print(line)


if __name__ == "__main__":
    main()
