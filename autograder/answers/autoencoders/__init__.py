"""Right and wrong answers to the exercises of chapter 11, autoencoders."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
