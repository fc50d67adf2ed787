"""Chapter 13's definitions against the reference, closed forms and the tasks' own examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import autograder.hidden.diffusion  # noqa: F401 - before a test of the grader takes its place
from autograder.answers.diffusion import ANSWERS
from course_utils.checks.core import Draw
from course_utils.checks.diffusion import ddim_step, diffusion_loss, guided, q_sample
from course_utils.checks.diffusion.ddim_step import images, stepped
from course_utils.checks.diffusion.diffusion_loss import WORDS, lost, told
from course_utils.checks.diffusion.guided import led, noisy
from course_utils.checks.diffusion.noise_levels import betas, levels
from course_utils.checks.diffusion.parts import scalar, schedule, times, two
from course_utils.checks.diffusion.posterior import back
from course_utils.checks.diffusion.q_sample import noised
from course_utils.checks.exercise import Exercise
from course_utils.reference import diffusion as reference
from course_utils.reference import samplers
from course_utils.reference.schedules import Schedule
from tests.checks.mutants import graded

BAR = torch.tensor([1, 0.64, 0.16]).double()


def pixel(value: float) -> torch.Tensor:
    """(1, 1, 1, 1)."""
    return torch.full((1, 1, 1, 1), value, dtype=torch.float64)


# -- the examples of the texts ------------------------------------------------------------


def test_the_levels_of_the_example():
    image, noise = levels(torch.tensor([0.36, 0.75]))
    assert image.tolist() == pytest.approx([1, 0.8, 0.4])
    assert noise.tolist() == pytest.approx([0, 0.6, 0.917], abs=5e-4)


def test_the_noisy_pixel_of_the_example():
    got = noised(pixel(1), torch.tensor([1]), pixel(2), BAR[:2])
    assert got.item() == pytest.approx(2.0)


@pytest.mark.parametrize(("word", "want"), [("eps", 1.0), ("x0", 0.25), ("v", 0.25)])
def test_the_losses_of_the_example(word, want):
    got = lost(pixel(0), pixel(0.5), pixel(1), torch.tensor([1]), BAR, word)
    assert got.item() == pytest.approx(want)


def test_the_step_back_of_the_example():
    of_x0, variance = back(pixel(1), pixel(0), 2, BAR)
    of_xt, _ = back(pixel(0), pixel(1), 2, BAR)
    got = of_x0.item(), of_xt.item(), variance.item()
    assert got == pytest.approx((0.714, 0.214, 0.321), abs=5e-4)


def test_the_ddim_step_of_the_example():
    x0 = stepped(pixel(1), 2, 0, pixel(0.5), BAR, 0, pixel(9))
    xs = stepped(pixel(1), 2, 1, pixel(0.5), BAR, 0, pixel(9))
    assert x0.item() == pytest.approx(1.354, abs=5e-4)
    assert xs.item() == pytest.approx(1.383, abs=5e-4)


def test_scales_0_1_and_3_of_the_example():
    network, xt, classes = noisy(Draw(0), 4, 3, 2)
    w, b, rows = network
    u, c, far = (led(network, xt, classes, scale) for scale in (0, 1, 3))
    torch.testing.assert_close(u, torch.tanh(xt @ w.T + b) + rows[-1])
    torch.testing.assert_close(c, torch.tanh(xt @ w.T + b) + rows[classes])
    torch.testing.assert_close(far - u, 3 * (c - u))


# -- the reference ------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 5, 1000])
def test_the_levels_are_those_of_the_reference(steps):
    plan = reference.linear_schedule(steps)
    got = levels(plan.beta[1:])
    torch.testing.assert_close(got, (plan.alpha_bar.sqrt(), (1 - plan.alpha_bar).sqrt()))


def test_the_noise_is_that_of_the_reference():
    bar = schedule(Draw(0), 6)
    x0, noise = Draw(1).normal(5, 2, 3, 5), Draw(2).normal(5, 2, 3, 5)
    t = torch.tensor([0, 6, 3, 1, 2])
    want = reference.q_sample(x0, t, noise, Schedule(bar))
    torch.testing.assert_close(noised(x0, t, noise, bar), want)


@pytest.mark.parametrize("word", WORDS)
def test_the_loss_is_that_of_the_reference(word):
    said, x0, noise, t, bar = told(Draw(0), 4, 2, 3, 4)
    want = reference.loss(lambda xt, t: said, x0, t, noise, Schedule(bar), word)
    torch.testing.assert_close(lost(said, x0, noise, t, bar, word), want)


def test_the_step_back_is_that_of_the_reference():
    draw, bar = Draw(0), schedule(Draw(1), 5)
    x0, xt = draw.normal(3, 2, 2, 4), draw.normal(3, 2, 2, 4)
    for t in range(1, 6):
        want = reference.posterior(x0, xt, t, Schedule(bar))
        torch.testing.assert_close(back(x0, xt, t, bar), want)


@pytest.mark.parametrize(
    ("t", "s", "eta"), [(6, 2, 0.0), (5, 4, 1.0), (4, 1, 0.3), (3, 0, 1.0)]
)
def test_the_ddim_step_is_that_of_the_reference(t, s, eta):
    xt, _, _, eps, bar, _, noise = images(Draw(0), t, s, eta, 3, 2, 3, 4)
    plan = Schedule(bar)
    x0 = reference.convert(eps, xt, t, plan, "eps", "x0")
    want = samplers.ddim_step(xt, t, s, x0, plan, eta, noise)
    torch.testing.assert_close(stepped(xt, t, s, eps, bar, eta, noise), want)


def test_guidance_is_that_of_the_reference():
    network, xt, classes = noisy(Draw(0), 5, 3, 4, without=2)
    w, b, rows = network

    class Model:
        unconditional = True

        def __call__(self, x: torch.Tensor, t: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
            return torch.tanh(x @ w.T + b) + rows[k]

    for scale in (0.0, 1.0, 4.5):
        want = samplers.guided(Model(), xt, torch.ones(5), classes, scale)
        torch.testing.assert_close(led(network, xt, classes, scale), want)


# -- closed forms -------------------------------------------------------------------------


def test_squares_add_up_to_1():
    image, noise = levels(betas(Draw(0), 9))
    torch.testing.assert_close(image.square() + noise.square(), torch.ones(10).double())


def test_equal_steps_are_a_power():
    image, _ = levels(torch.full((8,), 0.1).double())
    torch.testing.assert_close(image, 0.9 ** (torch.arange(9).double() / 2))


def test_t_steps_at_once_are_t_steps():
    """x_t = √α_t x_{t−1} + √β_t ε: the variance of all of it is 1 − ᾱ_t."""
    beta, square = betas(Draw(0), 7), 0.0
    _, noise = levels(beta)
    for t, b in enumerate(beta.tolist(), 1):
        square = (1 - b) * square + b
        assert noise[t].item() == pytest.approx(math.sqrt(square))


def test_eps_and_x0_follow_from_v():
    """√ᾱ x_t − √(1 − ᾱ) v is x₀: then the loss of the v that says so is 0."""
    _, x0, noise, t, bar = told(Draw(0), 4, 2, 3, 4)
    a, s = (w.view(-1, 1, 1, 1) for w in (bar[t].sqrt(), (1 - bar[t]).sqrt()))
    v = (a * (a * x0 + s * noise) - x0) / s
    assert lost(v, x0, noise, t, bar, "v").item() == pytest.approx(0, abs=1e-20)


def test_the_step_back_is_bayes_rule():
    """Precisions add up: x_{t−1} ~ N(√ᾱ x₀, 1 − ᾱ), and x_t ~ N(√α x_{t−1}, β)."""
    bar, x0, xt = schedule(Draw(0), 5), pixel(0.3), pixel(-1.2)
    for t in range(2, 6):
        alpha, before = bar[t] / bar[t - 1], bar[t - 1]
        precision = 1 / (1 - before) + alpha / (1 - alpha)
        weighed = before.sqrt() * x0 / (1 - before) + alpha.sqrt() * xt / (1 - alpha)
        torch.testing.assert_close(back(x0, xt, t, bar), (weighed / precision, 1 / precision))


def test_the_last_step_back_is_the_image():
    x0, xt = Draw(0).normal(2, 3, 4, 2), Draw(1).normal(2, 3, 4, 2)
    mean, variance = back(x0, xt, 1, schedule(Draw(2), 4))
    torch.testing.assert_close(mean, x0)
    assert variance == 0


@pytest.mark.parametrize(("t", "s"), [(6, 1), (4, 3), (2, 0)])
def test_the_true_noise_leads_along_the_true_way(t, s):
    bar, x0, noise = (
        schedule(Draw(0), 6),
        Draw(1).normal(3, 1, 2, 4),
        Draw(2).normal(3, 1, 2, 4),
    )
    now, then = (noised(x0, torch.full((3,), n), noise, bar) for n in (t, s))
    torch.testing.assert_close(stepped(now, t, s, noise, bar, 0.0, 0 * x0), then)


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_old_noise_and_new_make_the_noise_of_s(eta):
    bar = schedule(Draw(0), 6)
    xt = (1 - bar[5]).sqrt() * pixel(1)  # x̂₀ is 0
    old = stepped(xt, 5, 2, pixel(1), bar, eta, pixel(0))
    new = stepped(0 * xt, 5, 2, pixel(0), bar, eta, pixel(1))
    assert (old**2 + new**2).item() == pytest.approx(1 - bar[2].item())


def test_eta_1_and_the_step_before_is_the_ancestral_step():
    xt, t, s, eps, bar, eta, noise = images(Draw(0), 4, 3, 1.0, 2, 3, 3, 4)
    x0 = (xt - (1 - bar[t]).sqrt() * eps) / bar[t].sqrt()
    mean, variance = back(x0, xt, t, bar)
    got = stepped(xt, t, s, eps, bar, eta, noise)
    torch.testing.assert_close(got, mean + variance.sqrt() * noise)


# -- points -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercise", "name", "aspect"),
    [
        ("q_sample", "along-the-width", "each image has its own t"),
        ("diffusion_loss", "along-the-width-in-a-dictionary", '"v": √ᾱ_t ε − √(1 − ᾱ_t) x₀'),
    ],
)
def test_a_forgotten_reshape_costs_its_aspect_alone(exercise, name, aspect):
    """On many sizes it raises an error; the others tell what is right."""
    (answer,) = (a for a in ANSWERS if (a.exercise, a.name) == (exercise, name))
    failed = graded("diffusion", exercise, answer.function).failures
    left = [f for f in failed if f != Exercise.WHOLE and not f.startswith(aspect)]
    assert left == [f for f in failed if f.startswith("the gradient")]


@pytest.mark.parametrize(
    "number", [0.25, torch.tensor(0.25), np.float32(0.25), np.float64(0.25)]
)
def test_one_number_is_one_whoever_holds_it(number):
    assert scalar(number) == torch.tensor(0.25)
    assert two((pixel(1), number))[1] == torch.tensor(0.25)


# -- what the probes hold -----------------------------------------------------------------


def whole(exercise: Exercise) -> list[dict]:
    return [p.named(exercise.signature) for p in exercise.probes(Exercise.WHOLE)]


def test_a_schedule_falls_from_1():
    bar = schedule(Draw(0), 8)
    assert bar[0] == 1
    assert (bar.diff() < 0).all()
    assert bar[-1] > 0.005


def test_times_are_all_different():
    assert sorted(times(Draw(0), 7, 6).tolist()) == list(range(7))
    assert sorted(times(Draw(0), 6, 6, first=1).tolist()) == list(range(1, 7))


def test_weights_would_fit_along_every_axis_somewhere():
    """As many images as channels, rows or columns: then a wrong axis raises no error."""
    shapes = [tuple(given["x0"].shape) for given in whole(q_sample)]
    for axis in (1, 2, 3):
        assert any(
            s[0] > 1 and [s[0] == n for n in s[1:]].count(True) == 1 and s[0] == s[axis]
            for s in shapes
        )
    assert any(s[0] == s[3] > 1 for s in (g["said"].shape for g in whole(diffusion_loss)))


def test_images_begin_at_0_and_end_in_noise():
    seen = [
        (int(t), len(given["alpha_bar"]) - 1) for given in whole(q_sample) for t in given["t"]
    ]
    assert any(t == 0 for t, _ in seen)
    assert any(t == steps for t, steps in seen)


def test_x0_leaves_its_range_so_that_clipping_shows():
    for given in whole(ddim_step):
        t, bar = given["t"], given["alpha_bar"]
        x0 = (given["xt"] - (1 - bar[t]).sqrt() * given["eps"]) / bar[t].sqrt()
        assert x0.abs().max() > 1


def test_some_rows_have_a_class_and_some_none():
    classes = [given["classes"] for given in whole(guided)]
    assert all((k >= 0).any() for k in classes)
    assert any((k == -1).any() for k in classes)
    assert all(given["classes"].max() < len(given["network"][2]) - 1 for given in whole(guided))
