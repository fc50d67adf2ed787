"""Right and wrong answers to exercise `basic_block`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


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


@wrong("writes-into-x", "keeps the dtype and leaves its inputs alone", "changed in place")
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


@wrong(
    "projects-by-channels",
    Exercise.WHOLE,
    "projected where the shape changes",
)
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


@wrong("rounds-down", Exercise.WHOLE, "the call raised RuntimeError")
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


@wrong("library", Exercise.WHOLE, "is not allowed here")
def basic_block(x, p, stride=1):
    from torchvision.models.resnet import BasicBlock

    c_out, c_in = p["conv1.weight"].shape[:2]
    project = None
    if "downsample.0.weight" in p:
        conv = nn.Conv2d(c_in, c_out, 1, stride, bias=False)
        project = nn.Sequential(conv, nn.BatchNorm2d(c_out))
    block = BasicBlock(c_in, c_out, stride, project).eval()
    return torch.func.functional_call(block, p, (x,))
