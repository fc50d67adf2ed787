"""Right and wrong answers to the exercises of chapter 7, captioning with transformers."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
