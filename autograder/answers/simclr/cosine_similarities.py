"""Right and wrong answers to exercise `cosine_similarities`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ZEROS = "a row of zeros is similar to nothing"
GRADIENT = "the gradient reaches z"
KEEPS = "keeps the dtype and leaves its inputs alone"
DIGITS = "float64 is computed in float64"
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


@wrong("zero-by-zero", ZEROS, "NaN")
def cosine_similarities(z):
    z = z / z.norm(dim=1, keepdim=True)
    return z @ z.T


@wrong("no-gradient", GRADIENT, "no gradient of z")
@torch.no_grad()
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.T


@wrong("float32", KEEPS, "torch.float32 came out")
def cosine_similarities(z):
    z = F.normalize(z.float(), dim=1)
    return z @ z.T


@wrong("float32-inside", DIGITS, "a step computes in float32")
def cosine_similarities(z):
    unit = F.normalize(z.float(), dim=1).to(z.dtype)
    return unit @ unit.T


@wrong("in-place", KEEPS, "changed in place")
def cosine_similarities(z):
    z /= z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("nan-to-num", FINITE, "the gradient is NaN")
def cosine_similarities(z):
    z = torch.nan_to_num(z / z.norm(dim=1, keepdim=True))
    return z @ z.T


@wrong("root-at-zero", FINITE, "a root at 0")
def cosine_similarities(z):
    z = z / (z**2).sum(1, keepdim=True).sqrt().clamp(min=1e-12)
    return z @ z.T


@wrong("length-at-least-a-tenth", Exercise.WHOLE, "a small number that guards the division")
def cosine_similarities(z):
    z = z / z.norm(dim=1, keepdim=True).clamp(min=0.1)
    return z @ z.T
