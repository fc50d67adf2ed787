"""What frozen features know: a linear probe and nearest neighbours.

A result says little without that of an untrained encoder beside it: one random convolution and
a linear probe read most digits.

Sources: for the probe, R. Zhang, P. Isola and A. Efros, "Colorful image colorization", ECCV
2016, section 3.2, and SimCLR, section 2.3; for the neighbours, Z. Wu, Y. Xiong, S. Yu and
D. Lin, "Unsupervised feature learning via non-parametric instance discrimination", CVPR 2018,
section 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@torch.no_grad()
def features(encoder: nn.Module, x: Tensor, batch: int = 512) -> Tensor:
    """What the encoder says of each image, its weights and running statistics untouched.

    Every module runs in evaluation mode and has its own mode again afterwards.

    Args:
        encoder: (B, …) -> (B, …); its outputs are flattened.
        x: (N, …), on any device; it goes to the encoder's a batch at a time.
        batch: images at a time.

    Returns:
        (N, D) without gradient, on the encoder's device.

    Raises:
        ValueError: no images, or the encoder gives several outputs.
    """
    if not len(x) or batch < 1:
        raise ValueError(f"{len(x)} images in batches of {batch} have no features")
    modes = {module: module.training for module in encoder.modules()}
    state = (*encoder.parameters(), *encoder.buffers(), x)
    encoder.eval()
    try:
        parts = [encoder(part.to(state[0].device)) for part in x.split(batch)]
    finally:
        for module, mode in modes.items():
            module.training = mode  # train() would go down into the children
    if not isinstance(parts[0], Tensor):
        kind = type(parts[0]).__name__
        raise ValueError(f"an encoder gives one tensor, not a {kind}: pass the part that does")
    return torch.cat(parts).flatten(1)


@dataclass(frozen=True)
class Probe:
    """A linear classifier on features and its share of right answers on the test set.

    Attributes: ``accuracy`` in 0 to 1; ``weight`` (K, D) and ``bias`` (K,), for features as
    they come, the standardisation inside.
    """

    accuracy: float
    weight: Tensor
    bias: Tensor

    def predict(self, features: Tensor) -> Tensor:
        """The likeliest class: (N, D) -> (N,) int64."""
        return F.linear(features, self.weight, self.bias).argmax(1)


def linear_probe(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    test_labels: Tensor,
    weight_decay: float = 1e-4,
    steps: int = 200,
) -> Probe:
    """Multinomial logistic regression on standardised features; no random numbers.

    Minimises the mean cross entropy + weight_decay / 2 · ‖W‖² by L-BFGS from zero, where W acts
    on features of mean 0 and standard deviation 1 over the training set, and the bias is free.
    The problem is convex: there is one best W for weight_decay > 0.

    Args:
        train_features: (N, D) float32 or float64; ``train_labels`` (N,) int64 from 0 to K − 1.
        test_features: (M, D); ``test_labels`` (M,).
        weight_decay: >= 0.
        steps: L-BFGS iterations at most.

    Raises:
        ValueError: features and labels do not go together, or a negative weight decay.
    """
    _check(train_features, train_labels, test_features)
    if test_features.shape[:1] != test_labels.shape or not len(test_labels):
        raise ValueError(f"{len(test_features)} features of tests, {len(test_labels)} labels")
    if weight_decay < 0:
        raise ValueError(f"weight decay is not negative: {weight_decay}")
    mean, std = train_features.mean(0), train_features.std(0, correction=0)
    # What is constant but for rounding stays small: it is not blown up to 1.
    std = torch.where(std > 1e-6 * mean.abs(), std, 1)
    x = (train_features - mean) / std
    weight, bias = _fit(x, train_labels, weight_decay, steps)
    weight = weight / std
    bias = bias - weight @ mean
    probe = Probe(0.0, weight, bias)
    right = (probe.predict(test_features) == test_labels).double().mean().item()
    return Probe(right, weight, bias)


@torch.enable_grad()
def _fit(x: Tensor, y: Tensor, weight_decay: float, steps: int) -> tuple[Tensor, Tensor]:
    """W (K, D) and b (K,) of the best classifier; x (N, D), y (N,)."""
    classes = int(y.max()) + 1
    weight, bias = x.new_zeros(classes, x.shape[1]), x.new_zeros(classes)
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    best = torch.optim.LBFGS(
        parameters, max_iter=steps, history_size=20, tolerance_grad=1e-6,
        tolerance_change=1e-10, line_search_fn="strong_wolfe",
    )  # fmt: skip

    def loss() -> Tensor:
        best.zero_grad()
        error = F.cross_entropy(F.linear(x, weight, bias), y)
        total = error + weight_decay / 2 * weight.square().sum()
        total.backward()
        return total

    best.step(loss)
    return weight.detach(), bias.detach()


@torch.no_grad()
def knn(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    k: int = 200,
    temperature: float = 0.07,
    batch: int = 512,
) -> Tensor:
    """The class with most votes among the k nearest features, a vote worth exp(s / τ).

    s is the cosine similarity. The similarities of ``batch`` tests to all N at a time are in
    memory, never all of them.

    Args:
        train_features: (N, D); ``train_labels`` (N,) int64 from 0.
        test_features: (M, D).
        k: neighbours, at most N.
        temperature: τ > 0.

    Returns:
        The predicted classes (M,) int64.

    Raises:
        ValueError: features and labels do not go together, or there is no such k or τ.
    """
    _check(train_features, train_labels, test_features)
    if not 1 <= k <= len(train_features):
        raise ValueError(f"no {k} neighbours among {len(train_features)} features")
    if not temperature > 0:
        raise ValueError(f"a temperature is positive, not {temperature}")
    known, classes = F.normalize(train_features, dim=1), int(train_labels.max()) + 1
    answers = []
    for part in test_features.split(batch):
        similarity, index = (F.normalize(part, dim=1) @ known.T).topk(k, dim=1)  # (b, k)
        # Relative to the nearest, whose vote is 1: exp(s / τ) overflows for a small τ.
        votes = ((similarity - similarity[:, :1]) / temperature).exp()
        total = votes.new_zeros(len(part), classes).scatter_add_(1, train_labels[index], votes)
        answers.append(total.argmax(1))
    return torch.cat(answers)


def _check(train: Tensor, labels: Tensor, test: Tensor) -> None:
    if train.ndim != 2 or test.ndim != 2 or train.shape[1] != test.shape[1] or not len(test):
        shapes = f"{tuple(train.shape)} and {tuple(test.shape)}"
        raise ValueError(f"features are (N, D) and (M, D), not {shapes}")
    if labels.shape != train.shape[:1] or not len(labels):
        raise ValueError(f"{len(train)} features, {len(labels)} labels")
