"""Exercise 12.2, one step of the game."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
import torch.nn.functional as F

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import a
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.gan.game import (
    d_moves_g,
    g_first,
    g_moves_d,
    game,
    learning,
    old_rival,
    stepped,
)
from course_utils.checks.gan.parts import KEEPS
from course_utils.checks.probe import Probe, Subject, experiment, given


def flat(got: object) -> object:
    """A reader: all weights one after the other, G's first."""
    if not (isinstance(got, tuple | list) and len(got) == 2):
        return got
    lists = all(isinstance(part, tuple | list) for part in got)
    return [w for part in got for w in part] if lists else got


PARTS = tuple(f"{who}'s new {name}" for who in "GD" for name in ("W", "b", "V", "c"))
gan_step = Exercise("12.2", "gan_step", points=10, hidden=2, right=stepped, reads=flat)


def half(subject: Subject, *args: object, which: slice) -> list:
    """The new weights of one network: the other's have an aspect of their own."""
    got = subject(*args)
    if not isinstance(got, list) or len(got) != 8:
        raise Wrong(f"returned {a(got)}, expected G's four new weights and D's four")
    return got[which]


G, D = slice(0, 4), slice(4, 8)


def halves(draw: Draw, *which: slice) -> Iterator[Probe]:
    for part in which:
        about = f"new weights of {'G' if part is G else 'D'}; real (5, 2), z (4, 3), rate 0.7"
        inputs = game(draw, 5, 4, (3, 5, 2, 6), 0.7)
        yield experiment(partial(half, which=part), *inputs, about=about)


@gan_step.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    yield Probe(game(draw, 5, 3, (2, 4, 3, 5), 0.5), parts=PARTS)
    yield Probe(game(draw, 5, 3, (2, 4, 3, 5), 0.5), parts=PARTS)  # the same shapes again
    yield Probe(game(draw, 4, 6, (1, 3, 2, 4), 1.0), parts=PARTS)
    yield Probe(game(draw, 3, 3, (4, 2, 1, 3), 2.5), parts=PARTS)
    yield Probe(game(draw, 1, 2, (3, 3, 4, 2), 0.8), parts=PARTS)
    yield Probe(learning(game(draw, 6, 1, (2, 5, 2, 4), 0.6)), parts=PARTS)
    names = "generator", "discriminator", "real", "z", "rate"
    yield given(**dict(zip(names, game(draw, 2, 4, (2, 3, 5, 3), 1.5), strict=True)))


@gan_step.aspect(
    "D's half: down its loss on real images and on fakes",
    1.5,
    {
        "up the slope: the new weights are w − rate · gradient": {
            "moves": lambda w, change: w + change
        },
        "the labels are swapped: D's logit is to be large where an image is real": {
            "tells": lambda real, fake, over: (
                -over(F.logsigmoid(-real)) - over(F.logsigmoid(fake))
            )
        },
        "only the fakes count: D learns from real images, too": {
            "tells": lambda real, fake, over: -over(F.logsigmoid(-fake))
        },
        "only the real images count: D learns from the fakes, too": {
            "tells": lambda real, fake, over: -over(F.logsigmoid(real))
        },
        "one mean over all: real images and fakes have a mean each": {
            "tells": lambda real, fake, over: (
                -over(torch.cat([F.logsigmoid(real), F.logsigmoid(-fake)]))
            )
        },
        "half of D's loss: its two means are added, not averaged": {
            "tells": lambda real, fake, over: (
                (-over(F.logsigmoid(real)) - over(F.logsigmoid(-fake))) / 2
            )
        },
        "losses are summed: take the mean over the images": {"over": torch.sum},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield from halves(draw, D, D)


@gan_step.aspect(
    "G's half: down −mean log σ of what the new D says",
    1.5,
    {
        "G's loss is the saturating one: expected −mean log σ(D(G(z)))": {
            "fools": lambda fake, over: over(F.logsigmoid(-fake))
        },
        "G meets the old D: D's half comes first, G learns from the new D": {
            "order": old_rival
        },
        "G's half comes first: D's half does, and G learns from the new D": {"order": g_first},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield from halves(draw, G, G)


@gan_step.aspect(
    "each half moves its own network alone",
    0.75,
    {
        "D's loss moves G, too: detach the fakes, or clear G's gradients before its half": {
            "order": d_moves_g
        },
        "G's loss moves D, too: in its half only G's weights change": {"order": g_moves_d},
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    yield from halves(draw, G, D)


gan_step.keeps(points=0.5, name=KEEPS)
