"""Right and wrong answers to exercise `edge_strength`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

APART = "each channel by itself"


LENGTH = "length of the gradient in both directions"


FLAT = "a flat picture has no edges, its border included"


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


@wrong("x-only", LENGTH, "only changes from left to right")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C).abs()


@wrong("signed-sum", LENGTH, "cancel each other")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, (sobel + sobel.T).expand(C, 1, 3, 3), groups=C)


@wrong("absolute-sum", LENGTH, "|gx| + |gy|")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return gx.abs() + gy.abs()


@wrong("no-root", LENGTH, "the square root is missing")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return gx**2 + gy**2


@wrong("prewitt", LENGTH, "Sobel's weights are 1 2 1")
def edge_strength(x):
    C = x.shape[1]
    plain = torch.tensor([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, plain.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, plain.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("same-direction-twice", LENGTH, "the same direction is used twice")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.flip(1).expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("zero-border", FLAT, "false edge along its border")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    gx = F.conv2d(x, sobel.expand(C, 1, 3, 3), padding=1, groups=C)
    gy = F.conv2d(x, sobel.T.expand(C, 1, 3, 3), padding=1, groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("sums-channels", APART, "summed into one")
def edge_strength(x):
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(1, x.shape[1], 3, 3))
    gy = F.conv2d(padded, sobel.T.expand(1, x.shape[1], 3, 3))
    return (gx**2 + gy**2).sqrt()


@wrong("float32", "keeps the dtype and leaves its input alone", "torch.float32 came out")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate").float()
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()


@wrong("clamped", "strength grows with contrast", "clamping is for display")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt().clamp(0, 1)


@wrong("detached", "a gradient reaches the picture", "the result has no gradient")
def edge_strength(x):
    C = x.shape[1]
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=x.dtype)
    padded = F.pad(x.detach(), (1, 1, 1, 1), mode="replicate")
    gx = F.conv2d(padded, sobel.expand(C, 1, 3, 3), groups=C)
    gy = F.conv2d(padded, sobel.T.expand(C, 1, 3, 3), groups=C)
    return (gx**2 + gy**2).sqrt()
