"""The checks against the answer banks: every chapter, every exercise."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from autograder.answers.bank import Answer
from course_utils import checks
from course_utils.checks import answer as module
from course_utils.checks import watch
from course_utils.checks.core import Check, Draw
from course_utils.checks.report import Report, Verdict
from tests import imports
from tests.checks.mutants import graded, parts, slipped
from tests.kept import kept

LINE, OPERATOR = 1e-6, 20e-6  # seconds of each on a slow machine, roughly
SMALL = 0.1  # of the time of a call: what a right answer may take

every_chapter = pytest.mark.parametrize("chapter", checks.CHAPTERS)


def bank(chapter: str) -> list[Answer]:
    return importlib.import_module(f"autograder.answers.{chapter}").ANSWERS


def grade(chapter: str, answer: Answer) -> Report:
    """The full report, visible and hidden, as the test cell makes it."""
    visible, hidden = parts(chapter, answer.exercise)
    return visible(answer.function) + hidden(answer.function)


@contextmanager
def counted() -> Iterator[list[float]]:
    """What each call of an answer takes, in seconds that no other work prolongs."""
    took: list[float] = []

    def watched(function, args, kwargs, limits):
        outcome = watch.watched(function, args, kwargs, replace(limits, count_lines=True))
        trace = outcome.trace
        took.append(LINE * trace.lines + OPERATOR * trace.operators.total())
        return outcome

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "watched", watched)
        yield took


def _again(chapter: str, answer: Answer) -> tuple[dict, float]:
    """The report of a right answer, and its dearest call."""
    with counted() as took:
        return grade(chapter, answer).data(), max(took)


def _grade_all(chapter: str, pipe) -> None:
    torch.set_num_threads(1)  # probes are small: a second thread only waits for the first
    try:
        first = [grade(chapter, answer).data() for answer in bank(chapter)]
        Draw.salt = 1  # as at grading, where probes are drawn anew
        again = [_again(chapter, answer) for answer in bank(chapter) if answer.right]
        pipe.send([first, *map(list, zip(*again, strict=True))])
    except Exception as error:
        pipe.send(repr(error))


def _graded(chapter: str) -> list[list]:
    """A chapter's answers, graded in a fresh process: they may do what they like there."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit held locks
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_grade_all, args=(chapter, sender))
    child.start()
    sender.close()  # so that a child that dies ends the wait
    results = receiver.recv()
    child.join()
    assert isinstance(results, list), results
    return results


@cache
def results(chapter: str) -> list[list]:
    """Reports of all answers, of the right ones once more, and the dearest call of each.

    They are graded again when what they depend on has changed.
    """
    rooms = ("autograder.answers", "autograder.hidden", "course_utils.checks")
    modules = [f"{room}.{chapter}" for room in rooms]
    folders = tuple(f"{module}." for module in modules)
    modules += [module for module in imports.modules() if module.startswith(folders)]
    reads = [*imports.sources(*modules), Path(__file__)]
    return kept(f"bank-{chapter}", lambda: _graded(chapter), reads, torch.__version__)


def reports(chapter: str) -> dict[tuple[str, str], Report]:
    """What each answer of a chapter gets."""
    return {
        (answer.exercise, answer.name): Report.from_data(result)
        for answer, result in zip(bank(chapter), results(chapter)[0], strict=True)
    }


@pytest.mark.parametrize(
    ("chapter", "answer"),
    [
        pytest.param(chapter, answer, id=f"{chapter}-{answer.exercise}-{answer.name}")
        for chapter in checks.CHAPTERS
        for answer in bank(chapter)
    ],
)
def test_answer_gets_what_it_deserves(chapter, answer):
    report = reports(chapter)[answer.exercise, answer.name]
    assert answer.complaint(report) == ""


@every_chapter
def test_right_answers_are_right_for_other_draws_too(chapter):
    """At grading the probes are others than in the notebook."""
    again = [Report.from_data(result) for result in results(chapter)[1]]
    assert len(again) == sum(answer.right for answer in bank(chapter))
    assert {report.name: report.failures for report in again if report.failures} == {}


@every_chapter
def test_right_answers_take_a_small_part_of_their_time(chapter):
    """However they are written; else a slower machine or a slower style would cost points."""
    rights = [f"{answer.exercise}, {answer.name}" for answer in bank(chapter) if answer.right]
    took = dict(zip(rights, results(chapter)[2], strict=True))
    assert {name: s for name, s in took.items() if s > SMALL * module.SECONDS} == {}


def test_an_unfair_report_is_complained_about():
    def report(*passed):
        verdicts = [
            Verdict(name, 1, ok, "" if ok else "not flipped", hidden=False)
            for name, ok in zip(("shape", "values"), passed, strict=True)
        ]
        return Report("2.3", "conv1d", 2, verdicts)

    right = Answer("conv1d", "loop", len)
    wrong = Answer("conv1d", "correlation", len, "flipped", fails="values")
    vague = Answer("conv1d", "correlation", len, "kernel", fails="values")
    assert right.complaint(report(True, True)) == wrong.complaint(report(True, False)) == ""
    assert "right, and yet" in right.complaint(report(True, False))
    assert "'values' holds" in wrong.complaint(report(True, True))
    assert "'values' holds" in wrong.complaint(report(False, True))
    assert "'kernel' not in 'not flipped'" in vague.complaint(report(True, False))


@every_chapter
def test_every_exercise_has_answers(chapter):
    visible = importlib.import_module(f"course_utils.checks.{chapter}")
    declared = {n for n, c in vars(visible).items() if isinstance(c, Check)}
    assert declared == {answer.exercise for answer in bank(chapter)}
    for exercise in declared:
        mine = [a for a in bank(chapter) if a.exercise == exercise]
        assert sum(a.right for a in mine) >= 3, exercise
        assert len({a.name for a in mine}) == len(mine), exercise


@every_chapter
def test_each_hidden_property_is_needed(chapter):
    """Without it, some wrong answer or slip would earn full marks."""
    for exercise in {a.exercise for a in bank(chapter)}:
        visible, hidden = parts(chapter, exercise)
        wrong = [r for (name, _), r in reports(chapter).items() if name == exercise]
        wrong += [graded(chapter, exercise, slipped(visible, slip)) for slip in hidden.slips]
        alone = [set(report.failures) for report in wrong]
        for prop in hidden.properties:
            assert {prop.name} in alone, f"{exercise}: {prop.name}"


def _writes_into_its_input(function, written):
    """The same answer, which then adds 1 to its first argument that holds floats, if any."""

    def answer(*args, **kwargs):
        copies = tree_map(lambda x: x.clone() if isinstance(x, Tensor) else x, (args, kwargs))
        value = function(*copies[0], **copies[1])
        with torch.no_grad():
            for x in tree_leaves((args, kwargs)):
                if isinstance(x, Tensor) and x.is_floating_point() and x.numel():
                    written.append(x.add_(1))
                    break
        return value

    return answer


@every_chapter
def test_an_input_that_is_changed_costs_one_property(chapter):
    """Not those of the gradient or of refusals, too: one mistake, one price."""
    firsts = {a.exercise: a for a in reversed(bank(chapter)) if a.right}
    for exercise, answer in firsts.items():
        written = []
        changing = _writes_into_its_input(answer.function, written)
        failures = grade(chapter, replace(answer, function=changing)).failures
        assert len(failures) == bool(written), f"{exercise}: {failures}"
        assert all("changed in place" in said for said in failures.values())
