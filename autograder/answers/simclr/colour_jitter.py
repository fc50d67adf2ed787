"""Right and wrong answers to exercise `colour_jitter`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"
DIGITS = "float64 is computed in float64"
GRADIENT = "the gradient reaches x"


@right("plain")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@right("image-by-image")
def colour_jitter(x, brightness, contrast, saturation):
    out = []
    for image, b, c, s in zip(x, brightness, contrast, saturation, strict=True):
        image = torch.clamp(image * b, 0, 1)
        red, green, blue = image
        m = (0.2989 * red + 0.587 * green + 0.114 * blue).mean()
        image = torch.clamp(m + c * (image - m), 0, 1)
        red, green, blue = image
        grey = 0.2989 * red + 0.587 * green + 0.114 * blue
        out.append(torch.clamp(torch.lerp(grey.expand(3, -1, -1), image, s), 0, 1))
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


@wrong("in-place", KEEPS, "changed in place")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x.mul_(b).clamp_(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("float32-inside", DIGITS, "a step computes in float32")
def colour_jitter(x, brightness, contrast, saturation):
    y = x.float()
    b, c, s = (f.float().view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    weights = torch.tensor([0.2989, 0.587, 0.114]).view(3, 1, 1)
    y = (b * y).clamp(0, 1)
    middle = (weights * y).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    y = (c * y + (1 - c) * middle).clamp(0, 1)
    y = (s * y + (1 - s) * (weights * y).sum(1, keepdim=True)).clamp(0, 1)
    return y.to(x.dtype)


@wrong("mean-detached", GRADIENT, "at index")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = (f.view(-1, 1, 1, 1) for f in (brightness, contrast, saturation))
    x = (x * b).clamp(0, 1)
    mean = (x.detach() * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("first-factor", Exercise.WHOLE, "at index (1,")
def colour_jitter(x, brightness, contrast, saturation):
    weights = torch.tensor([0.2989, 0.587, 0.114], dtype=x.dtype).view(1, 3, 1, 1)
    b, c, s = brightness[0], contrast[0], saturation[0]
    x = (x * b).clamp(0, 1)
    mean = (x * weights).sum(1, keepdim=True).mean((2, 3), keepdim=True)
    x = (c * x + (1 - c) * mean).clamp(0, 1)
    grey = (x * weights).sum(1, keepdim=True)
    return (s * x + (1 - s) * grey).clamp(0, 1)


@wrong("library", Exercise.WHOLE, "is not allowed here")
def colour_jitter(x, brightness, contrast, saturation):
    from torchvision.transforms.v2 import functional as T

    out = []
    for image, b, c, s in zip(x, brightness, contrast, saturation, strict=True):
        image = T.adjust_contrast(T.adjust_brightness(image, b.item()), c.item())
        out.append(T.adjust_saturation(image, s.item()))
    return torch.stack(out)
