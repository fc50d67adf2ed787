"""Visible checks of chapter 4, residual networks: one file an exercise."""

from course_utils.checks.resnet.basic_block import basic_block
from course_utils.checks.resnet.batch_norm import batch_norm
from course_utils.checks.resnet.bottleneck import bottleneck
from course_utils.checks.resnet.gradient_norms import gradient_norms
from course_utils.checks.resnet.kaiming_normal import kaiming_normal
from course_utils.checks.resnet.resnet_size import resnet_size
from course_utils.checks.resnet.shortcut import shortcut

__all__ = [
    "basic_block",
    "batch_norm",
    "bottleneck",
    "gradient_norms",
    "kaiming_normal",
    "resnet_size",
    "shortcut",
]
