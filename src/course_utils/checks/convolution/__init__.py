"""Visible checks of chapter 2, convolution: one file an exercise."""

from course_utils.checks.convolution.conv1d import conv1d
from course_utils.checks.convolution.conv2d import conv2d
from course_utils.checks.convolution.edge_strength import edge_strength
from course_utils.checks.convolution.gaussian_filter import gaussian_filter
from course_utils.checks.convolution.moving_average import moving_average
from course_utils.checks.convolution.output_size import output_size
from course_utils.checks.convolution.separable_filter import separable_filter

__all__ = [
    "conv1d",
    "conv2d",
    "edge_strength",
    "gaussian_filter",
    "moving_average",
    "output_size",
    "separable_filter",
]
