"""Visible checks of chapter 13, diffusion: one file an exercise."""

from course_utils.checks.diffusion.ddim_step import ddim_step
from course_utils.checks.diffusion.diffusion_loss import diffusion_loss
from course_utils.checks.diffusion.guided import guided
from course_utils.checks.diffusion.noise_levels import noise_levels
from course_utils.checks.diffusion.posterior import posterior
from course_utils.checks.diffusion.q_sample import q_sample

__all__ = ["ddim_step", "diffusion_loss", "guided", "noise_levels", "posterior", "q_sample"]
