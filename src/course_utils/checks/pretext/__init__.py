"""Visible checks of chapter 9, pretext tasks: one file an exercise."""

from course_utils.checks.pretext.cpc_loss import cpc_loss
from course_utils.checks.pretext.few_labels import few_labels
from course_utils.checks.pretext.info_nce import info_nce
from course_utils.checks.pretext.information_bound import information_bound
from course_utils.checks.pretext.patches import patches
from course_utils.checks.pretext.ridge_probe import ridge_probe
from course_utils.checks.pretext.rotations import rotations

__all__ = [
    "cpc_loss",
    "few_labels",
    "info_nce",
    "information_bound",
    "patches",
    "ridge_probe",
    "rotations",
]
