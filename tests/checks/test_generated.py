"""Every exercise against answers that are generated from its own definition and slips."""

from __future__ import annotations

import itertools
import random

import pytest
import torch

from course_utils import checks
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import called
from course_utils.checks.study import Study
from tests.checks.mutants import (
    Unwatched,
    exercises,
    graded,
    known,
    lazy,
    parts,
    shows,
    slipped,
    slipped_when,
)

every_exercise = pytest.mark.parametrize(
    ("chapter", "name"), exercises(), ids=lambda value: str(value)
)
MOST_SLIPS = 12  # "about ten", those of the hidden part among them
MOST_LINES = 150  # of a file: read in one sitting
LAZY = 0.15


def seen(exercise: Exercise, slip, aspects) -> list[tuple[str, int]]:
    """The probes on which a slip shows."""
    return [
        (aspect, n)
        for aspect in aspects
        for n, probe in enumerate(exercise.probes(aspect))
        if shows(exercise, probe, slip, aspect)
    ]


@every_exercise
def test_the_definition_gets_full_marks(chapter, name):
    visible, _ = parts(chapter, name)
    report = graded(chapter, name, slipped(visible))
    assert report.failures == {}
    assert report.earned == report.tried == visible.points


@every_exercise
def test_points(chapter, name):
    """Half for the whole, never forgiven; no exercise is a catalogue of slips."""
    visible, hidden = parts(chapter, name)
    whole = [p.points for p in visible.properties if p.name == Exercise.WHOLE]
    assert whole == [visible.points / 2]
    assert sum(p.points for p in visible.properties + hidden.properties) == visible.points
    assert len(hidden.properties) == visible.hidden
    assert len(hidden.slips) <= MOST_SLIPS


def test_checks_are_read_in_one_sitting():
    files = [*checks.FOLDER.glob("*/*.py")]
    long = {file.name: n for file in files if (n := len(file.open().readlines())) > MOST_LINES}
    assert files
    assert not long


@every_exercise
def test_the_whole_uses_every_option(chapter, name):
    visible, _ = parts(chapter, name)
    given = [
        p.named(visible.signature)
        for p in visible.probes(Exercise.WHOLE)
        if p.run is called and not any(_is_float32(x) for x in p.args)
    ]
    assert len(visible.probes(Exercise.WHOLE)) >= 3
    if not given:  # experiments of several calls
        return
    for option, parameter in visible.signature.parameters.items():
        values = [g[option] for g in given]
        if isinstance(values[0], torch.Tensor) and values[0].ndim:
            shapes = {tuple(v.shape) for v in values if v is not None}
            assert len(shapes) >= 2, f"{option} always has the same shape"
        elif isinstance(parameter.default, bool) or isinstance(values[0], bool):
            assert {True, False} <= set(values), f"{option} is never the other way"
        elif parameter.default is not parameter.empty:
            assert any(v is parameter.default or v == parameter.default for v in values), option
            assert any(v is not parameter.default and v != parameter.default for v in values), (
                f"{option} is always {parameter.default}"
            )


def _is_float32(x) -> bool:
    return isinstance(x, torch.Tensor) and x.dtype == torch.float32


@every_exercise
def test_each_slip_loses_points_and_is_named(chapter, name):
    visible, hidden = parts(chapter, name)
    for slip in hidden.slips:
        report = graded(chapter, name, slipped(visible, slip))
        said = [m for m in report.failures.values() if m.startswith(slip.sentence)]
        assert said, f"{slip.sentence!r} is never said: {report.failures}"
        assert report.points < report.max_points, slip.sentence
        if seen(visible, slip, [Exercise.WHOLE]):
            assert report.earned <= report.max_points / 2, slip.sentence


@every_exercise
def test_no_two_slips_coincide(chapter, name):
    """Else one would bear the other's name."""
    visible, hidden = parts(chapter, name)
    places = [
        (part, aspect, n)
        for part, aspects in (
            (visible, list(visible._generators)),
            (hidden, [a for a in hidden._generators if a not in visible._generators]),
        )
        for aspect in aspects
        for n in range(len(part.probes(aspect)))
    ]
    for one, other in itertools.combinations(hidden.slips, 2):
        assert not all(_alike(part, aspect, n, one, other) for part, aspect, n in places), (
            f"{one.sentence!r} and {other.sentence!r} give the same on all probes"
        )


def _alike(part, aspect, n, one, other) -> bool:
    from course_utils.checks.study import Got

    probe = part.probes(aspect)[n]
    first = part.want(Got(aspect, n, probe), (one,))
    got = Got(aspect, n, probe, first)
    if isinstance(first, Exception):
        return isinstance(part.want(got, (other,)), Exception)
    return part.gives(got, (other,))


@every_exercise
def test_a_slip_in_one_regime_alone_costs_half(chapter, name):
    """Under each condition that splits the ordinary inputs on which a slip shows.

    The whole is lost then, and with it half of the points.
    """
    visible, hidden = parts(chapter, name)
    whole = visible.probes(Exercise.WHOLE)
    there_is = [known(visible, probe) for probe in whole]
    for slip in hidden.slips:
        visible_on = {n for _, n in seen(visible, slip, [Exercise.WHOLE])}
        for label in sorted(set().union(*there_is)):
            there = {n for n, names in enumerate(there_is) if label in names}
            if visible_on and there and visible_on & there != visible_on:
                if not visible_on & there:
                    _refuse_luck(visible, slip, label)
                    continue
                answer = Unwatched(slipped_when(visible, slip, label))
                assert not Study(visible, answer).whole_is_right, (
                    f"{slip.sentence} when {label}"
                )


def _refuse_luck(exercise, slip, label):
    """Other random numbers must not show what these do not."""
    for seed in range(3):
        for probe in exercise.redrawn(Exercise.WHOLE, seed):
            if label in known(exercise, probe):
                assert not shows(exercise, probe, slip, f"redrawn {seed}"), (
                    f"{slip.sentence!r} when {label}: only by luck it does not show"
                )


@every_exercise
def test_pairs_of_slips_lose_half_and_one_is_named(chapter, name):
    visible, _ = parts(chapter, name)
    values = [s for s in visible.slips if seen(visible, s, [Exercise.WHOLE])]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(values, 2)
        if not set(one.change) & set(other.change)
    ]
    for one, other in random.Random(0).sample(pairs, min(8, len(pairs))):
        report = graded(chapter, name, slipped(visible, one, other))
        what = f"{one.sentence} and {other.sentence}"
        if report.failures:  # one may undo the other
            assert report.earned <= report.max_points / 2, what


@every_exercise
def test_an_answer_without_work_earns_next_to_nothing(chapter, name):
    visible, _ = parts(chapter, name)
    for what, answer in lazy(visible).items():
        report = graded(chapter, name, answer)
        assert report.earned <= LAZY * report.max_points, f"{what}: {report}"
