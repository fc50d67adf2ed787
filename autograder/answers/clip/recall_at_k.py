"""Right and wrong answers to exercise `recall_at_k`."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one query alone, one candidate alone, all of them right"
INPUTS = "inputs stay as they are"
REFUSES = "refuses a k outside 1 to C, a query without a right answer"
SHARE = "the share of queries with a right answer among the first k"
TIED = "a wrong answer that is as similar stands before the right one"


@right("wrong-ones-that-are-as-similar")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(dim=1).all():
        raise ValueError("k, or a query without a right answer")
    best = similarity.masked_fill(~right, -math.inf).amax(dim=1, keepdim=True)
    before = (~right & (similarity >= best)).sum(dim=1)
    return (before < k).double().mean().item()


@right("query-by-query")
def recall_at_k(similarity, right, k):
    queries, candidates = similarity.shape
    if k < 1 or k > candidates:
        raise ValueError("k")
    found = 0
    for scores, good in zip(similarity.tolist(), right.tolist(), strict=True):
        hits = [s for s, g in zip(scores, good, strict=True) if g]
        if not hits:
            raise ValueError("no right answer")
        misses = [s for s, g in zip(scores, good, strict=True) if not g]
        found += sum(s >= max(hits) for s in misses) < k
    return found / queries


@right("topk-of-the-wrong-ones")
def recall_at_k(similarity, right, k):
    if k not in range(1, similarity.shape[1] + 1):
        raise ValueError("k")
    if (right.sum(1) == 0).any():
        raise ValueError("right")
    low = torch.tensor(-math.inf, dtype=similarity.dtype)
    best = torch.where(right, similarity, low).max(1).values
    rival = torch.where(right, low, similarity).topk(k, dim=1).values[:, -1]
    return (best > rival).float().mean()


@right("sorted-with-wrong-ones-first")
def recall_at_k(similarity, right, k):
    s, r = similarity.numpy(), right.numpy()
    if k < 1 or k > s.shape[1] or (~r.any(1)).any():
        raise ValueError("k or right")
    found = []
    for scores, good in zip(s, r, strict=True):
        order = np.lexsort((good, -scores))  # of equals the wrong ones come first
        best = scores[good].max()
        first = np.argmax(good[order] & (scores[order] == best))
        found.append(first < k)
    return np.mean(found)


@right("places-of-all")
def recall_at_k(similarity, right, k):
    c = similarity.size(1)
    if not (0 < k < c + 1) or bool((right.long().sum(1) < 1).any()):
        raise ValueError("k or right")
    rival = (similarity.unsqueeze(1) >= similarity.unsqueeze(2)) & ~right.unsqueeze(1)
    place = rival.sum(dim=2)
    hit = (right & (place < k)).sum(1) > 0
    return hit.sum() / hit.numel()


@right("two-stable-sorts")
def recall_at_k(similarity, right, k):
    if k < 1 or k > similarity.shape[1] or not right.any(1).all():
        raise ValueError("k, or a query without a right answer")
    wrong_first = right.int().argsort(dim=1, stable=True)
    scores = similarity.gather(1, wrong_first)
    order = wrong_first.gather(1, scores.argsort(dim=1, descending=True, stable=True))
    return right.gather(1, order)[:, :k].any(1).sum().item() / len(right)


@wrong("topk", TIED, "a tie counts as found")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    return right.gather(1, similarity.topk(k, dim=1).indices).any(1).double().mean().item()


@wrong("stable-sort", TIED, "a tie counts as found")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    order = similarity.argsort(dim=1, descending=True, stable=True)
    return right.gather(1, order[:, :k]).any(1).double().mean().item()


@wrong("more-similar-only", TIED, "a tie counts as found")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((similarity > best).sum(1) < k).double().mean().item()


@wrong("the-value-of-the-kth", TIED, "a tie counts as found")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    least = similarity.topk(k, dim=1).values[:, -1:]
    return ((similarity >= least) & right).any(1).double().mean().item()


@wrong("right-ones-compete", TIED, "a tie costs too much")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((similarity >= best).sum(1) <= k).double().mean().item()


@wrong("all-are-needed", SHARE, "all right answers are asked for")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    ahead = (similarity[:, :, None] >= similarity[:, None]).sum(1)  # with itself
    return ((ahead <= k) | ~right).all(1).double().mean().item()


@wrong("first-right-answer-of-the-row", SHARE, "only the first right answer of a row")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    answer = similarity.gather(1, right.int().argmax(1, keepdim=True))
    return (((similarity >= answer) & ~right).sum(1) < k).double().mean().item()


@wrong("one-too-many", SHARE, "the first k + 1")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) <= k).double().mean().item()


@wrong("share-of-the-candidates", SHARE, "divided by the number of candidates")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    found = (~right & (similarity >= best)).sum(1) < k
    return float(found.sum() / len(similarity[0]))


@wrong("a-mask-of-0", Exercise.WHOLE, "all similarities below 0")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = (similarity * right).amax(1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) < k).double().mean().item()


@wrong("precision", Exercise.WHOLE, "expected")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    return right.gather(1, similarity.topk(k, dim=1).indices).double().mean().item()


@wrong("squeezed", ALONE, "raised")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    similarity, right = similarity.squeeze(), right.squeeze()
    best = similarity.masked_fill(~right, -math.inf).amax(dim=1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) < k).double().mean().item()


@wrong("in-place", INPUTS, "changed in place")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    rivals = similarity.masked_fill_(right, -math.inf)
    return ((rivals >= best).sum(1) < k).double().mean().item()


@wrong("any-k", REFUSES, "a k outside 1 to C")
def recall_at_k(similarity, right, k):
    if not right.any(1).all():
        raise ValueError("right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) < k).double().mean().item()


@wrong("never-found", REFUSES, "no right answer should raise")
def recall_at_k(similarity, right, k):
    if not 1 <= k <= similarity.shape[1]:
        raise ValueError("k")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) < k).double().mean().item()


@wrong("k-of-0", REFUSES + EVERY, "a k outside 1 to C")
def recall_at_k(similarity, right, k):
    if k > similarity.shape[1] or not right.any(1).all():
        raise ValueError("k or right")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    return ((~right & (similarity >= best)).sum(1) < k).double().mean().item()
