"""Right and wrong answers to exercise `clip_loss`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

BOTH = "images choose among texts, texts among images; the mean of both"
COSINES = "cosines, times s = e^t"
GRADIENT = "the gradient reaches images, texts, t"
KEEPS = "gives the dtype that came in; inputs stay as they are"
REFUSES = "refuses two shapes, and no pair"
SHARP = "right at s = 100"


@right("as-in-figure-3")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("images and texts must be (N, D), N > 0")
    x, y = F.normalize(images, dim=1), F.normalize(texts, dim=1)
    logits = torch.exp(t) * x @ y.T
    labels = torch.arange(len(x))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@right("two-log-softmaxes")
def clip_loss(images, texts, t):
    if images.size() != texts.size() or images.size(0) < 1:
        raise ValueError("one text for each image, please")
    x = images / images.norm(dim=-1, keepdim=True)
    y = texts / texts.norm(dim=-1, keepdim=True)
    logits = x @ y.t() * t.exp()
    of_images = -logits.log_softmax(dim=1).diag().mean()
    of_texts = -logits.log_softmax(dim=0).diag().mean()
    return 0.5 * of_images + 0.5 * of_texts


@right("cosine-similarity-and-sums")
def clip_loss(images, texts, t):
    n = images.shape[0]
    if n == 0 or images.shape != texts.shape:
        raise ValueError("shapes")
    logits = F.cosine_similarity(images[:, None], texts[None], dim=-1) * torch.exp(t)
    labels = torch.arange(n)
    total = F.cross_entropy(logits, labels, reduction="sum")
    total = total + F.cross_entropy(logits.transpose(0, 1), labels, reduction="sum")
    return total / (2 * n)


@right("logsumexp-by-hand")
def clip_loss(images, texts, t):
    if tuple(images.shape) != tuple(texts.shape) or not len(images):
        raise ValueError("shapes")
    x = images / images.square().sum(1, keepdim=True).sqrt()
    y = texts / texts.square().sum(1, keepdim=True).sqrt()
    logits = torch.einsum("nd,md->nm", x, y) * t.exp()
    losses = []
    for z in (logits, logits.T):
        top = z.max(dim=1, keepdim=True).values
        share = (z - top).exp().sum(1).log() + top[:, 0]
        losses.append((share - z.diagonal()).mean())
    return sum(losses) / 2


@right("pair-by-pair")
def clip_loss(images, texts, t):
    n = len(images)
    if images.shape != texts.shape or n == 0:
        raise ValueError("shapes")
    total = 0
    for i in range(n):
        x = images[i] / images[i].norm()
        y = texts[i] / texts[i].norm()
        to_texts = torch.stack([torch.dot(x, w / w.norm()) for w in texts]) * math.e**t
        to_images = torch.stack([torch.dot(y, w / w.norm()) for w in images]) * math.e**t
        total = total + torch.logsumexp(to_texts, 0) - to_texts[i]
        total = total + torch.logsumexp(to_images, 0) - to_images[i]
    return total / n / 2


@right("both-directions-in-one-batch")
def clip_loss(images, texts, t):
    if images.ndim != 2 or images.shape != texts.shape or not len(images):
        raise ValueError("pairs of one shape are needed")
    both = F.normalize(torch.stack([images, texts]), dim=2)
    logits = torch.bmm(both, both.flip(0).transpose(1, 2)) * t.exp()
    labels = torch.arange(len(images)).repeat(2)
    return F.nll_loss(F.log_softmax(logits.flatten(0, 1), dim=1), labels)


@wrong("not-normalised", COSINES, "not normalised")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * images @ texts.T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("normalised-over-the-batch", COSINES, "columns are made 1 long")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images, dim=0) @ F.normalize(texts, dim=0).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("temperature", COSINES, "divided by e^t")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = F.normalize(images) @ F.normalize(texts).T / t.exp()
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("limited-inside", COSINES, "expected")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    scale = t.clamp(0, math.log(100)).exp()
    logits = scale * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("one-direction", BOTH, "only images choose")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    return F.cross_entropy(logits, torch.arange(len(images)))


@wrong("one-direction-twice", BOTH, "only images choose")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits, labels)) / 2


@wrong("softmax-first", BOTH, "the softmax is done twice")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    of_images = F.cross_entropy(logits.softmax(1), labels)
    return (of_images + F.cross_entropy(logits.T.softmax(1), labels)) / 2


@wrong("added", BOTH, "the two means are added")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)


@wrong("labels-from-1", Exercise.WHOLE, "expected")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = (torch.arange(len(images)) + 1) % len(images)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("exp-as-it-stands", SHARP, "NaN or infinity")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    e = (t.exp() * F.normalize(images) @ F.normalize(texts).T).exp()
    own = e.diagonal()
    return -((own / e.sum(1)).log().mean() + (own / e.sum(0)).log().mean()) / 2


@wrong("log-of-softmax", SHARP, "NaN or infinity")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    shares = [logits.softmax(d).diagonal() for d in (0, 1)]
    return -sum(share.log().mean() for share in shares) / 2


@wrong("the-largest-of-all-taken-off", SHARP, "NaN or infinity")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    e = (logits - logits.max()).exp()
    own = (logits - logits.max()).diagonal()
    return ((e.sum(1).log() - own).mean() + (e.sum(0).log() - own).mean()) / 2


@wrong("small-number-in-the-logarithm", SHARP, "a small number is added")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    shares = [logits.softmax(d).diagonal() for d in (0, 1)]
    return -sum((share + 1e-8).log().mean() for share in shares) / 2


@wrong("item", GRADIENT, "t is held constant")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = math.exp(t.item()) * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("texts-held-constant", GRADIENT, "no gradient of texts")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts.detach()).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("float32", KEEPS, "torch.float32 came out")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    logits = t.float().exp() * F.normalize(images.float()) @ F.normalize(texts.float()).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("in-place", KEEPS, "changed in place")
def clip_loss(images, texts, t):
    if images.shape != texts.shape or len(images) == 0:
        raise ValueError("shapes")
    if not images.requires_grad:
        images /= images.norm(dim=1, keepdim=True)
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("whatever-shapes", REFUSES, "expected a ValueError")
def clip_loss(images, texts, t):
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("nothing-is-nan", REFUSES + EVERY, "no pair, should raise a ValueError")
def clip_loss(images, texts, t):
    if images.shape != texts.shape:
        raise ValueError("shapes")
    logits = t.exp() * F.normalize(images) @ F.normalize(texts).T
    labels = torch.arange(len(images))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2
