"""Visible checks of chapter 12, generative adversarial networks: one file an exercise."""

from course_utils.checks.gan.gan_losses import gan_losses

__all__ = ["gan_losses"]
