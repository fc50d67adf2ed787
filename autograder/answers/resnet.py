"""Right and wrong answers to the exercises of chapter 4, residual networks."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 4.1 batch norm -----------------------------------------------------------------------

AXES = "training: statistics over pictures, rows and columns"
ROOT = "divides by √(σ² + ε)"
BIASED = "normalises by the variance that divides by N"
EVALUATION = "evaluation: normalises with the running values"
UNTOUCHED = "evaluation leaves the running values as they are"
MOMENTUM = "training: the running mean moves by its momentum"
UNBIASED = "training: the running variance takes in the unbiased one"
AFFINE = "γ and β scale and shift each channel"
THROUGH = "gradients pass through the mean and the variance"
KEEPS_NORM = "keeps dtype and shapes, changes nothing in place"
NO_GRADIENT = "the running values carry no gradient"
ONE_VALUE = "refuses to train on one value per channel"
AGREE = "one formula in training and evaluation, and its defaults"


@right("formula")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = ((x - mean[None, :, None, None]) ** 2).mean(dim=(0, 2, 3))
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    x_hat = (x - mean[None, :, None, None]) / torch.sqrt(var[None, :, None, None] + eps)
    return weight[None, :, None, None] * x_hat + bias[None, :, None, None], new_mean, new_var


@right("var-mean-lerp")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if not training:
        scale = weight / (running_var + eps).sqrt()
        shift = bias - running_mean * scale
        return x * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1), running_mean, running_var
    n = x.numel() // x.size(1)
    if n < 2:
        raise ValueError(f"cannot train on {n} value per channel")
    var, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
    y = (x - mean) * torch.rsqrt(var + eps)
    with torch.no_grad():
        unbiased = x.var((0, 2, 3))
        running_mean = torch.lerp(running_mean, mean.flatten(), momentum)
        running_var = torch.lerp(running_var, unbiased, momentum)
    return y * weight.view(1, -1, 1, 1) + bias.view(1, -1, 1, 1), running_mean, running_var


@right("channel-by-channel")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    new_mean, new_var = running_mean.clone(), running_var.clone()
    channels = []
    for c in range(x.shape[1]):
        values = x[:, c]
        mean, var = running_mean[c], running_var[c]
        if training:
            if values.numel() == 1:
                raise ValueError("a variance needs two values")
            mean, var = values.mean(), values.var(unbiased=False)
            new_mean[c] += momentum * (mean.item() - running_mean[c])
            new_var[c] += momentum * (values.var().item() - running_var[c])
        channels.append(weight[c] * (values - mean) / (var + eps) ** 0.5 + bias[c])
    return torch.stack(channels, dim=1), new_mean, new_var


@right("flat-list")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    B, C, H, W = x.shape
    N = B * H * W
    if training and N <= 1:
        raise ValueError("N = 1")
    flat = x.permute(1, 0, 2, 3).reshape(C, N)
    if training:
        mean = flat.sum(1, keepdim=True) / N
        var = (flat - mean).square().sum(1, keepdim=True) / N
        running_mean = running_mean + momentum * (mean.detach()[:, 0] - running_mean)
        running_var = running_var + momentum * (var.detach()[:, 0] * N / (N - 1) - running_var)
    else:
        mean, var = running_mean[:, None], running_var[:, None]
    y = weight[:, None] * (flat - mean) / torch.sqrt(var + eps) + bias[:, None]
    return [y.reshape(C, B, H, W).transpose(0, 1), running_mean, running_var]


@right("second-moment-einsum")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x[:, 0].numel()
        if n == 1:
            raise ValueError
        mean = torch.einsum("bchw->c", x) / n
        var = torch.einsum("bchw,bchw->c", x, x) / n - mean**2
        batch = mean.detach(), var.detach() * n / (n - 1)
        new = [
            (1.0 - momentum) * old + momentum * now
            for old, now in zip((running_mean, running_var), batch, strict=True)
        ]
    else:
        mean, var = running_mean, running_var
        new = [running_mean.clone(), running_var.clone()]
    y = (x.movedim(1, -1) - mean) / (var + eps).sqrt() * weight + bias
    return y.movedim(-1, 1), new[0], new[1]


@wrong("over-pictures", AXES, "over the pictures alone")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=0, keepdim=True)
        var = x.var(dim=0, correction=0, keepdim=True)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean((0, 2, 3))
        new_var = (1 - momentum) * running_var + momentum * x.detach().var((0, 2, 3))
    else:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("over-everything", AXES, "over everything at once")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 1, 2, 3), keepdim=True)
        var = x.var(dim=(0, 1, 2, 3), correction=0, keepdim=True)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean((0, 2, 3))
        new_var = (1 - momentum) * running_var + momentum * x.detach().var((0, 2, 3))
    else:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("layer-norm", AXES, "as in layer norm")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        var = x.var(dim=(1, 2, 3), correction=0, keepdim=True)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean((0, 2, 3))
        new_var = (1 - momentum) * running_var + momentum * x.detach().var((0, 2, 3))
    else:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("instance-norm", AXES, "as in instance norm")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(2, 3), keepdim=True)
        var = x.var(dim=(2, 3), correction=0, keepdim=True)
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean((0, 2, 3))
        new_var = (1 - momentum) * running_var + momentum * x.detach().var((0, 2, 3))
    else:
        mean, var = running_mean[:, None, None], running_var[:, None, None]
        new_mean, new_var = running_mean, running_var
    y = (x - mean) / torch.sqrt(var + eps)
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("running-in-training", AXES, "the running values are used in training")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
        mean, var = running_mean, running_var
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("no-eps", ROOT, "ε is left out")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("eps-outside", ROOT, "ε is added to σ")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / (torch.sqrt(var) + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("unbiased-division", BIASED, "divided by N − 1")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3))
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach()
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("batch-in-evaluation", EVALUATION, "the batch's own statistics are used in evaluation")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("renews-in-evaluation", UNTOUCHED, "is renewed in evaluation")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean = (1 - momentum) * running_mean + momentum * x.detach().mean((0, 2, 3))
        new_var = (1 - momentum) * running_var + momentum * x.detach().var((0, 2, 3))
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("momentum-on-the-other-side", MOMENTUM, "momentum is on the wrong side")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = momentum * running_mean + (1 - momentum) * mean.detach()
        new_var = momentum * running_var + (1 - momentum) * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("variance-before-mean", MOMENTUM, "are swapped")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_var, new_mean


@wrong("biased-running", UNBIASED, "the biased variance goes into the running one")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach()
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("along-width", AFFINE, "lie along the width")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight * y + bias, new_mean, new_var


@wrong("held-constant", THROUGH, "mean and variance are held constant")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        with torch.no_grad():
            mean = x.mean(dim=(0, 2, 3))
            var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("in-place", KEEPS_NORM, "changed in place")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = running_mean.mul_(1 - momentum).add_(momentum * mean.detach())
        new_var = running_var.mul_(1 - momentum)
        new_var += momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("running-with-graph", NO_GRADIENT, "keep the graph of every batch")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean
        new_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("trains-on-one", ONE_VALUE, "should raise a ValueError")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / max(n - 1, 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("eps-left-out-in-evaluation", AGREE, "y in training against y in evaluation")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * var.detach() * n / (n - 1)
    else:
        mean, var = running_mean, running_var
        new_mean, new_var = running_mean, running_var
        eps = 0
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


@wrong("y-alone", MOMENTUM, "returned y alone")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0)
    else:
        mean, var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None]


@wrong("library", AXES, "is not allowed here: take mean and variance yourself")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training and x[:, 0].numel() == 1:
        raise ValueError("one value per channel")
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, weight, bias, training, momentum, eps)
    return y, mean, var


@wrong("eps-in-the-running-variance", UNBIASED, "it guards the division alone")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training:
        n = x.shape[0] * x.shape[2] * x.shape[3]
        if n == 1:
            raise ValueError("one value per channel")
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), correction=0) + eps
        new_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        new_var = (1 - momentum) * running_var + momentum * (x.detach().var((0, 2, 3)) + eps)
    else:
        mean, var = running_mean, running_var + eps
        new_mean, new_var = running_mean, running_var
    y = (x - mean[:, None, None]) / torch.sqrt(var)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], new_mean, new_var


# -- 4.2 initialisation -------------------------------------------------------------------

SHAPE = "shape (c_out, c_in, k, k), float32"
GAIN = "variance 2 / fan"
FANS = "fan_in or fan_out, as mode says"
NORMAL = "a normal distribution around 0"
SEEDED = "the seed decides the values"
OTHER_MODE = "refuses another mode"
KERNELS = "kernels of other sizes"
BY_ITSELF = "every weight is drawn by itself"


@right("generator")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(c_out, c_in, k, k, generator=generator) * math.sqrt(2 / fan)


@right("global-seed")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    torch.manual_seed(seed)
    weights = torch.empty(c_out, c_in, k, k)
    if mode == "fan_in":
        fan = weights[0].numel()
    elif mode == "fan_out":
        fan = weights[:, 0].numel()
    else:
        raise ValueError("mode is fan_in or fan_out")
    return weights.normal_(0, (2 / fan) ** 0.5)


@right("numpy")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    try:
        fan = {"fan_in": c_in, "fan_out": c_out}[mode] * k**2
    except KeyError:
        raise ValueError(mode) from None
    draws = np.random.default_rng(seed).normal(scale=np.sqrt(2 / fan), size=(c_out, c_in, k, k))
    return torch.from_numpy(draws).float()


@right("box-muller")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode == "fan_in":
        fan = c_in * k * k
    elif mode == "fan_out":
        fan = c_out * k * k
    else:
        raise ValueError(f"unknown mode: {mode}")
    generator = torch.Generator()
    generator.manual_seed(seed)
    size = (2, c_out, c_in, k, k)
    u, v = torch.rand(size, generator=generator, dtype=torch.float64)
    normal = torch.sqrt(-2 * torch.log1p(-u)) * torch.cos(2 * torch.pi * v)
    return (normal * (2 / fan) ** 0.5).to(torch.float32)


@wrong("channels-swapped", SHAPE, "c_in and c_out are swapped")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_in, c_out, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("gain-of-one", GAIN, "variance 1 / fan")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(1 / fan)


@wrong("area-forgotten", GAIN, "the kernel's area is forgotten")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = c_in if mode == "fan_in" else c_out
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("variance-for-deviation", GAIN, "multiplied by the variance")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * 2 / fan


@wrong("fans-swapped", FANS, "fan_in and fan_out are swapped")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_out" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("mean-of-both", FANS, "as Glorot does")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in + c_out) / 2 * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("uniform", NORMAL, "a uniform distribution")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = 2 * torch.rand(c_out, c_in, k, k, generator=generator) - 1
    return weights * math.sqrt(6 / fan)


@wrong("no-seed", SEEDED, "the same seed give other values")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    weights = torch.randn(c_out, c_in, k, k)
    return weights * math.sqrt(2 / fan)


@wrong("any-mode", OTHER_MODE, "should raise a ValueError")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("area-of-nine", KERNELS, "the area is always 9")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * 9
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


@wrong("mirrored", BY_ITSELF, "kernels are repeated")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    half = torch.randn((c_out + 1) // 2, c_in, k, k, generator=generator)
    return torch.cat([half, -half])[:c_out] * math.sqrt(2 / fan)


@wrong("library", GAIN, "is not allowed here: draw the weights yourself")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    torch.manual_seed(seed)
    weights = torch.empty(c_out, c_in, k, k)
    return torch.nn.init.kaiming_normal_(weights, mode=mode, nonlinearity="relu")


@wrong("standardised", BY_ITSELF, "the draws are standardised")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return (weights - weights.mean()) / weights.std() * math.sqrt(2 / fan)


@wrong("two-seeds", SEEDED, "the seed is not used")
def kaiming_normal(c_out, c_in, k, mode="fan_in", seed=0):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"no mode {mode}")
    fan = (c_in if mode == "fan_in" else c_out) * k * k
    generator = torch.Generator().manual_seed(min(seed, 1))
    weights = torch.randn(c_out, c_in, k, k, generator=generator)
    return weights * math.sqrt(2 / fan)


# -- 4.3 the basic block ------------------------------------------------------------------

MAIN = "convolution, batch norm, relu, convolution, batch norm"
ADDS = "the shortcut adds x"
AFTER = "relu after the sum, not before it"
FIRST = "the first convolution and the projection take the stride"
PROJECTION = "the projection: 1 × 1 convolution, then batch norm"
KEEPS_P = "keeps the dtype and leaves x and p alone"
REACH = "gradients reach x and all that is learned"
AS_P_SAYS = "a projection wherever p holds one"
ODD = "odd heights and widths"


@right("functional")
def basic_block(x, p, stride=1):
    def bn(h, name):
        return F.batch_norm(
            h,
            p[f"{name}.running_mean"],
            p[f"{name}.running_var"],
            p[f"{name}.weight"],
            p[f"{name}.bias"],
            training=False,
        )

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@right("sliced-projection")
def basic_block(x, p, stride=1):
    def bn(h, name):
        scale = p[name + ".weight"] / (p[name + ".running_var"] + 1e-5).sqrt()
        shift = p[name + ".bias"] - p[name + ".running_mean"] * scale
        return h * scale[:, None, None] + shift[:, None, None]

    y = bn(F.conv2d(x, p["conv1.weight"], None, stride, 1), "bn1").clamp(min=0)
    y = bn(F.conv2d(y, p["conv2.weight"], None, 1, 1), "bn2")
    w = p.get("downsample.0.weight")
    if w is None:
        short = x
    else:
        short = torch.einsum("bchw,oc->bohw", x, w[:, :, 0, 0])[:, :, ::stride, ::stride]
        short = bn(short, "downsample.1")
    return (y + short).clamp_min(0)


@right("modules")
def basic_block(x, p, stride=1):
    def norm(name):
        layer = nn.BatchNorm2d(len(p[f"{name}.weight"]), dtype=x.dtype).eval()
        state = {n: p[f"{name}.{n}"] for n in ("weight", "bias", "running_mean", "running_var")}
        state["num_batches_tracked"] = torch.tensor(0)
        return lambda h: torch.func.functional_call(layer, state, (h,))

    def conv(h, name, s, pad):
        return torch.conv2d(h, p[name], stride=s, padding=pad)

    main = torch.relu_(norm("bn1")(conv(x, "conv1.weight", stride, 1)))
    main = norm("bn2")(conv(main, "conv2.weight", 1, 1))
    identity = x
    if "downsample.0.weight" in p:
        identity = norm("downsample.1")(conv(x, "downsample.0.weight", stride, 0))
    main = main + identity
    return torch.relu(main)


@right("folded")
def basic_block(x, p, stride=1):
    def conv_bn(h, conv, bn, s, pad):
        std = torch.sqrt(p[f"{bn}.running_var"] + 1e-5)
        w = p[conv] * (p[f"{bn}.weight"] / std).reshape(-1, 1, 1, 1)
        b = p[f"{bn}.bias"] - p[f"{bn}.weight"] * p[f"{bn}.running_mean"] / std
        return F.conv2d(h, w, b, stride=s, padding=pad)

    out = F.relu(conv_bn(x, "conv1.weight", "bn1", stride, 1), inplace=True)
    out = conv_bn(out, "conv2.weight", "bn2", 1, 1)
    has = any(name.startswith("downsample") for name in p)
    out += conv_bn(x, "downsample.0.weight", "downsample.1", stride, 0) if has else x
    return F.relu(out)


@wrong("no-relu-between", MAIN, "no relu between the convolutions")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = bn(y, "bn1")
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("relu-before-norm", MAIN, "relu before the batch norm")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = bn(F.relu(y), "bn1")
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("batch-statistics", MAIN, "use the batch's own statistics")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        return F.batch_norm(h, None, None, p[f"{name}.weight"], p[f"{name}.bias"], True)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("pre-activation", MAIN, "that is pre-activation")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    short = x
    if "downsample.0.weight" in p:
        short = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    if x.shape[1] != short.shape[1]:
        raise ValueError("norm before convolution does not fit")
    y = F.conv2d(F.relu(bn(x, "bn1")), p["conv1.weight"], stride=stride, padding=1)
    y = F.conv2d(F.relu(bn(y, "bn2")), p["conv2.weight"], padding=1)
    return F.relu(y + short)


@wrong("no-shortcut", ADDS, "the shortcut is missing")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y)


@wrong("relu-before-sum", AFTER, "relu before the sum, none after it")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y) + x


@wrong("relu-before-and-after", AFTER, "relu before the sum and after it")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(F.relu(y) + x)


@wrong("no-last-relu", AFTER, "no relu after the sum")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return y + x


@wrong("stride-on-second", FIRST, "the second convolution takes the stride")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], stride=stride, padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("stride-on-both", FIRST, "the call raised RuntimeError")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], stride=stride, padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("no-norm-after-projection", PROJECTION, "no batch norm after the projection")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = F.conv2d(x, p["downsample.0.weight"], stride=stride)
    return F.relu(y + x)


@wrong("writes-into-x", KEEPS_P, "x or p was changed in place")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    x += y
    return F.relu(x)


@wrong("detached-shortcut", REACH, "it does not pass the shortcut")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x.detach())


@wrong("projects-by-channels", AS_P_SAYS, "values differ")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if x.shape[1] != y.shape[1]:
        x = bn(F.conv2d(x, p["downsample.0.weight"], stride=stride), "downsample.1")
    return F.relu(y + x)


@wrong("rounds-down", ODD, "the call raised RuntimeError")
def basic_block(x, p, stride=1):
    def bn(h, name, training=False):
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{name}.weight"], p[f"{name}.bias"], training)

    y = F.conv2d(x, p["conv1.weight"], stride=stride, padding=1)
    y = F.relu(bn(y, "bn1"))
    y = bn(F.conv2d(y, p["conv2.weight"], padding=1), "bn2")
    if "downsample.0.weight" in p:
        x = bn(
            F.conv2d(
                x[:, :, : x.shape[2] // stride * stride, : x.shape[3] // stride * stride],
                p["downsample.0.weight"],
                stride=stride,
            ),
            "downsample.1",
        )
    return F.relu(y + x)


# -- 4.4 shortcuts ------------------------------------------------------------------------

IDENTITY = "x itself where the shape stays"
PIXELS = "option A: every stride-th pixel"
ZEROS = "option A: zeros for the new channels, after the old ones"
OPTION_B = "option B: 1 × 1 convolution with the stride, then batch norm"
KEEPS = "keeps the dtype and leaves its inputs alone"
ROUNDED = "odd heights and widths: rounded up"
REFUSES = "refuses to drop channels without a projection"


@right("pad")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    c_in = x.shape[1]
    if c_out == c_in and stride == 1:
        return x
    if c_out < c_in:
        raise ValueError(f"option A cannot turn {c_in} channels into {c_out}")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, c_out - c_in))


@right("cat-zeros")
def shortcut(x, c_out, stride, p=None):
    B, C, H, W = x.shape
    small = x[..., ::stride, ::stride]
    if p:
        y = torch.einsum("bchw,oc->bohw", small, p["0.weight"].flatten(1))
        y = (y.movedim(1, -1) - p["1.running_mean"]) / (p["1.running_var"] + 1e-5) ** 0.5
        return (y * p["1.weight"] + p["1.bias"]).movedim(-1, 1)
    if c_out < C:
        raise ValueError("fewer channels")
    zeros = x.new_zeros(B, c_out - C, *small.shape[2:])
    return torch.cat([small, zeros], dim=1)


@right("fill")
def shortcut(x, c_out, stride, p=None):
    B, C, H, W = x.shape
    if p is None and c_out == C and stride == 1:
        return x.clone()
    if p is None and c_out < C:
        raise ValueError("option A only adds channels")
    if p is None:
        H2, W2 = math.ceil(H / stride), math.ceil(W / stride)
        y = torch.zeros(B, c_out, H2, W2, dtype=x.dtype, device=x.device)
        y[:, :C] = x[:, :, ::stride, ::stride]
        return y
    scale = p["1.weight"] / torch.sqrt(p["1.running_var"] + 1e-5)
    bias = p["1.bias"] - p["1.running_mean"] * scale
    return F.conv2d(x, p["0.weight"] * scale[:, None, None, None], bias, stride)


@wrong("relu-of-x", IDENTITY, "the identity is asked for")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    if c_out == x.shape[1] and stride == 1:
        return F.relu(x)
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, new))


@wrong("mean-of-windows", PIXELS, "the mean of each window")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(F.avg_pool2d(x, stride, ceil_mode=True), (0, 0, 0, 0, 0, new))


@wrong("from-pixel-one", PIXELS, "from pixel 1 on")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad((x if stride == 1 else x[:, :, 1::stride, 1::stride]), (0, 0, 0, 0, 0, new))


@wrong("zeros-in-front", ZEROS, "the zeros stand before the old channels")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, new, 0))


@wrong("zeros-on-both-sides", ZEROS, "half of the zeros stand before")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, new // 2, new - new // 2))


@wrong("channels-repeated", ZEROS, "the old channels are repeated")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    times = -(-c_out // x.shape[1])
    return x[:, :, ::stride, ::stride].repeat(1, times, 1, 1)[:, :c_out]


@wrong("no-norm", OPTION_B, "no batch norm after the convolution")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        return y
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, new))


@wrong("projection-without-stride", OPTION_B, "the stride is ignored")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=1)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, new))


@wrong("float32-zeros", KEEPS, "torch.float64 came out")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    small = x[:, :, ::stride, ::stride]
    zeros = torch.zeros(len(x), new, *small.shape[2:], dtype=torch.float64)
    return torch.cat([small, zeros], 1)


@wrong("rounds-down", ROUNDED, "rounded down")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    if new < 0:
        raise ValueError("option A only adds channels")
    H, W = x.shape[2] // stride * stride, x.shape[3] // stride * stride
    return F.pad(x[:, :, :H:stride, :W:stride], (0, 0, 0, 0, 0, new))


@wrong("drops-channels", REFUSES, "should raise a ValueError")
def shortcut(x, c_out, stride, p=None):
    if p is not None:
        y = F.conv2d(x, p["0.weight"], stride=stride)
        mean, var = p["1.running_mean"], p["1.running_var"]
        return F.batch_norm(y, mean, var, p["1.weight"], p["1.bias"])
    new = c_out - x.shape[1]
    return F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, new))


# -- 4.5 the bottleneck -------------------------------------------------------------------

THREE = "1 × 1, 3 × 3 and 1 × 1, batch norm after each, relu between"
MIDDLE = "the 3 × 3 convolution and the projection take the stride"


@right("functional")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@right("loop")
def bottleneck(x, p, stride=1):
    y = x
    for n in (1, 2, 3):
        w = p[f"conv{n}.weight"]
        k = w.shape[-1]
        y = F.conv2d(y, w, stride=stride if k == 3 else 1, padding=k // 2)
        std = torch.sqrt(p[f"bn{n}.running_var"] + 1e-5).view(1, -1, 1, 1)
        y = (y - p[f"bn{n}.running_mean"].view(1, -1, 1, 1)) / std
        y = y * p[f"bn{n}.weight"].view(1, -1, 1, 1) + p[f"bn{n}.bias"].view(1, -1, 1, 1)
        if n < 3:
            y = y.relu()
    try:
        w = p["downsample.0.weight"]
    except KeyError:
        return torch.relu(x + y)
    s = F.conv2d(x[:, :, ::stride, ::stride], w)
    names = ("running_mean", "running_var", "weight", "bias")
    s = F.batch_norm(s, *[p[f"downsample.1.{name}"] for name in names])
    return torch.relu(s + y)


@right("einsum")
def bottleneck(x, p, stride=1):
    def norm(h, name):
        h = h.movedim(1, 3) - p[name + ".running_mean"]
        h = h * torch.rsqrt(p[name + ".running_var"] + 1e-5)
        return (h * p[name + ".weight"] + p[name + ".bias"]).movedim(3, 1)

    def point(h, name):
        return torch.einsum("oc,bchw->bohw", p[name][:, :, 0, 0], h)

    h = norm(point(x, "conv1.weight"), "bn1").clamp(min=0)
    h = norm(F.conv2d(h, p["conv2.weight"], None, (stride, stride), (1, 1)), "bn2").clamp(min=0)
    h = norm(point(h, "conv3.weight"), "bn3")
    if p.get("downsample.0.weight") is not None:
        x = norm(point(x, "downsample.0.weight")[..., ::stride, ::stride], "downsample.1")
    return (h + x).clamp(min=0)


@right("stride-on-the-last")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", padding=1))
    y = conv_bn(y, "conv3", "bn3", stride=stride)
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("no-second-relu", THREE, "no relu after the second norm")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = conv_bn(y, "conv2", "bn2", stride=stride, padding=1)
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("no-padding", THREE, "differ in shape")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("no-shortcut", ADDS, "the shortcut is missing")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y)


@wrong("relu-after-third-norm", AFTER, "relu before the sum and after it")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = F.relu(conv_bn(y, "conv3", "bn3"))
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("no-last-relu", AFTER, "no relu after the sum")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return y + x


@wrong("as-in-the-paper", MIDDLE, "as in the paper")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1", stride=stride))
    y = F.relu(conv_bn(y, "conv2", "bn2", padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("projection-without-norm", PROJECTION, "no batch norm after the projection")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = F.conv2d(x, p["downsample.0.weight"], stride=stride)
    return F.relu(y + x)


@wrong("writes-into-p", KEEPS_P, "x or p was changed in place")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p.pop(f"{conv}.weight"), **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("detached-shortcut", REACH, "it does not pass the shortcut")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x.detach())


@wrong("projects-by-channels", AS_P_SAYS, "values differ")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu(conv_bn(x, "conv1", "bn1"))
    y = F.relu(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if x.shape != y.shape:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


@wrong("relu-6", THREE, "values differ")
def bottleneck(x, p, stride=1):
    def conv_bn(h, conv, bn, **options):
        h = F.conv2d(h, p[f"{conv}.weight"], **options)
        mean, var = p[f"{bn}.running_mean"], p[f"{bn}.running_var"]
        return F.batch_norm(h, mean, var, p[f"{bn}.weight"], p[f"{bn}.bias"])

    y = F.relu6(conv_bn(x, "conv1", "bn1"))
    y = F.relu6(conv_bn(y, "conv2", "bn2", stride=stride, padding=1))
    y = conv_bn(y, "conv3", "bn3")
    if "downsample.0.weight" in p:
        x = conv_bn(x, "downsample.0", "downsample.1", stride=stride)
    return F.relu(y + x)


# -- 4.6 size -----------------------------------------------------------------------------

LAYERS = "layers on the main path"
BASIC_SIZE = "a basic block: two convolutions of 3 × 3"
BOTTLENECK_SIZE = "a bottleneck: 1 × 1, 3 × 3 and 1 × 1, four times as wide"
NORMS = "γ and β of each batch norm, no bias beside them"
PLACES = "projections where the shape changes, and only there"
ENDS = "the stem and the linear layer"
DEEPEST = "the deepest of table 1, to the last parameter"
ANY = "any number of stages and classes"


@right("block-by-block")
def resnet_size(counts, bottleneck, classes=1000):
    def conv_bn(c_in, c_out, k):
        return c_in * c_out * k * k + 2 * c_out

    total, layers, c = conv_bn(3, 64, 7), 2, 64
    for stage, count in enumerate(counts):
        width = 64 * 2**stage
        out = 4 * width if bottleneck else width
        for _ in range(count):
            if bottleneck:
                total += (
                    conv_bn(c, width, 1) + conv_bn(width, width, 3) + conv_bn(width, out, 1)
                )
            else:
                total += conv_bn(c, width, 3) + conv_bn(width, width, 3)
            layers += 3 if bottleneck else 2
            if c != out:
                total += conv_bn(c, out, 1)
            c = out
    return layers, total + (c + 1) * classes


@right("list-of-modules")
def resnet_size(counts, bottleneck, classes=1000):
    with torch.device("meta"):
        parts = [nn.Conv2d(3, 64, 7, bias=False), nn.BatchNorm2d(64)]
        c, width = 64, 64
        for count in counts:
            kernels = (
                [(width, 1), (width, 3), (4 * width, 1)] if bottleneck else [(width, 3)] * 2
            )
            for _ in range(count):
                first = c
                for out, k in kernels:
                    parts += [nn.Conv2d(c, out, k, bias=False), nn.BatchNorm2d(out)]
                    c = out
                if first != c:
                    parts += [nn.Conv2d(first, c, 1, bias=False), nn.BatchNorm2d(c)]
            width *= 2
        parts.append(nn.Linear(c, classes))
    layers = 2 + (3 if bottleneck else 2) * sum(counts)
    return [layers, sum(p.numel() for m in parts for p in m.parameters())]


@right("closed-form")
def resnet_size(counts, bottleneck, classes=1000):
    total = 3 * 64 * 49 + 2 * 64
    e = 4 if bottleneck else 1
    for i, n in enumerate(counts):
        w = 64 << i
        before = 64 if i == 0 else e * w // 2
        if bottleneck:
            first = before * w + 13 * w * w + 12 * w + 4 * before * w + 8 * w
            other = 17 * w * w + 12 * w
        else:
            other = 18 * w * w + 4 * w
            first = other if i == 0 else 9 * before * w + 9 * w * w + 4 * w + before * w + 2 * w
        total += first + (n - 1) * other
    features = e * 64 << (len(counts) - 1)
    return 2 + (e + 8) // 4 * sum(counts), total + features * classes + classes


@wrong("projections-are-layers", LAYERS, "projections are counted")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
                layers += 1
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("blocks-for-layers", LAYERS, "blocks are counted")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += 1
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("other-order", LAYERS, "layers and parameters are swapped")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return total + (c + 1) * classes, layers


@wrong("three-by-three-is-one", BASIC_SIZE, "the area of the 3 × 3 kernels is left out")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * (49 if k == 7 else 1) + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("four-times-forgotten", BOTTLENECK_SIZE, "the width comes out of a bottleneck")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("no-norms", NORMS, "batch norms are left out")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("running-statistics", NORMS, "the running statistics are counted")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 4 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("biases-too", NORMS, "the convolutions have a bias")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 3 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("none-in-stage-one", PLACES, "no projection in the first stage of a bottleneck")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for n in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if n == 0 and stage > 0:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("basic-stage-one-too", PLACES, "a projection in the first stage of a basic")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for n in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if n == 0:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("projection-in-every-block", PLACES, "a projection in every block")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


@wrong("linear-sees-the-width", ENDS, "the linear layer sees 512 values")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (w + 1) * classes


@wrong("linear-without-bias", ENDS, "the bias of the linear layer is left out")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + c * classes


@wrong("float32-sum", DEEPEST, "a sum in float32")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for stage, count in enumerate(counts):
        w = 64 * 2**stage
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = [a * b * k * k + 2 * b for a, b, k in shapes] + [(c + 1) * classes]
    return layers, int(torch.tensor(total, dtype=torch.float32).sum())


@wrong("four-stages", ANY, "the call raised")
def resnet_size(counts, bottleneck, classes=1000):
    shapes, layers, c = [(3, 64, 7)], 2, 64
    for w, count in zip((64, 128, 256, 512), counts, strict=True):
        out = 4 * w if bottleneck else w
        for _ in range(count):
            main = [(c, w, 1), (w, w, 3), (w, out, 1)] if bottleneck else [(c, w, 3), (w, w, 3)]
            shapes += main
            layers += len(main)
            if c != out:
                shapes.append((c, out, 1))
            c = out
    total = sum(a * b * k * k + 2 * b for a, b, k in shapes)
    return layers, total + (c + 1) * classes


# -- 4.7 gradients in deep networks -------------------------------------------------------

PLAIN = "plain: the norm of the gradient of each layer's weights"
LOSS = "the loss is the mean cross entropy of the logits"
RESIDUAL = "residual: h + relu(h Wᵀ)"
ORDER = "one norm a layer, the first layer first"
KEEPS_NORMS = "a tensor of the dtype of x; its inputs stay as they are"
NO_GRAPH = "the result carries no graph"
LARGE = "logits of several thousand"


@right("autograd")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    gradients = torch.autograd.grad(F.cross_entropy(h, y), weights)
    return torch.stack([g.norm() for g in gradients])


@right("backward")
def gradient_norms(x, y, weights, residual):
    layers = nn.ModuleList()
    for w in weights:
        layer = nn.Linear(*w.shape, bias=False, dtype=w.dtype)
        with torch.no_grad():
            layer.weight.copy_(w)
        layers.append(layer)
    h = x.clone()
    for layer in layers:
        h = residual * h + F.relu(layer(h))
    loss = -F.log_softmax(h, dim=-1)[torch.arange(len(y)), y].mean()
    loss.backward()
    norms = torch.zeros(len(weights), dtype=x.dtype)
    for n, layer in enumerate(layers):
        norms[n] = layer.weight.grad.pow(2).sum().sqrt()
    return norms


@right("by-hand")
def gradient_norms(x, y, weights, residual):
    hidden, active = [x], []
    for w in weights:
        z = hidden[-1] @ w.T
        active.append(z > 0)
        hidden.append(z.clamp(min=0) + (hidden[-1] if residual else 0))
    d = hidden[-1].softmax(1)
    d = (d - F.one_hot(y, d.shape[1])) / len(y)
    norms = []
    for w, h, on in zip(weights[::-1], hidden[-2::-1], active[::-1], strict=True):
        dz = d * on
        norms.insert(0, torch.linalg.matrix_norm(dz.T @ h))
        d = dz @ w + (d if residual else 0)
    return torch.stack(norms)


@right("functional")
def gradient_norms(x, y, weights, residual):
    def loss(weights):
        h = x
        for w in weights:
            h = F.linear(h, w).relu() + (h if residual else 0.0)
        return torch.nn.CrossEntropyLoss()(h, y)

    gradients = torch.func.grad(loss)(tuple(weights))
    return torch.tensor([g.square().sum().sqrt().item() for g in gradients], dtype=x.dtype)


@wrong("not-transposed", PLAIN, "W is not transposed")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("squared", PLAIN, "the root is missing")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.square().sum() for g in gradients])


@wrong("mean-size", PLAIN, "the mean of absolute values")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.abs().mean() for g in gradients])


@wrong("of-the-weights", PLAIN, "the norms of the weights")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    assert len(gradients) == len(weights)
    return torch.stack([w.detach().norm() for w in weights])


@wrong("summed-loss", LOSS, "the losses of the pictures are summed")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y, reduction="sum")
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("softmax-twice", LOSS, "softmax before the cross entropy")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h.softmax(1), y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("residual-ignored", RESIDUAL, "residual is ignored")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("relu-around-the-sum", RESIDUAL, "relu around the sum")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        h = torch.relu(h + h @ w.T if residual else h @ w.T)
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("always-from-x", RESIDUAL, "the shortcut starts at x each time")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = x + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("last-first", ORDER, "the last layer comes first")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in reversed(gradients)])


@wrong("float32", KEEPS_NORMS, "torch.float32 came out")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.tensor([g.norm().item() for g in gradients])


@wrong("with-graph", NO_GRAPH, "the norms have a graph")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights, create_graph=True)
    return torch.stack([g.norm() for g in gradients])


@wrong("overflows", LARGE, "exp of a large logit is infinite")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    shares = h.exp() / h.exp().sum(1, keepdim=True)
    loss = -shares[torch.arange(len(y)), y].log().mean()
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("linear-at-the-end", PLAIN, "no relu after the last layer")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for n, w in enumerate(weights, 1):
        out = h @ w.T if n == len(weights) else torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])
