"""Visible checks of chapter 10, contrastive learning: one file an exercise."""

from course_utils.checks.simclr.alignment_and_uniformity import alignment_and_uniformity
from course_utils.checks.simclr.colour_jitter import colour_jitter
from course_utils.checks.simclr.cosine_similarities import cosine_similarities
from course_utils.checks.simclr.crop_and_resize import crop_and_resize
from course_utils.checks.simclr.knn_predict import knn_predict
from course_utils.checks.simclr.nt_xent import nt_xent
from course_utils.checks.simclr.positives import positives

__all__ = [
    "alignment_and_uniformity",
    "colour_jitter",
    "cosine_similarities",
    "crop_and_resize",
    "knn_predict",
    "nt_xent",
    "positives",
]
