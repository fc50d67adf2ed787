"""Visible checks of chapter 3, convolutional networks: one file an exercise."""

from course_utils.checks.cnn_old import (
    conv_backward,
    conv_forward,
    count_parameters,
    max_pool,
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
