"""Visible checks of chapter 1, naive Bayes: one file an exercise."""

from course_utils.checks.naive_bayes.binarise import binarise
from course_utils.checks.naive_bayes.evidence import evidence
from course_utils.checks.naive_bayes.log_joint import log_joint
from course_utils.checks.naive_bayes.log_likelihood import log_likelihood
from course_utils.checks.naive_bayes.log_prior import log_prior
from course_utils.checks.naive_bayes.posterior import posterior

__all__ = ["binarise", "evidence", "log_joint", "log_likelihood", "log_prior", "posterior"]
