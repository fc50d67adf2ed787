"""Visible checks of chapter 10, contrastive learning: one file an exercise."""

from course_utils.checks.simclr.alignment_and_uniformity import alignment_and_uniformity
from course_utils.checks.simclr.cosine_similarities import cosine_similarities
from course_utils.checks.simclr.nt_xent import nt_xent
from course_utils.checks.simclr.positives import positives
from course_utils.checks.simclr_old import (
    colour_jitter,
    crop_and_resize,
    knn_predict,
)

__all__ = [
    "alignment_and_uniformity",
    "colour_jitter",
    "cosine_similarities",
    "crop_and_resize",
    "knn_predict",
    "nt_xent",
    "positives",
]
