"""Right and wrong answers to exercise `calibration_error`."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one image alone"
EDGE = "an edge belongs to the part below it"
INPUTS = "inputs stay as they are"
PART = "in each part: accuracy against mean confidence"
REFUSES = "refuses no image, and a probability outside 0 to 1"
WEIGHT = "a part's weight is its share of the images"


@right("edges-one-by-one")
def calibration_error(probabilities, labels, bins=10):
    if len(probabilities) == 0 or probabilities.min() < 0 or probabilities.max() > 1:
        raise ValueError("probabilities must be from 0 to 1")
    confidence, guess = probabilities.max(dim=1)
    hit = (guess == labels).to(confidence.dtype)
    edges = torch.linspace(0, 1, bins + 1, dtype=confidence.dtype)
    error = 0.0
    for low, high in itertools.pairwise(edges):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            away = (hit[inside].mean() - confidence[inside].mean()).abs()
            error += inside.double().mean() * away
    return float(error)


@right("bucketize-and-bincount")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    edges = torch.linspace(0, 1, bins + 1, dtype=probabilities.dtype)
    part = torch.bucketize(confidence, edges[1:-1])
    hits = torch.bincount(part, weights=(guess == labels).double(), minlength=bins)
    sure = torch.bincount(part, weights=confidence.double(), minlength=bins)
    return (hits - sure).abs().sum() / len(labels)


@right("image-by-image")
def calibration_error(probabilities, labels, bins=10):
    rows = probabilities.tolist()
    if not rows or any(not 0 <= p <= 1 for row in rows for p in row):
        raise ValueError("probabilities")
    parts = [[] for _ in range(bins)]
    for row, label in zip(rows, labels.tolist(), strict=True):
        sure = max(row)
        parts[max(math.ceil(sure * bins) - 1, 0)].append((row.index(sure) == label, sure))
    error = 0
    for part in parts:
        if part:
            accuracy = sum(hit for hit, _ in part) / len(part)
            confidence = sum(sure for _, sure in part) / len(part)
            error += len(part) / len(rows) * abs(accuracy - confidence)
    return error


@right("numpy-digitize")
def calibration_error(probabilities, labels, bins=10):
    p, y = probabilities.numpy(), labels.numpy()
    if p.shape[0] == 0 or (p < 0).any() or (p > 1).any():
        raise ValueError("probabilities")
    sure, hit = p.max(axis=1), p.argmax(axis=1) == y
    part = np.digitize(sure, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    gaps = [hit[part == k].mean() - sure[part == k].mean() for k in np.unique(part)]
    return np.average(np.abs(gaps), weights=np.unique(part, return_counts=True)[1])


@right("histogram-from-the-other-end")
def calibration_error(probabilities, labels, bins=10):
    p = np.asarray(probabilities, dtype=float)
    if p.size == 0 or p.min() < 0 or p.max() > 1:
        raise ValueError("probabilities")
    sure = p.max(1)
    off = (p.argmax(1) == np.asarray(labels)) - sure
    sums, _ = np.histogram(1 - sure, bins=bins, range=(0, 1), weights=off)
    return np.abs(sums).sum() / len(sure)


@right("one-hot")
def calibration_error(probabilities, labels, bins=10):
    if probabilities.shape[0] < 1:
        raise ValueError("no image")
    if not torch.all((probabilities >= 0) & (probabilities <= 1)):
        raise ValueError("no probabilities")
    sure = probabilities.amax(-1)
    hit = (probabilities.argmax(-1) == labels).to(sure)
    upper = torch.arange(1, bins + 1, dtype=sure.dtype) / bins
    member = (sure[:, None] <= upper) & (sure[:, None] > upper - 1 / bins)
    member = member & (member.cumsum(1) == 1)
    off = member.to(sure).T @ (hit - sure)
    return off.abs().sum() / len(sure)


@wrong("edges-above", EDGE, "an edge is counted to the part above")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    part = (confidence * bins).long().clamp(max=bins - 1)
    off = (guess == labels).double() - confidence
    return torch.bincount(part, weights=off, minlength=bins).abs().sum().item() / len(labels)


@wrong("1-is-in-no-part", EDGE, "expected")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    hit, error = (guess == labels).double(), 0.0
    for k in range(bins):
        inside = (confidence >= k / bins) & (confidence < (k + 1) / bins)
        if inside.any():
            away = hit[inside].mean() - confidence[inside].mean()
            error += float(inside.double().mean() * away.abs())
    return error


@wrong("unweighted", WEIGHT, "unweighted: a part counts by its images")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    hit, part = (guess == labels).double(), (confidence * bins).ceil()
    gaps = [hit[part == k].mean() - confidence[part == k].mean() for k in part.unique()]
    return torch.stack(gaps).abs().mean().item()


@wrong("empty-parts-count", WEIGHT, "unweighted, and empty parts count, too")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    hit, part = (guess == labels).double(), (confidence * bins).ceil()
    gaps = [hit[part == k].mean() - confidence[part == k].mean() for k in part.unique()]
    return sum(abs(gap.item()) for gap in gaps) / bins


@wrong("mean-of-nothing", Exercise.WHOLE, "an empty part has no mean")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    hit, part = (guess == labels).double(), (confidence * bins).ceil()
    error = 0
    for k in range(1, bins + 1):
        inside = part == k
        away = (hit[inside].mean() - confidence[inside].mean()).abs()
        error = error + inside.double().mean() * away
    return error


@wrong("probability-of-the-label", PART, "the label's probability")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    sure = probabilities.gather(1, labels[:, None]).squeeze(1).double()
    hit = (probabilities.argmax(1) == labels).double()
    part = ((sure * bins).ceil() - 1).long().clamp(min=0)
    sums = torch.bincount(part, weights=hit - sure, minlength=bins)
    return (sums.abs().sum() / len(labels)).item()


@wrong("with-signs", PART, "differences cancel")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    return ((guess == labels).double() - confidence).mean().item()


@wrong("squared", PART, "squared")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    part = ((confidence * bins).ceil() - 1).long()
    off = (guess == labels).double() - confidence
    n = part.bincount(minlength=bins)
    sums = torch.bincount(part, weights=off, minlength=bins)
    return (sums.square() / n.clamp(min=1)).sum().item() / len(labels)


@wrong("each-image-a-part", Exercise.WHOLE, "expected")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    return ((guess == labels).double() - confidence).abs().mean().item()


@wrong("parts-of-equal-size", Exercise.WHOLE, "expected")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    off = ((guess == labels).double() - confidence)[confidence.argsort()]
    return sum(abs(part.sum().item()) for part in off.tensor_split(bins)) / len(labels)


@wrong("squeezed", ALONE, "raised")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    p, labels = probabilities.squeeze(), labels.squeeze()
    confidence, guess = p.max(dim=1)
    part = ((confidence * bins).ceil() - 1).long()
    off = (guess == labels).double() - confidence
    return torch.bincount(part, weights=off, minlength=bins).abs().sum().item() / len(labels)


@wrong("in-place", INPUTS, "changed in place")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    hit = labels.sub_(guess) == 0
    part = ((confidence * bins).ceil() - 1).long()
    off = hit.double() - confidence
    return torch.bincount(part, weights=off, minlength=bins).abs().sum().item() / len(labels)


@wrong("percent", REFUSES, "such an input should raise a ValueError")
def calibration_error(probabilities, labels, bins=10):
    if not len(labels) or probabilities.min() < 0:
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    part = ((confidence * bins).ceil() - 1).long()
    off = (guess == labels).double() - confidence
    return torch.bincount(part, weights=off, minlength=bins).abs().sum().item() / len(labels)


@wrong("no-image", REFUSES + EVERY, "such an input should raise a ValueError")
def calibration_error(probabilities, labels, bins=10):
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise ValueError("probabilities")
    confidence, guess = probabilities.max(1)
    part = ((confidence * bins).ceil() - 1).long()
    off = (guess == labels).double() - confidence
    return torch.bincount(part, weights=off, minlength=bins).abs().sum() / len(labels)
