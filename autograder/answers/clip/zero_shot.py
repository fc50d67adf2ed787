"""Right and wrong answers to exercise `zero_shot`."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one image alone, one class alone"
GRADIENT = "the gradient reaches images"
KEEPS = "gives the dtype that came in; inputs stay as they are"
LARGE = "at the scale of a trained CLIP, 100"
REFUSES = "refuses a class without texts, and no class"
SOFTMAX = "a softmax over the classes, of scale times the cosine"
WEIGHT = "a class's weight: texts 1 long, their mean, 1 long again"


@right("stacked-weights")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts, dim=1).mean(dim=0) for texts in prompts])
    logits = scale * F.normalize(images, dim=1) @ F.normalize(means, dim=1).T
    return logits.softmax(dim=1)


@right("class-by-class")
def zero_shot(images, prompts, scale):
    if len(prompts) == 0:
        raise ValueError("no class")
    logits = []
    for texts in prompts:
        if texts.shape[0] == 0:
            raise ValueError("a class without texts")
        total = 0
        for text in texts:
            total = total + text / text.norm()
        weight = total / len(texts)
        weight = weight / weight.norm()
        logits.append(scale * (images @ weight) / images.norm(dim=1))
    return F.softmax(torch.stack(logits, dim=1), dim=1)


@right("cosine-similarity-of-sums")
def zero_shot(images, prompts, scale):
    sizes = [texts.size(0) for texts in prompts]
    if not sizes or min(sizes) < 1:
        raise ValueError("prompts")
    weights = torch.stack([F.normalize(texts, dim=-1).sum(0) for texts in prompts])
    cosines = F.cosine_similarity(images.unsqueeze(1), weights.unsqueeze(0), dim=2)
    return torch.softmax(scale * cosines, dim=-1)


@right("softmax-by-hand")
def zero_shot(images, prompts, scale):
    if sum(1 for _ in prompts) < 1:
        raise ValueError("no class")
    weights = []
    for texts in prompts:
        if not texts.numel():
            raise ValueError("no text")
        lengths = torch.sqrt((texts**2).sum(1))
        weight = torch.einsum("pd,p->d", texts, 1 / lengths) / len(texts)
        weights.append(weight / torch.sqrt((weight**2).sum()))
    x = images / torch.linalg.norm(images, dim=1)[:, None]
    z = scale * torch.einsum("bd,kd->bk", x, torch.stack(weights))
    e = torch.exp(z - z.max(1, keepdim=True)[0])
    return e / e.sum(1, keepdim=True)


@right("all-texts-in-one-matrix")
def zero_shot(images, prompts, scale):
    counts = torch.tensor([len(texts) for texts in prompts])
    if counts.numel() == 0 or (counts == 0).any():
        raise ValueError("each class needs a text")
    texts = F.normalize(torch.cat(list(prompts)), dim=1)
    label = torch.arange(len(prompts)).repeat_interleave(counts)
    sums = torch.zeros(len(prompts), texts.shape[1], dtype=texts.dtype)
    means = sums.index_add(0, label, texts) / counts[:, None]
    logits = scale * F.normalize(images) @ F.normalize(means).T
    return logits.log_softmax(1).exp()


@wrong("not-made-1-long-again", WEIGHT, "the mean is not made 1 long again")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ means.T).softmax(1)


@wrong("texts-of-any-length", WEIGHT, "texts of any length")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([texts.mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("all-texts-compete", WEIGHT, "the softmax runs over all texts")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    texts = F.normalize(torch.cat(prompts))
    shares = (scale * F.normalize(images) @ texts.T).softmax(1)
    return torch.stack([p.sum(1) for p in shares.split([len(t) for t in prompts], 1)], 1)


@wrong("mean-of-the-probabilities", Exercise.WHOLE, "expected")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    x = F.normalize(images)
    e = [(scale * x @ F.normalize(texts).T).exp().mean(1) for texts in prompts]
    return torch.stack(e, 1) / sum(e)[:, None]


@wrong("mean-over-the-classes", Exercise.WHOLE, "expected")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    dim = 0 if len({len(texts) for texts in prompts} | {len(prompts)}) == 1 else 1
    texts = torch.nn.utils.rnn.pad_sequence([F.normalize(t) for t in prompts], True)
    weights = F.normalize(texts.sum(dim))
    return (scale * F.normalize(images) @ weights.T).softmax(1)


@wrong("over-the-images", SOFTMAX, "the softmax runs over images")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ F.normalize(means).T).softmax(0)


@wrong("images-of-any-length", SOFTMAX, "the images are not made 1 long")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (scale * images @ F.normalize(means).T).softmax(1)


@wrong("no-scale", SOFTMAX, "the scale is forgotten")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("e-to-the-scale", SOFTMAX, "this scale is no logarithm")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (math.exp(scale) * F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("logits", SOFTMAX, "these are the logits")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return scale * F.normalize(images) @ F.normalize(means).T


@wrong("exp-as-it-stands", LARGE, "NaN or infinity")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    e = (scale * F.normalize(images) @ F.normalize(means).T).exp()
    return e / e.sum(1, keepdim=True)


@wrong("squeezed", ALONE, "raised")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    logits = scale * F.normalize(images) @ F.normalize(means).T
    return logits.squeeze().softmax(dim=1)


@wrong("no-grad", GRADIENT, "no gradient of images")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    with torch.no_grad():
        means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
        return (scale * F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("weights-in-float32", KEEPS, "about seven digits only")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    weights = torch.zeros(len(prompts), images.shape[1])
    for k, texts in enumerate(prompts):
        weights[k] = F.normalize(F.normalize(texts).mean(0), dim=0)
    return (scale * F.normalize(images) @ weights.to(images.dtype).T).softmax(1)


@wrong("in-place", KEEPS, "changed in place")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    for texts in prompts:
        texts /= texts.norm(dim=1, keepdim=True)
    means = torch.stack([texts.mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("the-list-is-changed", KEEPS, "changed in place")
def zero_shot(images, prompts, scale):
    if not prompts or any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    for k in range(len(prompts)):
        prompts[k] = F.normalize(prompts[k]).mean(0)
    weights = F.normalize(torch.stack(prompts))
    return (scale * F.normalize(images) @ weights.T).softmax(1)


@wrong("a-mean-of-nothing", REFUSES, "such prompts should raise a ValueError")
def zero_shot(images, prompts, scale):
    if not prompts:
        raise ValueError("no class")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ F.normalize(means).T).softmax(1)


@wrong("an-empty-list", REFUSES + EVERY, "expected a ValueError")
def zero_shot(images, prompts, scale):
    if any(len(texts) == 0 for texts in prompts):
        raise ValueError("each class needs a text")
    means = torch.stack([F.normalize(texts).mean(0) for texts in prompts])
    return (scale * F.normalize(images) @ F.normalize(means).T).softmax(1)
