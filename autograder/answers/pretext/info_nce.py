"""Right and wrong answers to exercise `info_nce`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

CHOICE = "each prediction chooses among all targets"


DENOMINATOR = "the positive is in the denominator, a sum"


MEAN = "the mean of −log, a scalar"


PLAIN = "scores are plain dot products"


TEMPERATURE = "divides the scores by the temperature, 1 unless told"


HUNDREDS = "scores of several hundred"


KEEPS_SCALAR = "a scalar tensor of the inputs' dtype; inputs are left alone"


BOTH = "gradients reach predictions and targets"


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


@wrong("columns", CHOICE, "the softmax runs over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = targets @ predictions.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("softmax-over-dim-0", CHOICE, "the softmax runs over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return -scores.log_softmax(0).diagonal().mean()


@wrong("symmetric", CHOICE, "both directions are averaged")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    labels = torch.arange(len(scores))
    return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2


@wrong("labels-0", CHOICE, "the right target is number 0 for all")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


@wrong("sigmoid", CHOICE, "each pair is judged by itself")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.binary_cross_entropy_with_logits(scores, torch.eye(len(scores)).to(scores))


@wrong("positive-left-out", DENOMINATOR, "the positive is left out of the denominator")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    own = scores.diagonal()
    others = scores.masked_fill(torch.eye(len(scores), dtype=torch.bool), -torch.inf)
    return (others.logsumexp(1) - own).mean()


@wrong("positive-alone", CHOICE, "there is no denominator")
def info_nce(predictions, targets, temperature=1.0):
    return -(predictions * targets).sum(1).mean() / temperature


@wrong("softmax-twice", DENOMINATOR, "the softmax is taken twice")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return F.cross_entropy(shares, torch.arange(len(shares)))


@wrong("the-bound", DENOMINATOR, "the bound, not the loss")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    top = scores.amax(1, keepdim=True)
    mean = (scores - top).exp().mean(1).log() + top[:, 0]
    return (mean - scores.diagonal()).mean()


@wrong("positive-zeroed", DENOMINATOR, "exp(0) = 1 remains")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    away = 1 - torch.eye(len(scores)).to(scores)
    return ((scores * away).logsumexp(1) - scores.diagonal()).mean()


@wrong("sum", MEAN, "summed over the predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)), reduction="sum")


@wrong("one-each", MEAN, "one value for each prediction")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)), reduction="none")


@wrong("sign", MEAN, "the sign is wrong")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return scores.log_softmax(1).diagonal().mean()


@wrong("bits", MEAN, "a logarithm to base 2")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores))) / math.log(2)


@wrong("cosine", PLAIN, "normalised to length 1")
def info_nce(predictions, targets, temperature=1.0):
    scores = F.normalize(predictions, dim=1) @ F.normalize(targets, dim=1).T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("root-d", PLAIN, "divided by √D")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / math.sqrt(predictions.shape[1]) / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("distances", PLAIN, "squared distances")
def info_nce(predictions, targets, temperature=1.0):
    scores = -((predictions[:, None] - targets[None]) ** 2).sum(-1) / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("temperature-multiplied", TEMPERATURE, "multiplied by the temperature")
def info_nce(predictions, targets, temperature=1.0):
    scores = temperature * predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("temperature-ignored", TEMPERATURE, "the temperature is ignored")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("default-of-simclr", TEMPERATURE, "temperature left out")
def info_nce(predictions, targets, temperature=0.07):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("loss-divided", TEMPERATURE, "the loss is divided by the temperature")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T
    return F.cross_entropy(scores, torch.arange(len(scores))) / temperature


@wrong("exp-overflows", HUNDREDS, "exp of a score of 800 is too large")
def info_nce(predictions, targets, temperature=1.0):
    e = (predictions @ targets.T / temperature).exp()
    return -(e.diagonal() / e.sum(1)).log().mean()


@wrong("float32", KEEPS_SCALAR, "torch.float32 came out")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions.float() @ targets.float().T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("item", KEEPS_SCALAR, "a number of Python")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores))).item()


@wrong("divides-in-place", KEEPS_SCALAR, "changed in place")
def info_nce(predictions, targets, temperature=1.0):
    given = predictions.clone()
    predictions.data.mul_(2.0)
    scores = given @ targets.T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("targets-detached", BOTH, "no gradient reaches targets")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.detach().T / temperature
    return F.cross_entropy(scores, torch.arange(len(scores)))


@wrong("positive-detached", BOTH, "not its gradient for predictions")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    return (scores.logsumexp(1) - scores.diagonal().detach()).mean()


@wrong("maximum-of-all", BEHIND, "each row's own maximum")
def info_nce(predictions, targets, temperature=1.0):
    scores = predictions @ targets.T / temperature
    e = (scores - scores.max()).exp()
    return (e.sum(1).log() - e.diagonal().log()).mean()


@wrong("softmax-then-log", BEHIND, "its logarithm is infinite")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return -shares.diagonal().log().mean()


@wrong("clamped-share", BEHIND, "expected")
def info_nce(predictions, targets, temperature=1.0):
    shares = (predictions @ targets.T / temperature).softmax(1)
    return -torch.log(shares.diagonal() + 1e-12).mean()
