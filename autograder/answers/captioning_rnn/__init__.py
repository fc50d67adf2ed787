"""Right and wrong answers to the exercises of chapter 6, captioning with RNNs."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
