"""Chapter 12's definitions against the reference, torch's optimisers, SciPy and by hand."""

from __future__ import annotations

import math

import pytest
import scipy.linalg
import torch
from torch import nn

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.gan.frechet_distance import distance
from course_utils.checks.gan.game import game, stepped
from course_utils.checks.gan.gan_losses import logits, played
from course_utils.checks.gan.gradient_penalty import gradient_penalty, images, judged, penalised
from course_utils.checks.gan.modes import grid, modes, ring, spotted
from course_utils.checks.gan.moments import features
from course_utils.checks.gan.optimal_discriminator import best
from course_utils.checks.gan.parts import density, with_zeros
from course_utils.reference import frechet
from course_utils.reference import gan as reference


@pytest.mark.parametrize("saturating", [False, True])
def test_the_losses_are_those_of_the_reference(saturating):
    real, fake = logits(Draw(0), 5, 3)
    of_d, of_g = played(real, fake, saturating)
    torch.testing.assert_close(of_d, reference.discriminator_loss(real, fake))
    torch.testing.assert_close(of_g, reference.generator_loss(fake, saturating))


def network(weights: list) -> nn.Sequential:
    """The helper that the notebook gives with exercise 12.2."""
    w, _, v, _ = weights
    model = nn.Sequential(nn.Linear(*w.shape[::-1]), nn.Tanh(), nn.Linear(*v.shape[::-1]))
    model = model.to(w.dtype)
    with torch.no_grad():
        for own, given in zip(model.parameters(), weights, strict=True):
            own.copy_(given)
    return model


def test_the_step_is_that_of_the_reference():
    theta, phi, real, z, rate = game(Draw(0), 5, 4, (3, 5, 2, 6), 0.7)
    G, D = network(theta), network(phi)
    optimisers = torch.optim.SGD(G.parameters(), rate), torch.optim.SGD(D.parameters(), rate)
    reference.step(G, D, real, z, optimisers)
    for ours, theirs in zip(stepped(theta, phi, real, z, rate), (G, D), strict=True):
        torch.testing.assert_close(ours, [w.detach() for w in theirs.parameters()])


def test_the_best_discriminator_is_that_of_the_reference():
    draw = Draw(0)
    pairs = (density(draw, 6), density(draw, 6)), (with_zeros(draw, 5, 1, 2), density(draw, 5))
    for p, q in pairs:
        d, value = best(p, q)
        torch.testing.assert_close(d, reference.optimal_discriminator(p, q))
        torch.testing.assert_close(value, reference.value(p, q))


def test_no_discriminator_does_better():
    draw = Draw(1)
    p, q = density(draw, 6), density(draw, 6)
    _, value = best(p, q)
    for _ in range(20):
        d = draw.uniform(6)
        assert (p * d.log() + q * (1 - d).log()).sum() < value


def test_the_value_is_between_its_ends():
    p, q = torch.tensor([0.25, 0.75, 0, 0]), torch.tensor([0, 0, 0.5, 0.5])
    assert best(p, p)[1].item() == pytest.approx(-math.log(4))
    assert best(p, q)[1].item() == 0
    assert best(p, p)[0].tolist() == [0.5] * 4


def test_the_distance_is_that_of_the_reference_and_of_scipy():
    draw = Draw(0)
    for n, m, d in ((9, 12, 4), (30, 20, 8), (6, 5, 1)):
        a, b = features(draw, n, d), features(draw, m, d)
        got = distance(a, b)
        torch.testing.assert_close(got, frechet.frechet_distance(a, b))
        c, k = (torch.atleast_2d(torch.cov(x.T)) for x in (a, b))
        root = torch.from_numpy(scipy.linalg.sqrtm((c @ k).numpy()).real)
        theirs = (a.mean(0) - b.mean(0)).square().sum() + (c + k - 2 * root).trace()
        torch.testing.assert_close(got, theirs)


def test_the_distance_of_independent_features_is_a_sum():
    """Σ (m − m')² + Σ (s − s')², where both covariances are diagonal."""
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * 3)
    wide, narrow = torch.tensor([3.0, 1, 2]).double(), torch.tensor([1.0, 1, 5]).double()
    away = torch.tensor([1.0, 0, -2]).double()
    scale = (8 / 7) ** 0.5  # of N − 1
    want = away.square().sum() + (scale * (wide - narrow)).square().sum()
    torch.testing.assert_close(distance(corners * wide + away, corners * narrow), want)


def test_the_penalty_is_that_of_the_reference():
    critic, real, fake, u = images(Draw(0), 4, 2, 3, 5)
    for w in critic:
        w.requires_grad_()
    ours = penalised(critic, real, fake, u)
    theirs = reference.gradient_penalty(lambda x: judged(critic, x), real, fake, u)
    torch.testing.assert_close(ours, theirs)
    for one, other in zip(
        torch.autograd.grad(ours, critic), torch.autograd.grad(theirs, critic), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_norms_lie_on_both_sides_of_1():
    """Else a penalty on one side alone would look right."""
    norms = []
    for probe in gradient_penalty.probes(Exercise.WHOLE):
        got = penalised(*probe.named(gradient_penalty.signature).values(), off=lambda n: n)
        norms.append(got.item())
    assert min(norms) < 0.9
    assert max(norms) > 1.1


def test_modes_counted_by_hand():
    """At 5 from a centre are two samples, at 0 and 1 three; 9, 9 and 40, 0 are far off."""
    assert spotted(*grid(), 5.0, 2) == (2, pytest.approx(5 / 7))
    assert spotted(*grid(), 5.0, 3) == (1, pytest.approx(5 / 7))
    assert spotted(*grid(), 4.9, 1) == (1, pytest.approx(3 / 7))


def test_probes_hold_what_modes_are_about():
    """Some centres are covered and some not; some samples are near and some not."""
    for probe in modes.probes(Exercise.WHOLE):
        samples, centres, radius, least = probe.named(modes.signature).values()
        covered, near = spotted(samples, centres, radius, least)
        assert 0 < covered < len(centres)
        assert 0 < near < 1 or radius > 4


def test_the_ring_has_its_centres_at_one_distance():
    _, centres = ring(Draw(0), 5, 3, 0.1, 4)
    torch.testing.assert_close(centres.norm(dim=1), torch.full((5,), 4.0).double())
