"""CLIP: each image finds its text among those of a batch, and each text its image (chapter 14).

Source: A. Radford et al., "Learning transferable visual models from natural language
supervision", ICML 2021: figure 3 (the loss), section 2.5 (the logit scale), section 3.1 (the
classifier made of texts).

Symbols: N pairs; x and y (N, D) hold the features of images and texts, row i of both from pair
i. Every function here makes the rows it is given 1 long. s is the logit scale, 1 / τ of the
other chapters' temperature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.reference import autoencoders

START, LARGEST = 1 / 0.07, 100.0  # of the logit scale, section 2.5


class LogitScale(nn.Module):
    """s = exp(t): t is learned, from ln(1 / 0.07) = 2.66 on, so that s stays positive."""

    def __init__(self, start: float = START) -> None:
        super().__init__()
        if not 1 <= start <= LARGEST:
            raise ValueError(f"start must be from 1 to {LARGEST:g}, not {start}")
        self.t = nn.Parameter(torch.tensor(math.log(start)))

    def forward(self) -> Tensor:
        """s, a scalar."""
        return self.t.exp()

    @torch.no_grad()
    def limit(self) -> None:
        """Bring s back into 1 to 100: to be called after each step of the optimiser.

        A limit inside ``forward`` would have no gradient, and t could not come back.
        """
        self.t.clamp_(0, math.log(LARGEST))


def contrastive_loss(images: Tensor, texts: Tensor, logit_scale: Tensor | float) -> Tensor:
    """The symmetric cross entropy of figure 3, as it is written.

    logits = s x yᵀ; each image is to tell its text from the other N − 1, each text its image;
    the mean of both means, in nats. ln N where nothing is known.

    Args:
        images, texts: (N, D) each, any length of the rows; halves are computed in float32.
        logit_scale: s > 0 itself, not its logarithm; see ``LogitScale``.

    Returns:
        A scalar. It holds several matrices (N, N); ``training.contrastive_tiled`` does not.

    Raises:
        ValueError: the two are not of one shape (N, D), there is no pair, or s is not positive.
    """
    x, y, s = unit_pairs(images, texts, logit_scale)
    logits = s * x @ y.T  # (N, N): a row is an image, a column a text
    right = torch.arange(len(x), device=x.device)
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2


def unit_pairs(
    images: Tensor, texts: Tensor, logit_scale: Tensor | float
) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of length 1 in float32 or float64, and the scale as a scalar beside them."""
    if images.shape != texts.shape or images.ndim != 2 or not len(images):
        shapes = f"{tuple(images.shape)} and {tuple(texts.shape)}"
        raise ValueError(f"images and texts must be (N, D) each, N > 0, not {shapes}")
    s = torch.as_tensor(logit_scale)
    if s.numel() != 1:
        raise ValueError(f"logit_scale must be one number, not {tuple(s.shape)}")
    if s.device.type == "cpu" and not autoencoders.holds(
        s > 0
    ):  # a GPU's numbers would be waited for
        raise ValueError(f"logit_scale must be positive, not {s.item():g}: give exp(t), not t")
    x, y = (unit(features) for features in (images, texts))
    return x, y, s.to(x).reshape(())


def unit(features: Tensor) -> Tensor:
    """Each row 1 long, in float32 or float64: (…, D) -> (…, D)."""
    return F.normalize(
        features if features.dtype == torch.float64 else features.float(), dim=-1
    )


def multi_positive_loss(
    images: Tensor, texts: Tensor, logit_scale: Tensor | float, labels: Tensor
) -> Tensor:
    """``contrastive_loss`` where several pairs of a batch may mean the same.

    To push the text of another red heart away would be wrong: it is no negative. All pairs of
    one label are right for each other, each of m with the share 1 / m of the target.

    Args:
        images, texts, logit_scale: as for ``contrastive_loss``, which this is where all labels
            differ.
        labels: (N,) integers.

    Returns:
        A scalar, at least the mean of ln m.

    Raises:
        ValueError: as ``contrastive_loss``, or labels are not (N,).
    """
    x, y, s = unit_pairs(images, texts, logit_scale)
    if labels.shape != (len(x),):
        raise ValueError(f"labels must be ({len(x)},), one a pair, not {tuple(labels.shape)}")
    same = (labels[:, None] == labels).to(x)
    target = same / same.sum(1, keepdim=True)  # (N, N), symmetric
    logits = s * x @ y.T
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def gathered_loss(images: Tensor, texts: Tensor, logit_scale: Tensor | float) -> Tensor:
    """The loss of all processes' pairs together, each process bringing its own.

    A process compares its n images with all N texts and its n texts with all N images: two
    matrices (n, N), never (N, N). Its pair i stands in column ``first`` + i, where ``first``
    counts the pairs of the processes before it.

    Every process gets the value for the whole batch. Averaged over the processes, as
    DistributedDataParallel does it, the gradients of the weights, of the scale's too, are
    those of one process with all pairs. Norms over the batch still see their own pairs alone.

    Args:
        images, texts: (n, D) each; n may differ between processes.
        logit_scale: the same s in all processes.

    Raises:
        ValueError: as ``contrastive_loss``.
    """
    x, y, s = unit_pairs(images, texts, logit_scale)
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return contrastive_loss(x, y, s)
    everyone, first = gathered(torch.cat([x, y], 1))
    every_x, every_y = everyone.chunk(2, 1)
    right = torch.arange(first, first + len(x), device=x.device)
    of_images = F.cross_entropy(s * x @ every_y.T, right, reduction="sum")
    of_texts = F.cross_entropy(s * y @ every_x.T, right, reduction="sum")
    own = (of_images + of_texts) / (2 * len(everyone))  # its part of the mean over N
    whole = own.detach().clone()
    dist.all_reduce(whole)
    scaled = own * dist.get_world_size()  # because their mean is taken, not their sum
    return scaled + (whole - scaled).detach()


def gathered(x: Tensor) -> tuple[Tensor, int]:
    """The rows of all processes in their order, (n, D) -> (N, D), and where one's own begin.

    Gradients flow: what any process does with a row comes back to the one that brought it.
    ``torch.distributed.all_gather`` alone gives rows without a gradient.
    """
    counts = [
        torch.zeros(1, dtype=torch.long, device=x.device) for _ in range(dist.get_world_size())
    ]
    dist.all_gather(counts, torch.full_like(counts[0], len(x)))
    sizes = [int(n) for n in counts]
    return _Gathered.apply(x, sizes), sum(sizes[: dist.get_rank()])


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, sizes: list[int]) -> Tensor:
        padded = F.pad(x, (0, 0, 0, max(sizes) - len(x)))  # all_gather wants equal shapes
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        ctx.sizes = sizes
        return torch.cat([part[:n] for part, n in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        gradient = gradient.contiguous()
        dist.all_reduce(gradient)  # the sum: each process has used all rows
        return gradient.split(ctx.sizes)[dist.get_rank()], None


def hits_at_k(similarity: Tensor, right: Tensor, k: int = 1, tie: float = 1e-6) -> Tensor:
    """Whether one of the right answers is among the first k.

    The best right answer counts. It is found if fewer than k wrong ones are as similar: a tie
    with a wrong answer is a miss, as nothing tells the two apart.

    Args:
        similarity: (Q, C) of each query with each candidate, larger is more alike.
        right: (Q, C) bool, at least one True in each row.
        k: 1 to C.
        tie: how far below the right answer a wrong one is still as similar; two ways to
            compute one product differ by about 1e-7.

    Returns:
        (Q,) bool.

    Raises:
        ValueError: the shapes do not fit, k is none of 1 to C, a similarity is not finite, or
            a query has no right answer.
    """
    if similarity.ndim != 2 or not similarity.numel() or right.shape != similarity.shape:
        shapes = f"{tuple(similarity.shape)} and {tuple(right.shape)}"
        raise ValueError(f"similarity and right must be (Q, C) each, not empty, not {shapes}")
    if right.dtype != torch.bool or not autoencoders.holds(right.any(1)):
        raise ValueError("right must be bool, with one right answer or more for each query")
    if not 1 <= k <= similarity.shape[1]:
        raise ValueError(f"k must be from 1 to {similarity.shape[1]}, not {k}")
    if not autoencoders.holds(similarity.isfinite()):
        raise ValueError("similarity must be finite")
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    as_similar = ~right & (similarity >= best - tie)
    return as_similar.sum(1) < k


def recall_at_k(similarity: Tensor, right: Tensor, k: int = 1, tie: float = 1e-6) -> float:
    """The share of queries that ``hits_at_k`` finds, 0 to 1; its arguments and errors."""
    return hits_at_k(similarity, right, k, tie).double().mean().item()


def zero_shot_head(prompts: Tensor | Sequence[Tensor]) -> Tensor:
    """A classifier made of texts: one weight vector a class (section 3.1.4).

    The features of each prompt are made 1 long, so that each counts alike; their mean is made 1
    long again: it is the shorter, the less the prompts agree, and so would be its logits.

    Args:
        prompts: (K, P, D), or K tensors (P_k, D), P_k ≥ 1: features of each class's prompts.

    Returns:
        (K, D), rows of length 1.

    Raises:
        ValueError: there is no class, or one without prompts, or the D differ.
    """
    shapes = [tuple(features.shape) for features in prompts]
    if not shapes or any(len(s) != 2 or s[0] == 0 or s[1] != shapes[0][-1] for s in shapes):
        raise ValueError(f"prompts must be (P, D), P > 0, for each class, not {shapes[:9]}")
    return unit(torch.stack([unit(features).mean(0) for features in prompts]))


def classify(images: Tensor, head: Tensor, logit_scale: Tensor | float = LARGEST) -> Tensor:
    """Probabilities of the classes for each image: softmax over K of s x · w.

    Args:
        images: (B, D) features of any length.
        head: (K, D) from ``zero_shot_head``.
        logit_scale: s > 0.

    Returns:
        (B, K); each row sums to 1.

    Raises:
        ValueError: the shapes do not fit or are empty.
    """
    if images.ndim != 2 or head.ndim != 2 or images.shape[1] != head.shape[1] or not len(head):
        shapes = f"{tuple(images.shape)} and {tuple(head.shape)}"
        raise ValueError(f"images must be (B, D) and head (K, D), K > 0, not {shapes}")
    return (logit_scale * unit(images) @ unit(head).T).softmax(1)
