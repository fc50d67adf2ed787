"""Bernoulli naive Bayes on binary pixels.

Symbols: N images, D pixels, K classes; x (N, D) in {0, 1}; phi (K, D) = p(x_d = 1 | y = k);
pi (K,) = p(y = k). Source: Bishop, Pattern Recognition and Machine Learning, section 8.2.2;
Laplace smoothing as in the CS 188 lecture notes on naive Bayes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


def binarise(images: Tensor, threshold: float = 0.5) -> Tensor:
    """Pixels as 0.0 or 1.0, strictly brighter than ``threshold``: (N, …) -> (N, D) float32.

    Args:
        images: (N, …), float in 0 to 1, or uint8, whose ``threshold`` counts as a part of 255.
    """
    limit = threshold if images.is_floating_point() else threshold * 255
    return (images.flatten(1) > limit).float()


def log_prior(y: Tensor, classes: int) -> Tensor:
    """log p(y = k), the share of each class among the labels: (N,) int64 -> (K,) float64.

    Raises:
        ValueError: a class has no image, and log 0 is no number to compute with.
    """
    n = torch.bincount(y, minlength=classes)
    if not n.all():
        raise ValueError(f"no image of class {n.argmin().item()}: a prior of 0 has no log")
    return (n.double() / len(y)).log()


def log_likelihood(
    x: Tensor, y: Tensor, classes: int, smoothing: float = 1.0
) -> tuple[Tensor, Tensor]:
    """log p(x_d = 1 | y = k) and log p(x_d = 0 | y = k).

    Args:
        x: (N, D), 0.0 or 1.0.
        y: (N,) int64.
        smoothing: Laplace's pseudo-count for each of the two values of a pixel.

    Returns:
        Two tensors (K, D) float64. With smoothing 0 they may hold −inf.
    """
    members = F.one_hot(y, classes).double()  # (N, K)
    n = members.sum(0)[:, None]  # (K, 1)
    on = members.T @ x.double()  # (K, D): images of the class whose pixel is on
    total = n + 2 * smoothing
    return ((on + smoothing) / total).log(), ((n - on + smoothing) / total).log()


def log_joint(x: Tensor, log_prior: Tensor, log_on: Tensor, log_off: Tensor) -> Tensor:
    """log p(x, y = k) = log pi_k + sum_d log p(x_d | k): (N, D) -> (N, K)."""
    return log_prior + x @ log_on.T + (1 - x) @ log_off.T


def posterior(joint: Tensor) -> Tensor:
    """p(y = k | x) from the logs of p(x, y = k), normalised in log space: (N, K) -> (N, K)."""
    shares = (joint - joint.amax(1, keepdim=True)).exp()  # the largest is 1: no 0 / 0
    return shares / shares.sum(1, keepdim=True)


def evidence(x: Tensor, log_on: Tensor, log_off: Tensor, a: int, b: int) -> Tensor:
    """What each pixel says for class a against class b, in nats: (N, D) -> (N, D).

    log p(x_d | a) − log p(x_d | b): positive speaks for a. Summed over the pixels it is the
    log-likelihood ratio of the two classes.
    """
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@dataclass(frozen=True)
class NaiveBayes:
    """Attributes: ``log_prior`` (K,), ``log_on`` and ``log_off`` (K, D)."""

    log_prior: Tensor
    log_on: Tensor
    log_off: Tensor

    def joint(self, x: Tensor) -> Tensor:
        """log p(x, y = k): (N, D) -> (N, K)."""
        return log_joint(x, self.log_prior, self.log_on, self.log_off)

    def linear(self) -> tuple[Tensor, Tensor]:
        """Weights (K, D) and bias (K,) of the same model: joint(x) = x @ weights.T + bias."""
        return self.log_on - self.log_off, self.log_prior + self.log_off.sum(1)

    def posterior(self, x: Tensor) -> Tensor:
        """p(y = k | x): (N, D) -> (N, K)."""
        return posterior(self.joint(x))

    def predict(self, x: Tensor) -> Tensor:
        """The likeliest class: (N, D) -> (N,) int64."""
        return self.joint(x).argmax(1)


def fit(x: Tensor, y: Tensor, classes: int, smoothing: float = 1.0) -> NaiveBayes:
    """Count, smooth, take logarithms; float32.

    Args:
        x: (N, D), 0.0 or 1.0.
        y: (N,) int64.
        smoothing: Laplace's pseudo-count for each of the two values of a pixel.

    Raises:
        ValueError: x is not binary, or a class has no image.
    """
    if not ((x == 0) | (x == 1)).all():
        raise ValueError("naive Bayes needs binary pixels: binarise them first")
    prior = log_prior(y, classes)
    on, off = log_likelihood(x, y, classes, smoothing)
    return NaiveBayes(prior.float(), on.float(), off.float())
