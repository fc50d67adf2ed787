"""Right and wrong answers to exercise `resnet_size`."""

from __future__ import annotations

import torch
from torch import nn

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


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


@wrong("other-order", Exercise.WHOLE, "value 1")
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


@wrong("float32-sum", "the deepest networks of table 1, to the last parameter", "expected")
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


@wrong("four-stages", Exercise.WHOLE, "the call raised")
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


@wrong("floats", "returns two ints", "returned a float")
def resnet_size(counts, bottleneck, classes=1000):
    kernels = (1, 3, 1) if bottleneck else (3, 3)
    total, c = 64 * 3 * 49 + 128, 64
    for stage, count in enumerate(counts):
        w = 64 * 2.0**stage
        for _ in range(count):
            before, widths = c, (w, w, 4 * w) if bottleneck else (w, w)
            for k, out in zip(kernels, widths, strict=True):
                total, c = total + out * (c * k * k + 2), out
            total += c * (before + 2) if before != c else 0
    return 2 + len(kernels) * sum(counts), total + (c + 1) * classes


@wrong("consumes-the-counts", "returns two ints", "changed in place")
def resnet_size(counts, bottleneck, classes=1000):
    kernels = (1, 3, 1) if bottleneck else (3, 3)
    layers, total, c, w = 2, 64 * 3 * 49 + 128, 64, 64
    rest = counts
    while rest:
        for _ in range(rest[0]):
            before, widths = c, (w, w, 4 * w) if bottleneck else (w, w)
            for k, out in zip(kernels, widths, strict=True):
                total, c = total + out * (c * k * k + 2), out
            total += c * (before + 2) if before != c else 0
            layers += len(kernels)
        w *= 2
        if isinstance(rest, list):
            del rest[0]
        else:
            rest = rest[1:]
    return layers, total + (c + 1) * classes


@wrong("library", Exercise.WHOLE, "is not allowed here")
def resnet_size(counts, bottleneck, classes=1000):
    from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

    with torch.device("meta"):
        model = ResNet(Bottleneck if bottleneck else BasicBlock, list(counts), classes)
    layers = 2 + (3 if bottleneck else 2) * sum(counts)
    return layers, sum(p.numel() for p in model.parameters())
