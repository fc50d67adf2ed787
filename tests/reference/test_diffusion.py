"""Schedules, what a network learns, one step back; samplers on data whose answer is known."""

import json
import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from course_utils.reference import diffusion, samplers
from course_utils.reference.autoencoders import posterior_mean
from course_utils.reference.diffusion import (
    PREDICTIONS,
    PerfectDenoiser,
    Schedule,
    convert,
    cosine_schedule,
    linear_schedule,
    posterior,
    q_sample,
)
from course_utils.reference.samplers import (
    NO_CLASS,
    ancestral_step,
    ddim_step,
    drop_classes,
    estimate,
    guided,
    sample,
    times,
)
from tests.reference import diffusion_peers as peers

SCHEDULES = {"linear": linear_schedule, "cosine": cosine_schedule}
KEPT = json.loads(peers.KEPT.read_text("utf-8"))


def doubles(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(
        *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )


def images(*shape: int, seed: int = 0) -> Tensor:
    return doubles(*shape, seed=seed).tanh()


# -- schedules --------------------------------------------------------------------------------


def test_the_linear_schedule_is_that_of_ddpm():
    schedule = linear_schedule(1000)
    assert schedule.steps == 1000
    assert (
        schedule.beta.dtype == schedule.alpha.dtype == schedule.alpha_bar.dtype == torch.float64
    )
    wanted = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)
    torch.testing.assert_close(schedule.beta[1:], wanted, rtol=1e-10, atol=0)
    torch.testing.assert_close(schedule.alpha, 1 - schedule.beta, rtol=0, atol=0)
    assert (schedule.alpha_bar[0], schedule.beta[0]) == (1, 0)  # t = 0: the image
    product = math.prod(1 - b for b in wanted[:300].tolist())
    assert schedule.alpha_bar[300].item() == pytest.approx(product, rel=1e-12)
    assert schedule.alpha_bar[1000].item() == pytest.approx(4.0358e-5, rel=1e-4)


def test_the_cosine_schedule_is_that_of_improved_ddpm():
    """ᾱ as published, and only the last β is cut."""
    schedule = cosine_schedule(1000)
    f = lambda t: math.cos((t / 1000 + 0.008) / 1.008 * math.pi / 2) ** 2  # noqa: E731
    for t in (1, 10, 500, 999):
        assert schedule.alpha_bar[t].item() == pytest.approx(f(t) / f(0), rel=1e-9)
    assert schedule.alpha_bar[1].item() == pytest.approx(0.9999587, abs=1e-7)
    assert schedule.beta[1000].item() == pytest.approx(0.999, rel=1e-9)
    assert (schedule.beta[1:1000] < 0.999).all()
    assert schedule.alpha_bar[1000].item() == pytest.approx(2.4e-9, rel=0.02)


def test_too_few_linear_steps_leave_much_of_the_image():
    assert linear_schedule(50).alpha_bar[-1] > 0.5
    assert linear_schedule(50, 1e-4 * 20, 0.02 * 20).alpha_bar[-1] < 1e-4


@pytest.mark.parametrize(
    ("bar", "said"),
    [
        ([1, 0.9, 0.9, 0.5], r"alpha_bar must fall at every step; it is 0.9 at t = 2"),
        ([1, 0.5, 0.6], r"fall at every step; it is 0.6 at t = 2"),
        ([1, 0.5, 0.0], r"alpha_bar must be between 0 and 1; it is 0 at t = 2"),
        ([1, 1.0, 0.5], r"between 0 and 1; it is 1 at t = 1"),
        ([1, 0.5, -0.1], r"between 0 and 1; it is -0.1 at t = 2"),
        ([1, float("nan")], r"between 0 and 1; it is nan at t = 1"),
        ([0.9, 0.5], r"alpha_bar must be \(T \+ 1,\), T ≥ 1, with 1 for t = 0"),
        ([1.0], r"with 1 for t = 0"),
        ([[1.0, 0.5]], r"with 1 for t = 0"),
    ],
)
def test_what_is_no_schedule_is_refused(bar, said):
    with pytest.raises(ValueError, match=said):
        Schedule(torch.tensor(bar))


def test_schedules_of_no_steps_and_strange_ends_are_refused():
    for make in SCHEDULES.values():
        with pytest.raises(ValueError, match="steps must be at least 1"):
            make(0)
    with pytest.raises(ValueError, match="first must be a beta between 0 and 1, not 0"):
        linear_schedule(10, 0)
    with pytest.raises(ValueError, match=r"last must be a beta between 0 and 1, not 1.5"):
        linear_schedule(10, 0.1, 1.5)
    with pytest.raises(AttributeError):
        linear_schedule(2).alpha_bar = torch.ones(3)


# -- noise ------------------------------------------------------------------------------------


def test_many_small_steps_are_one_large_one():
    """x_t = √α_t x_{t−1} + √β_t ε_t, t times: its mean and variance are those of q_sample."""
    schedule, x0 = linear_schedule(30), images(4, 3)
    mean, variance = x0, 0.0
    for t in range(1, 13):
        mean = schedule.alpha[t].sqrt() * mean
        variance = schedule.alpha[t] * variance + schedule.beta[t]
    zeros, ones = torch.zeros_like(x0), torch.ones_like(x0)
    torch.testing.assert_close(q_sample(x0, 12, zeros, schedule), mean)
    spread = q_sample(x0, 12, ones, schedule) - mean
    torch.testing.assert_close(spread.square(), variance * ones)


def test_each_image_has_a_time_of_its_own():
    schedule = cosine_schedule(10)
    x0, noise = images(3, 1, 2, 2), doubles(3, 1, 2, 2, seed=1)
    together = q_sample(x0, torch.tensor([1, 10, 4]), noise, schedule)
    for row, t in enumerate((1, 10, 4)):
        alone = q_sample(x0[row : row + 1], t, noise[row : row + 1], schedule)
        torch.testing.assert_close(together[row : row + 1], alone)
    assert torch.equal(q_sample(x0, 0, noise, schedule), x0)
    assert q_sample(x0.float(), torch.tensor([1, 2, 3]), noise.float(), schedule).dtype == (
        torch.float32
    )
    assert q_sample(x0.float(), 3, noise.float(), schedule).dtype == torch.float32


@pytest.mark.parametrize("case", KEPT["noisy"], ids=lambda case: case["schedule"])
def test_noise_and_v_are_those_of_diffusers(case):
    schedule = SCHEDULES[case["schedule"]](1000)
    x0, noise = peers.noise(2).clamp(-1, 1)
    t = torch.tensor(case["t"])
    xt = q_sample(x0, t, noise, schedule)
    theirs = torch.tensor(case["xt"], dtype=torch.float64)
    torch.testing.assert_close(xt, theirs, atol=1e-5, rtol=0)
    v = convert(noise, xt, t, schedule, "eps", "v")
    theirs = torch.tensor(case["v"], dtype=torch.float64)
    torch.testing.assert_close(v, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize("t", [1, 500, torch.tensor([1, 40, 1000])])
@pytest.mark.parametrize("source", PREDICTIONS)
@pytest.mark.parametrize("target", PREDICTIONS)
def test_predictions_say_the_same_in_three_ways(source, target, t):
    schedule = linear_schedule(1000)
    x0, noise = images(3, 4), doubles(3, 4, seed=1)
    signal = schedule.alpha_bar[t].sqrt().reshape(-1, 1)
    sigma = (1 - schedule.alpha_bar[t]).sqrt().reshape(-1, 1)
    xt = signal * x0 + sigma * noise
    all_three = {"eps": noise, "x0": x0, "v": signal * noise - sigma * x0}
    got = convert(all_three[source], xt, t, schedule, source, target)
    torch.testing.assert_close(got, all_three[target], atol=1e-8, rtol=0)
    back = convert(got, xt, t, schedule, target, source)
    torch.testing.assert_close(back, all_three[source], atol=1e-8, rtol=0)


def test_conversions_of_what_does_not_fit_are_refused():
    schedule, x = cosine_schedule(10), images(2, 3)
    with pytest.raises(ValueError, match=r"source must be one of eps, x0, v, not 'noise'"):
        convert(x, x, 1, schedule, "noise", "x0")
    with pytest.raises(ValueError, match="target must be one of eps, x0, v"):
        convert(x, x, 1, schedule, "eps", "x")
    with pytest.raises(ValueError, match="prediction and xt must be of one shape"):
        convert(x[:1], x, 1, schedule, "eps", "x0")


@pytest.mark.parametrize(
    "call",
    [
        lambda t, s: convert(images(2, 3), images(2, 3), t, s, "eps", "x0"),
        lambda t, s: posterior(images(2, 3), images(2, 3), t, s),
        lambda t, s: diffusion.loss(lambda x, t: x, images(2, 3), t, images(2, 3), s),
        lambda t, s: diffusion.gaussian_score(images(2, 3), t, s, 0.0, 1.0),
    ],
    ids=["convert", "posterior", "loss", "gaussian_score"],
)
def test_times_outside_the_schedule_are_refused(call):
    schedule = cosine_schedule(10)
    for t, seen in ((0, "0"), (11, "11"), (torch.tensor([0, 5]), "0 to 5")):
        with pytest.raises(ValueError, match=f"t must be from 1 to 10, .*not {seen}"):
            call(t, schedule)
    with pytest.raises(ValueError, match=r"one whole number for each image, \(2,\)"):
        call(torch.tensor([1, 2, 3]), schedule)
    with pytest.raises(ValueError, match="t and not t / T"):
        call(torch.tensor([0.1, 0.2]), schedule)


def test_noise_of_another_shape_or_time_is_refused():
    schedule, x = cosine_schedule(10), images(2, 3)
    with pytest.raises(ValueError, match="x0 and noise must be of one shape"):
        q_sample(x, 1, x[:1], schedule)
    with pytest.raises(ValueError, match="B > 0"):
        q_sample(x[:0], 1, x[:0], schedule)
    with pytest.raises(ValueError, match=r"t must be from 0 to 10, .*not -1"):
        q_sample(x, -1, x, schedule)


# -- the loss ---------------------------------------------------------------------------------


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_the_loss_is_the_error_of_what_is_asked(prediction):
    """A model that always answers 0.3, and one that knows: by hand, and 0."""
    schedule, t = linear_schedule(100), torch.tensor([1, 60, 100])
    x0, noise = images(3, 1, 4, 4), doubles(3, 1, 4, 4, seed=1)
    signal = schedule.alpha_bar[t].sqrt()[:, None, None, None]
    sigma = (1 - schedule.alpha_bar[t]).sqrt()[:, None, None, None]
    target = {"eps": noise, "x0": x0, "v": signal * noise - sigma * x0}[prediction]

    def knows(xt: Tensor, time: Tensor) -> Tensor:
        torch.testing.assert_close(xt, signal * x0 + sigma * noise)
        assert torch.equal(time, t)
        return target

    got = diffusion.loss(lambda x, t: 0 * x + 0.3, x0, t, noise, schedule, prediction)
    wanted = sum(((row - 0.3) ** 2).sum() for row in target) / target.numel()
    torch.testing.assert_close(got, wanted)
    assert diffusion.loss(knows, x0, t, noise, schedule, prediction) == 0


def test_the_loss_tells_classes_and_one_time_for_all():
    schedule, x0, classes = cosine_schedule(10), images(2, 3), torch.tensor([4, NO_CLASS])
    seen: list = []

    def model(x, t, classes):
        seen.append((t.tolist(), classes.tolist()))
        return x

    diffusion.loss(model, x0, 7, images(2, 3), schedule, classes=classes)
    assert seen == [([7, 7], [4, NO_CLASS])]


def test_losses_of_what_does_not_fit_are_refused():
    schedule, x = cosine_schedule(10), images(2, 3)
    same = lambda x, t: x  # noqa: E731
    bytes_ = torch.tensor([[0.0, 255.0, 3.0]])
    with pytest.raises(ValueError, match=r"x0 must be in −1 to 1, not 0 to 255; 2 x − 1"):
        diffusion.loss(same, bytes_, 1, bytes_, schedule)
    with pytest.raises(ValueError, match="x0 must be in −1 to 1, not nan"):
        diffusion.loss(same, x * float("nan"), 1, x, schedule)
    with pytest.raises(ValueError, match="x0 and noise must be of one shape"):
        diffusion.loss(same, x, 1, x[:, :1], schedule)
    with pytest.raises(ValueError, match="the model's answer and x0 must be of one shape"):
        diffusion.loss(lambda x, t: x[:, :1], x, 1, x, schedule)
    with pytest.raises(ValueError, match="prediction must be one of eps, x0, v"):
        diffusion.loss(same, x, 1, x, schedule, "score")


# -- one step back ----------------------------------------------------------------------------


@pytest.mark.parametrize("t", [2, 17, 50])
def test_the_posterior_is_what_bayes_says(t):
    """q(x_{t−1} | x_t, x₀) ∝ q(x_t | x_{t−1}) q(x_{t−1} | x₀): precisions add up."""
    schedule, x0, xt = linear_schedule(50), images(3, 4), doubles(3, 4, seed=1)
    beta, before = schedule.beta[t].item(), schedule.alpha_bar[t - 1].item()
    precision = (1 - beta) / beta + 1 / (1 - before)
    wanted = math.sqrt(1 - beta) * xt / beta + math.sqrt(before) * x0 / (1 - before)
    mean, variance = posterior(x0, xt, t, schedule)
    torch.testing.assert_close(mean, wanted / precision)
    assert variance.item() == pytest.approx(1 / precision)
    rows = posterior(x0, xt, torch.tensor([t, 1, t]), schedule)
    torch.testing.assert_close(rows[0][::2], mean[::2])
    torch.testing.assert_close(rows[1].flatten(), torch.tensor([1, 0, 1]) * variance)


def test_the_posterior_of_the_first_step_is_the_image():
    mean, variance = posterior(images(2, 3), doubles(2, 3), 1, linear_schedule(1000))
    torch.testing.assert_close(mean, images(2, 3), atol=1e-12, rtol=0)
    assert variance == 0
    assert posterior(images(2, 3), images(2, 3), 2, linear_schedule(1000))[1].item() == (
        pytest.approx(5.453e-5, rel=1e-3)
    )
    with pytest.raises(ValueError, match="x0 and xt must be of one shape"):
        posterior(images(2, 3), images(2, 2), 1, linear_schedule(10))


# -- samplers ---------------------------------------------------------------------------------


def test_times_are_spread_from_noise_to_the_image():
    assert times(1000, 4) == (1000, 750, 500, 250, 0)
    assert times(10, 3) == (10, 6, 3, 0)
    assert times(7, 7) == (7, 6, 5, 4, 3, 2, 1, 0)
    assert times(1000, 1) == (1000, 0)
    for number in range(1, 38):
        path = times(37, number)
        assert len(path) == number + 1
        assert all(t > s for t, s in pairwise(path))
    for number in (0, 11):
        with pytest.raises(
            ValueError, match=rf"number must be from 1 to steps = 10, not {number}"
        ):
            times(10, number)


@pytest.mark.parametrize(
    "path", [(0, 5, 10), (10, 5, 5, 0), (10, 5), (11, 5, 0), (10,), (5, -1)]
)
def test_subsequences_in_the_wrong_order_are_refused(path):
    with pytest.raises(ValueError, match=r"times must fall at every step, from at most T = 10"):
        sample(lambda x, t: x, (1, 2), cosine_schedule(10), path)


@pytest.mark.parametrize("kind", SCHEDULES)
def test_ddim_with_all_the_noise_is_the_ancestral_step(kind):
    schedule = SCHEDULES[kind](25)
    xt, x0, z = doubles(3, 4), images(3, 4, seed=1), doubles(3, 4, seed=2)
    for t in range(1, 26):
        one = ancestral_step(xt, t, x0, schedule, z)
        torch.testing.assert_close(ddim_step(xt, t, t - 1, x0, schedule, 1.0, z), one)


def test_ddim_keeps_the_noise_that_the_model_sees():
    """With the right x₀ and no new noise x_s is q_sample at s, with the same ε."""
    schedule, x0, noise = linear_schedule(100), images(3, 4), doubles(3, 4, seed=1)
    xt = q_sample(x0, 80, noise, schedule)
    for s in (79, 33, 1, 0):
        wanted = q_sample(x0, s, noise, schedule)
        torch.testing.assert_close(ddim_step(xt, 80, s, x0, schedule), wanted)


def test_no_noise_in_the_last_step():
    schedule, xt, x0 = linear_schedule(10), doubles(2, 3), images(2, 3)
    for variance in samplers.VARIANCES:
        torch.testing.assert_close(ancestral_step(xt, 1, x0, schedule, None, variance), x0)
    torch.testing.assert_close(ddim_step(xt, 7, 0, x0, schedule, 1.0), x0)


def spread_of(noise: int, run) -> tuple[float, float]:
    """Mean and variance of what a sampler draws that is affine in its noise.

    Row 0 has no noise at all, row j a 1 in the j-th: what they differ by is that one's weight.
    """
    probes = torch.cat([torch.zeros(noise, 1), torch.eye(noise)], 1).double()[..., None]
    ends = run(probes)  # (noise, noise + 1, 1) -> (noise + 1, 1)
    return ends[0].item(), (ends[1:] - ends[0]).square().sum().item()


def gaussian(mean: float, variance: float, schedule: Schedule):
    """The exact model of N(m, v), which predicts ε: by its score, in closed form."""

    def model(x: Tensor, t: Tensor) -> Tensor:
        sigma = (1 - schedule.alpha_bar[t]).sqrt()[:, None]
        return -sigma * diffusion.gaussian_score(x, t, schedule, mean, variance)

    return model


@pytest.mark.parametrize(
    "path", [times(200, 200), times(200, 7), (200, 199, 60, 3, 0), (200, 0)]
)
def test_ddim_of_a_unit_gaussian_is_a_product_of_cosines(path):
    """For N(m, 1) with √ᾱ_t = cos θ_t each step shrinks what is random by cos(θ_t − θ_s)."""
    schedule, m = cosine_schedule(200), 0.4
    model = gaussian(m, 1.0, schedule)
    mean, variance = spread_of(
        1, lambda z: sample(model, (2, 1), schedule, path, 0.0, z, prediction="eps", clip=False)
    )
    angles = [math.acos(math.sqrt(schedule.alpha_bar[t])) for t in path]
    shrunk = math.prod(math.cos(a - b) for a, b in pairwise(angles))
    assert variance == pytest.approx(shrunk**2, rel=1e-9)
    signal = math.sqrt(schedule.alpha_bar[path[0]])
    assert mean == pytest.approx(m - signal * m * shrunk, rel=1e-9)


@pytest.mark.parametrize("path", [times(200, 200), times(200, 7), (200, 150, 3, 0)])
def test_ddim_with_noise_of_a_unit_gaussian_falls_a_little_short(path):
    """For N(m, 1) and η = 1: V_s = α V_t + β (1 − ᾱ_s) / (1 − ᾱ_t), α = ᾱ_t / ᾱ_s."""
    schedule, bar = cosine_schedule(200), cosine_schedule(200).alpha_bar.tolist()
    model = gaussian(0.4, 1.0, schedule)
    _, variance = spread_of(
        len(path) - 1,
        lambda z: sample(
            model, z.shape[1:], schedule, path, 1.0, z, prediction="eps", clip=False
        ),
    )
    wanted = 1.0
    for t, s in pairwise(path):
        alpha = bar[t] / bar[s]
        wanted = alpha * wanted + (1 - alpha) * (1 - bar[s]) / (1 - bar[t])
    assert variance == pytest.approx(wanted, rel=1e-9)
    assert wanted < 1


def ancestral(model, schedule: Schedule, noise: Tensor, variance: str) -> Tensor:
    """Algorithm 2 with what the model says of ε, no clipping."""
    x, *more = noise
    for t in range(schedule.steps, 0, -1):
        x0 = estimate(model, x, t, schedule, "eps", clip=False)
        z = more[schedule.steps - t] if t > 1 else None
        x = ancestral_step(x, t, x0, schedule, z, variance)
    return x


def test_the_larger_variance_is_right_for_a_unit_gaussian():
    """σ² = β_t keeps variance 1 to the step before the last, which adds none: α_1 is left."""
    schedule = linear_schedule(60, 0.01, 0.2)
    model = gaussian(0.0, 1.0, schedule)
    _, variance = spread_of(60, lambda z: ancestral(model, schedule, z, "beta"))
    assert variance == pytest.approx(schedule.alpha[1].item(), rel=1e-9)
    _, smaller = spread_of(60, lambda z: ancestral(model, schedule, z, "posterior"))
    assert smaller < 0.98 * variance


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_the_smaller_variance_is_right_for_one_point(eta):
    """Of N(m, 0) every sampler draws m, and for η = 1 x_s is as q_sample has it on the way."""
    schedule, m = cosine_schedule(40), -0.7
    model = gaussian(m, 0.0, schedule)
    for path in (times(40, 40), times(40, 3)):
        mean, variance = spread_of(
            len(path) - 1,
            lambda z, path=path: sample(
                model, z.shape[1:], schedule, path, eta, z, prediction="eps", clip=False
            ),
        )
        assert mean == pytest.approx(m, abs=1e-9)
        assert variance == pytest.approx(0, abs=1e-18)


@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("path", [times(100, 100), times(100, 6), (100, 99, 40, 0)])
def test_any_gaussian_by_any_steps(path, eta):
    """Equations 12 and 16 by hand, in plain numbers: x̂₀ is m + k (x − √ᾱ_t m)."""
    schedule, m, v = linear_schedule(100, 1e-3, 0.2), 0.3, 0.25
    mean, variance = spread_of(
        len(path) - 1 if eta else 1,
        lambda z: sample(
            gaussian(m, v, schedule), z.shape[1:], schedule, path, eta, z, prediction="eps",
            clip=False,
        ),
    )  # fmt: skip
    bar, centre, wanted = schedule.alpha_bar.tolist(), 0.0, 1.0
    for t, s in pairwise(path):
        a, noisy = math.sqrt(bar[t]), 1 - bar[t]
        k = a * v / (bar[t] * v + noisy)
        square = eta**2 * (1 - bar[s]) / noisy * (1 - bar[t] / bar[s])
        kept = math.sqrt(max(0.0, 1 - bar[s] - square) / noisy) * (1 - a * k)
        factor = math.sqrt(bar[s]) * k + kept
        centre = math.sqrt(bar[s]) * m + factor * (centre - a * m)
        wanted = factor**2 * wanted + square
    assert mean == pytest.approx(centre, rel=1e-9)
    assert variance == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("eta", [0.0, 1.0])
def test_many_steps_draw_any_gaussian(eta):
    """N(0.3, 0.2²) by a thousand steps; ε by its score and x₀ by the perfect denoiser agree."""
    schedule = linear_schedule(1000)
    point = PerfectDenoiser(torch.tensor([[0.3]]).double(), schedule, spread=0.2)
    found = []
    for model, prediction in ((gaussian(0.3, 0.04, schedule), "eps"), (point, "x0")):
        found.append(
            spread_of(
                1000 if eta else 1,
                lambda z, model=model, prediction=prediction: sample(
                    model, z.shape[1:], schedule, times(1000, 1000), eta, z,
                    prediction=prediction, clip=False,
                ),
            )
        )  # fmt: skip
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    assert found[0][0] == pytest.approx(0.3, abs=2e-3)
    assert found[0][1] == pytest.approx(0.04, rel=0.05)


def kept(case: dict) -> Tensor:
    return torch.tensor(case["image"], dtype=torch.float64)


@pytest.mark.parametrize("case", KEPT["ddim"], ids=lambda c: f"{c['prediction']} {c['eta']}")
def test_ddim_is_that_of_diffusers(case):
    schedule = SCHEDULES[case["schedule"]](case["steps"])
    path, noise = times(case["steps"], case["number"]), peers.noise(case["number"])
    options = {"prediction": case["prediction"], "clip": False}
    x = sample(peers.made_up, peers.SHAPE, schedule, path, case["eta"], noise, **options)
    torch.testing.assert_close(x, kept(case), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "case", KEPT["ddpm"], ids=lambda c: f"{c['prediction']} {c['variance']}"
)
def test_the_ancestral_sampler_is_that_of_diffusers(case):
    schedule = SCHEDULES[case["schedule"]](case["steps"])
    x, *more = peers.noise(case["steps"])
    for t in range(case["steps"], 0, -1):
        x0 = estimate(peers.made_up, x, t, schedule, case["prediction"], clip=False)
        z = more[case["steps"] - t] if t > 1 else None
        x = ancestral_step(x, t, x0, schedule, z, case["variance"])
    torch.testing.assert_close(x, kept(case), atol=1e-4, rtol=1e-4)  # whose tables are float32


def test_noise_is_drawn_by_the_generator_that_is_given():
    schedule, path = cosine_schedule(20), times(20, 4)
    draw = lambda eta, **given: sample(  # noqa: E731
        peers.made_up, (3, 2), schedule, path, eta, **given
    )
    dice = torch.Generator()
    dice.manual_seed(5)
    noise = torch.stack([torch.randn(3, 2, generator=dice) for _ in range(4)])
    for eta in (0.0, 1.0):
        drawn = draw(eta, generator=dice.manual_seed(5))
        assert torch.equal(drawn, draw(eta, noise=noise))
        assert drawn.abs().max() <= 1  # x̂₀ is cut at each step, the last one too
    assert torch.equal(draw(0.0, noise=noise), draw(0.0, noise=noise[:1]))


def test_steps_of_what_does_not_fit_are_refused():
    schedule, x = cosine_schedule(10), images(2, 3)
    for t, s in ((5, 5), (3, 7), (11, 5), (5, -1), (0, 0)):
        with pytest.raises(ValueError, match=rf"T = 10 ≥ t > s ≥ 0, not {t} and {s}"):
            ddim_step(x, t, s, x, schedule)
    for eta in (-0.1, 1.1):
        with pytest.raises(ValueError, match=f"eta must be from 0 to 1, not {eta}"):
            ddim_step(x, 5, 4, x, schedule, eta)
    with pytest.raises(
        ValueError, match=r"noise must have the shape of xt, \(2, 3\), not None"
    ):
        ddim_step(x, 5, 4, x, schedule, 0.5)
    with pytest.raises(ValueError, match=r"noise must have the shape of xt, .* not \(3,\)"):
        ancestral_step(x, 5, x, schedule, x[0])
    with pytest.raises(ValueError, match="x0 must have the shape of xt"):
        ddim_step(x, 5, 4, x[:1], schedule)
    with pytest.raises(ValueError, match="variance must be one of posterior, beta"):
        ancestral_step(x, 5, x, schedule, x, "large")
    with pytest.raises(ValueError, match=r"noise must be \(2, 2, 3\) or more"):
        sample(lambda x, t: x, (2, 3), schedule, (10, 5, 0), 1.0, x[None])
    with pytest.raises(ValueError, match=r"noise must be \(1, 2, 3\) or more"):
        sample(lambda x, t: x, (2, 3), schedule, (10, 5, 0), 0.0, x)


# -- guidance ---------------------------------------------------------------------------------


class Tells:
    """Answers with a number for each class, 7 for none; and counts its calls."""

    unconditional = True

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, x: Tensor, t: Tensor, classes: Tensor) -> Tensor:
        self.sizes.append(len(x))
        value = classes.where(classes != NO_CLASS, 7).to(x.dtype)
        return x + value[:, None] + t[:, None]


def test_guidance_at_its_ends_and_beyond():
    x, t, classes, model = (
        images(3, 4),
        torch.tensor([1, 2, 3]),
        torch.tensor([0, 1, 2]),
        Tells(),
    )
    without, told = x + 7 + t[:, None], x + classes[:, None] + t[:, None]
    torch.testing.assert_close(guided(model, x, t, classes, 0.0), without)
    torch.testing.assert_close(guided(model, x, t, classes, 1.0), told)
    w = 1.5  # as Ho and Salimans write it, equation 6
    wanted = (1 + w) * told - w * without
    torch.testing.assert_close(guided(model, x, t, classes, 1 + w), wanted)
    assert model.sizes == [6, 6, 6]  # one doubled batch each


def test_guidance_is_the_same_for_all_predictions():
    """The weights add up to 1, so guided ε, x₀ and v say the same of the image."""
    schedule, x, t = cosine_schedule(10), images(2, 3), torch.tensor([4, 4])
    said = {"u": doubles(2, 3, seed=1), "c": doubles(2, 3, seed=2)}
    x0 = []
    for prediction in PREDICTIONS:
        parts = {k: convert(v, x, t, schedule, "eps", prediction) for k, v in said.items()}
        model = lambda x, t, classes, p=parts: torch.cat([p["c"], p["u"]])  # noqa: E731
        model.unconditional = True
        answer = guided(model, x, t, torch.tensor([0, 1]), 3.0)
        x0.append(convert(answer, x, t, schedule, prediction, "x0"))
    torch.testing.assert_close(x0[0], x0[1])
    torch.testing.assert_close(x0[0], x0[2])


def test_guidance_without_what_it_needs_is_refused():
    x, t, classes = images(2, 3), torch.tensor([1, 1]), torch.tensor([0, 1])
    with pytest.raises(ValueError, match="model has no unconditional branch"):
        guided(lambda x, t, classes: x, x, t, classes, 2.0)
    with pytest.raises(ValueError, match="classes must be given"):
        sample(Tells(), (2, 3), cosine_schedule(10), (10, 0), guidance=2.0)


def test_guidance_leads_samples_to_a_class():
    """Points about −0.5 and 0.5 whose class is told: beyond s = 1 further from the others."""
    points = torch.tensor([[-0.6], [-0.4], [0.4], [0.6]]).double()
    labels = torch.tensor([0, 0, 1, 1])
    schedule = cosine_schedule(100)
    model = PerfectDenoiser(points, schedule, labels, spread=0.1)
    noise, asked = doubles(1, 200, 1), torch.arange(200) % 2
    sign = 2 * asked - 1

    def mean(scale: float | None, classes: Tensor | None = asked) -> float:
        x = sample(model, (200, 1), schedule, times(100, 20), 0.0, noise, guidance=scale,
                   classes=classes, prediction="x0", clip=False)  # fmt: skip
        return (x[:, 0] * sign).mean().item()

    assert mean(1.0) == pytest.approx(mean(None), abs=1e-9)
    assert mean(1.0) == pytest.approx(0.5, abs=0.03)
    assert mean(0.0) == pytest.approx(mean(None, None), abs=1e-9)
    assert abs(mean(0.0)) < 0.1
    assert mean(4.0) > 0.53


def test_classes_are_dropped_one_by_one():
    classes = torch.arange(10).repeat(1000)
    dropped = drop_classes(classes, 0.1, torch.Generator().manual_seed(0))
    gone = dropped == NO_CLASS
    assert gone.float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert torch.equal(dropped[~gone], classes[~gone])
    assert torch.equal(classes, torch.arange(10).repeat(1000))
    again = drop_classes(classes, 0.1, torch.Generator().manual_seed(0))
    assert torch.equal(dropped, again)
    assert (drop_classes(classes, 1.0) == NO_CLASS).all()
    assert torch.equal(drop_classes(classes, 0.0), classes)
    for p in (-0.1, 1.1):
        with pytest.raises(ValueError, match="p must be a probability from 0 to 1"):
            drop_classes(classes, p)


# -- perfect denoisers ------------------------------------------------------------------------


def test_the_score_of_a_gaussian_is_the_slope_of_its_density():
    schedule = linear_schedule(100)
    mean, variance = images(4), doubles(4).square()
    xt = doubles(3, 4, seed=1).requires_grad_()
    t = torch.tensor([1, 50, 100])
    bar = schedule.alpha_bar[t][:, None]
    density = torch.distributions.Normal(bar.sqrt() * mean, (bar * variance + 1 - bar).sqrt())
    (slope,) = torch.autograd.grad(density.log_prob(xt).sum(), xt)
    torch.testing.assert_close(diffusion.gaussian_score(xt, t, schedule, mean, variance), slope)
    with pytest.raises(ValueError, match="variance must be 0 or more"):
        diffusion.gaussian_score(xt, t, schedule, 0.0, -1.0)


def test_the_perfect_denoiser_is_the_mean_over_the_training_set(monkeypatch):
    """By a loop over images, p(x | x_t) ∝ N(x_t; √ᾱ_t x, 1 − ᾱ_t); in parts too."""
    schedule, data, xt = cosine_schedule(50), images(6, 1, 2, 2), images(5, 1, 2, 2, seed=1)
    bar = schedule.alpha_bar[30]
    wanted = torch.zeros_like(xt)
    for row, x in enumerate(xt):
        weights = [math.exp(-((x - bar.sqrt() * y) ** 2).sum() / (2 * (1 - bar))) for y in data]
        wanted[row] = sum(w * y for w, y in zip(weights, data, strict=True)) / sum(weights)
    model = PerfectDenoiser(data, schedule)
    torch.testing.assert_close(model(xt, 30), wanted)
    monkeypatch.setattr(diffusion, "LARGEST", 30)
    torch.testing.assert_close(model(xt, torch.full((5,), 30)), wanted)
    sigma = ((1 - bar) / bar).sqrt().item()
    chapter_11 = posterior_mean(xt.flatten(1) / bar.sqrt(), data.flatten(1), sigma)
    torch.testing.assert_close(model(xt, 30).flatten(1), chapter_11)


def test_the_perfect_denoiser_has_the_least_loss_and_no_slope():
    """Whatever is added to its answer, the expected loss rises: its error is orthogonal."""
    schedule, data = cosine_schedule(50), images(4, 2)
    model = PerfectDenoiser(data, schedule)
    x0 = data[torch.arange(40_000) % 4]
    xt = q_sample(x0, 25, doubles(40_000, 2, seed=1), schedule)
    error = x0 - model(xt, 25)
    for other in (xt, xt.square(), torch.ones_like(xt)):
        assert abs((error * other).mean().item()) < 0.01


def test_the_perfect_denoiser_copies_its_training_set():
    schedule, data = cosine_schedule(100), images(10, 16)
    model = PerfectDenoiser(data, schedule)
    for eta, number in ((0.0, 20), (1.0, 50)):
        noise = doubles(number, 30, 16, seed=2)
        x = sample(model, (30, 16), schedule, times(100, number), eta, noise, prediction="x0")
        nearest = torch.cdist(x, data).min(1)
        assert nearest.values.max() < 1e-3
        assert len(nearest.indices.unique()) > 5


def test_perfect_denoisers_of_what_does_not_fit_are_refused():
    schedule, data = cosine_schedule(10), images(4, 2)
    with pytest.raises(ValueError, match=r"data must be \(N, …\), N ≥ 1"):
        PerfectDenoiser(data[:0], schedule)
    with pytest.raises(ValueError, match=r"labels \(N,\), not \(3,\)"):
        PerfectDenoiser(data, schedule, torch.tensor([0, 1, 2]))
    model = PerfectDenoiser(data, schedule, torch.tensor([0, 0, 1, 1]))
    with pytest.raises(
        ValueError, match="classes must be among the labels of the data; 2 is not"
    ):
        model(data, 5, torch.tensor([0, 1, 2, 0]))
    with pytest.raises(ValueError, match="t must be the same for all images"):
        model(data, torch.tensor([1, 1, 2, 2]))
    with pytest.raises(ValueError, match="t must be from 1 to 10"):
        model(data, 0)
