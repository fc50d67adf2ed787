"""The checks against the answer banks: every chapter, every exercise."""

from __future__ import annotations

import importlib
import multiprocessing

import pytest
import torch

from autograder.answers.bank import Answer
from course_utils import checks
from course_utils.checks.report import Verdict

CHAPTERS = checks.CHAPTERS
CASES = [
    pytest.param(chapter, answer, id=f"{answer.exercise}-{answer.name}")
    for chapter in CHAPTERS
    for answer in importlib.import_module(f"autograder.answers.{chapter}").ANSWERS
]


def grade(chapter: str, answer: Answer):
    """The full report, visible and hidden, as the test cell makes it."""
    visible = getattr(
        importlib.import_module(f"course_utils.checks.{chapter}"), answer.exercise
    )
    hidden = getattr(importlib.import_module(f"autograder.hidden.{chapter}"), answer.exercise)
    return visible(answer.function) + hidden(answer.function)


def _grade_all(pipe) -> None:
    torch.set_num_threads(1)  # probes are small: a second thread only waits for the first
    try:
        pipe.send([grade(*case.values).data() for case in CASES])
    except Exception as error:
        pipe.send(repr(error))


@pytest.fixture(scope="module")
def reports() -> dict:
    """All answers, graded in a fresh process: they may do what they like there."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit held locks
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_grade_all, args=(sender,))
    child.start()
    sender.close()  # so that a child that dies ends the wait
    assert receiver.poll(300), "the answers are still being graded after five minutes"
    results = receiver.recv()
    child.join()
    assert isinstance(results, list), results
    return {case.id: checks.Report.from_data(r) for case, r in zip(CASES, results, strict=True)}


@pytest.mark.parametrize(("chapter", "answer"), CASES)
def test_answer_gets_what_it_deserves(chapter, answer, reports):
    report = reports[f"{answer.exercise}-{answer.name}"]
    assert answer.complaint(report) == ""


def test_an_unfair_report_is_complained_about():
    def report(*passed):
        verdicts = [
            Verdict(name, 1, ok, "" if ok else "not flipped", hidden=False)
            for name, ok in zip(("shape", "values"), passed, strict=True)
        ]
        return checks.Report("2.3", "conv1d", 2, verdicts)

    right = Answer("conv1d", "loop", len)
    wrong = Answer("conv1d", "correlation", len, "flipped", fails="values")
    vague = Answer("conv1d", "correlation", len, "kernel", fails="values")
    assert right.complaint(report(True, True)) == wrong.complaint(report(True, False)) == ""
    assert "right, and yet" in right.complaint(report(True, False))
    assert "'values' holds" in wrong.complaint(report(True, True))
    assert "'values' holds" in wrong.complaint(report(False, True))
    assert "'kernel' not in 'not flipped'" in vague.complaint(report(True, False))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_enough_answers(chapter):
    bank = importlib.import_module(f"autograder.answers.{chapter}").ANSWERS
    for exercise in {a.exercise for a in bank}:
        mine = [a for a in bank if a.exercise == exercise]
        assert sum(a.right for a in mine) >= 2, exercise
        assert sum(not a.right for a in mine) >= 5, exercise
        assert len({a.name for a in mine}) == len(mine), exercise


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_points_and_hidden_counts_add_up(chapter):
    visible = importlib.import_module(f"course_utils.checks.{chapter}")
    hidden = importlib.import_module(f"autograder.hidden.{chapter}")
    exercises = {
        a.exercise for a in importlib.import_module(f"autograder.answers.{chapter}").ANSWERS
    }
    declared = {n for n, c in vars(visible).items() if isinstance(c, checks.Check)}
    assert declared == exercises
    for name in exercises:
        seen, unseen = getattr(visible, name), getattr(hidden, name)
        assert sum(p.points for p in seen.properties + unseen.properties) == seen.points, name
        assert len(unseen.properties) == seen.hidden, name


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_hidden_property_is_needed(chapter, reports):
    """Without it, some wrong answer would earn full marks."""
    hidden = importlib.import_module(f"autograder.hidden.{chapter}")
    bank = importlib.import_module(f"autograder.answers.{chapter}").ANSWERS
    for exercise in {a.exercise for a in bank}:
        only = [
            set(reports[f"{a.exercise}-{a.name}"].failures)
            for a in bank
            if a.exercise == exercise
        ]
        for prop in getattr(hidden, exercise).properties:
            assert {prop.name} in only, f"{exercise}: {prop.name}"
