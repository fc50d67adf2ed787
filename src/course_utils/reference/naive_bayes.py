"""Bernoulli naive Bayes on binary pixels.

Symbols: N pictures, D pixels, K classes; x (N, D) in {0, 1}; phi (K, D) = p(x_d = 1 | y = k);
pi (K,) = p(y = k). Source: Bishop, Pattern Recognition and Machine Learning, section 8.2.2;
Laplace smoothing as in the CS 188 lecture notes on naive Bayes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def binarise(images: Tensor, threshold: float = 0.5) -> Tensor:
    """Pixels as 0.0 or 1.0, strictly brighter than ``threshold``: (N, …) -> (N, D) float32.

    Args:
        images: (N, …), float in 0 to 1, or uint8, whose ``threshold`` counts as a part of 255.
    """
    limit = threshold if images.is_floating_point() else threshold * 255
    return (images.flatten(1) > limit).float()


@dataclass(frozen=True)
class NaiveBayes:
    """Attributes: ``log_prior`` (K,), ``log_on`` and ``log_off`` (K, D)."""

    log_prior: Tensor
    log_on: Tensor
    log_off: Tensor

    def joint(self, x: Tensor) -> Tensor:
        """log p(x, y = k) = log pi_k + sum_d log p(x_d | k): (N, D) -> (N, K)."""
        return self.log_prior + x @ self.log_on.T + (1 - x) @ self.log_off.T

    def posterior(self, x: Tensor) -> Tensor:
        """p(y = k | x), normalised in log space: (N, D) -> (N, K)."""
        return self.joint(x).softmax(1)

    def predict(self, x: Tensor) -> Tensor:
        """The likeliest class: (N, D) -> (N,) int64."""
        return self.joint(x).argmax(1)


def fit(x: Tensor, y: Tensor, classes: int, smoothing: float = 1.0) -> NaiveBayes:
    """Count, smooth, take logarithms.

    Args:
        x: (N, D), 0.0 or 1.0.
        y: (N,) int64.
        smoothing: Laplace's pseudo-count for each of the two values of a pixel.

    Raises:
        ValueError: x is not binary, or a class has no picture.
    """
    if not ((x == 0) | (x == 1)).all():
        raise ValueError("naive Bayes wants binary pixels: binarise them first")
    members = torch.nn.functional.one_hot(y, classes).double()  # (N, K)
    n = members.sum(0)  # (K,)
    if not n.all():
        raise ValueError(f"no picture of class {n.argmin().item()}: a prior of 0 has no log")
    on = members.T @ x.double()  # (K, D): pictures of the class whose pixel is on
    phi = (on + smoothing) / (n[:, None] + 2 * smoothing)
    return NaiveBayes(
        log_prior=(n / n.sum()).log().float(),
        log_on=phi.log().float(),
        log_off=(1 - phi).log().float(),
    )
