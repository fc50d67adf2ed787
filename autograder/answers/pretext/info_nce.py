"""Right and wrong answers to exercise `info_nce`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
SCALAR = "a tensor without axes, no number of Python"
GRADIENTS = "the gradient reaches predictions, targets"
BEHIND = "the right target far behind, rows of different size"


@right("cross-entropy")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@right("log-softmax")
def info_nce(predictions, targets, temperature=1.0):
    scores = torch.matmul(predictions, targets.transpose(0, 1)) / temperature
    return -scores.log_softmax(dim=1).diagonal().mean()


@right("einsum-logsumexp")
def info_nce(predictions, targets, temperature=1.0):
    scores = torch.einsum("id,jd->ij", predictions, targets) / temperature
    positive = (predictions * targets).sum(1) / temperature
    return (torch.logsumexp(scores, 1) - positive).mean()


@right("by-hand")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    denominator = scores.exp().sum(1).log()
    return (denominator - torch.diag(scores)).mean()


@right("loop")
def info_nce(predictions, targets, temperature=1.0):
    loss = 0.0
    for i, p in enumerate(predictions):
        scores = torch.stack([p.dot(t) for t in targets]) / temperature
        top = scores.max()
        loss = loss - (scores[i] - top - (scores - top).exp().sum().log())
    return loss / len(predictions)


@wrong("positive-alone", Exercise.WHOLE, "expected")
def info_nce(predictions, targets, temperature=1.0):
    return -(predictions * targets).sum(1).mean() / temperature


@wrong("one-each", Exercise.WHOLE, "shape (5,), expected ()")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)), reduction="none")


@wrong("default-of-simclr", Exercise.WHOLE, "temperature 1")
def info_nce(predictions, targets, temperature=0.07):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("float32", KEEPS, "torch.float32 came out")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions.float() @ targets.float().T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("item", SCALAR, "returned a float")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores))).item()


@wrong("divides-in-place", KEEPS, "changed in place")
def info_nce(predictions, targets, temperature=1.0):
    given = predictions.clone()
    predictions.data.mul_(2.0)
    scores = given @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("positive-detached", GRADIENTS, "gradient of predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return (scores.logsumexp(1) - scores.diagonal().detach()).mean()


@wrong("maximum-of-all", BEHIND, "NaN or infinity")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    e = (scores - scores.max()).exp()
    return (e.sum(1).log() - e.diagonal().log()).mean()


@wrong("clamped-share", BEHIND, "expected")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return -torch.log(shares.diagonal() + 1e-12).mean()
