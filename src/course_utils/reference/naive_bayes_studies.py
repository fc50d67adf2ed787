"""Experiments of chapter 1: each gives the numbers of one figure or table.

Results of several seeds have them first, (S, …). A seed draws the training images, or deals
them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import torch
from torch import Tensor

from course_utils.data import Pictures
from course_utils.reference.cnn import shift
from course_utils.reference.naive_bayes import NaiveBayes, binarise, fit

SEEDS = 3
ONE, SEVEN = 1, 7


def accuracy(model: NaiveBayes, images: Tensor, labels: Tensor) -> float:
    """The share of images (N, C, H, W) whose class is named rightly."""
    return (model.predict(binarise(images)) == labels).float().mean().item()


def fit_images(images: Pictures, smoothing: float = 1.0) -> NaiveBayes:
    return fit(binarise(images.images), images.labels, len(images.classes), smoothing)


def over_smoothing(
    train: Pictures, test: Pictures, strengths: Sequence[float], per_class: int
) -> tuple[Tensor, Tensor]:
    """Accuracy on the training images and on the test images over alpha: (S, A) each."""
    found = []
    for seed in range(SEEDS):
        few = train.per_class(per_class, seed)
        models = [fit_images(few, alpha) for alpha in strengths]
        for images in (few, test):
            found.append([accuracy(model, images.images, images.labels) for model in models])
    return torch.tensor(found[::2]), torch.tensor(found[1::2])


def over_images(
    train: Pictures, tests: Mapping[str, Tensor], labels: Tensor, counts: Sequence[int]
) -> dict[str, Tensor]:
    """Accuracy on several versions of the test images over the training images per class.

    Args:
        tests: name -> (N, C, H, W) with ``labels`` (N,).

    Returns:
        name -> (S, counts)
    """
    found: dict[str, list[list[float]]] = {name: [] for name in tests}
    for seed in range(SEEDS):
        models = [fit_images(train.per_class(count, seed)) for count in counts]
        for name, images in tests.items():
            found[name].append([accuracy(model, images, labels) for model in models])
    return {name: torch.tensor(rows) for name, rows in found.items()}


def with_moved_images(train: Pictures, most: int, seed: int) -> NaiveBayes:
    """Fitted to training images, each moved by up to ``most`` pixels along both axes.

    No more images than before: every possible move is dealt to as many of them.
    """
    moves = list(product(range(-most, most + 1), repeat=2))
    dealt = _shuffled(torch.arange(len(train)), seed).tensor_split(len(moves))
    images = [shift(train.images[part], *move) for part, move in zip(dealt, moves, strict=True)]
    labels = [train.labels[part] for part in dealt]
    return fit(binarise(torch.cat(images)), torch.cat(labels), len(train.classes))


def ruled_out(unsmoothed: NaiveBayes, x: Tensor) -> Tensor:
    """Where a class gives an image probability 0: x (N, D) -> (N, K) bool."""
    never_on, never_off = unsmoothed.log_on.isinf(), unsmoothed.log_off.isinf()
    return x @ never_on.float().T + (1 - x) @ never_off.float().T > 0


def own_digit_ruled_out(train: Pictures, test: Pictures, per_class: int) -> Tensor:
    """The share of test images to which their own digit gives probability 0: (S,)."""
    x, shares = binarise(test.images), []
    for seed in range(SEEDS):
        out = ruled_out(fit_images(train.per_class(per_class, seed), smoothing=0), x)
        shares.append(out.gather(1, test.labels[:, None]).float().mean())
    return torch.stack(shares)


def _shuffled(numbers: Tensor, seed: int) -> Tensor:
    return numbers[torch.randperm(len(numbers), generator=torch.Generator().manual_seed(seed))]


def without_prior(
    x: Tensor, y: Tensor, pixels: Tensor, sevens: int, seed: int
) -> tuple[float, float]:
    """What the prior is worth: accuracy with and without it on ones and sevens.

    Trained on 5000 ones and so many ``sevens``, dealt by ``seed``; judged on a thousand others
    of each, weighted by how often they occur.

    Args:
        x: (N, D) of zeros and ones, with labels ``y`` (N,).
        pixels: (D,) bool, the ones that the model may see.
    """
    x = x[:, pixels]
    of = [_shuffled((y == digit).nonzero()[:, 0], seed) for digit in (ONE, SEVEN)]
    seen = torch.cat([of[0][:5000], of[1][:sevens]])
    model = fit(x[seen], (y[seen] == SEVEN).long(), 2)
    joints = [model.joint(x[members[5000:6000]]) for members in of]

    def right(prior: Tensor) -> float:
        shares = [(j - prior).argmax(1) == label for label, j in enumerate(joints)]
        one, seven = (share.double().mean().item() for share in shares)
        return (5000 * one + sevens * seven) / (5000 + sevens)

    return right(torch.zeros(2)), right(model.log_prior)


def grid(spacing: int, side: int = 28) -> Tensor:
    """Every ``spacing``-th pixel along both axes, (D,) bool."""
    chosen = torch.zeros(side, side, dtype=torch.bool)
    chosen[spacing // 2 :: spacing, spacing // 2 :: spacing] = True
    return chosen.flatten()


def too_sure(model: NaiveBayes, x: Tensor, y: Tensor) -> float:
    """The mean probability of its answers less the share that is right."""
    sure, answer = model.posterior(x).max(1)
    return (sure.mean() - (answer == y).float().mean()).item()


def drawn(model: NaiveBayes, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images for which the naive assumption holds, drawn from the model: (N, D), (N,)."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.multinomial(model.log_prior.exp(), count, True, generator=generator)
    coins = torch.rand(count, model.log_on.shape[1], generator=generator)
    return (coins < model.log_on.exp()[y]).float(), y


def over_spacing(
    train: Pictures, test: Pictures, spacings: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """By how much it is too sure over the distance of the pixels that it sees.

    Returns:
        on the test images (spacings,), and on images whose pixels are independent
        (S, spacings).
    """
    x, x_test = binarise(train.images), binarise(test.images)
    real, independent = [], []
    for spacing in spacings:
        pixels = grid(spacing)
        model = fit(x[:, pixels], train.labels, len(train.classes))
        real.append(too_sure(model, x_test[:, pixels], test.labels))
        draws = [drawn(model, len(x_test), seed) for seed in range(SEEDS)]
        independent.append([too_sure(model, *draw) for draw in draws])
    return torch.tensor(real), torch.tensor(independent).T
