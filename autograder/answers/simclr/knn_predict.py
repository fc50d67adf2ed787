"""Right and wrong answers to exercise `knn_predict`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

NEAREST = "the class of the most similar row"


ANGLE = "similar by cosine: lengths do not count"


K = "the k most similar rows vote"


WEIGHT = "a vote weighs exp(s / τ)"


HEAT = "the temperature, 0.07 unless it is given"


INT64_CLASS = "gives int64 and leaves its inputs alone"


MISSING = "classes without a row in the bank"


TOO_LARGE = "refuses a k larger than the bank"


@right("scatter")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError(f"k = {k}, but the bank has {len(bank)} rows")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@right("one-hot")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > bank.shape[0]:
        raise ValueError("k is larger than the bank")
    bank = bank / bank.norm(dim=1, keepdim=True)
    queries = queries / queries.norm(dim=1, keepdim=True)
    top = torch.topk(queries @ bank.T, k)
    weights = torch.softmax(top.values / temperature, dim=1)
    votes = torch.einsum(
        "mk,mkc->mc", weights, F.one_hot(labels[top.indices], classes).to(bank)
    )
    return votes.max(dim=1).indices


@right("loop")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k")
    out = []
    for q in queries:
        s = torch.stack([q @ r / (q.norm() * r.norm()) for r in bank]).tolist()
        nearest = sorted(range(len(bank)), key=lambda n: -s[n])[:k]
        votes = [0.0] * classes
        for n in nearest:
            votes[int(labels[n])] += math.exp(s[n] / temperature)
        out.append(max(range(classes), key=lambda c: votes[c]))
    return torch.tensor(out)


@right("bincount")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if not k <= len(bank):
        raise ValueError("k is too large")
    s = F.cosine_similarity(queries[:, None], bank[None], dim=2)
    order = s.argsort(dim=1, descending=True)[:, :k]
    out = torch.empty(len(queries), dtype=torch.long)
    for m in range(len(queries)):
        weights = (s[m, order[m]] / temperature).exp()
        out[m] = torch.bincount(labels[order[m]], weights, minlength=classes).argmax()
    return out


@wrong("rows", NEAREST, "the row of the neighbour")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return s.topk(k, dim=1).indices[:, 0]


@wrong("votes", NEAREST, "the table of votes")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top / temperature).exp())


@wrong("least-similar", NEAREST, "the least similar rows vote")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1, largest=False)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("euclidean", ANGLE, "Euclidean")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (-torch.cdist(queries, bank).square()).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    # (2 − d²) / 2 is the cosine of rows of length 1
    votes.scatter_add_(1, labels[which], ((2 + top) / 2 / temperature).exp())
    return votes.argmax(1)


@wrong("inner-product", ANGLE, "not normalised")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (queries @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("queries-alone", ANGLE, "only the queries are normalised")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (F.normalize(queries, dim=1) @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("everyone-votes", K, "all rows of the bank vote")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return ((s / temperature).exp() @ F.one_hot(labels, classes).to(s)).argmax(1)


@wrong("nearest-alone", K, "only the most similar row votes")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return labels[s.argmax(1)]


@wrong("majority", WEIGHT, "every vote counts the same")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return labels[s.topk(k, dim=1).indices].mode(1).values


@wrong("similarity-as-weight", WEIGHT, "a vote weighs its similarity")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], top / temperature).argmax(1)


@wrong("mean-weight", WEIGHT, "they are summed")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    there = F.one_hot(labels[which], classes).to(s)
    votes = torch.einsum("mk,mkc->mc", (top / temperature).exp(), there)
    return (votes / there.sum(1).clamp(min=1)).argmax(1)


@wrong("multiplied", HEAT, "multiplied by the temperature")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top * temperature).exp()).argmax(1)


@wrong("no-temperature", HEAT, "the temperature is ignored, exp(s)")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], top.exp()).argmax(1)


@wrong("always-0.07", HEAT, "always 0.07")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top / 0.07).exp()).argmax(1)


@wrong("floats", INT64_CLASS, "came out")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1).to(bank.dtype)


@wrong("bank-in-place", INT64_CLASS, "changed in place")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    bank /= bank.norm(dim=1, keepdim=True)
    top, which = (F.normalize(queries, dim=1) @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("position-among-the-present", MISSING, "at index")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = [((labels[which] == c) * (top / temperature).exp()).sum(1) for c in labels.unique()]
    return torch.stack(votes, 1).argmax(1)


@wrong("error-of-topk", TOO_LARGE, "raised RuntimeError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("k-cut", TOO_LARGE, "should raise a ValueError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(min(k, len(bank)), dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)
