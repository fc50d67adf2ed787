"""Right and wrong answers to exercise `binarise`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("compare")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) > limit).float()


@right("to-floats-first")
def binarise(images, threshold=0.5):
    if images.dtype == torch.uint8:
        images = images.double() / 255
    N = images.shape[0]
    return torch.where(images > threshold, 1.0, 0.0).reshape(N, -1).to(torch.float32)


@right("loop")
def binarise(images, threshold=0.5):
    rows = []
    for image in images:
        if not image.is_floating_point():
            image = image / 255
        rows.append((image > threshold).to(torch.float32).flatten())
    return torch.stack(rows)


@right("sign-of-difference")
def binarise(images, threshold=0.5):
    top = 255.0 if images.dtype == torch.uint8 else 1.0
    above = images.to(torch.float64) - threshold * top
    rows = [(image > 0).reshape(-1).tolist() for image in above]
    return torch.tensor(rows, dtype=torch.float32)


@wrong("truth-values", "gives float32 and leaves its input alone", "torch.bool came out")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return images.flatten(1) > limit


@wrong("writes-into-its-input", "gives float32 and leaves its input alone", "changed in place")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    on = images > limit
    images[on], images[~on] = 1, 0
    return images.flatten(1).float()


@wrong("single-precision", "doubles just above the threshold", "at index")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.float().flatten(1) > limit).float()


@wrong("scale-by-largest-value", Exercise.WHOLE, "in a dark batch too")
def binarise(images, threshold=0.5):
    white = 255 if images.max() > 1 else 1
    return (images.flatten(1) > white * threshold).float()


@wrong("falsy-threshold", Exercise.WHOLE, "the threshold is ignored")
def binarise(images, threshold=None):
    threshold = threshold or 0.5
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) > limit).float()


@wrong("one-image-loses-its-row", Exercise.WHOLE, "shape")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images > limit).float().squeeze(0).flatten(1)


@wrong("other-threshold-for-bytes", Exercise.WHOLE, "the threshold is ignored")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 127
    return (images.flatten(1) > limit).float()
