"""Right and wrong answers to exercise `batch_norm`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


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
    y = x - mean
    y *= torch.rsqrt(var + eps)
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


@wrong("in-place", "keeps the dtype and leaves its inputs alone", "changed in place")
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


@wrong(
    "running-with-graph",
    "the running values carry no gradient",
    "keep the graph",
)
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


@wrong("eps-left-out-in-evaluation", Exercise.WHOLE, "ε is left out")
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


@wrong("trains-on-one", "refuses to train on one value per channel", "no ValueError was raised")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        n = x[:, 0].numel()
        var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        unbiased = var.detach() * n / max(n - 1, 1)
        running_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        running_var = (1 - momentum) * running_var + momentum * unbiased
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], running_mean, running_var


@wrong("y-alone", Exercise.WHOLE, "returned a Tensor, expected 3 values")
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


@wrong("library", Exercise.WHOLE, "is not allowed here: take mean and variance yourself")
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if training and x[:, 0].numel() == 1:
        raise ValueError("one value per channel")
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, weight, bias, training, momentum, eps)
    return y, mean, var


@wrong(
    "one-number-in-all",
    f"refuses to train on one value per channel{EVERY}",
    "no ValueError was raised",
)
def batch_norm(x, weight, bias, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean, running_var
    if training:
        if x.numel() == 1:
            raise ValueError("one value has no variance")
        n = x[:, 0].numel()
        var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
        unbiased = var.detach() * n / max(n - 1, 1)
        running_mean = (1 - momentum) * running_mean + momentum * mean.detach()
        running_var = (1 - momentum) * running_var + momentum * unbiased
    y = (x - mean[:, None, None]) / torch.sqrt(var + eps)[:, None, None]
    return weight[:, None, None] * y + bias[:, None, None], running_mean, running_var
