"""Hidden checks of chapter 11, autoencoders: what the visible ones leave open."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F

from course_utils.checks import autoencoders as visible
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.autoencoders.denoiser import task
from course_utils.checks.autoencoders.encoded import encoded
from course_utils.checks.autoencoders.gaussian_kl import two
from course_utils.checks.autoencoders.importance_bound import samples
from course_utils.checks.autoencoders.pca_reconstruct import cloud
from course_utils.checks.core import Draw
from course_utils.checks.probe import Probe, experiment, slopes
from course_utils.tables import counted

# -- 11.1 reconstruction by principal components ------------------------------------------

pca_reconstruct = visible.pca_reconstruct.hidden_part()


@pca_reconstruct.aspect("k = 0, and fewer images than dimensions", 0.5)
def _(draw: Draw) -> Iterator[tuple]:
    yield *cloud(draw, 8, 3, 4), 0
    train, x = cloud(draw, 5, 9, 3)
    yield train, x, 0
    yield train, x, 3
    yield train, train.clone(), 5
    yield *cloud(draw, 6, 6, 4), 5


@pca_reconstruct.refuses(
    "refuses a k below 0 or above min(N, D)",
    0.25,
    {"k may be D at most, and N at most": {"fits": lambda k, n, d: 0 <= k <= d}},
)
def _(draw: Draw) -> Iterator[tuple]:
    for n, d, k in ((9, 4, -1), (4, 9, 5), (4, 9, 9), (9, 4, 9), (5, 5, 6), (5, 5, -3)):
        yield *cloud(draw, n, d, 3), k
    yield *cloud(draw, 4, 9, 3), 4
    yield *cloud(draw, 9, 4, 3), 4


pca_reconstruct.gradients("x", points=0.25)

# -- 11.2 denoising loss ------------------------------------------------------------------

denoising_loss = visible.denoising_loss.hidden_part()
denoising_loss.gradients("x", points=0.5)


@denoising_loss.contract("denoise is called once, on all images", 0.5)
def _(answer: Answer, draw: Draw) -> None:
    for b in (1, 7):
        calls = answer.trace(*task(draw, b, 5, 0.7)).operators["aten::tanh"]
        if calls != 1:
            raise Wrong(
                f"denoise was called {calls} times for {counted(b, 'image')}, expected once"
            )


# -- 11.3 reparameterisation --------------------------------------------------------------

reparameterise = visible.reparameterise.hidden_part()


@reparameterise.aspect("stable: log variances of −200 and of 160", 0.75)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    slope = slopes(lambda z: z, reparameterise.signature, ["mean", "log_variance"])
    for dtype in (torch.float32, torch.float64):
        mean, noise = draw.normal(3, 4, dtype=dtype), draw.normal(2, 3, 4, dtype=dtype)
        around = draw.normal(3, 4, dtype=dtype)
        for centre, log_variance in ((0 * mean, around - 195), (mean, around + 155)):
            yield centre, log_variance, noise
            about = f"gradients at log variances of about {log_variance.mean():.0f}, {dtype}"
            yield experiment(slope, centre, log_variance, noise, about=about)


# -- 11.4 divergence of two Gaussians -----------------------------------------------------

gaussian_kl = visible.gaussian_kl.hidden_part()


@gaussian_kl.aspect(
    "tiny variances, and equal Gaussians",
    0.5,
    {
        "a small number is added to the prior's variance: divide by what it is": {
            "ratio": lambda lq, lp: lq.exp() / (lp.exp() + 1e-8)
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for low, prior_low in ((-40, 0), (-40, -40), (-30, -38), (0, 0)):
        mean, log_variance, prior_mean, prior_log_variance = two(draw, 3, 4)
        log_variance, prior_log_variance = low + log_variance, prior_low + prior_log_variance
        if prior_low < 0:  # means as near as that, else their distance is all
            prior_mean = mean + math.exp(prior_low / 2) * prior_mean
        yield mean, log_variance, prior_mean, prior_log_variance
        yield mean, log_variance, mean.clone(), log_variance.clone()


@gaussian_kl.aspect("one image, or one latent dimension", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for b, z in ((1, 3), (4, 1), (1, 1)):
        yield two(draw, b, z)
        yield two(draw, b, z, z)


# -- 11.5 evidence lower bound ------------------------------------------------------------

elbo = visible.elbo.hidden_part()


@elbo.aspect(
    "stable: logits of ±1000",
    0.75,
    {
        "the logarithms end at −100, as in torch's binary_cross_entropy: from logits they are "
        "exact": {
            "pixels": lambda x, logits: (
                x * F.logsigmoid(logits).clamp(min=-100)
                + (1 - x) * F.logsigmoid(-logits).clamp(min=-100)
            )
        }
    },
)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    slope = slopes(lambda bound: bound, elbo.signature, ["logits", "mean", "log_variance"])
    for dtype in (torch.float32, torch.float64):
        x, logits, *code = (part.to(dtype) for part in encoded(draw, 4, 6, 2))
        # None in between, where a sigmoid in float32 is 1 and one in float64 is not.
        far = torch.where(logits.abs() < 1, logits, 1000 * logits.sign())
        yield x, far, *code
        yield experiment(slope, x, far, *code, about=f"gradients at such logits, {dtype}")
        yield x.round(), 1000 * (2 * x.round() - 1), *code


@elbo.refuses("refuses pixels outside 0 to 1", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for odd in (-0.1, 1.01, 2.0, -1.0):
        x, *rest = encoded(draw, 3, 4, 2)
        x[2, 1] = odd
        yield x, *rest
    for value in (0, 1):
        x, *rest = encoded(draw, 2, 4, 2)
        yield torch.full_like(x, value), *rest


@elbo.aspect("one image, one pixel, one latent dimension", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for sizes in ((1, 4, 3), (3, 1, 2), (3, 4, 1), (1, 1, 1)):
        yield *encoded(draw, *sizes), 0.7


# -- 11.6 bound of k samples --------------------------------------------------------------

importance_bound = visible.importance_bound.hidden_part()


@importance_bound.aspect("stable: log likelihoods from −800 to 800", 0.75)
def _(draw: Draw) -> Iterator[tuple | Probe]:
    names = ["log_likelihood", "z", "mean", "log_variance"]
    slope = slopes(lambda bound: bound, importance_bound.signature, names)
    for dtype in (torch.float32, torch.float64):
        log_likelihood, *rest = (part.to(dtype) for part in samples(draw, 5, 4, 3))
        log_likelihood = log_likelihood + torch.tensor([-800, -90, -400, 800]).to(dtype)
        yield log_likelihood, *rest
    # In float32 the digits of 800 leave too few for the samples' shares.
    yield experiment(slope, log_likelihood, *rest, about="gradients at such log likelihoods")


@importance_bound.aspect("one sample, one image, one latent dimension", 0.25)
def _(draw: Draw) -> Iterator[tuple]:
    for sizes in ((1, 3, 2), (4, 1, 3), (3, 2, 1), (1, 1, 1)):
        yield samples(draw, *sizes)
