"""Visible checks of chapter 14, CLIP: one file an exercise."""

from course_utils.checks.clip.calibration_error import calibration_error
from course_utils.checks.clip.clip_loss import clip_loss
from course_utils.checks.clip.part_of_loss import part_of_loss
from course_utils.checks.clip.recall_at_k import recall_at_k
from course_utils.checks.clip.text_features import text_features
from course_utils.checks.clip.zero_shot import zero_shot

__all__ = [
    "calibration_error",
    "clip_loss",
    "part_of_loss",
    "recall_at_k",
    "text_features",
    "zero_shot",
]
