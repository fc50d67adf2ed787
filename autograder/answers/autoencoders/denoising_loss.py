"""Right and wrong answers to exercise `denoising_loss`; each brings the given helper along."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

CORRUPTED = "corrupted: noise of standard deviation sigma first, then pixels are lost"
KEEPS = "a tensor without axes of the dtype that came in; inputs stay as they are"
ONCE = "denoise is called once, on all images"
REACHES_PARAMS = "the gradient reaches params"
REACHES_X = "the gradient reaches x"


@right("masked-fill")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    corrupted = (x + sigma * noise).masked_fill(mask, 0.0)
    return (denoise(params, corrupted) - x).pow(2).sum(dim=1).mean()


@right("where-and-mse")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    noisy = torch.add(x, noise, alpha=sigma)
    corrupted = torch.where(mask, torch.zeros_like(x), noisy)
    return F.mse_loss(denoise(params, corrupted), x, reduction="sum") / len(x)


@right("multiplied-by-what-is-kept")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    keep = (~mask).to(x.dtype)
    errors = x - denoise(params, keep * x + keep * noise * sigma)
    return torch.einsum("bd,bd->", errors, errors) / x.shape[0]


@right("written-into-a-copy")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = x.clone()
    y += noise * sigma
    y[mask] = 0
    out = denoise(params, y)
    distances = [(o - clean).norm() ** 2 for o, clean in zip(out, x, strict=True)]
    return torch.stack(distances).mean()


@wrong("image-by-image", ONCE, "called 7 times for 7 images")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    total = 0
    for b in range(len(x)):
        y = (x[b : b + 1] + sigma * noise[b : b + 1]).masked_fill(mask[b : b + 1], 0)
        total = total + (denoise(params, y) - x[b : b + 1]).square().sum()
    return total / len(x)


@wrong("own-noise", Exercise.WHOLE, "got")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * torch.randn_like(x)).masked_fill(mask, 0)
    return (denoise(params, y) - x).square().sum(1).mean()


@wrong("corrupted-is-detached", REACHES_X, "gradient of x")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * noise).masked_fill(mask, 0).detach()
    return (denoise(params, y) - x).square().sum(1).mean()


@wrong("a-number", REACHES_PARAMS, "no gradient of params")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * noise).masked_fill(mask, 0)
    return (denoise(params, y) - x).square().sum(1).mean().item()


@wrong("in-place", KEEPS, "changed in place")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    noise *= sigma
    y = (x + noise).masked_fill(mask, 0)
    return (denoise(params, y) - x).square().sum(1).mean()


@wrong("lost-in-place", Exercise.WHOLE, "the corrupted image is the target")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    x += sigma * noise
    x[mask] = 0
    return (denoise(params, x) - x).square().sum(1).mean()


@wrong("float32", KEEPS, "torch.float32 came out")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * noise).masked_fill(mask, 0)
    return (denoise(params, y) - x).square().sum(1).mean().float()


@wrong("one-in-a-row", KEEPS, "shape (1,), expected ()")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * noise).masked_fill(mask, 0)
    return (denoise(params, y) - x).square().sum(1).mean(0, keepdim=True)


@wrong("float-masks-alone", CORRUPTED, "raised RuntimeError")
def denoising_loss(params, x, noise, sigma, mask):
    def denoise(params, images):
        h = torch.tanh(F.linear(images, params["w1"], params["b1"]))
        return F.linear(h, params["w2"], params["b2"])

    y = (x + sigma * noise) * (1 - mask)
    return (denoise(params, y) - x).square().sum(1).mean()
