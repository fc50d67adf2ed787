"""Right and wrong answers to the exercises of chapter 4, residual networks."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
