"""Right and wrong answers to exercise `edge_strength`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("grouped")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@right("hypot-true-convolution")
def edge_strength(x):
    B, C, H, W = x.shape
    flat = F.pad(x.reshape(B * C, 1, H, W), (1, 1, 1, 1), mode="replicate")
    kx = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]).to(x)
    g = F.conv2d(flat, torch.stack([kx, kx.T])[:, None])
    return torch.hypot(g[:, 0], g[:, 1]).reshape(B, C, H, W)


@right("slices")
def edge_strength(x):
    p = F.pad(x, (1, 1, 1, 1), mode="replicate")
    dx, dy = p[..., 2:] - p[..., :-2], p[..., 2:, :] - p[..., :-2, :]
    gx = dx[..., :-2, :] + 2 * dx[..., 1:-1, :] + dx[..., 2:, :]
    gy = dy[..., :-2] + 2 * dy[..., 1:-1] + dy[..., 2:]
    return torch.sqrt(gx * gx + gy * gy)


@right("windows-einsum")
def edge_strength(x):
    kernels = x.new_tensor(
        [[[1, 0, -1], [2, 0, -2], [1, 0, -1]], [[1, 2, 1], [0] * 3, [-1, -2, -1]]]
    )
    rows = torch.cat([x[:, :, :1], x, x[:, :, -1:]], dim=2)
    padded = torch.cat([rows[..., :1], rows, rows[..., -1:]], dim=3)
    windows = padded.unfold(2, 3, 1).unfold(3, 3, 1)
    return torch.einsum("bchwmn,gmn->gbchw", windows, kernels).norm(dim=0)


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate").float()
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("detached", "the gradient reaches x", "no gradient of x")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x.detach(), (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("ends-apart", Exercise.WHOLE, "shape")
def edge_strength(x):
    def difference(x):
        first, last = x[..., 1:2] - x[..., :1], x[..., -1:] - x[..., -2:-1]
        return torch.cat([first, x[..., 2:] - x[..., :-2], last], -1)

    def smooth(x):
        before, after = (x[..., :1], x[..., :-1]), (x[..., 1:], x[..., -1:])
        return torch.cat(before, -1) + 2 * x + torch.cat(after, -1)

    gx, gy = smooth(difference(x).mT).mT, smooth(difference(x.mT).mT)
    return (gx**2 + gy**2).sqrt()
