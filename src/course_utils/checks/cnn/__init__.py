"""Visible checks of chapter 3, convolutional networks: one file an exercise."""

from course_utils.checks.cnn.conv_backward import conv_backward
from course_utils.checks.cnn.conv_forward import conv_forward
from course_utils.checks.cnn.count_parameters import count_parameters
from course_utils.checks.cnn.max_pool import max_pool
from course_utils.checks.cnn.receptive_field import receptive_field
from course_utils.checks.cnn.shift import shift

__all__ = [
    "conv_backward",
    "conv_forward",
    "count_parameters",
    "max_pool",
    "receptive_field",
    "shift",
]
