"""The Fréchet distance of two sets of images, by features of a classifier of our own.

Source: M. Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash
equilibrium", NeurIPS 2017, equation 6: both sets of features are taken for Gaussians, with mean
m and covariance C,

    d² = |m − m'|² + tr(C + C' − 2 (C C')^½).

FID takes 2048 features of an Inception network trained on ImageNet. Ours are the 84 that
``lenet_fashion`` computes before its last layer, from images of 8 bits. The numbers do not
compare, so this is the "Fréchet distance of LeNet features" and never an FID. It is biased
upwards for few images: compare at equal numbers of them only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.reference import autoencoders
from course_utils.reference.cnn import LeNet

Moments = tuple[Tensor, Tensor]


def lenet_features(network: LeNet, images: Tensor) -> Tensor:
    """What a LeNet computes before its last layer, of images rounded to 8 bits.

    Args:
        network: as trained, for one channel; it is used in evaluation mode.
        images: (N, 1, 28, 28) in 0 to 1. Real images are multiples of 1/255; fakes become so.

    Returns:
        (N, 84), without a gradient.

    Raises:
        ValueError: a pixel is not in 0 to 1.
    """
    if not autoencoders.holds((images >= 0) & (images <= 1)):
        raise ValueError("images must be in 0 to 1; (x + 1) / 2 for images in −1 to 1")
    network.eval()
    with torch.no_grad():
        parts = [network.layers[:-1](x.mul(255).round().div(255)) for x in images.split(500)]
    return torch.cat(parts)


def moments(features: Tensor) -> Moments:
    """Mean (D,) and covariance (D, D) of features (N, D), divided by N − 1, in float64.

    Raises:
        ValueError: not (N, D), or N ≤ D: a covariance of N points has no rank above N − 1.
    """
    if features.ndim != 2:
        raise ValueError(f"features must be (N, D), not {tuple(features.shape)}")
    N, D = features.shape
    if N <= D:
        raise ValueError(f"{D} features need {D + 1} images or more, not {N}")
    x = features.double()
    mean = x.mean(0)
    centred = x - mean
    return mean, centred.T @ centred / (N - 1)


def gaussian_distance(first: Moments, second: Moments) -> Tensor:
    """d² of two Gaussians given by ``moments``: a scalar, float64.

    With a root C = S Sᵀ the symmetric Sᵀ C' S has the eigenvalues of C C', so that
    tr (C C')^½ is the sum of their square roots: no root of a matrix that is not symmetric.

    Raises:
        ValueError: the shapes differ.
    """
    (m, C), (n, K) = first, second
    if m.shape != n.shape or C.shape != K.shape:
        raise ValueError(f"both need as many features, not {len(m)} and {len(n)}")
    S = _root(C)
    overlap = _positive(torch.linalg.eigvalsh(S.T @ K @ S)).sqrt().sum()
    return (m - n).square().sum() + (C.diagonal() + K.diagonal()).sum() - 2 * overlap


def _root(C: Tensor) -> Tensor:
    """S with C = S Sᵀ: Cholesky's, or where C has no full rank one from its eigenvectors.

    A feature that never changes, as a ReLU that is always 0, has a row of zeros in both.
    """
    still = C.diagonal() == 0
    S, failed = torch.linalg.cholesky_ex(C + still.diag())
    if autoencoders.holds(failed == 0):
        return S * ~still
    values, vectors = torch.linalg.eigh(C)
    return vectors * _positive(values).sqrt()


def _positive(eigenvalues: Tensor) -> Tensor:
    """Those of a covariance: what is below rounding error, of either sign, counts as 0."""
    error = len(eigenvalues) * torch.finfo(eigenvalues.dtype).eps * eigenvalues[-1].abs()
    return eigenvalues.where(eigenvalues > error, 0)


def frechet_distance(a: Tensor, b: Tensor) -> Tensor:
    """d² of two sets of features, (N, D) and (N', D): a scalar, float64.

    Raises:
        ValueError: as ``moments``, or the sets differ in D.
    """
    return gaussian_distance(moments(a), moments(b))
