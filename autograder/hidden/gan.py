"""Hidden checks of chapter 12, generative adversarial networks: what is left open."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from course_utils.checks import gan as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.core import Draw
from course_utils.checks.gan.frechet_distance import features
from course_utils.checks.gan.game import game, learning
from course_utils.checks.gan.gan_losses import far
from course_utils.checks.gan.gradient_penalty import images
from course_utils.checks.gan.modes import ring
from course_utils.checks.gan.optimal_discriminator import NEGATIVE, REFUSES
from course_utils.checks.gan.parts import density
from course_utils.checks.probe import Probe, Subject, experiment, slopes

# -- 12.1 losses --------------------------------------------------------------------------

gan_losses = visible.gan_losses.hidden_part()


def steep(subject: Subject, *args: object) -> list:
    """Gradients of both losses."""
    names = ["real_logits", "fake_logits"]
    return slopes(lambda losses: losses, gan_losses.signature, names)(subject, *args)


@gan_losses.experiments("stable: gradients at logits of ±1000", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    for args in far(draw):
        about = f"gradients, logits of ±1000, saturating {args[2]}, {args[0].dtype}"
        yield experiment(steep, *args, about=about)


# -- 12.2 a step --------------------------------------------------------------------------

gan_step = visible.gan_step.hidden_part()


@gan_step.aspect("stable: a D that is sure, logits of thousands", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    for _ in range(2):
        theta, phi, *others = game(draw, 6, 5, (2, 4, 3, 5), 0.5)
        yield theta, [*phi[:2], 4000 * phi[2], phi[3]], *others


@gan_step.contract("the new weights carry no graph", 0.25)
def _(answer: Answer, draw: Draw) -> None:
    for state in (tuple, learning):
        got = answer(*state(game(draw, 4, 5, (2, 3, 2, 4), 0.5)))
        if any(isinstance(w, Tensor) and w.grad_fn is not None for w in tree_leaves(got)):
            raise Wrong(
                "the new weights have a graph: it would keep every step so far alive; compute "
                "them under no_grad, or detach them"
            )


# -- 12.3 the best discriminator ----------------------------------------------------------

optimal_discriminator = visible.optimal_discriminator.hidden_part()


@optimal_discriminator.refuses(REFUSES, 0.25, NEGATIVE)
def _(draw: Draw) -> Iterator[tuple]:
    below = torch.tensor([0.6, -0.1, 0.2, 0.3]).double()
    p, q = density(draw, 4), density(draw, 4)
    yield below, q
    yield p, below.flip(0)
    yield p, q * (1 + 3e-4)
    yield p * (1 - 3e-4), q
    yield p * (1 + 3e-4), q * (1 - 3e-4)
    yield p * (1 + 4e-5), q * (1 - 4e-5)
    yield p.float(), q.float()
    yield 0 * p, q


def along(subject: Subject, one: Tensor, other: Tensor) -> list[Tensor]:
    """Gradients where the densities are softmax of logits, so that their sums stay 1."""
    logits = [x.clone().requires_grad_() for x in (one, other)]
    got = subject(*(x.softmax(0) for x in logits))
    if not isinstance(got, list) or not all(isinstance(x, Tensor) for x in got):
        raise Wrong("no tensors came out, and a gradient needs them")
    if not got[1].requires_grad:
        raise Wrong("the value has no gradient: the generator learns from it")
    return list(torch.autograd.grad(got[0].square().sum() + got[1], logits))


@optimal_discriminator.experiments("the gradient reaches p and q", 0.25)
def _(draw: Draw) -> Iterator[Probe]:
    about = "gradients of D and of the value, p (5,), q (5,)"
    yield experiment(along, draw.normal(5), draw.normal(5), about=about)


# -- 12.4 Fréchet distance ----------------------------------------------------------------

frechet_distance = visible.frechet_distance.hidden_part()


@frechet_distance.refuses("refuses N ≤ D", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, m, d in ((5, 9, 5), (9, 5, 5), (9, 3, 5), (6, 6, 5), (2, 5, 2), (2, 2, 1)):
        yield features(draw, n, d), features(draw, m, d)


@frechet_distance.aspect("features that never change", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for n, m, d in ((9, 12, 4), (30, 25, 8)):
        a, b = features(draw, n, d), features(draw, m, d)
        a[:, [0, 2]], b[:, 0] = 0, 0
        yield a, b
        yield a, a.clone()


# -- 12.5 gradient penalty ----------------------------------------------------------------

gradient_penalty = visible.gradient_penalty.hidden_part()


def finite(subject: Subject, *args: object) -> list:
    """The penalty, and whether its gradient has no NaN in it."""
    slope = slopes(lambda penalty: penalty, gradient_penalty.signature, ["critic"])
    good = all(bool(torch.isfinite(g).all()) for g in slope(subject, *args))
    return [subject(*args), good]


@gradient_penalty.experiments(
    "a flat critic: the penalty is 1, its gradient finite",
    0.5,
    {
        "the gradient is NaN: a root at 0 has no derivative; torch's norm has one there, or "
        "add 1e-12 below the root": {"norm": lambda g: g.flatten(1).square().sum(1).sqrt()}
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for shape in ((3, 2, 4, 5), (1, 1, 3, 3)):
        critic, *others = images(draw, *shape)
        about = "the penalty, and whether its gradient is finite; a critic that says 0"
        yield experiment(finite, [*critic[:2], 0 * critic[2]], *others, about=about)


# -- 12.6 modes ---------------------------------------------------------------------------

modes = visible.modes.hidden_part()


@modes.aspect("one centre alone; nobody near", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    samples, centres = ring(draw, 4, 2, 0.5, 6, 3)
    yield samples, centres[:1], 1.5, 3
    yield samples + 100, centres, 1.5, 1
    yield samples[:1], centres, 2.5, 1
