"""Visible checks of chapter 4, residual networks: one file an exercise."""

from course_utils.checks.resnet.batch_norm import batch_norm
from course_utils.checks.resnet.kaiming_normal import kaiming_normal
from course_utils.checks.resnet_old import (
    basic_block,
    bottleneck,
    gradient_norms,
    resnet_size,
    shortcut,
)

__all__ = [
    "basic_block",
    "batch_norm",
    "bottleneck",
    "gradient_norms",
    "kaiming_normal",
    "resnet_size",
    "shortcut",
]
