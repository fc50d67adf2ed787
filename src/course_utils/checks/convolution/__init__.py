"""Visible checks of chapter 2, convolution: one file an exercise."""

from course_utils.checks.convolution.conv2d import conv2d
from course_utils.checks.convolution.output_size import output_size
from course_utils.checks.convolution_old import (
    conv1d,
    edge_strength,
    gaussian_filter,
    moving_average,
    separable_filter,
)

__all__ = [
    "conv1d",
    "conv2d",
    "edge_strength",
    "gaussian_filter",
    "moving_average",
    "output_size",
    "separable_filter",
]
