"""Right and wrong answers to exercise `cosine_similarities`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

EVERY = "every row with every row"


LENGTH = "divided by the lengths of both rows"


NOTHING = "a row of zeros is similar to nothing"


THROUGH = "the gradient flows through the lengths"


KEEPS_Z = "keeps the dtype and leaves its input alone"


SHORT = "short rows: a small ε does not show"


FINITE = "a row of zeros: the gradient is finite"


@right("normalize")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.T


@right("clamped-norm")
def cosine_similarities(z):
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1e-8)
    return torch.einsum("id,jd->ij", z, z)


@right("library")
def cosine_similarities(z):
    return F.cosine_similarity(z[:, None], z[None], dim=-1)


@right("loop")
def cosine_similarities(z):
    rows = []
    for a in z:
        row = []
        for b in z:
            lengths = a.norm() * b.norm()
            row.append(a @ b / lengths if lengths > 0 else (a * b).sum() * 0)
        rows.append(torch.stack(row))
    return torch.stack(rows)


@right("small-number-added")
def cosine_similarities(z):
    lengths = torch.linalg.vector_norm(z, dim=1)
    return (z @ z.mT) / (lengths[:, None] * lengths[None, :] + 1e-12)


@right("root-of-sum-with-eps")
def cosine_similarities(z):
    z = z * torch.rsqrt((z**2).sum(dim=1, keepdim=True) + 1e-12)
    return z.matmul(z.t())


@wrong("columns", EVERY, "columns are compared")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z.T @ z


@wrong("diagonal-emptied", EVERY, "the diagonal is emptied")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return (z @ z.T).fill_diagonal_(0)


@wrong("positive-alone", EVERY, "negative values are cut off")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return (z @ z.T).clamp(0, 1)


@wrong("distance", EVERY, "a distance")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return 1 - z @ z.T


@wrong("each-with-itself", EVERY, "each row with itself alone")
def cosine_similarities(z):
    return F.cosine_similarity(z, z)


@wrong("not-normalised", LENGTH, "not normalised")
def cosine_similarities(z):
    return z @ z.T


@wrong("batch-axis", LENGTH, "normalised over the batch axis")
def cosine_similarities(z):
    z = F.normalize(z, dim=0)
    return z @ z.T


@wrong("squared-length", LENGTH, "divided by the squared length")
def cosine_similarities(z):
    z = z / (z**2).sum(1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("absolute-sum", LENGTH, "(L1)")
def cosine_similarities(z):
    z = F.normalize(z, p=1, dim=1)
    return z @ z.T


@wrong("largest", LENGTH, "divided by the largest value")
def cosine_similarities(z):
    z = F.normalize(z, p=float("inf"), dim=1)
    return z @ z.T


@wrong("one-side", LENGTH, "only one of the two rows")
def cosine_similarities(z):
    return F.normalize(z, dim=1) @ z.T


@wrong("one-norm-for-all", LENGTH, "the norm of the whole matrix")
def cosine_similarities(z):
    z = z / z.norm()
    return z @ z.T


@wrong("zero-by-zero", NOTHING, "NaN")
def cosine_similarities(z):
    z = z / z.norm(dim=1, keepdim=True)
    return z @ z.T


@wrong("diagonal-of-ones", NOTHING, "similar to itself by 1")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    s = z @ z.T
    return s - s.diagonal().diag() + torch.eye(len(z), dtype=z.dtype)


@wrong("detached-lengths", THROUGH, "the lengths are detached")
def cosine_similarities(z):
    z = z / z.detach().norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("one-side-detached", THROUGH, "one side of the product is detached")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.detach().T


@wrong("no-gradient", THROUGH, "the result has no gradient")
@torch.no_grad()
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.T


@wrong("float32", KEEPS_Z, "torch.float32 came out")
def cosine_similarities(z):
    z = F.normalize(z.float(), dim=1)
    return z @ z.T


@wrong("in-place", KEEPS_Z, "changed in place")
def cosine_similarities(z):
    z /= z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("small-number-too-large", SHORT, "ε = 1e-06 in the root shows")
def cosine_similarities(z):
    z = z * torch.rsqrt((z**2).sum(1, keepdim=True) + 1e-6)
    return z @ z.T


@wrong("nan-to-num", FINITE, "the gradient is NaN")
def cosine_similarities(z):
    z = torch.nan_to_num(z / z.norm(dim=1, keepdim=True))
    return z @ z.T


@wrong("where", FINITE, "the gradient is NaN")
def cosine_similarities(z):
    length = z.norm(dim=1, keepdim=True)
    z = torch.where(length > 0, z / length, torch.zeros_like(z))
    return z @ z.T
