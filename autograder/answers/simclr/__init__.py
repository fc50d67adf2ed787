"""Right and wrong answers to the exercises of chapter 10, contrastive learning."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
