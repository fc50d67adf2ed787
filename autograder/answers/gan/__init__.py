"""Right and wrong answers to the exercises of chapter 12, generative adversarial networks."""

from autograder.answers.bank import collected

ANSWERS = collected(__name__, __path__)
