"""Training: one fit loop, checkpoints with their provenance, one recipe a network."""

from course_utils.training.checkpoints import load
from course_utils.training.fit import Epoch, accuracy, fit

__all__ = ["Epoch", "accuracy", "fit", "load"]
