"""Naive Bayes, chapter 1: counted, not trained."""

from __future__ import annotations

from collections.abc import Callable

from course_utils import data
from course_utils.data import Pictures
from course_utils.reference import naive_bayes as reference
from course_utils.training.run import Run, Trained


def naive_bayes(run: Run) -> Trained:
    """Bernoulli naive Bayes on binarised MNIST: counted, not trained."""
    return _counted(data.digits)


def naive_bayes_fashion(run: Run) -> Trained:
    """Bernoulli naive Bayes on binarised Fashion-MNIST: counted, not trained."""
    return _counted(data.fashion)


def _counted(load: Callable[..., Pictures]) -> Trained:
    train, held_out = load("train"), load("test")
    model = reference.fit(reference.binarise(train.images), train.labels, 10)
    right = model.predict(reference.binarise(held_out.images)) == held_out.labels
    row = {"test accuracy": round(right.float().mean().item(), 4), "epochs": 1}
    row["parameters"] = model.log_on.numel() + model.log_prior.numel()
    return Trained(vars(model), row, [])
