"""What β and a mean in the wrong place do to a VAE: short trainings of chapter 11.

A narrow network learns from some thousand digits whose pixels are made binary anew each time.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from course_utils.data import Pictures
from course_utils.reference import vae
from course_utils.training.autoencoders import (
    binarised,
    binary_test,
    codes,
    decoded,
    negative_elbo,
    terms,
)
from course_utils.training.fit import Objective, fit

BETAS = (0.25, 1.0, 4.0, 16.0)


def averaged_over_pixels(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A mistake: the likelihood is a mean over pixels, the KL a sum: a β of 784."""
    logits, mean, log_variance = model(x)
    likelihood = vae.bernoulli_log_likelihood(x, logits) / x[0].numel()
    return (vae.gaussian_kl(mean, log_variance) - likelihood).mean(), y.new_zeros(())


TRIES: dict[str, Objective] = {
    **{f"β = {beta:g}": partial(negative_elbo, beta=beta) for beta in BETAS},
    "averaged over pixels": averaged_over_pixels,
}


def learned(images: Pictures, objective: Objective, epochs: int = 12, seed: int = 0) -> vae.VAE:
    """A VAE of ten numbers a digit, trained with ``objective`` on ``images``."""
    torch.manual_seed(seed)
    model = vae.MLPVAE(latent=10, hidden=128)
    batches = images.batches(100, seed=seed, augment=binarised(seed), drop_last=True)
    fit(model, batches, epochs, lr=2e-3, weight_decay=0.0, objective=objective)
    return model.eval()


def measured(model: vae.VAE, test: Pictures) -> dict[str, float]:
    """Both terms of the ELBO in nats on binary images, active units, how much images differ.

    ``spread``: standard deviation of a reconstructed pixel from image to image, the root mean
    square over pixels; 0 where all images are reconstructed alike.
    """
    x = binary_test(test)
    likelihood, kl, means = terms(model, x)
    spread = decoded(model, codes(model, x)).var(0).mean().sqrt()
    return {
        "reconstruction (nats)": round(likelihood.mean().item(), 2),
        "KL (nats)": round(kl.mean().item(), 3),
        "ELBO (nats)": round((likelihood - kl).mean().item(), 2),
        "active units": int(vae.active_units(means).sum()),
        "spread": round(spread.item(), 4),
    }
