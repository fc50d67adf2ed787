"""Right and wrong answers to exercise `few_labels`."""

from __future__ import annotations

import random

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
ROW = "one row of indices"
NESTED = "the seed decides: again the same, or others; a smaller set is part of a larger one"


@right("permutation-of-each-class")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@right("first-of-a-shuffled-whole")
def few_labels(labels, per_class, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen, counts = [], {}
    for i in order:
        k = labels[i].item()
        counts[k] = counts.get(k, 0) + 1
        if counts[k] <= per_class:
            chosen.append(int(i))
    if min(counts.values()) < per_class:
        raise ValueError("a class has too few labels")
    return torch.tensor(chosen)


@right("random-keys")
def few_labels(labels, per_class, seed):
    keys = torch.rand(len(labels), generator=torch.Generator().manual_seed(seed))
    classes, counts = torch.unique(labels, return_counts=True)
    if (counts < per_class).any():
        raise ValueError("a class has too few labels")
    rows = []
    for k in classes.tolist():
        rows.append(keys.masked_fill(labels != k, -1).argsort(descending=True)[:per_class])
    return torch.stack(rows).reshape(-1).sort().values


@right("python-shuffle")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in sorted(set(labels.tolist())):
        members = [i for i, label in enumerate(labels.tolist()) if label == k]
        if len(members) < per_class:
            raise ValueError("too few")
        random.Random(f"{seed} {k}").shuffle(members)
        chosen += members[:per_class]
    return torch.tensor(chosen, dtype=torch.int64)


@right("global-seed")
def few_labels(labels, per_class, seed):
    torch.manual_seed(seed)
    order = torch.randperm(labels.numel())
    out = []
    for k in range(int(labels.max()) + 1):
        of_class = order[labels[order] == k]
        if 0 < len(of_class) < per_class:
            raise ValueError("too few")
        out.append(of_class[:per_class])
    return torch.cat(out)


@wrong("not-balanced", Exercise.WHOLE, "unevenly")
def few_labels(labels, per_class, seed):
    classes, counts = labels.unique(return_counts=True)
    if counts.min() < per_class:
        raise ValueError("too few")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return order[: per_class * len(classes)]


@wrong("mask", Exercise.WHOLE, "is it a mask")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        mask[members[torch.randperm(len(members), generator=generator)[:per_class]]] = True
    return mask


@wrong("list", ROW, "returned a list")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen += members[order[:per_class]].tolist()
    return chosen


@wrong("table", ROW, "shape (4, 1)")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.stack(chosen)


@wrong("first-ones", Exercise.WHOLE, "the seed is ignored")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(members[:per_class])
    return torch.cat(chosen)


@wrong("choice-without-replacement", NESTED, "is no part of the larger one")
def few_labels(labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for k in np.unique(labels.numpy()):
        members = np.flatnonzero(labels.numpy() == k)
        chosen.append(generator.choice(members, per_class, replace=False))
    return torch.from_numpy(np.concatenate(chosen))


@wrong("int32", KEEPS, "torch.int32 came out")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen).int()


@wrong("crosses-out-labels", KEEPS, "changed in place")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
        labels[chosen[-1]] = -1
    return torch.cat(chosen)


@wrong("every-number-up-to-the-largest", Exercise.WHOLE, "which the task allows")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in range(int(labels.max()) + 1):
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("a-fixed-half-first", Exercise.WHOLE, "all seeds give the same")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        half = len(members) // 2
        order = half + torch.randperm(len(members) - half, generator=generator)
        chosen.append(torch.cat([members[:half], members[order]])[:per_class])
    return torch.cat(chosen)


@wrong(
    "the-last-class-alone",
    f"refuses a class with fewer labels{EVERY}",
    "should raise a ValueError",
)
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    if len(members) < per_class:
        raise ValueError("too few")
    return torch.cat(chosen)
