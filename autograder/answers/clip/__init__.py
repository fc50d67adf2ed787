"""Right and wrong answers to the exercises of chapter 14, CLIP."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
