"""Variational autoencoders: the ELBO in nats, its terms, the importance-weighted bound.

Sources: D. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014; I. Higgins et
al., "beta-VAE", ICLR 2017; Y. Burda, R. Grosse and R. Salakhutdinov, "Importance weighted
autoencoders", ICLR 2016 (bound: theorem 1; active units).

Symbols: q(z | x) = N(μ, σ²) by the encoder, ``mean`` and ``log_variance`` = log σ² (B, d);
p(z) = N(0, I); p(x | z) Bernoulli, one logit a pixel. All logarithms are natural: nats.
Sums run over pixels and over the numbers of a code: one value an image, (B,).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference import autoencoders
from course_utils.reference.autoencoders import SIDE, require_floats

Prior = Tensor | float


def reparameterise(mean: Tensor, log_variance: Tensor, noise: Tensor) -> Tensor:
    """z = μ + exp(½ log σ²) ε: a sample of q through which gradients reach μ and σ.

    Args:
        mean, log_variance: (B, d).
        noise: ε ~ N(0, I), (B, d), or (k, B, d) for k samples of each image; so is z.

    Raises:
        ValueError: shapes that do not fit, or a variance that is 0 or ∞ in its dtype.
    """
    _require_gaussian(mean, log_variance)
    if noise.shape[-mean.ndim :] != mean.shape:
        shapes = f"{tuple(noise.shape)} for {tuple(mean.shape)}"
        raise ValueError(f"noise must be of the shape of mean, or (k, …) of it, not {shapes}")
    return mean + (0.5 * log_variance).exp() * noise


def kl_terms(
    mean: Tensor, log_variance: Tensor, prior_mean: Prior = 0.0, prior_log_variance: Prior = 0.0
) -> Tensor:
    """The KL of each number of the code, in nats: (B, d); their sum is ``gaussian_kl``."""
    _require_gaussian(mean, log_variance)
    m, v = (
        torch.as_tensor(p, dtype=mean.dtype, device=mean.device)
        for p in (prior_mean, prior_log_variance)
    )
    for name, p in (("prior_mean", m), ("prior_log_variance", v)):
        if p.shape not in ((), mean.shape[1:], mean.shape):
            asked = f"a number, (d,) or (B, d) = {tuple(mean.shape)}"
            raise ValueError(f"{name} must be {asked}, not {tuple(p.shape)}")
    _require_values(m, v, "prior_")
    ratio = log_variance - v  # expm1: near equality 1 + r − e^r would cancel
    return 0.5 * (torch.expm1(ratio) - ratio + (mean - m).square() * (-v).exp())


def gaussian_kl(
    mean: Tensor, log_variance: Tensor, prior_mean: Prior = 0.0, prior_log_variance: Prior = 0.0
) -> Tensor:
    """KL(N(μ, σ²) ‖ N(m, s²)) of Gaussians with diagonal covariance, in nats.

    ½ Σ (σ²/s² − 1 − log(σ²/s²) + (μ − m)²/s²), summed over the d numbers of a code; with m = 0
    and s = 1 it is the second term of the ELBO (Kingma and Welling, appendix B).

    Args:
        mean, log_variance: (B, d); the KL is (B,).
        prior_mean, prior_log_variance: m and log s²: numbers, (d,) or (B, d).

    Raises:
        ValueError: shapes that do not fit, or a variance that is 0 or ∞ in its dtype.
    """
    return kl_terms(mean, log_variance, prior_mean, prior_log_variance).sum(1)


def bernoulli_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    """log p(x | z) = Σ_pixels x·l − log(1 + e^l), from logits l: no logarithm of 0.

    For x in {0, 1} a log-probability. For grey values it is minus a cross entropy, useful to
    learn from, and no likelihood: not comparable with what is measured on binary images.

    Args:
        x: (B, …) in 0 to 1.
        logits: (B, …), or (k, B, …) for k samples of each image.

    Returns:
        (B,) or (k, B), at most 0; halves are computed in float32.

    Raises:
        ValueError: pixels outside 0 to 1, shapes that do not fit, logits that are no numbers.
    """
    autoencoders.require_pixels(x)
    if logits.shape[-x.ndim :] != x.shape or logits.ndim > x.ndim + 1:
        shapes = f"{tuple(logits.shape)} for {tuple(x.shape)}"
        raise ValueError(f"logits must be of the shape of x, or (k, …) of it, not {shapes}")
    if not autoencoders.holds(logits.isfinite()):
        raise ValueError("logits must be finite: has the training diverged?")
    wide = _wide(logits)
    target = x.to(wide.dtype).expand_as(wide)
    each = F.binary_cross_entropy_with_logits(wide, target, reduction="none")
    return -each.flatten(logits.ndim - x.ndim + 1).sum(-1)


def elbo(
    x: Tensor, logits: Tensor, mean: Tensor, log_variance: Tensor, beta: float = 1.0
) -> Tensor:
    """log p(x | z) − β KL(q(z | x) ‖ N(0, I)) of each image, (B,), in nats: to be maximised.

    With β = 1 and z drawn from q its expectation is at most log p(x): the evidence lower bound.
    With another β it is what a β-VAE learns from; compare models at β = 1.

    Args:
        x: (B, …) in 0 to 1.
        logits: of the shape of x, decoded from one z ~ q(z | x).
        mean, log_variance: (B, d) of q.
        beta: weight of the KL, ≥ 0.

    Raises:
        ValueError: pixels outside 0 to 1, shapes that do not fit, a variance that is 0 or ∞,
            β negative or not finite.
    """
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta must be ≥ 0 and finite, not {beta}")
    if logits.shape != x.shape or len(x) != len(mean):
        shapes = f"{tuple(x.shape)}, {tuple(logits.shape)} and {tuple(mean.shape)}"
        raise ValueError(f"x, logits and mean must be (B, …), (B, …) and (B, d), not {shapes}")
    kl = gaussian_kl(_wide(mean), _wide(log_variance))
    return bernoulli_log_likelihood(x, logits) - beta * kl


def log_normal(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(z; μ, σ²), summed over the last axis: (…, d) -> (…)."""
    deviation = (z - mean).square() * (-log_variance).exp()
    return -0.5 * (deviation + log_variance + math.log(2 * math.pi)).sum(-1)


def importance_bound(
    log_likelihood: Tensor, z: Tensor, mean: Tensor, log_variance: Tensor
) -> Tensor:
    """L_k = log (1/k) Σ_i p(x | z_i) p(z_i) / q(z_i | x): a bound on log p(x) from k samples.

    In expectation L_1 is the ELBO, L_k ≤ L_{k+1} ≤ log p(x) (Burda et al., theorem 1). The
    logarithm stands outside the mean over samples, inside the mean over images.

    Args:
        log_likelihood: log p(x | z_i), (k, B); the bound is (B,), in nats.
        z: (k, B, d), drawn from q.
        mean, log_variance: (B, d) of q.

    Raises:
        ValueError: shapes that do not fit, no sample, a variance of 0 or ∞, likelihoods of NaN.
    """
    _require_gaussian(mean, log_variance)
    k = len(log_likelihood) if log_likelihood.ndim else 0
    if k == 0 or log_likelihood.shape != (k, len(mean)) or z.shape != (k, *mean.shape):
        shapes = f"{tuple(log_likelihood.shape)} and {tuple(z.shape)}"
        asked = f"(k, B) and (k, B, d) with B, d = {tuple(mean.shape)}, k ≥ 1"
        raise ValueError(f"log_likelihood and z must be {asked}, not {shapes}")
    if not autoencoders.holds(log_likelihood < math.inf):  # −∞ is a weight of 0
        raise ValueError("log_likelihood must hold numbers: has the training diverged?")
    zero = torch.zeros_like(mean)
    prior, q = log_normal(z, zero, zero), log_normal(z, mean, log_variance)
    return _wide(log_likelihood + prior - q).logsumexp(0) - math.log(k)


def active_units(means: Tensor, least: float = 0.01) -> Tensor:
    """Which numbers of the code say something about the image: Cov_x(μ_j) > ``least``.

    From μ of N ≥ 2 images, (N, d), to bool (d,); its sum is the number of active units.

    Raises:
        ValueError: fewer than two images, or means that are no numbers.
    """
    if means.ndim != 2 or len(means) < 2:
        raise ValueError(f"means must be (N, d), N ≥ 2, not {tuple(means.shape)}")
    if not autoencoders.holds(means.isfinite()):
        raise ValueError("means must be finite: has the training diverged?")
    return means.var(0) > least


class VAE(nn.Module):
    """A convolutional VAE: d = ``latent``, ``hidden`` the width beside it in both networks."""

    encoder: nn.Sequential
    decoder: nn.Sequential

    def __init__(self, latent: int = 2, hidden: int = 32) -> None:
        super().__init__()
        self.latent = latent
        self.encoder = autoencoders.Encoder(2 * latent, hidden)
        self.decoder = autoencoders.Decoder(latent, hidden)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, 28, 28) in 0 to 1 -> mean and log variance (B, d) of q(z | x)."""
        require_floats("x", x, f"(B, 1, {SIDE}, {SIDE})", 1, SIDE, SIDE)
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, d) -> logits (B, 1, 28, 28)."""
        require_floats("z", z, f"(B, {self.latent})", self.latent)
        return self.decoder(z)

    def forward(self, x: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 1, 28, 28), ε (B, d), drawn if left out -> logits, mean and log variance."""
        mean, log_variance = self.encode(x)
        noise = torch.randn_like(mean) if noise is None else noise
        return self.decode(mean + (0.5 * log_variance).exp() * noise), mean, log_variance


class MLPVAE(VAE):
    """The VAE of Burda et al. with one stochastic layer: 784-500-500-50 and back, tanh."""

    def __init__(self, latent: int = 50, hidden: int = 500) -> None:
        super(VAE, self).__init__()
        autoencoders.require_sizes(latent=latent, hidden=hidden)
        self.latent = latent
        self.encoder = nn.Sequential(nn.Flatten(), *_mlp(SIDE**2, hidden, 2 * latent))
        self.decoder = nn.Sequential(
            *_mlp(latent, hidden, SIDE**2), nn.Unflatten(1, (1, SIDE, SIDE))
        )


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(),
        nn.Linear(hidden, outputs),
    )  # fmt: skip


def _wide(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()


def _require_gaussian(mean: Tensor, log_variance: Tensor) -> None:
    if mean.ndim != 2 or mean.shape != log_variance.shape or mean.numel() == 0:
        shapes = f"{tuple(mean.shape)} and {tuple(log_variance.shape)}"
        raise ValueError(f"mean and log_variance must be (B, d), not empty, not {shapes}")
    _require_values(mean, log_variance)


def _require_values(mean: Tensor, log_variance: Tensor, whose: str = "") -> None:
    variance = log_variance.exp()
    if not autoencoders.holds(mean.isfinite()):
        raise ValueError(f"{whose}mean must be finite: has the training diverged?")
    if not autoencoders.holds(variance.isfinite() & (variance > 0)):
        raise ValueError(f"{whose}log_variance must have an exp that is neither 0 nor ∞")
