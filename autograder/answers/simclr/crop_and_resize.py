"""Right and wrong answers to exercise `crop_and_resize`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
GRADIENT = "the gradient reaches x"
ONE = "images of one row, of one column and of one pixel"


@right("interpolate-each")
def crop_and_resize(x, boxes, size):
    out = []
    for image, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = image[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear", align_corners=False)[0])
    return torch.stack(out)


@right("four-corners")
def crop_and_resize(x, boxes, size):
    B, C, H, W = x.shape
    u = torch.arange(size, dtype=x.dtype)
    top, left, height, width = boxes.to(x.dtype).T[:, :, None]
    rows = ((u + 0.5) * height / size - 0.5).clamp(min=0).minimum(height - 1)
    cols = ((u + 0.5) * width / size - 0.5).clamp(min=0).minimum(width - 1)
    r0, c0 = rows.floor(), cols.floor()
    r1, c1 = (r0 + 1).minimum(height - 1), (c0 + 1).minimum(width - 1)
    fr, fc = (rows - r0)[:, None, :, None], (cols - c0)[:, None, None, :]
    b = torch.arange(B)[:, None, None]

    def at(r, c):
        r, c = (r + top).long(), (c + left).long()
        return x[b, :, r[:, :, None], c[:, None, :]].permute(0, 3, 1, 2)

    upper = at(r0, c0) * (1 - fc) + at(r0, c1) * fc
    lower = at(r1, c0) * (1 - fc) + at(r1, c1) * fc
    return upper * (1 - fr) + lower * fr


@right("matrices")
def crop_and_resize(x, boxes, size):
    def weights(start, length, total):
        u = torch.arange(size, dtype=x.dtype)
        at = ((u + 0.5) * length[:, None] / size - 0.5).clamp(min=0)
        at = torch.minimum(at, length[:, None] - 1.0) + start[:, None]
        return F.relu(1 - (at[:, :, None] - torch.arange(total)).abs())

    top, left, height, width = boxes.unbind(1)
    rows, cols = weights(top, height, x.shape[2]), weights(left, width, x.shape[3])
    return torch.einsum("buh,bchw,bvw->bcuv", rows.to(x), x, cols.to(x))


@right("grid-sample-of-the-cut")
def crop_and_resize(x, boxes, size):
    u = (torch.arange(size, dtype=x.dtype) + 0.5) / size * 2 - 1
    grid = torch.stack(torch.meshgrid(u, u, indexing="xy"), -1)[None]
    out = x.new_empty(0, x.shape[1], size, size)
    for b in range(len(x)):
        t, l, h, w = boxes[b]
        cut = x[b : b + 1, :, t : t + h, l : l + w]
        cut = F.grid_sample(cut, grid, padding_mode="border", align_corners=False)
        out = torch.cat([out, cut])
    return out


@wrong("whole-image-grid", Exercise.WHOLE, "the neighbours beyond the box bleed in")
def crop_and_resize(x, boxes, size):
    B, C, H, W = x.shape
    top, left, height, width = boxes.to(x.dtype).T[:, :, None]
    u = (torch.arange(size, dtype=x.dtype) + 0.5) / size
    rows = (top + height * u) / H * 2 - 1
    cols = (left + width * u) / W * 2 - 1
    grid = torch.stack(
        [
            cols[:, None, :].expand(B, size, size),
            rows[:, :, None].expand(B, size, size),
        ],
        -1,
    )
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


@wrong("float64", KEEPS, "torch.float64 came out")
def crop_and_resize(x, boxes, size):
    out = torch.zeros(len(x), x.shape[1], size, size, dtype=torch.float64)
    for b, (t, l, h, w) in enumerate(boxes.tolist()):
        cut = x[b : b + 1, :, t : t + h, l : l + w]
        out[b] = F.interpolate(cut, (size, size), mode="bilinear")[0]
    return out


@wrong("corners-in-place", KEEPS, "changed in place")
def crop_and_resize(x, boxes, size):
    boxes[:, 2:] += boxes[:, :2]
    out = []
    for image, (t, l, bottom, r) in zip(x, boxes.tolist(), strict=True):
        cut = image[None, :, t:bottom, l:r]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("beyond-the-edge", Exercise.WHOLE, "raised IndexError")
def crop_and_resize(x, boxes, size):
    out = []
    for image, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        u = torch.arange(size, dtype=x.dtype)
        r = t + ((u + 0.5) * h / size - 0.5).clamp(0, h - 1)
        c = l + ((u + 0.5) * w / size - 0.5).clamp(0, w - 1)
        r0, c0 = r.long(), c.long()
        fr, fc = (r - r0)[:, None], c - c0
        upper = image[:, r0]
        lower = image[:, r0 + 1]
        left = upper[:, :, c0] * (1 - fr) + lower[:, :, c0] * fr
        right = upper[:, :, c0 + 1] * (1 - fr) + lower[:, :, c0 + 1] * fr
        out.append(left * (1 - fc) + right * fc)
    return torch.stack(out)


@wrong("detached", GRADIENT, "no gradient of x")
def crop_and_resize(x, boxes, size):
    out = torch.zeros(len(x), x.shape[1], size, size, dtype=x.dtype)
    for b, (t, l, h, w) in enumerate(boxes.tolist()):
        cut = x.detach()[b : b + 1, :, t : t + h, l : l + w]
        out[b] = F.interpolate(cut, (size, size), mode="bilinear")[0]
    return out


@wrong("library", Exercise.WHOLE, "is not allowed here")
def crop_and_resize(x, boxes, size):
    from torchvision.transforms.v2 import functional as T

    out = [
        T.resized_crop(p, *box, [size, size], antialias=False)
        for p, box in zip(x, boxes.tolist(), strict=True)
    ]
    return torch.stack(out)


@wrong("a-list", Exercise.WHOLE, "returned a list")
def crop_and_resize(x, boxes, size):
    out = []
    for image, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = image[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return out


@wrong("between-the-ends", Exercise.WHOLE, "ZeroDivisionError")
def crop_and_resize(x, boxes, size):
    def places(n):
        first, last = n / size / 2 - 0.5, n - n / size / 2 - 0.5
        step = (last - first) / (size - 1)
        at = (first + step * torch.arange(size, dtype=x.dtype)).clamp(0, n - 1)
        return F.relu(1 - (at[:, None] - torch.arange(n)).abs())

    out = [
        places(h) @ image[:, t : t + h, l : l + w] @ places(w).T
        for image, (t, l, h, w) in zip(x, boxes.tolist(), strict=True)
    ]
    return torch.stack(out)


@wrong("from-the-first-centre-to-the-last", ONE, "NaN")
def crop_and_resize(x, boxes, size):
    top, left, height, width = boxes.to(x.dtype).T[:, :, None]
    u = (torch.arange(size, dtype=x.dtype) + 0.5) / size

    def places(start, length, total):
        at = start + (u * length - 0.5).clamp(min=0).minimum(length - 1)
        return 2 * at / (total - 1) - 1

    rows = places(top, height, x.shape[2])[:, :, None].expand(-1, size, size)
    cols = places(left, width, x.shape[3])[:, None, :].expand(-1, size, size)
    return F.grid_sample(x, torch.stack([cols, rows], -1), align_corners=True)
