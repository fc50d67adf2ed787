"""Right and wrong answers to the exercises of chapter 10, contrastive learning."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 10.1 crop and resize -----------------------------------------------------------------

PLACE = "the box starts at top and left"
OWN = "each picture has its own box"
SIDES = "the box is height by width pixels"
CENTRES = "bilinear between pixel centres"
BORDER = "beyond the box its own border goes on"
KEEPS = "keeps the dtype and leaves its inputs alone"
OWN_SIZE = "each box has its own height and width"
EDGE = "boxes that touch the edge, boxes of one pixel"
REACHES_X = "a gradient reaches the pictures"


@right("interpolate-each")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
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


@wrong("left-first", PLACE, "top and left are swapped")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (l, t, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("corners", PLACE, "read as two corners")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, bottom, r) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : max(bottom, t + 1), l : max(r, l + 1)]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("border-included", PLACE, "a row and a column too large")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h + 1, l : l + w + 1]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("first-box", OWN, "the first picture's box is used for all")
def crop_and_resize(x, boxes, size):
    t, l, h, w = boxes[0].tolist()
    return F.interpolate(x[:, :, t : t + h, l : l + w], (size, size), mode="bilinear")


@wrong("last-box", OWN, "the last picture's box is used for all")
def crop_and_resize(x, boxes, size):
    for t, l, h, w in boxes.tolist():
        out = F.interpolate(x[:, :, t : t + h, l : l + w], (size, size), mode="bilinear")
    return out


@wrong("width-first", SIDES, "height and width are swapped")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, w, h) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("square", SIDES, "the height is used for both sides")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, _) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + h]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("align-corners", CENTRES, "align_corners=True")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear", align_corners=True)[0])
    return torch.stack(out)


@wrong("nearest", CENTRES, "nearest neighbour")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        out.append(F.interpolate(picture[None, :, t : t + h, l : l + w], (size, size))[0])
    return torch.stack(out)


@wrong("nearest-index", CENTRES, "nearest neighbour")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        rows = t + torch.arange(size) * h // size
        cols = l + torch.arange(size) * w // size
        out.append(picture[:, rows][:, :, cols])
    return torch.stack(out)


@wrong("antialiased", CENTRES, "antialiased")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear", antialias=True)[0])
    return torch.stack(out)


@wrong("no-half-pixels", CENTRES, "no half pixels")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[:, t : t + h, l : l + w]
        u = torch.arange(size, dtype=x.dtype)
        r, c = (u * h / size).clamp(0, h - 1), (u * w / size).clamp(0, w - 1)
        rows = F.relu(1 - (r[:, None] - torch.arange(h)).abs())
        cols = F.relu(1 - (c[:, None] - torch.arange(w)).abs())
        out.append(rows @ cut @ cols.T)
    return torch.stack(out)


@wrong("whole-picture-grid", BORDER, "the neighbours beyond the box bleed in")
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


@wrong("black-beyond", BORDER, "beyond the box it is black")
def crop_and_resize(x, boxes, size):
    u = (torch.arange(size, dtype=x.dtype) + 0.5) / size * 2 - 1
    grid = torch.stack(torch.meshgrid(u, u, indexing="xy"), -1)[None]
    out = []
    for b, (t, l, h, w) in enumerate(boxes.tolist()):
        cut = x[b : b + 1, :, t : t + h, l : l + w]
        out.append(F.grid_sample(cut, grid, padding_mode="zeros", align_corners=False))
    return torch.cat(out)


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
    for picture, (t, l, bottom, r) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t:bottom, l:r]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return torch.stack(out)


@wrong("one-size", OWN_SIZE, "the first box's height and width are used for all")
def crop_and_resize(x, boxes, size):
    h, w = boxes[0, 2:].tolist()
    cuts = [p[:, t : t + h, l : l + w] for p, (t, l, *_) in zip(x, boxes.tolist(), strict=True)]
    return F.interpolate(torch.stack(cuts), (size, size), mode="bilinear")


@wrong("beyond-the-edge", EDGE, "raised IndexError")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        u = torch.arange(size, dtype=x.dtype)
        r = t + ((u + 0.5) * h / size - 0.5).clamp(0, h - 1)
        c = l + ((u + 0.5) * w / size - 0.5).clamp(0, w - 1)
        r0, c0 = r.long(), c.long()
        fr, fc = (r - r0)[:, None], c - c0
        upper = picture[:, r0]
        lower = picture[:, r0 + 1]
        left = upper[:, :, c0] * (1 - fr) + lower[:, :, c0] * fr
        right = upper[:, :, c0 + 1] * (1 - fr) + lower[:, :, c0 + 1] * fr
        out.append(left * (1 - fc) + right * fc)
    return torch.stack(out)


@wrong("detached", REACHES_X, "no gradient")
def crop_and_resize(x, boxes, size):
    out = torch.zeros(len(x), x.shape[1], size, size, dtype=x.dtype)
    for b, (t, l, h, w) in enumerate(boxes.tolist()):
        cut = x.detach()[b : b + 1, :, t : t + h, l : l + w]
        out[b] = F.interpolate(cut, (size, size), mode="bilinear")[0]
    return out


@wrong("library", PLACE, "is not allowed here")
def crop_and_resize(x, boxes, size):
    from torchvision.transforms.v2 import functional as T

    out = [
        T.resized_crop(p, *box, [size, size], antialias=False)
        for p, box in zip(x, boxes.tolist(), strict=True)
    ]
    return torch.stack(out)


@wrong("a-list", KEEPS, "returned a list")
def crop_and_resize(x, boxes, size):
    out = []
    for picture, (t, l, h, w) in zip(x, boxes.tolist(), strict=True):
        cut = picture[None, :, t : t + h, l : l + w]
        out.append(F.interpolate(cut, (size, size), mode="bilinear")[0])
    return out


# -- 10.2 colour jitter -------------------------------------------------------------------

BRIGHTNESS = "brightness multiplies"
CONTRAST = "contrast, about the mean of the picture's grey"
SATURATION = "saturation, away from the grey of each pixel"
GREY = "grey weighs red, green and blue"
WHOSE = "one factor for each picture"
CLAMP = "clamped after each step"
ORDER = "brightness, contrast, saturation, each on what the last one left"


@right("plain")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@right("picture-by-picture")
def colour_jitter(x, brightness, contrast, saturation):
    out = []
    for picture, b, c, s in zip(x, brightness, contrast, saturation, strict=True):
        picture = torch.clamp(picture * b, 0, 1)
        red, green, blue = picture
        m = (0.2989 * red + 0.587 * green + 0.114 * blue).mean()
        picture = torch.clamp(m + c * (picture - m), 0, 1)
        red, green, blue = picture
        grey = 0.2989 * red + 0.587 * green + 0.114 * blue
        out.append(torch.clamp(torch.lerp(grey.expand(3, -1, -1), picture, s), 0, 1))
    return torch.stack(out)


@right("einsum-four-digits")
def colour_jitter(x, brightness, contrast, saturation):
    grey = x.new_tensor([0.299, 0.587, 0.114])

    def blend(x, other, factor):
        mixed = torch.einsum("bchw,b->bchw", x, factor)
        rest = torch.einsum("bchw,b->bchw", other, 1 - factor)
        return torch.minimum(torch.maximum(mixed + rest, x.new_zeros(())), x.new_ones(()))

    x = blend(x, torch.zeros_like(x), brightness)
    mean = torch.einsum("bchw,c->b", x, grey) / x[0, 0].numel()
    x = blend(x, mean[:, None, None, None].expand_as(x), contrast)
    return blend(x, torch.einsum("bchw,c->bhw", x, grey)[:, None].expand_as(x), saturation)


@right("channels-last")
def colour_jitter(x, brightness, contrast, saturation):
    w = torch.as_tensor((0.2989, 0.587, 0.114)).to(x)
    x = x.movedim(0, -1)  # the factors run along the last axis
    x = (x * brightness).clip(0, 1)
    x = (contrast * x + (1 - contrast) * torch.tensordot(w, x, 1).mean((0, 1))).clip(0, 1)
    x = (saturation * x + (1 - saturation) * torch.tensordot(w, x, 1)).clip(0, 1)
    return x.movedim(-1, 0)


@wrong("brightness-added", BRIGHTNESS, "b − 1 is added")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x + b - 1).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("contrast-about-half", CONTRAST, "about 0.5")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * 0.5).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("contrast-per-channel", CONTRAST, "about the mean of each channel")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * x.mean((2, 3), keepdim=True)).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("contrast-of-the-batch", CONTRAST, "of the whole batch")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * (x * weights).sum(1).mean()).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("contrast-wrong-way-round", CONTRAST, "blended the wrong way round")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = ((1 - c) * x + c * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("saturation-wrong-way-round", SATURATION, "blended the wrong way round")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    return torch.lerp(x, (x * weights).sum(1, keepdim=True), s).clamp(0, 1)


@wrong("saturation-of-the-picture", SATURATION, "each pixel has its own grey")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    return (s * x + (1 - s) * mean).clamp(0, 1)


@wrong("plain-mean", GREY, "the plain mean of the channels")
def colour_jitter(x, brightness, contrast, saturation):
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * x.mean((1, 2, 3), keepdim=True)).clamp(0, 1)
    return (s * x + (1 - s) * x.mean(1, keepdim=True)).clamp(0, 1)


@wrong("green-alone", GREY, "the green channel alone")
def colour_jitter(x, brightness, contrast, saturation):
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * x[:, 1:2].mean((2, 3), keepdim=True)).clamp(0, 1)
    return (s * x + (1 - s) * x[:, 1:2]).clamp(0, 1)


@wrong("blue-first", GREY, "the weights of red and blue are swapped")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.114, 0.587, 0.2989], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("first-factor", WHOSE, "the first picture's factor is used for all")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = brightness[0], contrast[0], saturation[0]
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("along-the-width", WHOSE, "the factors run along the width")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = brightness, contrast, saturation
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("along-the-channels", WHOSE, "the factors run along the channels")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f[:, None, None] for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("unclamped", CLAMP, "not clamped")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = x * b
    x = c * x + (1 - c) * (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    return s * x + (1 - s) * (x * weights).sum(1, keepdim=True)


@wrong("clamped-at-the-end", CLAMP, "clamped at the end alone")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = x * b
    x = c * x + (1 - c) * (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    return (s * x + (1 - s) * (x * weights).sum(1, keepdim=True)).clamp(0, 1)


@wrong("in-place", KEEPS, "changed in place")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x.mul_(b).clamp_(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("contrast-first", ORDER, "brightness and contrast are swapped")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    x = (x * b).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("mean-before-brightness", ORDER, "m is the mean of the picture as it came")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (x * b).clamp(0, 1)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("mean-detached", REACHES_X, "small steps change the result")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x.detach() * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


# -- 10.3 positives -----------------------------------------------------------------------

NEIGHBOURS = "interleaved: views 2k and 2k + 1 are partners"
BLOCKS = "in two blocks: rows k and k + n are partners"
WHICH = "interleaved says which of the two orders it is"
ROWS = "a row for each of the 2n views, counted from 0"
INT64 = "gives int64: an index and a target"
ANY = "any number of pictures"


@right("arithmetic")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@right("loop")
def positives(n, interleaved):
    out = []
    for i in range(2 * n):
        if interleaved:
            out.append(i + 1 if i % 2 == 0 else i - 1)
        else:
            out.append(i + n if i < n else i - n)
    return torch.tensor(out)


@right("reshape-and-flip")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i.view(n, 2).flip(1).flatten() if interleaved else i.view(2, n).flip(0).flatten()


@right("by-labels")
def positives(n, interleaved):
    picture = torch.arange(n)
    picture = picture.repeat_interleave(2) if interleaved else picture.repeat(2)
    alike = (picture[:, None] == picture).float()
    return alike.fill_diagonal_(0).argmax(1)


@right("numpy")
def positives(n, interleaved):
    i = np.arange(2 * n)
    j = np.where(i % 2 == 0, i + 1, i - 1) if interleaved else np.roll(i, n)
    return torch.from_numpy(j)


@wrong("itself-interleaved", NEIGHBOURS, "each row is its own positive")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i if interleaved else (i + n) % (2 * n)


@wrong("always-blocks", NEIGHBOURS, "rows k and k + n: here")
def positives(n, interleaved):
    return torch.arange(2 * n).roll(n)


@wrong("chain", NEIGHBOURS, "every row's positive is the next one")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i + 1) % (2 * n) if interleaved else (i + n) % (2 * n)


@wrong("always-one-more", NEIGHBOURS, "always i + 1")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i + 1 if interleaved else (i + n) % (2 * n)


@wrong("second-half-of-blocks", BLOCKS, "always i + n")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i + n


@wrong("picture-in-blocks", BLOCKS, "the number of the picture")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else torch.cat([torch.arange(n), torch.arange(n)])


@wrong("reversed-blocks", BLOCKS, "in reverse order")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i.flip(0)


@wrong("swapped", WHICH, "the two orders are swapped")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i + n) % (2 * n) if interleaved else i ^ 1


@wrong("first-n", ROWS, "only the first n rows")
def positives(n, interleaved):
    return torch.arange(n) ^ 1 if interleaved else torch.arange(n, 2 * n)


@wrong("from-one", ROWS, "counted from 1")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i ^ 1) + 1 if interleaved else (i + n) % (2 * n) + 1


@wrong("floats", INT64, "torch.float32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i ^ 1).float() if interleaved else i.roll(n).float()


@wrong("int32", INT64, "torch.int32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n, dtype=torch.int32)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@wrong("a-list", INT64, "returned a list")
def positives(n, interleaved):
    return [i ^ 1 if interleaved else (i + n) % (2 * n) for i in range(2 * n)]


@wrong("power-of-two", ANY, "at index")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i ^ n


# -- 10.4 cosine similarities -------------------------------------------------------------

EVERY = "every row with every row"
LENGTH = "divided by the lengths of both rows"
NOTHING = "a row of zeros is similar to nothing"
THROUGH = "the gradient flows through the lengths"
KEEPS_Z = "keeps the dtype and leaves its input alone"
SHORT = "short rows: a small ε does not show"
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


@wrong("columns", EVERY, "columns are compared")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z.T @ z


@wrong("diagonal-emptied", EVERY, "the diagonal is emptied")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return (z @ z.T).fill_diagonal_(0)


@wrong("positive-alone", EVERY, "negative values are cut off")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return (z @ z.T).clamp(0, 1)


@wrong("distance", EVERY, "a distance")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return 1 - z @ z.T


@wrong("each-with-itself", EVERY, "each row with itself alone")
def cosine_similarities(z):
    return F.cosine_similarity(z, z)


@wrong("not-normalised", LENGTH, "not normalised")
def cosine_similarities(z):
    return z @ z.T


@wrong("batch-axis", LENGTH, "normalised over the batch axis")
def cosine_similarities(z):
    z = F.normalize(z, dim=0)
    return z @ z.T


@wrong("squared-length", LENGTH, "divided by the squared length")
def cosine_similarities(z):
    z = z / (z**2).sum(1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("absolute-sum", LENGTH, "(L1)")
def cosine_similarities(z):
    z = F.normalize(z, p=1, dim=1)
    return z @ z.T


@wrong("largest", LENGTH, "divided by the largest value")
def cosine_similarities(z):
    z = F.normalize(z, p=float("inf"), dim=1)
    return z @ z.T


@wrong("one-side", LENGTH, "only one of the two rows")
def cosine_similarities(z):
    return F.normalize(z, dim=1) @ z.T


@wrong("one-norm-for-all", LENGTH, "the norm of the whole matrix")
def cosine_similarities(z):
    z = z / z.norm()
    return z @ z.T


@wrong("zero-by-zero", NOTHING, "NaN")
def cosine_similarities(z):
    z = z / z.norm(dim=1, keepdim=True)
    return z @ z.T


@wrong("diagonal-of-ones", NOTHING, "similar to itself by 1")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    s = z @ z.T
    return s - s.diagonal().diag() + torch.eye(len(z), dtype=z.dtype)


@wrong("detached-lengths", THROUGH, "the lengths are detached")
def cosine_similarities(z):
    z = z / z.detach().norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("one-side-detached", THROUGH, "one side of the product is detached")
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.detach().T


@wrong("no-gradient", THROUGH, "the result has no gradient")
@torch.no_grad()
def cosine_similarities(z):
    z = F.normalize(z, dim=1)
    return z @ z.T


@wrong("float32", KEEPS_Z, "torch.float32 came out")
def cosine_similarities(z):
    z = F.normalize(z.float(), dim=1)
    return z @ z.T


@wrong("in-place", KEEPS_Z, "changed in place")
def cosine_similarities(z):
    z /= z.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return z @ z.T


@wrong("small-number-too-large", SHORT, "ε = 1e-06 in the root shows")
def cosine_similarities(z):
    z = z * torch.rsqrt((z**2).sum(1, keepdim=True) + 1e-6)
    return z @ z.T


@wrong("nan-to-num", FINITE, "the gradient is NaN")
def cosine_similarities(z):
    z = torch.nan_to_num(z / z.norm(dim=1, keepdim=True))
    return z @ z.T


@wrong("where", FINITE, "the gradient is NaN")
def cosine_similarities(z):
    length = z.norm(dim=1, keepdim=True)
    z = torch.where(length > 0, z / length, torch.zeros_like(z))
    return z @ z.T


# -- 10.5 NT-Xent -------------------------------------------------------------------------

COSINE = "the similarity is a cosine"
TEMPERATURE = "similarities are divided by the temperature"
ITSELF = "a view is not compared with itself"
OTHERS = "the sum runs over all 2N − 1 others"
PARTNER = "the positive is the other view of the same picture"
MEAN = "the mean over all 2N views"
STABLE = "stable in float32 at temperature 0.01"
REACHES = "the gradient reaches both views"
SCALAR = "a scalar in the dtype of its inputs, which stay"
ALIKE = "views that are alike stay in the sum"
ALONE = "one picture alone: its loss is 0"


@right("minus-infinity")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / temperature
    logits.fill_diagonal_(float("-inf"))
    n = len(a)
    return F.cross_entropy(logits, (torch.arange(2 * n) + n) % (2 * n))


@right("large-negative")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / temperature
    logits = logits - 1e9 * torch.eye(2 * n, dtype=z.dtype)
    log_p = logits.log_softmax(1)
    i = torch.arange(n)
    return -(log_p[i, i + n].sum() + log_p[i + n, i].sum()) / (2 * n)


@right("loop")
def nt_xent(a, b, temperature):
    views = [v / v.norm() for v in torch.cat([a, b])]
    n, terms = len(a), []
    for i in range(2 * n):
        others = torch.stack([views[i] @ views[k] for k in range(2 * n) if k != i])
        positive = views[i] @ views[(i + n) % (2 * n)]
        terms.append(torch.logsumexp(others / temperature, 0) - positive / temperature)
    return torch.stack(terms).mean()


@right("diagonal-cut-out")
def nt_xent(a, b, temperature):
    z = torch.cat([a, b])
    z = z / z.norm(dim=1, keepdim=True)
    m = len(z)
    s = z @ z.T / temperature
    keep = ~torch.eye(m, dtype=torch.bool)
    others = s[keep].reshape(m, m - 1)
    positive = (z * z.roll(len(a), 0)).sum(1) / temperature
    return (others.logsumexp(dim=1) - positive).mean()


@right("positive-in-column-0")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.stack([a, b], 1).flatten(0, 1), dim=1)  # interleaved
    s = z @ z.T
    picture = torch.arange(2 * n) // 2
    alike = picture[:, None] == picture
    itself = torch.eye(2 * n, dtype=torch.bool)
    positive = s[alike & ~itself].view(2 * n, 1)
    negatives = s[~alike].view(2 * n, 2 * n - 2)
    logits = torch.cat([positive, negatives], 1) / temperature
    return F.cross_entropy(logits, torch.zeros(2 * n, dtype=torch.long))


@right("four-blocks")
def nt_xent(a, b, temperature):
    a, b = F.normalize(a), F.normalize(b)
    n = len(a)
    mask = torch.eye(n, dtype=torch.bool)
    aa = (a @ a.T / temperature).masked_fill(mask, -torch.inf)
    bb = (b @ b.T / temperature).masked_fill(mask, -torch.inf)
    ab = a @ b.T / temperature
    labels = torch.arange(n)
    loss_a = F.cross_entropy(torch.cat([ab, aa], 1), labels)
    loss_b = F.cross_entropy(torch.cat([ab.T, bb], 1), labels)
    return (loss_a + loss_b) / 2


@right("largest-subtracted")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat((a, b), dim=0), dim=-1)
    s = torch.mm(z, z.t()) / temperature
    s = s - s.detach().amax(1, keepdim=True)
    n2 = z.shape[0]
    partner = torch.arange(n2).roll(n2 // 2)
    # The largest is the view itself: the others may all be far below it.
    mask = 1 - torch.eye(n2, dtype=z.dtype)
    top = (s - 1e4 * (1 - mask)).detach().amax(1, keepdim=True)
    total = (mask * torch.exp((s - top).clamp(max=0))).sum(1)
    return -(s[torch.arange(n2), partner] - top[:, 0] - total.log()).mean()


@wrong("not-normalised", COSINE, "not normalised")
def nt_xent(a, b, temperature):
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("batch-axis", COSINE, "normalised over the batch axis")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=0)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("batch-axis-apart", COSINE, "normalised over the batch axis")
def nt_xent(a, b, temperature):
    z = torch.cat([F.normalize(a, dim=0), F.normalize(b, dim=0)])
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("multiplied", TEMPERATURE, "multiplied by the temperature")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T * temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("twice", TEMPERATURE, "applied twice")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1) / temperature
    logits = (z @ z.T).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("no-temperature", TEMPERATURE, "the temperature is ignored")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("numerator-alone", TEMPERATURE, "in the numerator alone")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = z @ z.T
    positive = (z * z.roll(len(a), 0)).sum(1) / temperature
    return (s.fill_diagonal_(float("-inf")).logsumexp(1) - positive).mean()


@wrong("itself-stays", ITSELF, "the view itself stays in the sum")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    return F.cross_entropy(z @ z.T / temperature, torch.arange(len(z)).roll(len(a)))


@wrong("similarity-of-zero", ITSELF, "exp(0) = 1 stays in the sum")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T * (1 - torch.eye(len(z), dtype=z.dtype)) / temperature
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("decoupled", OTHERS, "the positive is left out of the denominator")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / temperature
    i = torch.arange(2 * n)
    positive = logits[i, i.roll(n)]
    if n == 1:
        return 0 * positive.sum()
    drop = torch.eye(n, dtype=torch.bool).repeat(2, 2)
    return (logits.masked_fill(drop, -torch.inf).logsumexp(1) - positive).mean()


@wrong("positive-twice", OTHERS, "the positive counts twice")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = z @ z.T
    positive = (z * z.roll(len(a), 0)).sum(1, keepdim=True)
    logits = torch.cat([positive, s.fill_diagonal_(float("-inf"))], 1) / temperature
    return F.cross_entropy(logits, torch.zeros(len(z), dtype=torch.long))


@wrong("clip", OTHERS, "as in CLIP")
def nt_xent(a, b, temperature):
    logits = F.normalize(a, dim=1) @ F.normalize(b, dim=1).T / temperature
    labels = torch.arange(len(a))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@wrong("next-row", PARTNER, "a row too far")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    m = len(z)
    if m == 2:
        return 0 * z.sum()
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, (torch.arange(m) + len(a) + 1) % m)


@wrong("own-row", PARTNER, "infinite: is a view its own right answer")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)))


@wrong("rows-of-the-other-half", PARTNER, "infinite: is a view its own right answer")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(a)).repeat(2))


@wrong("interleaved-labels", PARTNER, "rows 2k and 2k + 1 are taken for partners")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)) ^ 1)


@wrong("interleaved-views", PARTNER, "laid side by side")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.stack([a, b], 1).flatten(0, 1), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("sum", MEAN, "summed")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    labels = torch.arange(len(z)).roll(len(a))
    return F.cross_entropy(logits, labels, reduction="sum")


@wrong("by-n", MEAN, "divided by N")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    labels = torch.arange(len(z)).roll(len(a))
    return F.cross_entropy(logits, labels, reduction="sum") / len(a)


@wrong("one-direction", MEAN, "only the views a ask")
def nt_xent(a, b, temperature):
    n = len(a)
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits[:n], torch.arange(n, 2 * n))


@wrong("log-of-mean", MEAN, "the logarithm of the mean")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    shares = logits.log_softmax(1)[torch.arange(len(z)), torch.arange(len(z)).roll(len(a))]
    return math.log(len(z)) - shares.logsumexp(0)


@wrong("overflow", STABLE, "too large for float32")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    e = torch.exp(z @ z.T / temperature)
    e = e * (1 - torch.eye(len(z), dtype=z.dtype))
    positive = torch.exp((z * z.roll(len(a), 0)).sum(1) / temperature)
    return -torch.log(positive / e.sum(1)).mean()


@wrong("itself-subtracted", STABLE, "too large for float32")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    total = torch.exp(z @ z.T / temperature).sum(1) - math.exp(1 / temperature)
    return (total.log() - (z * z.roll(len(a), 0)).sum(1) / temperature).mean()


@wrong("small-number-in-the-logarithm", STABLE, "inside the logarithm")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    shares = logits.softmax(1)[torch.arange(len(z)), torch.arange(len(z)).roll(len(a))]
    return -torch.log(shares + 1e-8).mean()


@wrong("b-detached", REACHES, "no gradient reaches b")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b.detach()]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("lengths-detached", REACHES, "the lengths are detached")
def nt_xent(a, b, temperature):
    z = torch.cat([a, b])
    z = z / z.norm(dim=1, keepdim=True).detach()
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("negatives-detached", REACHES, "small steps change the result")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T.detach() / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("a-number", REACHES, "returned a float")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a))).item()


@wrong("one-in-a-row", SCALAR, "expected a scalar")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))[None]


@wrong("float32", SCALAR, "torch.float32 came out")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a))).float()


@wrong("in-place", SCALAR, "changed in place")
def nt_xent(a, b, temperature):
    a /= a.norm(dim=1, keepdim=True)
    b /= b.norm(dim=1, keepdim=True)
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("masked-by-value", ALIKE, "NaN or infinity")
def nt_xent(a, b, temperature):
    z = F.normalize(torch.cat([a, b]), dim=1)
    s = z @ z.T
    logits = s.masked_fill(s > 1 - 1e-6, -torch.inf) / temperature
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong("squeezed", ALONE, "raised")
def nt_xent(a, b, temperature):
    a, b = a.squeeze(), b.squeeze()
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(float("-inf"))
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


# -- 10.6 nearest neighbours --------------------------------------------------------------

NEAREST = "the class of the most similar row"
ANGLE = "similar by cosine: lengths do not count"
K = "the k most similar rows vote"
WEIGHT = "a vote weighs exp(s / τ)"
HEAT = "the temperature, 0.07 unless it is given"
INT64_CLASS = "gives int64 and leaves its inputs alone"
MISSING = "classes without a row in the bank"
TOO_LARGE = "refuses a k larger than the bank"


@right("scatter")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError(f"k = {k}, but the bank has {len(bank)} rows")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@right("one-hot")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > bank.shape[0]:
        raise ValueError("k is larger than the bank")
    bank = bank / bank.norm(dim=1, keepdim=True)
    queries = queries / queries.norm(dim=1, keepdim=True)
    top = torch.topk(queries @ bank.T, k)
    weights = torch.softmax(top.values / temperature, dim=1)
    votes = torch.einsum(
        "mk,mkc->mc", weights, F.one_hot(labels[top.indices], classes).to(bank)
    )
    return votes.max(dim=1).indices


@right("loop")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k")
    out = []
    for q in queries:
        s = torch.stack([q @ r / (q.norm() * r.norm()) for r in bank]).tolist()
        nearest = sorted(range(len(bank)), key=lambda n: -s[n])[:k]
        votes = [0.0] * classes
        for n in nearest:
            votes[int(labels[n])] += math.exp(s[n] / temperature)
        out.append(max(range(classes), key=lambda c: votes[c]))
    return torch.tensor(out)


@right("bincount")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if not k <= len(bank):
        raise ValueError("k is too large")
    s = F.cosine_similarity(queries[:, None], bank[None], dim=2)
    order = s.argsort(dim=1, descending=True)[:, :k]
    out = torch.empty(len(queries), dtype=torch.long)
    for m in range(len(queries)):
        weights = (s[m, order[m]] / temperature).exp()
        out[m] = torch.bincount(labels[order[m]], weights, minlength=classes).argmax()
    return out


@wrong("rows", NEAREST, "the row of the neighbour")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return s.topk(k, dim=1).indices[:, 0]


@wrong("votes", NEAREST, "the table of votes")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top / temperature).exp())


@wrong("least-similar", NEAREST, "the least similar rows vote")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1, largest=False)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("euclidean", ANGLE, "Euclidean")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (-torch.cdist(queries, bank).square()).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    # (2 − d²) / 2 is the cosine of rows of length 1
    votes.scatter_add_(1, labels[which], ((2 + top) / 2 / temperature).exp())
    return votes.argmax(1)


@wrong("inner-product", ANGLE, "not normalised")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (queries @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("queries-alone", ANGLE, "only the queries are normalised")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    top, which = (F.normalize(queries, dim=1) @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("everyone-votes", K, "all rows of the bank vote")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return ((s / temperature).exp() @ F.one_hot(labels, classes).to(s)).argmax(1)


@wrong("nearest-alone", K, "only the most similar row votes")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return labels[s.argmax(1)]


@wrong("majority", WEIGHT, "every vote counts the same")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    return labels[s.topk(k, dim=1).indices].mode(1).values


@wrong("similarity-as-weight", WEIGHT, "a vote weighs its similarity")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], top / temperature).argmax(1)


@wrong("mean-weight", WEIGHT, "they are summed")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    there = F.one_hot(labels[which], classes).to(s)
    votes = torch.einsum("mk,mkc->mc", (top / temperature).exp(), there)
    return (votes / there.sum(1).clamp(min=1)).argmax(1)


@wrong("multiplied", HEAT, "multiplied by the temperature")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top * temperature).exp()).argmax(1)


@wrong("no-temperature", HEAT, "the temperature is ignored, exp(s)")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], top.exp()).argmax(1)


@wrong("always-0.07", HEAT, "always 0.07")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    return votes.scatter_add(1, labels[which], (top / 0.07).exp()).argmax(1)


@wrong("floats", INT64_CLASS, "came out")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1).to(bank.dtype)


@wrong("bank-in-place", INT64_CLASS, "changed in place")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    bank /= bank.norm(dim=1, keepdim=True)
    top, which = (F.normalize(queries, dim=1) @ bank.T).topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=top.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("position-among-the-present", MISSING, "at index")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    if k > len(bank):
        raise ValueError("k is larger than the bank")
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = [((labels[which] == c) * (top / temperature).exp()).sum(1) for c in labels.unique()]
    return torch.stack(votes, 1).argmax(1)


@wrong("error-of-topk", TOO_LARGE, "raised RuntimeError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(k, dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


@wrong("k-cut", TOO_LARGE, "should raise a ValueError")
def knn_predict(bank, labels, queries, classes, k, temperature=0.07):
    s = F.normalize(queries, dim=1) @ F.normalize(bank, dim=1).T
    top, which = s.topk(min(k, len(bank)), dim=1)
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    votes.scatter_add_(1, labels[which], (top / temperature).exp())
    return votes.argmax(1)


# -- 10.7 alignment and uniformity --------------------------------------------------------

ALIGNMENT = "alignment: the mean squared distance of partners"
UNIFORMITY = "uniformity: the log of the mean of exp(−t d²)"
UNIT = "rows have length 1"
PAIRS = "over all pairs of all 2N rows"
FIRST = "alignment first, scalars of the inputs' dtype"
T = "t is 2 unless it is given"
COLLAPSED = "collapsed: both are 0"
BOTH = "gradients reach both views"


@right("pdist")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    alignment = (a - b).norm(dim=1).pow(2).mean()
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return alignment, uniformity


@right("cosines")
def alignment_and_uniformity(a, b, t=2.0):
    z = torch.cat([a, b])
    z = z / z.norm(dim=1, keepdim=True)
    d = 2 - 2 * z @ z.T
    m = len(z)
    others = d[~torch.eye(m, dtype=torch.bool)]
    return d.diagonal(len(a)).mean(), torch.logsumexp(-t * others, 0) - math.log(m * (m - 1))


@right("loop")
def alignment_and_uniformity(a, b, t=2.0):
    a = [v / v.norm() for v in a]
    b = [v / v.norm() for v in b]
    alignment = sum(((p - q) ** 2).sum() for p, q in zip(a, b, strict=True)) / len(a)
    z, total, pairs = a + b, 0, 0
    for i in range(len(z)):
        for j in range(i):
            total = total + torch.exp(-t * ((z[i] - z[j]) ** 2).sum())
            pairs += 1
    return [alignment, torch.log(total / pairs)]


@right("differences")
def alignment_and_uniformity(a, b, t=2.0):
    z = F.normalize(torch.stack([a, b]), dim=-1)
    alignment = (z[0] - z[1]).square().sum(-1).mean()
    z = z.flatten(0, 1)
    i, j = torch.triu_indices(len(z), len(z), 1)
    uniformity = ((z[i] - z[j]).square().sum(1) * -t).exp().mean().log()
    return torch.stack([alignment, uniformity])


@right("cdist-without-the-diagonal")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a), F.normalize(b)
    z = torch.cat([a, b])
    m = len(z)
    potential = torch.exp(-t * torch.cdist(z, z) ** 2)
    uniformity = torch.log((potential.sum() - m) / (m * (m - 1)))
    return F.mse_loss(a, b, reduction="sum") / len(a), uniformity


@wrong("not-squared", ALIGNMENT, "the distance is not squared")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).norm(dim=1).mean(), uniformity


@wrong("mse", ALIGNMENT, "averaged over the D numbers")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return F.mse_loss(a, b), uniformity


@wrong("half", ALIGNMENT, "halved")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (1 - (a * b).sum(1)).mean(), uniformity


@wrong("sum", ALIGNMENT, "summed over the pictures")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(), uniformity


@wrong("mean-of-logs", UNIFORMITY, "the mean of the logarithms")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().log().mean()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("no-log", UNIFORMITY, "the logarithm is missing")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("sign-of-t", UNIFORMITY, "the sign of t is wrong")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("uniformity-not-squared", UNIFORMITY, "the distance is not squared")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("not-normalised", UNIT, "not normalised")
def alignment_and_uniformity(a, b, t=2.0):
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("batch-axis", UNIT, "normalised over the batch axis")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=0), F.normalize(b, dim=0)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("alignment-alone-normalised", UNIT, "uniformity, a and b")
def alignment_and_uniformity(a, b, t=2.0):
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (F.normalize(a) - F.normalize(b)).square().sum(1).mean(), uniformity


@wrong("with-itself", PAIRS, "each row is paired with itself as well")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    z = torch.cat([a, b])
    uniformity = torch.cdist(z, z).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("a-alone", PAIRS, "only the rows of a")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(a).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("mean-of-two", PAIRS, "the mean of a's uniformity and b's")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    both = [torch.pdist(z).pow(2).mul(-t).exp().mean().log() for z in (a, b)]
    return (a - b).square().sum(1).mean(), sum(both) / 2


@wrong("across", PAIRS, "only pairs of a row of a and one of b")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.cdist(a, b).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("uniformity-first", FIRST, "uniformity comes first")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return uniformity, (a - b).square().sum(1).mean()


@wrong("their-sum", ALIGNMENT, "expected two: alignment, uniformity")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean() + uniformity


@wrong("float32", FIRST, "torch.float32 came out")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a.float(), dim=1), F.normalize(b.float(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("always-2", T, "t is ignored, always 2")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-2).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("root-of-rounding", COLLAPSED, "NaN")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    z = torch.cat([a, b])
    d2 = 2 - 2 * z @ z.T
    others = d2[~torch.eye(len(z), dtype=torch.bool)].sqrt()
    uniformity = (-t * others**2).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity


@wrong("numbers", BOTH, "the result has no gradient")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean().item(), uniformity.item()


@wrong("b-detached", BOTH, "no gradient reaches b")
def alignment_and_uniformity(a, b, t=2.0):
    a, b = F.normalize(a, dim=1), F.normalize(b.detach(), dim=1)
    uniformity = torch.pdist(torch.cat([a, b])).pow(2).mul(-t).exp().mean().log()
    return (a - b).square().sum(1).mean(), uniformity
