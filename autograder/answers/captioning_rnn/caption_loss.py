"""Right and wrong answers to exercise `caption_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches logits"
KEEPS = "keeps the dtype, without axes; inputs stay as they are"
REFUSES = "refuses a batch of padding alone"
STABLE = "stable: logits of a thousand"


@right("gather")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    log_p = torch.log_softmax(logits, dim=-1)
    true = log_p.gather(2, targets.unsqueeze(2)).squeeze(2)
    return -true[real].mean()


@right("flat")
def caption_loss(logits, targets):
    keep = targets.reshape(-1).nonzero()[:, 0]
    if len(keep) == 0:
        raise ValueError("only padding")
    z, y = logits.reshape(-1, logits.shape[-1])[keep], targets.reshape(-1)[keep]
    return (z.logsumexp(1) - z[torch.arange(len(y)), y]).mean()


@right("one-hot-and-einsum")
def caption_loss(logits, targets):
    mask = (targets > 0).to(logits.dtype)
    if mask.sum() == 0:
        raise ValueError("nothing to predict")
    hot = F.one_hot(targets, logits.size(-1)).to(logits.dtype)
    per_word = -torch.einsum("btv,btv->bt", hot, F.log_softmax(logits, -1))
    return (per_word * mask).sum() / mask.sum()


@right("word-by-word")
def caption_loss(logits, targets):
    total, words = 0, 0
    for caption, answer in zip(logits, targets, strict=True):
        for z, y in zip(caption, answer.tolist(), strict=True):
            if y != 0:
                z = z - z.max()
                total = total + z.exp().sum().log() - z[y]
                words += 1
    if words == 0:
        raise ValueError("a batch of pads")
    return total / words


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def caption_loss(logits, targets):
    if not targets.any():
        raise ValueError("padding alone")
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=0)


@wrong("finished-nll", Exercise.WHOLE, "is not allowed here")
def caption_loss(logits, targets):
    if not targets.any():
        raise ValueError("padding alone")
    log_p = logits.flatten(0, 1).log_softmax(1)
    return torch.nn.NLLLoss(ignore_index=0)(log_p, targets.flatten())


@wrong("a-number", GRADIENT, "no gradient of logits")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    true = logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return (-true[real].mean()).detach()


@wrong("float32", KEEPS, "torch.float32 came out")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    true = logits.float().log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return -true[real].mean()


@wrong("float32-on-the-way", KEEPS, "computes in float32")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    true = logits.float().log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return -true[real].mean().to(logits.dtype)


@wrong("logits-masked-in-place", KEEPS, "changed in place")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    with torch.no_grad():
        logits[~real] = 0
    true = logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return -(true * real).sum() / real.sum()


@wrong("nan", REFUSES, "should raise a ValueError")
def caption_loss(logits, targets):
    true = logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return -true[targets != 0].mean()


@wrong("each-caption-needs-a-word", REFUSES, "allowed")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any(1).all():
        raise ValueError("a caption holds no word")
    true = logits.log_softmax(-1).gather(2, targets[..., None])[..., 0]
    return -true[real].mean()


@wrong("logarithm-of-the-softmax", STABLE, "NaN or infinity")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    p = logits.softmax(-1).gather(2, targets[..., None])[..., 0]
    return -p[real].log().mean()


@wrong("exponentials", STABLE, "NaN or infinity")
def caption_loss(logits, targets):
    real = targets != 0
    if not real.any():
        raise ValueError("targets holds no word")
    true = logits.gather(2, targets[..., None])[..., 0]
    return (logits.exp().sum(-1).log() - true)[real].mean()
