"""Right and wrong answers to exercise `knn_predict`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

INT64 = "gives int64 and leaves its inputs alone"
REFUSES = "refuses a k larger than the bank"


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


@wrong("euclidean", Exercise.WHOLE, "at index")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (-torch.cdist(queries, bank).square()).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    # (2 − d²) / 2 is the cosine of rows of length 1
    votes.scatter_add_(1, labels[which], ((2 + top) / 2 / temperature).exp())
    return votes.argmax(1)


@wrong("majority", Exercise.WHOLE, "every vote counts the same")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return labels[s.topk(k, dim=1).indices].mode(1).values


@wrong("floats", INT64, "came out")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1).to(bank.dtype)


@wrong("bank-in-place", INT64, "changed in place")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    bank /= bank.norm(dim=1, keepdim=True)
    top, which = (F.normalize(queries, dim=1) @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("error-of-topk", REFUSES, "raised RuntimeError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("one-more-than-there-are", REFUSES + EVERY, "raised RuntimeError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k - 1 > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)
