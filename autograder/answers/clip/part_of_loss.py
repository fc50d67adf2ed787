"""Right and wrong answers to exercise `part_of_loss`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY

bank = Bank()
right, wrong = bank.right, bank.wrong

ADD = "the parts of all processes add up to the loss of all N"
GRADIENT = "the gradient reaches all four tensors and s"
KEEPS = "gives the dtype that came in; inputs stay as they are"
MATRICES = "two matrices (n, N), never (N, N)"
REFUSES = "refuses rows that do not fit into first … N"
ROWS = "each row chooses among all N; its pair is number first + i"
SHARP = "right at s = 100"


@right("cross-entropy-of-sums")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(first, first + n)
    of_images = F.cross_entropy(s * images @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@right("mean-times-share")
def part_of_loss(images, texts, every_image, every_text, first, s):
    share = images.shape[0] / every_image.shape[0]
    if not 0 <= first <= every_image.shape[0] - images.shape[0]:
        raise ValueError("first")
    labels = first + torch.arange(images.shape[0])
    loss = F.cross_entropy(s * (images @ every_text.t()), labels)
    loss = loss + F.cross_entropy(s * (texts @ every_image.t()), labels)
    return loss * share / 2


@right("logsumexp-and-own-pairs")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = images.size(0), every_text.size(0)
    if first not in range(total - n + 1):
        raise ValueError("first")
    own = s * (images * texts).sum(1)
    of_images = torch.logsumexp(s * torch.einsum("nd,md->nm", images, every_text), 1)
    of_texts = torch.logsumexp(s * torch.einsum("nd,md->nm", texts, every_image), 1)
    return (of_images + of_texts - 2 * own).sum() / total / 2


@right("normalised-again")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(texts), len(every_text)
    if first < 0 or first > total - n:
        raise ValueError("first")
    x, y = F.normalize(images, dim=1), F.normalize(texts, dim=1)
    all_x, all_y = F.normalize(every_image, dim=1), F.normalize(every_text, dim=1)
    of_images = (s * x @ all_y.T).log_softmax(1)[:, first : first + n].diagonal()
    of_texts = (s * y @ all_x.T).log_softmax(1)[:, first : first + n].diagonal()
    return -(of_images.sum() + of_texts.sum()) / (2 * total)


@right("row-by-row")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if min(first, total - n - first) < 0:
        raise ValueError("first")
    part = torch.zeros((), dtype=images.dtype)
    for i in range(n):
        for own, others in ((images[i], every_text), (texts[i], every_image)):
            z = s * torch.mv(others, own)
            top = z.max()
            part = part + top + (z - top).exp().sum().log() - z[first + i]
    return 0.5 * part / total


@wrong("first-forgotten", ROWS, "first is forgotten")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(n)
    of_images = F.cross_entropy(s * images @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("own-block", ROWS, "only its own pairs are compared")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    logits = s * images @ texts.T
    labels = torch.arange(n)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("own-mean", ADD, "the mean over its own n pairs")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(first, first + n)
    of_images = F.cross_entropy(s * images @ every_text.T, labels)
    return (of_images + F.cross_entropy(s * texts @ every_image.T, labels)) / 2


@wrong("one-direction", ADD, "the texts' direction is missing")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(first, first + n)
    return F.cross_entropy(s * images @ every_text.T, labels, reduction="sum") / total


@wrong("everything", ADD, "the loss of all N pairs")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    logits = s * every_image @ every_text.T
    labels = torch.arange(total)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("all-with-all-then-cut", MATRICES, "all with all")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    mine = slice(first, first + n)
    x, y = every_image.clone(), every_text.clone()
    x[mine], y[mine] = images, texts
    logits = s * x @ y.T
    of_images = logits.log_softmax(1).diagonal()[mine]
    of_texts = logits.log_softmax(0).diagonal()[mine]
    own = 0 * (every_image.sum() + every_text.sum())
    return own - (of_images.sum() + of_texts.sum()) / (2 * total)


@wrong("others-detached", GRADIENT, "no gradient reaches every_image")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(first, first + n)
    x, y = every_image.detach(), every_text.detach()
    of_images = F.cross_entropy(s * images @ y.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ x.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("own-rows-of-the-others", GRADIENT, "no gradient reaches images")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    mine, labels = slice(first, first + n), torch.arange(first, first + n)
    of_images = F.cross_entropy(s * every_image[mine] @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * every_text[mine] @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("a-number-for-s", GRADIENT, "no gradient reaches s")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels, s = torch.arange(first, first + n), float(s)
    of_images = F.cross_entropy(s * images @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("gradient-of-other-rows-lost", GRADIENT, "expected")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    mine, labels = slice(first, first + n), torch.arange(first, first + n)
    x, y = every_image.detach().clone(), every_text.detach().clone()
    x[mine], y[mine] = every_image[mine], every_text[mine]
    of_images = F.cross_entropy(s * images @ y.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ x.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("exp-as-it-stands", SHARP, "NaN or infinity")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    own = s * (images * texts).sum(1)
    of_images = (s * images @ every_text.T).exp().sum(1).log()
    of_texts = (s * texts @ every_image.T).exp().sum(1).log()
    return (of_images + of_texts - 2 * own).sum() / (2 * total)


@wrong("float32", KEEPS, "torch.float32 came out")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels, s = torch.arange(first, first + n), s.float()
    of_images = s * images.float() @ every_text.float().T
    of_texts = s * texts.float() @ every_image.float().T
    loss = F.cross_entropy(torch.cat([of_images, of_texts]), labels.repeat(2), reduction="sum")
    return loss / (2 * total)


@wrong("in-place", KEEPS, "changed in place")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first < 0 or first + n > total:
        raise ValueError("own rows do not fit")
    labels = torch.arange(first, first + n)
    x, y = (images * s, texts * s) if s.requires_grad else (images.mul_(s), texts.mul_(s))
    of_images = F.cross_entropy(x @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(y @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * total)


@wrong("index-error", REFUSES, "expected a ValueError")
def part_of_loss(images, texts, every_image, every_text, first, s):
    if first < 0:
        raise ValueError("first")
    labels = torch.arange(first, first + len(images))
    of_images = F.cross_entropy(s * images @ every_text.T, labels, reduction="sum")
    of_texts = F.cross_entropy(s * texts @ every_image.T, labels, reduction="sum")
    return (of_images + of_texts) / (2 * len(every_image))


@wrong("from-the-end", REFUSES + EVERY, "rows beyond the N should raise")
def part_of_loss(images, texts, every_image, every_text, first, s):
    n, total = len(images), len(every_image)
    if first + n > total:
        raise ValueError("own rows do not fit")
    place = torch.arange(first, first + n)
    of_images = (s * images @ every_text.T).log_softmax(1)[torch.arange(n), place]
    of_texts = (s * texts @ every_image.T).log_softmax(1)[torch.arange(n), place]
    return -(of_images + of_texts).sum() / (2 * total)
