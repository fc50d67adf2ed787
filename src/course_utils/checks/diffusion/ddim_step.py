"""Exercise 13.5, a step of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import KEEPS, allowed, schedule
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given


def stepped(
    xt: Tensor, t: int, s: int, eps: Tensor, alpha_bar: Tensor, eta: float, noise: Tensor, *,
    ordered: Callable = lambda t, s, T: 0 <= s < t <= T,
    fits: Callable = lambda eta: 0 <= eta <= 1,
    entry: Callable = lambda t, s: s,
    image: Callable = lambda x, eps, bar: (x - (1 - bar).sqrt() * eps) / bar.sqrt(),
    clips: Callable = lambda x0: x0,
    strength: Callable = lambda eta: eta,
    spread: Callable = lambda share, step: (share * step).sqrt(),
    stays: Callable = lambda then, sigma: (1 - then - sigma**2).clamp(min=0).sqrt(),
    adds: Callable = lambda sigma: sigma,
) -> Tensor:  # fmt: skip
    """x_s = √ᾱ_s x̂₀ + √(1 − ᾱ_s − σ²) ε̂ + σ · noise."""
    if not ordered(t, s, len(alpha_bar) - 1) or not fits(eta):
        raise ValueError("0 ≤ s < t ≤ T, and eta from 0 to 1")
    now, then = alpha_bar[t], alpha_bar[entry(t, s)]
    sigma = strength(eta) * spread((1 - then) / (1 - now), 1 - now / then)
    x0 = clips(image(xt, eps, now))
    return then.sqrt() * x0 + stays(then, sigma) * eps + adds(sigma) * noise


ddim_step = Exercise("13.5", "ddim_step", points=10, hidden=2, right=stepped)


def images(draw: Draw, t: int, s: int, eta: float, *shape: int, steps: int = 6) -> tuple:
    xt, eps, noise = (draw.normal(*shape) for _ in range(3))
    return 1.5 * xt, t, s, eps, schedule(draw, steps), eta, noise


@ddim_step.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for t, s, eta in ((6, 2, 0.0), (4, 3, 1.0), (5, 1, 0.4), (3, 1, 0.8), (6, 5, 0.5)):
        yield images(draw, t, s, eta, 3, 2, s + 1, 4)
    for t, s, eta in ((4, 0, 0.7), (1, 0, 1.0), (3, 0, 0.0), (2, 0, 1)):
        yield images(draw, t, s, eta, 2, t, 3, 5, steps=4)
    yield images(draw, 2, 1, 1, 1, 3, 4, 2, steps=3)
    xt, t, s, eps, bar, eta, noise = images(draw, 7, 4, 0.6, 4, 1, 3, 3, steps=9)
    yield given(noise=noise, eta=eta, alpha_bar=bar, eps=eps, s=s, t=t, xt=xt)


@ddim_step.aspect(
    "x̂₀ = (x_t − √(1 − ᾱ_t) ε̂) / √ᾱ_t",
    1,
    {
        "ε̂ is taken for x̂₀: it is the noise": {"image": lambda x, e, b: e},
        "x̂₀ is not divided by √ᾱ_t": {"image": lambda x, e, b: x - (1 - b).sqrt() * e},
        "1 − ᾱ_t lost its root": {"image": lambda x, e, b: (x - (1 - b) * e) / b.sqrt()},
        "x̂₀ is clipped: it stays as it is": {"clips": lambda x0: x0.clamp(-1, 1)},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape in ((3, 2, 3, 4), (2, 3, 4, 2)):
        yield images(draw, 1, 0, 0.0, *shape)


@ddim_step.aspect(
    "σ = η √((1 − ᾱ_s) / (1 − ᾱ_t)) √(1 − ᾱ_t / ᾱ_s), and σ² under the root of ε̂",
    1.5,
    {
        "η is ignored: without it no noise comes": {"strength": lambda eta: 0},
        "σ has lost its roots": {"spread": lambda share, step: share * step},
        "σ² is forgotten under the root": {"stays": lambda then, sigma: (1 - then).sqrt()},
        "the noise is multiplied by σ²: expected σ": {"adds": lambda sigma: sigma**2},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for t, s, eta in ((5, 4, 1.0), (4, 2, 0.5)):
        _, _, _, eps, bar, _, noise = images(draw, t, s, eta, 3, 2, 3, 4)
        yield (1 - bar[t]).sqrt() * eps, t, s, eps, bar, eta, noise  # x̂₀ is 0


@ddim_step.aspect(
    "to any earlier time s; at s = 0 x̂₀, without noise",
    1,
    {
        "ᾱ_{t−1} in place of ᾱ_s: s is any time before t": {"entry": lambda t, s: t - 1},
        "σ is of β, the factor √((1 − ᾱ_s) / (1 − ᾱ_t)) is missing: at s = 0 noise is added": {
            "spread": lambda share, step: step.sqrt()
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for t, s, eta in ((5, 2, 0.0), (3, 0, 1.0), (1, 0, 0.5), (3, 0, 0.0)):
        yield images(draw, t, s, eta, 2, 3, 4, 2)


SLIPS = allowed("ordered", "s outside 0 … t − 1") | allowed("fits", "η outside 0 … 1")


@ddim_step.refuses("refuses times out of order, and η outside 0 … 1", 0.25, SLIPS)
def _(draw: Draw) -> Iterator[tuple]:
    yield images(draw, 3, 4, 0.5, 2, 1, 3, 4)
    yield images(draw, 3, 2, 1.5, 2, 1, 3, 4)


ddim_step.gradients("xt, eps", 0.25)
ddim_step.keeps(points=0.25, name=KEEPS)
