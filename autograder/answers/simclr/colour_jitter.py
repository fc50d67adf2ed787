"""Right and wrong answers to exercise `colour_jitter`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

KEEPS = "keeps the dtype and leaves its inputs alone"


REACHES_X = "a gradient reaches the pictures"


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
