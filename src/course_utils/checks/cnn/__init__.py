"""Visible checks of chapter 3, convolutional networks: one file an exercise."""

from course_utils.checks.cnn.conv_backward import conv_backward
from course_utils.checks.cnn.conv_forward import conv_forward
from course_utils.checks.cnn.max_pool import max_pool
from course_utils.checks.cnn_old import (
    count_parameters,
    number,
    receptive_field,
    shift,
)

__all__ = [
    "conv_backward",
    "conv_forward",
    "count_parameters",
    "max_pool",
    "number",
    "receptive_field",
    "shift",
]
