"""What can be done to a batch of pictures, from explicit numbers for each of them.

Source: T. Chen, S. Kornblith, M. Norouzi and G. Hinton, "A simple framework for contrastive
learning of visual representations", ICML 2020: figure 4, appendix A. For the same numbers the
results are those of torchvision.transforms.v2.functional.

Pictures are (B, C, H, W) float in 0 to 1 and come out so; nothing is changed in place, nothing
can be differentiated. Numbers that do not go with the pictures raise a ValueError.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

GREY = (0.2989, 0.587, 0.114)  # torchvision's weights of red, green and blue
JITTER = ("brightness", "contrast", "saturation", "hue")


def _each(x: Tensor, numbers: Tensor, width: int | None = None) -> Tensor:
    """One number for each picture, as (B, 1, 1, 1) beside x; rows (B, width) stay rows."""
    shape = (len(x),) if width is None else (len(x), width)
    if x.ndim != 4 or numbers.shape != shape:
        raise ValueError(
            f"images (B, C, H, W) want numbers of shape {shape}: "
            f"{tuple(x.shape)} and {tuple(numbers.shape)} do not go together"
        )
    numbers = numbers.to(x if numbers.is_floating_point() else x.device)
    return numbers[:, None, None, None] if width is None else numbers


def _colours(x: Tensor) -> bool:
    """Whether there are colours to change."""
    if x.shape[1] not in (1, 3):
        raise ValueError(f"colours are red, green and blue, or grey: not {x.shape[1]} channels")
    return x.shape[1] == 3


# Places


def crop(
    x: Tensor,
    boxes: Tensor,
    size: tuple[int, int] | None = None,
    mirrored: Tensor | None = None,
) -> Tensor:
    """A box of each picture, enlarged or reduced to one size; bilinear.

    Edges are those of the box: nothing outside is mixed in. No antialiasing: it changes nothing
    where a box is enlarged, as all are that keep the size of the picture.

    Args:
        x: (B, C, H, W).
        boxes: (B, 4): top, left, height and width in pixels, inside the picture.
        size: (H', W'); the picture's when it is left out.
        mirrored: (B,) bool, left for right as in ``mirror``, which costs nothing here.

    Returns:
        (B, C, H', W').
    """
    boxes, axes = _each(x, boxes, 4), []
    for axis, n in enumerate(size or x.shape[2:]):
        first, length = boxes[:, axis, None], boxes[:, axis + 2, None]
        middles = torch.arange(n, device=x.device, dtype=x.dtype) + 0.5  # of the new pixels
        place = (length / n * middles - 0.5).clamp(min=0)
        place = first + torch.minimum(place, length - 1)  # (B, n), in pixels of x
        axes.append((2 * place + 1) / x.shape[2 + axis] - 1)  # −1 to 1 from edge to edge
    rows, columns = axes
    if mirrored is not None:
        columns = torch.where(_each(x, mirrored)[:, 0, 0], columns.flip(1), columns)
    places = torch.broadcast_tensors(columns[:, None, :], rows[:, :, None])
    grid = torch.stack(places, -1)  # (B, H', W', 2)
    return F.grid_sample(x, grid, "bilinear", "border", align_corners=False)


def mirror(x: Tensor, chosen: Tensor) -> Tensor:
    """Left for right in the pictures ``chosen``, (B,) bool."""
    return torch.where(_each(x, chosen), x.flip(3), x)


def turn(x: Tensor, quarters: Tensor) -> Tensor:
    """Square pictures turned counterclockwise by 90 degrees ``quarters`` times, (B,) int.

    Raises:
        ValueError: pictures that are not square.
    """
    quarters = _each(x, quarters) % 4
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"square images are turned, not {tuple(x.shape[2:])}")
    y = torch.where(quarters % 2 == 1, x.rot90(1, (2, 3)), x)
    return torch.where(quarters >= 2, y.flip(2, 3), y)


def cut(x: Tensor, boxes: Tensor) -> Tensor:
    """Black in the boxes (B, 4): top, left, height, width; they may hang over the edge."""
    boxes = _each(x, boxes, 4)
    inside = []
    for axis in (0, 1):
        place = torch.arange(x.shape[2 + axis], device=x.device)
        first = boxes[:, axis, None]
        inside.append((place >= first) & (place < first + boxes[:, axis + 2, None]))  # (B, n)
    return x.masked_fill((inside[0][:, :, None] & inside[1][:, None, :])[:, None], 0)


# Colours


def _grey(x: Tensor) -> Tensor:
    """(B, 1, H, W): the brightness of each pixel."""
    if not _colours(x):
        return x
    red, green, blue = x.split(1, 1)
    return (red * GREY[0]).add_(green, alpha=GREY[1]).add_(blue, alpha=GREY[2])


def brightness(x: Tensor, factors: Tensor) -> Tensor:
    """x · factor, cut to 0 to 1; factors (B,) >= 0, 1 leaves a picture as it is."""
    return (x * _each(x, factors)).clamp_(0, 1)


def contrast(x: Tensor, factors: Tensor) -> Tensor:
    """Away from the picture's mean grey, or towards it below 1; factors (B,) >= 0."""
    factors = _each(x, factors)
    offset = _grey(x).mean((2, 3), keepdim=True) * (1 - factors)
    return torch.addcmul(offset, x, factors).clamp_(0, 1)


def saturation(x: Tensor, factors: Tensor) -> Tensor:
    """Away from each pixel's grey, or towards it below 1; grey pictures stay. (B,) >= 0."""
    factors = _each(x, factors)
    if not _colours(x):
        return x
    return torch.addcmul(_grey(x).mul_(1 - factors), x, factors).clamp_(0, 1)


def hue(x: Tensor, turns: Tensor) -> Tensor:
    """Colours moved along the colour circle by ``turns`` (B,), of 1 all around; HSV.

    With c the range of a pixel's channels and h its hue in sixths of the circle, a channel is
    its lowest + c · ramp(h), ramp 1 around the channel's own colour and 0 around the opposite.
    """
    turns = _each(x, turns)[:, 0]  # (B, 1, 1)
    if not _colours(x):
        return x
    low, high = x.amin(1), x.amax(1)  # (B, H, W)
    c, (red, green, blue), y = high - low, x.unbind(1), torch.empty_like(x)
    side, largest, _ = y.unbind(1)  # scratch: fresh memory costs more than arithmetic
    h = torch.sub(red, green).add_(c, alpha=4)  # where blue is the largest
    torch.sub(blue, red, out=side).add_(c, alpha=2)
    h.lerp_(side, torch.sub(green, high, out=largest).sign_().add_(1))  # weights 0 and 1: exact
    torch.sub(green, blue, out=side)
    h.lerp_(side, torch.sub(red, high, out=largest).sign_().add_(1))
    h.div_(c.clamp(min=torch.finfo(x.dtype).tiny)).add_(6 * turns).remainder_(6)
    ramps = (3, 1), (2, -1), (4, -1)  # red grows from cyan, 3, on; green falls from 2, blue 4
    for channel, (place, slope) in zip(y.unbind(1), ramps, strict=True):
        torch.sub(h, place, out=channel).abs_()
        channel.mul_(slope).add_(-1 if slope > 0 else 2).clamp_(0, 1).mul_(c).add_(low)
    return y


def colour_jitter(x: Tensor, factors: Tensor, order: Sequence[int] = (0, 1, 2, 3)) -> Tensor:
    """Brightness, contrast, saturation and hue, one after the other.

    Args:
        x: (B, C, H, W), C 1 or 3; with one channel saturation and hue change nothing.
        factors: (B, 4), one column for each of ``JITTER``; (1, 1, 1, 0) leaves a picture.
        order: of the columns, the same for all pictures.

    Raises:
        ValueError: not four numbers for each picture, or an order that is none.
    """
    factors = _each(x, factors, 4)
    if sorted(order) != [0, 1, 2, 3]:
        raise ValueError(f"an order of 0, 1, 2 and 3 is wanted, not {list(order)}")
    changes = (brightness, contrast, saturation, hue)
    for n in order:
        x = changes[n](x, factors[:, n])
    return x


def greyscale(x: Tensor, chosen: Tensor) -> Tensor:
    """No colours in the pictures ``chosen``, (B,) bool; all channels are kept."""
    return torch.where(_each(x, chosen), _grey(x), x)


# Filters


def blur(x: Tensor, sigmas: Tensor, size: int) -> Tensor:
    """Gaussian blur with ``size`` × ``size`` weights, the picture mirrored beyond its edges.

    Args:
        sigmas: (B,) standard deviations in pixels; 0 leaves a picture as it is.
        size: odd; about a tenth of the picture in the paper.

    Raises:
        ValueError: an even size, or one that needs more than a whole mirror image.
    """
    sigmas = _each(x, sigmas)[..., 0]  # (B, 1, 1)
    radius = size // 2
    if size % 2 == 0 or radius >= min(x.shape[2:]):
        raise ValueError(f"no blur of size {size} on images of {tuple(x.shape[2:])}")
    place = torch.arange(-radius, radius + 1, device=x.device)
    weights = (-0.5 * (place / sigmas.clamp(min=1e-3)) ** 2).softmax(-1)
    weights = weights[..., None]  # (B, 1, size, 1)
    for axis in (2, 3):
        pad = (0, 0, radius, radius) if axis == 2 else (radius, radius, 0, 0)
        padded = F.pad(x, pad, mode="reflect")
        x = torch.zeros_like(x)
        for n in range(size):
            part = padded.narrow(axis, n, x.shape[axis])
            x.addcmul_(part, weights[:, :, n : n + 1])
    return x


def noise(x: Tensor, sigmas: Tensor, unit: Tensor) -> Tensor:
    """x + sigma · unit, cut to 0 to 1; sigmas (B,), unit (B, C, H, W) normal."""
    return torch.addcmul(x, unit.to(x), _each(x, sigmas)).clamp_(0, 1)


def sobel(x: Tensor, chosen: Tensor) -> Tensor:
    """Edges in place of the pictures ``chosen``: √((g_x² + g_y²) / 2) of each channel, 0 to 1.

    g_x and g_y are the slopes by Sobel's filters / 4; the edge pixels repeat beyond the edges.
    """
    chosen = _each(x, chosen)
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    slopes = []
    for along, across in ((2, 3), (3, 2)):
        n = x.shape[along]
        smooth = (padded.narrow(along, 0, n) + padded.narrow(along, 2, n)) / 4
        smooth.add_(padded.narrow(along, 1, n), alpha=0.5)
        n = x.shape[across]
        slopes.append(smooth.narrow(across, 2, n) - smooth.narrow(across, 0, n))
    edges = (slopes[0].square_() + slopes[1].square_()).mul_(0.5).sqrt_()
    return torch.where(chosen, edges, x)
