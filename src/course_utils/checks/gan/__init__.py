"""Visible checks of chapter 12, generative adversarial networks: one file an exercise."""

from course_utils.checks.gan.frechet_distance import frechet_distance
from course_utils.checks.gan.gan_losses import gan_losses
from course_utils.checks.gan.gan_step import gan_step
from course_utils.checks.gan.gradient_penalty import gradient_penalty
from course_utils.checks.gan.modes import modes
from course_utils.checks.gan.optimal_discriminator import optimal_discriminator

__all__ = [
    "frechet_distance",
    "gan_losses",
    "gan_step",
    "gradient_penalty",
    "modes",
    "optimal_discriminator",
]
