"""Right and wrong answers to exercise `few_labels`."""

from __future__ import annotations

import random

import numpy as np
import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

BALANCED = "per_class different ones of every class"


SAME_SEED = "the same seed gives the same indices"


OTHER_SEED = "other seeds give others, any of a class"


NESTED = "a smaller set is part of a larger one"


INT64 = "one row of int64; the labels are left alone"


TOO_FEW = "refuses a class with fewer labels"


SKIPPED = "classes that do not occur are skipped"


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


@wrong("with-replacement", BALANCED, "an index comes twice")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        keys = torch.Generator().manual_seed(
            int(torch.randint(10**9, (1,), generator=generator))
        )
        chosen.append(
            torch.stack(
                [
                    members[torch.randint(len(members), (), generator=keys)]
                    for _ in range(per_class)
                ]
            )
        )
    return torch.cat(chosen)


@wrong("not-balanced", BALANCED, "of every class")
def few_labels(labels, per_class, seed):
    classes, counts = labels.unique(return_counts=True)
    if counts.min() < per_class:
        raise ValueError("too few")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return order[: per_class * len(classes)]


@wrong("per-class-in-all", BALANCED, "so many of every class are asked for")
def few_labels(labels, per_class, seed):
    if labels.unique(return_counts=True)[1].min() < per_class:
        raise ValueError("too few")
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    return order[:per_class]


@wrong("labels-come-back", BALANCED, "the labels came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return labels[torch.cat(chosen)]


@wrong("places-in-the-class", BALANCED, "places inside of each class came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(torch.randperm(len(members), generator=generator)[:per_class])
    return torch.cat(chosen)


@wrong("mask", INT64, "a mask came back")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        mask[members[torch.randperm(len(members), generator=generator)[:per_class]]] = True
    return mask


@wrong("list", INT64, "returned a list")
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


@wrong("table", INT64, "shape (2, 3)")
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


@wrong("seed-forgotten", SAME_SEED, "called again with the same seed, others come")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(members[torch.randperm(len(members))[:per_class]])
    return torch.cat(chosen)


@wrong("first-ones", OTHER_SEED, "the seed is ignored")
def few_labels(labels, per_class, seed):
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        chosen.append(members[:per_class])
    return torch.cat(chosen)


@wrong("fixed-seed", OTHER_SEED, "the seed is ignored")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(0)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("a-window", OTHER_SEED, "each may come, with each other")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        start = int(torch.randint(len(members), (), generator=generator))
        chosen.append(members.roll(-start)[:per_class])
    return torch.cat(chosen)


@wrong("choice-without-replacement", NESTED, "more labels are added, none is swapped")
def few_labels(labels, per_class, seed):
    generator = np.random.default_rng(seed)
    chosen = []
    for k in np.unique(labels.numpy()):
        members = np.flatnonzero(labels.numpy() == k)
        chosen.append(generator.choice(members, per_class, replace=False))
    return torch.from_numpy(np.concatenate(chosen))


@wrong("seed-with-per-class", NESTED, "more labels are added, none is swapped")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(1000 * seed + per_class)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        if len(members) < per_class:
            raise ValueError("too few")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("int32", INT64, "torch.int32 came out")
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


@wrong("crosses-out-labels", INT64, "changed in place")
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


@wrong("takes-what-there-is", TOO_FEW, "should raise a ValueError")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in labels.unique():
        members = (labels == k).nonzero().flatten()
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)


@wrong("every-number-up-to-the-largest", SKIPPED, "raised ValueError")
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


@wrong("as-many-classes-as-differ", SKIPPED, "no label of class 5 is chosen")
def few_labels(labels, per_class, seed):
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for k in range(len(labels.unique())):
        members = (labels == k).nonzero().flatten()
        if 0 < len(members) < per_class:
            raise ValueError(f"class {k} has only {len(members)} labels")
        order = torch.randperm(len(members), generator=generator)
        chosen.append(members[order[:per_class]])
    return torch.cat(chosen)
