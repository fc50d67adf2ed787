"""Right and wrong answers to exercise `binarise`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

BRIGHT = "bright is 1 and dark is 0, one row a picture"


BYTES = "bytes go up to 255"


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


@wrong("inverted", BRIGHT, "the other way round")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) <= limit).float()


@wrong("keeps-rows", BRIGHT, "keeps its rows")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images > limit).float()


@wrong("one-long-row", BRIGHT, "one long row")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten() > limit).float()


@wrong("keeps-grey", BRIGHT, "keep their grey")
def binarise(images, threshold=0.5):
    x = images.flatten(1) if images.is_floating_point() else images.flatten(1) / 255
    return torch.where(x > threshold, x, torch.zeros_like(x)).float()


@wrong("bytes-as-floats", BYTES, "every byte but 0")
def binarise(images, threshold=0.5):
    return (images.flatten(1) > threshold).float()


@wrong("divides-by-256", BYTES, "not by 256")
def binarise(images, threshold=0.5):
    x = images if images.is_floating_point() else images / 256
    return (x.flatten(1) > threshold).float()


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


@wrong(
    "at-the-threshold",
    "other thresholds, three channels, a pixel at the threshold",
    "strictly brighter",
)
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) >= limit).float()


@wrong(
    "threshold-ignored",
    "other thresholds, three channels, a pixel at the threshold",
    "the threshold is ignored",
)
def binarise(images, threshold=0.5):
    limit = 0.5 if images.is_floating_point() else 127.5
    return (images.flatten(1) > limit).float()
