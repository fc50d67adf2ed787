"""Right and wrong answers to exercise `modes`."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one centre alone; nobody near"
COVERED = "covered: `least` near samples or more have this centre as their nearest"
KEEPS = "leaves samples and centres as they are"
NEAR = "near: the nearest centre is at most `radius` away; the share of such samples"


@right("min-and-bincount")
def modes(samples, centres, radius, least):
    distance, which = torch.cdist(samples, centres).min(dim=1)
    near = distance <= radius
    counts = torch.bincount(which[near], minlength=len(centres))
    return int((counts >= least).sum()), near.float().mean().item()


@right("dictionary")
def modes(samples, centres, radius, least):
    found = Counter()
    for sample in samples.tolist():
        distances = [math.dist(sample, centre) for centre in centres.tolist()]
        smallest = min(distances)
        if smallest <= radius:
            found[distances.index(smallest)] += 1
    covered = sum(n >= least for n in found.values())
    return covered, sum(found.values()) / len(samples)


@right("tensors-of-centres")
def modes(samples, centres, radius, least):
    squared = (samples.unsqueeze(1) - centres.unsqueeze(0)).pow(2).sum(-1)
    nearest = squared.argmin(dim=1)
    near = squared.amin(dim=1) <= radius**2
    counts = torch.stack([((nearest == k) & near).sum() for k in range(len(centres))])
    return (counts >= least).sum(), near.sum() / len(samples)


@right("numpy")
def modes(samples, centres, radius, least):
    x, c = samples.numpy(), centres.numpy()
    far = np.sqrt(((x[:, None] - c[None]) ** 2).sum(axis=2))
    near = far.min(axis=1) <= radius
    _, counts = np.unique(far.argmin(axis=1)[near], return_counts=True)
    return int(np.sum(counts >= least)), float(near.mean())


@right("numpy-s-own-numbers")
def modes(samples, centres, radius, least):
    x, c = samples.numpy(), centres.numpy()
    far = ((x[:, None] - c) ** 2).sum(2) ** 0.5
    near = far.min(1) <= radius
    counts = np.bincount(far.argmin(1)[near], minlength=len(c))
    return np.sum(counts >= least), near.mean()


@wrong("first-centre-within", Exercise.WHOLE, "expected")
def modes(samples, centres, radius, least):
    inside = torch.cdist(samples, centres) <= radius
    near = inside.any(1)
    counts = inside.int().argmax(1)[near].bincount(minlength=len(centres))
    return int((counts >= least).sum()), near.double().mean().item()


@wrong("squeezed", ALONE, "raised")
def modes(samples, centres, radius, least):
    far = (samples[:, None] - centres).norm(dim=2).squeeze()
    near = far.min(dim=1).values <= radius
    counts = torch.bincount(far.argmin(dim=1)[near], minlength=len(centres))
    return int((counts >= least).sum()), float(near.double().mean())


@wrong("largest-count-of-nothing", ALONE, "raised")
def modes(samples, centres, radius, least):
    distance, which = torch.cdist(samples, centres).min(dim=1)
    near = distance <= radius
    counts = torch.zeros(int(which[near].max()) + 1)
    for k in which[near]:
        counts[k] += 1
    return int((counts >= least).sum()), float(near.double().mean())


@wrong("two-axes-only", Exercise.WHOLE, "expected")
def modes(samples, centres, radius, least):
    apart = samples[:, None] - centres
    distance, which = torch.hypot(apart[..., 0], apart[..., 1]).min(dim=1)
    near = distance <= radius
    counts = torch.bincount(which[near], minlength=len(centres))
    return int((counts >= least).sum()), float(near.double().mean())


@wrong("share-of-modes", NEAR, "the share of covered centres")
def modes(samples, centres, radius, least):
    distance, which = torch.cdist(samples, centres).min(dim=1)
    counts = torch.bincount(which[distance <= radius], minlength=len(centres))
    covered = int((counts >= least).sum())
    return covered, covered / len(centres)


@wrong("share-first", COVERED, "expected")
def modes(samples, centres, radius, least):
    distance, which = torch.cdist(samples, centres).min(dim=1)
    near = distance <= radius
    counts = torch.bincount(which[near], minlength=len(centres))
    return float(near.double().mean()), int((counts >= least).sum())


@wrong("in-place", KEEPS, "changed in place")
def modes(samples, centres, radius, least):
    nearest = torch.cdist(samples, centres).argmin(dim=1)
    near = samples.sub_(centres[nearest]).norm(dim=1) <= radius
    counts = torch.bincount(nearest[near], minlength=len(centres))
    return int((counts >= least).sum()), float(near.double().mean())
