"""Training: one fit loop, checkpoints with their provenance, one recipe a network."""

from course_utils.training.augment import Augmentation, chain, cutout, flipped, shifted
from course_utils.training.checkpoints import load
from course_utils.training.fit import Epoch, accuracy, fit
from course_utils.training.live import LiveCurve
from course_utils.training.optimise import averaged

__all__ = [
    "Augmentation", "Epoch", "LiveCurve", "accuracy", "averaged", "chain", "cutout", "fit",
    "flipped", "load", "shifted",
]  # fmt: skip
