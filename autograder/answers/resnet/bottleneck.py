"""Right and wrong answers to exercise `bottleneck`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


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


@wrong("no-padding", Exercise.WHOLE, "raised RuntimeError")
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


@wrong("writes-into-p", "keeps the dtype and leaves its inputs alone", "changed in place")
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


@wrong("relu-6", Exercise.WHOLE, "values differ")
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
