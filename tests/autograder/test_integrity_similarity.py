"""Copies are found however they are disguised, and right answers of their own are not."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time

import pytest

from autograder.answers.convolution import ANSWERS
from autograder.integrity import similarity, tokens
from autograder.integrity.given import Given
from autograder.integrity.similarity import COMMON, MIN_TOKENS, compare, groups
from autograder.integrity.work import Work
from autograder.sample import CHAPTER, put
from benchmarks.disguises import DISGUISES, Disguise
from tests.autograder.graded_folder import COURSE, cell, release, source

LONG = ("conv2d", "windows-einsum")


@pytest.fixture(scope="module")
def given() -> Given:
    return Given.of(COURSE, CHAPTER)


def work(student: str, exercise: str, function: str) -> Work:
    stub = cell(release(), exercise).source
    return Work(student, CHAPTER, exercise, put(stub, exercise, function))


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
@pytest.mark.parametrize(
    ("exercise", "name"), [LONG, ("conv1d", "toeplitz"), ("edge_strength", "slices")]
)
def test_a_disguised_copy_is_found(
    given: Given, exercise: str, name: str, disguise: Disguise
) -> None:
    original = source(exercise, name)
    copy = disguise(original, random.Random(1))
    assert copy != original
    works = [work("ben", exercise, copy), work("ada", exercise, original)]
    (match,) = compare(works, given.hashes).matches
    assert match.students == ("ada", "ben")
    assert match.scores[0] >= similarity.THRESHOLD


def test_right_answers_of_ones_own_are_never_reported(given: Given) -> None:
    pairs = 0
    for one, other in itertools.combinations([a for a in ANSWERS if a.right], 2):
        if one.exercise == other.exercise:
            pairs += 1
            works = [
                work("ada", one.exercise, one.source),
                work("ben", one.exercise, other.source),
            ]
            assert not compare(works, given.hashes).matches, (
                one.exercise,
                one.name,
                other.name,
            )
    assert pairs >= 28


def test_what_was_handed_out_is_no_match(given: Given) -> None:
    """Stub, demo and reference are the same in all notebooks."""
    stub = cell(release(), "conv2d").source
    same = [Work(s, CHAPTER, "conv2d", stub) for s in "ab"]
    assert not compare(same, given.hashes).matches
    assert compare(same, set()).matches, "the stub alone would match"


def test_the_answer_of_the_reference_is_no_match(given: Given) -> None:
    text = (COURSE.root / "src/course_utils/reference/convolution.py").read_text()
    same = [Work(s, CHAPTER, "conv2d", text) for s in "ab"]
    assert not compare(same, given.hashes).matches


def test_short_answers_are_never_reported(given: Given) -> None:
    short = source("moving_average", "unfold")
    works = [work(s, "moving_average", short) for s in "ab"]
    assert not compare(works, given.hashes).matches


def test_a_short_answer_inside_a_long_one_needs_the_minimum() -> None:
    line = "y = (a.foo + b.bar) * c.baz\n"
    other = "for i in range(9): print(i.spam, [k.ham for k in i.eggs if k])\n" * 6
    for times in range(1, 9):
        works = [Work("a", "c", "e", line * times), Work("b", "c", "e", line * times + other)]
        found = compare(works, set()).matches
        count = len(tokens.of_code(line)) * times
        assert bool(found) == (count >= MIN_TOKENS), times


def test_scores_tell_who_holds_more() -> None:
    text = source(*LONG)
    more = text + "\n\n" + source("conv1d", "toeplitz")
    (match,) = compare([Work("a", "c", "e", text), Work("b", "c", "e", more)], set()).matches
    assert match.scores[0] == 1
    assert match.scores[1] < 0.8


def test_marks_stand_on_what_matches() -> None:
    text = source(*LONG)
    copy = DISGUISES["variables renamed"](text, random.Random(2))
    copy = f"class Ünïcode:\n    pass  # {'é' * 9}\n\n" + copy
    (match,) = compare([Work("a", "c", "e", text), Work("b", "c", "e", copy)], set()).matches
    ((start, end),) = match.spans[1]
    assert copy[start:end] == copy[copy.index("def conv2d") :].rstrip()


def test_more_than_two_are_one_group(given: Given) -> None:
    mine = source(*LONG)
    works = [work(s, "conv2d", mine) for s in ("ada", "ben", "cem", "dan")]
    works += [work(s, "conv2d", source("conv2d", "kernel-positions")) for s in ("eva", "fay")]
    first, second = groups(compare(works, given.hashes).matches)
    assert (first.students, second.students) == (("ada", "ben", "cem", "dan"), ("eva", "fay"))
    assert (len(first.matches), len(first.tree)) == (6, 3)
    assert {s for m in first.tree for s in m.students} == set(first.students)


def test_what_many_share_is_common_ground() -> None:
    text = source(*LONG)
    few = [Work(f"{i:02}", "c", "e", text) for i in range(COMMON)]
    assert len(compare(few, set()).matches) == COMMON * (COMMON - 1) // 2
    found = compare([*few, Work("99", "c", "e", text)], set())
    assert found.matches == ()
    assert len(found.common) == COMMON + 1, "they are named"


def test_prose_is_compared_too(given: Given) -> None:
    words = [f"word{i}" for i in range(60)]
    text = " ".join(words)
    other = " ".join(reversed(words))
    same = [Work("a", "c", "e", text, True), Work("b", "c", "e", text.upper() + "!", True)]
    assert compare(same, given.hashes).matches
    assert not compare([same[0], Work("c", "c", "e", other, True)], given.hashes).matches


def test_time_is_bounded() -> None:
    works = [Work(s, "c", "e", source(*LONG)) for s in "ab"]
    late = compare(works, set(), deadline=time.monotonic() - 1)
    assert (late.matches, late.complete) == ((), False)


ABSURD = {
    "open brackets": "(" * 20_000,
    "open strings": "'\"" * 10_000,
    "f-strings": "f'{" * 6_000,
    "backslashes": "\\" * 20_000,
    "minus": "-" * 20_000 + "1",
    "one name": "x" * 20_000,
    "dots": "a." * 10_000,
    "spaces": " " * 20_000,
    "digits": "9" * 20_000,
    "nul and odd": "\0\ud800\u202eé" * 5_000,
    "decorators": "@" * 20_000,
    "numbers": "1_" * 10_000,
    "empty": "",
}


@pytest.mark.parametrize("text", ABSURD.values(), ids=ABSURD)
def test_absurd_answers_are_compared(text: str) -> None:
    """And it ends: what grows with the square of the text would not."""
    assert compare([Work(s, "c", "e", text) for s in "ab"], set()).complete


SEEDED = """
import sys
from autograder.integrity.similarity import compare
from autograder.integrity.work import Work

works = [Work(student, "c", "e", text) for student, text in zip("ab", sys.argv[1:])]
(match,) = compare(works, set()).matches
print(match.scores, match.tokens, match.spans)
"""


def test_scores_do_not_depend_on_the_hash_seed() -> None:
    text = source(*LONG)
    command = [
        sys.executable,
        "-c",
        SEEDED,
        text,
        DISGUISES["all of these"](text, random.Random(3)),
    ]
    said = {
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=COURSE.root,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in "12"
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x.unfold(0, 2)", "x.unfold(0, 2.)"),
        ("f(a,\n  b,\n)", "f(q, r)  # remark"),
        ("s = 'a' 'b'", 's = """c"""'),
        ("def f(a):\n    '''one'''\n    return a", "def g(b):\n    return b"),
    ],
)
def test_tokens_forget_what_a_copier_changes(one: str, other: str) -> None:
    first, second = ([t.text for t in tokens.of_code(text)] for text in (one, other))
    assert first == second


def test_tokens_keep_what_differs() -> None:
    assert tokens.of_code("x.unfold(2)")[2].text != tokens.of_code("x.cumsum(2)")[2].text
