"""Visible checks of chapter 11, autoencoders: one file an exercise."""

from course_utils.checks.autoencoders.denoising_loss import denoising_loss
from course_utils.checks.autoencoders.elbo import elbo
from course_utils.checks.autoencoders.gaussian_kl import gaussian_kl
from course_utils.checks.autoencoders.importance_bound import importance_bound
from course_utils.checks.autoencoders.pca_reconstruct import pca_reconstruct
from course_utils.checks.autoencoders.reparameterise import reparameterise

__all__ = [
    "denoising_loss",
    "elbo",
    "gaussian_kl",
    "importance_bound",
    "pca_reconstruct",
    "reparameterise",
]
