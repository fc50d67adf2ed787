"""Visible checks of chapter 10, contrastive learning.

Every property compares with a definition that is written out plainly here, and with what known
slips make of it. A slip costs the property that names it; the others forgive it, so that one
slip costs one property.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.compare_old import (
    FLOATS,
    as_floats,
    expect,
    expect_dtype,
    refuse_change,
    same,
)
from course_utils.checks.core import Check, Draw

Slip = Mapping[str, object]


def close(got: object, want: Tensor, tolerance: float = 1e-5) -> bool:
    """``same`` with room near 0, where a float32 rounds by more than five digits."""
    return same(got, want, tolerance, tolerance / 10)


@dataclass(frozen=True)
class Definition:
    """What is right, and what slips make of it.

    Args:
        value: the definition; the keywords of a slip change it into what the slip computes.
        slips: property -> sentence -> keywords.
    """

    value: Callable[..., Tensor]
    slips: Mapping[str, Mapping[str, Slip]]

    def judge(
        self,
        got: object,
        matter: str,
        on: str,
        *inputs: object,
        part: Callable[[Tensor], Tensor] = lambda x: x,
    ) -> None:
        """``Wrong`` where ``got`` is not right, unless for a slip that costs another property.

        Args:
            got: what came back.
            matter: the property that asks.
            on: the input in words.
            inputs: of ``value``.
            part: what of the values is compared.
        """
        self.judge_all([got], matter, on, [inputs], part)

    def judge_all(
        self,
        got: Sequence,
        matter: str,
        on: str,
        probes: Sequence[Sequence],
        part: Callable[[Tensor], Tensor] = lambda x: x,
    ) -> None:
        """``judge`` several probes together: a slip has to explain all that came back."""

        def is_of(*slips: Slip) -> bool:
            keywords = {name: option for slip in slips for name, option in slip.items()}
            try:
                values = (part(self.value(*inputs, **keywords)) for inputs in probes)
                return all(map(close, got, values))
            except RuntimeError:  # with this slip no such input can be computed
                return False

        def refuse(*other: Slip) -> None:
            for sentence, slip in mine.items():
                if is_of(slip, *other):
                    raise Wrong(f"{sentence} ({on})")

        mine = self.slips.get(matter, {})
        theirs = [group for name, group in self.slips.items() if name != matter]
        others = [slip for group in theirs for slip in group.values()]
        if is_of():
            return
        if all(isinstance(value, Tensor) for value in got):
            refuse()
            if any(map(is_of, others)):
                return
            for slip in others:
                refuse(slip)
            for group, other in itertools.combinations(theirs, 2):
                if any(
                    is_of(*two) for two in itertools.product(group.values(), other.values())
                ):
                    return
        for value, inputs in zip(got, probes, strict=True):
            expect(value, part(self.value(*inputs)), on)


def stacked(got: object) -> object:
    """A list as a tensor: that it was one is another property's matter."""
    if not isinstance(got, list | tuple) or not got:
        return got
    if all(isinstance(x, int | float) for x in got):
        return torch.tensor(got)
    alike = {x.shape if isinstance(x, Tensor) else None for x in got}
    return torch.stack(list(got)) if len(alike) == 1 and None not in alike else got


def expect_tensor(got: object, dtype: torch.dtype) -> None:
    """A tensor of this dtype; of what values is another property's matter."""
    if not isinstance(got, Tensor):
        raise Wrong(f"returned a {type(got).__name__}, expected a torch.Tensor")
    expect_dtype(got, dtype)


def scalar(got: object) -> object:
    """One number as a tensor (): of what type and shape it came is another property."""
    if isinstance(got, int | float):
        return torch.tensor(float(got), dtype=torch.float64)
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def keeps_dtype(answer: Answer, *inputs: Any) -> None:
    """Tensors of floats come back in the type in which they went in, and stay what they are."""
    for dtype in FLOATS:
        given = [
            x.to(dtype) if isinstance(x, Tensor) and x.is_floating_point() else x
            for x in inputs
        ]
        expect_tensor(answer(*given), dtype)
    refuse_change(answer)


def unit(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) rows of length 1."""
    return F.normalize(draw.normal(n, d), dim=1)


def uneven(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) rows of very different lengths."""
    return unit(draw, n, d) * torch.linspace(0.4, 3, n, dtype=torch.float64)[:, None]


def scaled(z: Tensor, by: str = "length") -> Tensor:
    """The rows of ``z`` at length 1, or what else is taken for it."""
    if by == "centred":
        z, by = z - z.mean(1, keepdim=True), "length"
    divisor = {
        "length": lambda: z.norm(dim=1, keepdim=True),
        "nothing": lambda: torch.ones(()),
        "squared length": lambda: z.square().sum(1, keepdim=True),
        "root of length": lambda: z.norm(dim=1, keepdim=True).sqrt(),
        "absolute sum": lambda: z.abs().sum(1, keepdim=True),
        "sum": lambda: z.sum(1, keepdim=True),
        "largest": lambda: z.abs().amax(1, keepdim=True),
        "column": lambda: z.norm(dim=0, keepdim=True),
        "everything": lambda: z.norm(),
        "longest": lambda: z.norm(dim=1).amax(),
    }[by]()
    return z / divisor.where(divisor != 0, 1.0)  # a row of zeros stays one


LENGTHS = {
    "not normalised: divide each row by its length": "nothing",
    "normalised over the batch axis: each row, dim=1, has to get length 1": "column",
    "divided by the squared length: a row gets length 1 when it is divided by its length": (
        "squared length"
    ),
    "divided by the root of the length: divide by the length": "root of length",
    "divided by the sum of absolute values (L1): the length is the root of the squares' sum": (
        "absolute sum"
    ),
    "divided by the sum of the row: the length is the root of the sum of squares": "sum",
    "divided by the largest value: the length is the root of the sum of squares": "largest",
    "all rows are divided by one number, the norm of the whole matrix: each has its own": (
        "everything"
    ),
    "all rows are divided by one number, the largest length: each has its own": "longest",
    "the mean is subtracted from each row, as in a correlation: divide by the length alone": (
        "centred"
    ),
}


# -- 10.1 crop and resize -----------------------------------------------------------------

crop_and_resize = Check(
    "10.1",
    "crop_and_resize",
    points=7,
    hidden=3,
    bans=(
        Ban(
            "cut out and resize yourself, it is the exercise",
            operators=r"torchvision",
            modules=("torchvision", "PIL", "skimage.transform"),
        ),
    ),
)

PLACE = "the box starts at top and left"
OWN = "each picture has its own box"
SIDES = "the box is height by width pixels"
CENTRES = "bilinear between pixel centres"
BORDER = "beyond the box its own border goes on"


def positions(length: int, size: int, grid: str) -> Tensor:
    """Where the output's pixels lie among the ``length`` pixels of the box."""
    u = torch.arange(size, dtype=torch.float64)
    return {
        "centres": (u + 0.5) * length / size - 0.5,
        "corners": u * (length - 1) / max(size - 1, 1),
        "one too far": u * length / max(size - 1, 1),
        "edges": u * length / size,
        "shifted": (u + 0.5) * length / size,
        "upside down": (u + 0.5) * size / length - 0.5,
        "nearest": (u * length / size).floor(),
        "nearest centre": ((u + 0.5) * length / size).floor(),
        "rounded": ((u + 0.5) * length / size - 0.5).round(),
    }[grid]


FILTERS: dict[str, dict[str, Any]] = {
    "bicubic": {"mode": "bicubic"},
    "smooth bicubic": {"mode": "bicubic", "antialias": True},
    "smooth": {"mode": "bilinear", "antialias": True},
    "area": {"mode": "area"},
}


def one_axis(first: int, length: int, total: int, size: int, grid: str, beyond: str) -> Tensor:
    """Cutting out and resizing of one axis, as a matrix (size, total)."""
    columns = torch.arange(total)
    inside = (first <= columns) & (columns < first + length)
    if grid in FILTERS:
        box = torch.eye(total, dtype=torch.float64)[None, None, inside]
        return F.interpolate(box, (size, total), **FILTERS[grid])[0, 0]
    at = positions(length, size, grid)
    if beyond == "border":
        at = at.clamp(0, length - 1)
    at = at + first
    if beyond == "neighbours":
        at = at.clamp(0, total - 1)
    weights = (1 - (at[:, None] - columns).abs()).clamp(min=0)
    return weights * inside if beyond == "black" else weights


def read(box: Sequence[int], place: str, sides: str) -> tuple[int, int, int, int]:
    """Top, left, height, width, or what else four numbers are taken for."""
    top, left, height, width = box
    if place in ("left first", "x first"):
        top, left = left, top
    if place == "corners":
        height, width = max(height - top, 1), max(width - left, 1)
    if place == "x corners":
        top, left, height, width = left, top, max(width - left, 1), max(height - top, 1)
    if place == "centre":
        top, left = max(top - height // 2, 0), max(left - width // 2, 0)
    if place == "origin":
        top, left = 0, 0
    if place == "counted from 1":
        top, left = max(top - 1, 0), max(left - 1, 0)
    if place == "border included":
        height, width = height + 1, width + 1
    if (sides == "width first") != (place == "x first"):
        height, width = width, height
    if sides == "height alone":
        width = height
    if sides == "width alone":
        height = width
    return top, left, height, width


def resized(
    x: Tensor,
    boxes: Tensor,
    size: int,
    place: str = "top first",
    sides: str = "height first",
    whose: str = "own",
    grid: str = "centres",
    beyond: str = "border",
    turned: bool = False,
) -> Tensor:
    """The boxes of pictures (B, C, H, W), each resized to (size, size)."""
    n, H, W = len(x), *x.shape[2:]
    order = {
        "own": torch.arange(n),
        "first": torch.zeros(n, dtype=torch.long),
        "last": torch.full((n,), n - 1),
        "reversed": torch.arange(n).flip(0),
    }[whose]
    out = []
    for picture, box in zip(x, boxes[order].tolist(), strict=True):
        top, left, height, width = read(box, place, sides)
        height, width = min(height, H - top), min(width, W - left)  # as a slice is cut off
        rows = one_axis(top, height, H, size, grid, beyond)
        cols = one_axis(left, width, W, size, grid, beyond)
        out.append(rows @ picture @ cols.T)
    return torch.stack(out).mT if turned else torch.stack(out)


CROPS = Definition(
    resized,
    {
        PLACE: {
            "top and left are swapped: the first number counts rows": {"place": "left first"},
            "the box is read as x, y, width, height: it is top, left, height, width": {
                "place": "x first"
            },
            "the box is read as two corners: its last two numbers are height and width": {
                "place": "corners"
            },
            "the box is read as two corners, x first: it is top, left, height, width": {
                "place": "x corners"
            },
            "top and left are taken for the centre of the box: they are its first row and "
            "column": {"place": "centre"},
            "top and left are left out: every box starts in the corner": {"place": "origin"},
            "counted from 1: the first row is row 0": {"place": "counted from 1"},
            "the box is a row and a column too large: it ends before top + height": {
                "place": "border included"
            },
        },
        OWN: {
            "the first picture's box is used for all: each has its own": {"whose": "first"},
            "the last picture's box is used for all: each has its own": {"whose": "last"},
            "the boxes meet the pictures in reverse order": {"whose": "reversed"},
        },
        SIDES: {
            "height and width are swapped": {"sides": "width first"},
            "rows and columns of the result are swapped": {"turned": True},
            "the height is used for both sides": {"sides": "height alone"},
            "the width is used for both sides": {"sides": "width alone"},
        },
        CENTRES: {
            "align_corners=True: pixel u lies at (u + 0.5) · height / size − 0.5": {
                "grid": "corners"
            },
            "nearest neighbour: bilinear is asked for": {"grid": "nearest"},
            "the nearest pixel is taken, by its centre: bilinear is asked for": {
                "grid": "nearest centre"
            },
            "the nearest pixel is taken, by rounding: bilinear is asked for": {
                "grid": "rounded"
            },
            "no half pixels, u · height / size: it is (u + 0.5) · height / size − 0.5": {
                "grid": "edges"
            },
            "u · height / (size − 1): pixel u lies at (u + 0.5) · height / size − 0.5": {
                "grid": "one too far"
            },
            "half a pixel too far: subtract 0.5 at the end, (u + 0.5) · height / size − 0.5": {
                "grid": "shifted"
            },
            "the scale is upside down: height / size, not size / height": {
                "grid": "upside down"
            },
            "bicubic: bilinear is asked for": {"grid": "bicubic"},
            "bicubic with antialiasing: plain bilinear is asked for": {
                "grid": "smooth bicubic"
            },
            "antialiased: plain bilinear looks at two rows and two columns alone": {
                "grid": "smooth"
            },
            "the mean over areas: bilinear is asked for": {"grid": "area"},
        },
        BORDER: {
            "the neighbours beyond the box bleed in: stop at its last row and column": {
                "beyond": "neighbours"
            },
            "beyond the box it is black: its border value goes on": {"beyond": "black"},
        },
    },
)


def pictures(draw: Draw, *size: int) -> Tensor:
    """Pictures between 0 and 1 without a pattern."""
    return draw.normal(*size).sigmoid()


def repeated(n: int, *box: int) -> Tensor:
    """One box for all pictures."""
    return torch.tensor([box]).repeat(n, 1)


@crop_and_resize.property(PLACE, points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, boxes = pictures(draw, 2, 3, 9, 11), repeated(2, 2, 3, 5, 5)
    on = "x (2, 3, 9, 11), top 2, left 3, 5 × 5 pixels to size 5"
    CROPS.judge(stacked(answer(x, boxes, 5)), PLACE, on, x, boxes, 5)


@crop_and_resize.property(OWN, points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = pictures(draw, 3, 2, 8, 9)
    boxes = torch.tensor([[0, 0, 4, 4], [1, 1, 4, 4], [3, 3, 4, 4]])
    on = "x (3, 2, 8, 9), boxes at (0, 0), (1, 1), (3, 3), 4 × 4 pixels to size 4"
    CROPS.judge(stacked(answer(x, boxes, 4)), OWN, on, x, boxes, 4)


@crop_and_resize.property(SIDES, points=1)
def _(answer: Answer, draw: Draw) -> None:
    for box, size in (((2, 1, 6, 9), 4), ((1, 2, 9, 5), 3)):
        x, boxes = pictures(draw, 2, 3, 12, 14), repeated(2, *box)
        on = f"x (2, 3, 12, 14), {box[2]} × {box[3]} pixels to size {size}"
        CROPS.judge(stacked(answer(x, boxes, size)), SIDES, on, x, boxes, size)


@crop_and_resize.property(CENTRES, points=1)
def _(answer: Answer, draw: Draw) -> None:
    def inside(y: Tensor) -> Tensor:
        return y[..., 1:-1, 1:-1]

    x, boxes = pictures(draw, 2, 3, 10, 11), repeated(2, 2, 2, 6, 6)
    for size in (4, 9):
        on = f"x (2, 3, 10, 11), 6 × 6 pixels to size {size}, without the border"
        got = stacked(answer(x, boxes, size))
        if isinstance(got, Tensor) and got.shape == (2, 3, size, size):
            CROPS.judge(inside(got), CENTRES, on, x, boxes, size, part=inside)
        else:
            CROPS.judge(got, CENTRES, on, x, boxes, size)


@crop_and_resize.property(BORDER, points=1)
def _(answer: Answer, draw: Draw) -> None:
    x, boxes = pictures(draw, 2, 3, 10, 11), repeated(2, 3, 3, 4, 4)
    on = "x (2, 3, 10, 11), 4 × 4 pixels to size 8"
    CROPS.judge(stacked(answer(x, boxes, 8)), BORDER, on, x, boxes, 8)


@crop_and_resize.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    keeps_dtype(answer, pictures(draw, 2, 3, 7, 8), repeated(2, 1, 1, 4, 4), 4)


# -- 10.2 colour jitter -------------------------------------------------------------------

colour_jitter = Check(
    "10.2",
    "colour_jitter",
    points=6,
    hidden=2,
    bans=(
        Ban(
            "write the three steps yourself, they are the exercise", "", ("torchvision", "PIL")
        ),
    ),
)

BRIGHTNESS = "brightness multiplies"
CONTRAST = "contrast, about the mean of the picture's grey"
SATURATION = "saturation, away from the grey of each pixel"
GREY = "grey weighs red, green and blue"
WHOSE = "one factor for each picture"
CLAMP = "clamped after each step"
ORDER = "brightness, contrast, saturation, each on what the last one left"

GREYS = {
    "weighed": (0.2989, 0.587, 0.114),
    "four digits": (0.299, 0.587, 0.114),
    "mean": (1 / 3, 1 / 3, 1 / 3),
    "sum": (1, 1, 1),
    "blue first": (0.114, 0.587, 0.2989),
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "television": (0.2126, 0.7152, 0.0722),
}


def grey_of(x: Tensor, grey: str) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W)."""
    if grey == "largest":
        return x.amax(1, keepdim=True)
    if grey == "middle":
        return (x.amax(1, keepdim=True) + x.amin(1, keepdim=True)) / 2
    weights = torch.tensor(GREYS[grey], dtype=x.dtype)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


def spread(factor: Tensor, whose: str) -> Tensor:
    """Factors (B,) as they meet pictures (B, C, H, W); B = C = H = W where they are misled."""
    return {
        "own": factor[:, None, None, None],
        "first": factor[:1],
        "last": factor[-1:],
        "mean": factor.mean(),
        "channel": factor[:, None, None],
        "row": factor[:, None],
        "column": factor,
    }[whose]


def brightened(x: Tensor, b: Tensor, light: str) -> Tensor:
    return {
        "times": lambda: b * x,
        "added": lambda: x + b,
        "difference": lambda: x + b - 1,
        "one more": lambda: (1 + b) * x,
        "divided": lambda: x / b,
        "power": lambda: x**b,
        "nothing": lambda: x,
        "white": lambda: b * x + (1 - b),
    }[light]()


def contrasted(x: Tensor, c: Tensor, about: str, grey: str, first: Tensor) -> Tensor:
    """``first``: the pictures before any step."""
    picture = grey_of(x, grey).mean((1, 2, 3), keepdim=True)
    middle = {
        "grey": lambda: picture,
        "other way": lambda: picture,
        "half": lambda: torch.full_like(picture, 0.5),
        "all": lambda: x.mean((1, 2, 3), keepdim=True),
        "channel": lambda: x.mean((2, 3), keepdim=True),
        "batch": lambda: grey_of(x, grey).mean(),
        "channel of batch": lambda: x.mean((0, 2, 3), keepdim=True),
        "pixel": lambda: grey_of(x, grey),
        "first": lambda: grey_of(first, grey).mean((1, 2, 3), keepdim=True),
        "third": lambda: picture / 3,
        "lost": lambda: 0 * picture,
        "scaled": lambda: torch.zeros_like(picture),
        "one more": lambda: picture,
        "nothing": lambda: x,
        "median": lambda: grey_of(x, grey).flatten(1).median(1).values[:, None, None, None],
    }[about]()
    if about == "lost":
        x = x - picture
    c = {"other way": 1 - c, "one more": 1 + c}.get(about, c)
    return c * x + (1 - c) * middle


def saturated(x: Tensor, s: Tensor, pale: str, grey: str, first: Tensor) -> Tensor:
    """``first``: the pictures before any step."""
    centre = grey_of(x, grey)
    if pale == "picture":
        centre = centre.mean((1, 2, 3), keepdim=True)
    if pale == "scaled":
        centre = torch.zeros_like(x)
    if pale == "nothing":
        centre = x
    if pale == "first":
        centre = grey_of(first, grey)
    s = {"other way": 1 - s, "one more": 1 + s}.get(pale, s)
    return s * x + (1 - s) * centre


def clamped(x: Tensor, clamp: str, step: str, last: bool) -> Tensor:
    if clamp in ("none", f"not {step}") or (clamp == "end" and not last):
        return x
    if clamp == "divided":
        return x / x.amax((1, 2, 3), keepdim=True).clamp(min=1)
    low, high = {"high": (None, 1), "low": (0, None)}.get(clamp, (0, 1))
    return x.clamp(low, high)


def jittered(
    x: Tensor,
    brightness: Tensor,
    contrast: Tensor,
    saturation: Tensor,
    light: str = "times",
    about: str = "grey",
    pale: str = "grey",
    grey: str = "weighed",
    whose: str = "own",
    clamp: str = "each",
    order: str = "bcs",
) -> Tensor:
    """The three steps, one factor a picture in each."""
    b, c, s = (spread(f, whose) for f in (brightness, contrast, saturation))
    first = x
    steps: dict[str, Callable[[Tensor], Tensor]] = {
        "b": lambda x: brightened(x, b, light),
        "c": lambda x: contrasted(x, c, about, grey, first),
        "s": lambda x: saturated(x, s, pale, grey, first),
    }
    for n, step in enumerate(order):
        x = clamped(steps[step](x), clamp, step, n == 2)
    return x


SWAPPED = "the steps run in another order: brightness, contrast, saturation"
JITTER = Definition(
    jittered,
    {
        BRIGHTNESS: {
            "the factor is added: brightness multiplies": {"light": "added"},
            "b − 1 is added: brightness multiplies": {"light": "difference"},
            "multiplied by 1 + b: the factor is b, and 1 changes nothing": {
                "light": "one more"
            },
            "divided by the factor: a larger one makes the picture brighter": {
                "light": "divided"
            },
            "a power of x (gamma): brightness multiplies": {"light": "power"},
            "brightness does nothing": {"light": "nothing"},
            "blended with white: brightness multiplies": {"light": "white"},
        },
        CONTRAST: {
            "about 0.5: the middle is the mean of the picture's grey version": {
                "about": "half"
            },
            "about the mean of each channel: one number for a picture, the mean of its grey "
            "version": {"about": "channel"},
            "about one mean of the whole batch: each picture has its own": {"about": "batch"},
            "about the mean of each channel of the whole batch: each picture has its own, the "
            "mean of its grey version": {"about": "channel of batch"},
            "about the grey of each pixel: that is saturation": {"about": "pixel"},
            "about the median: the mean is asked for": {"about": "median"},
            "blended the wrong way round: c · x + (1 − c) · m": {"about": "other way"},
            "multiplied by c about black, as brightness is: m is missing": {"about": "scaled"},
            "m is not added back: c · x + (1 − c) · m": {"about": "lost"},
            "m is a third of what it should be: the three weighted channels are added up": {
                "about": "third"
            },
            "1 + c in place of c: a factor of 1 changes nothing": {"about": "one more"},
            "contrast does nothing": {"about": "nothing"},
        },
        SATURATION: {
            "blended the wrong way round: s · x + (1 − s) · grey": {"pale": "other way"},
            "blended with the picture's mean grey: each pixel has its own grey": {
                "pale": "picture"
            },
            "multiplied by s, as brightness is: the grey is missing": {"pale": "scaled"},
            "1 + s in place of s: a factor of 1 changes nothing": {"pale": "one more"},
            "saturation does nothing": {"pale": "nothing"},
        },
        GREY: {
            "grey is the plain mean of the channels: weigh them 0.2989, 0.587, 0.114": {
                "grey": "mean"
            },
            "grey is the sum of the channels: weigh them 0.2989, 0.587, 0.114": {"grey": "sum"},
            "contrast is about the plain mean of all channels: take that of the grey version, "
            "in which they weigh 0.2989, 0.587, 0.114": {"about": "all"},
            "the weights of red and blue are swapped": {"grey": "blue first"},
            "grey is the red channel alone: weigh all three": {"grey": "red"},
            "grey is the green channel alone: weigh all three": {"grey": "green"},
            "grey is the blue channel alone: weigh all three": {"grey": "blue"},
            "grey is weighed 0.2126, 0.7152, 0.0722: 0.2989, 0.587, 0.114 are asked for": {
                "grey": "television"
            },
            "grey is the largest channel: weigh them 0.2989, 0.587, 0.114": {"grey": "largest"},
            "grey is halfway between the largest and the smallest channel: weigh them 0.2989, "
            "0.587, 0.114": {"grey": "middle"},
        },
        WHOSE: {
            "the first picture's factor is used for all: each has its own": {"whose": "first"},
            "the last picture's factor is used for all: each has its own": {"whose": "last"},
            "the mean of the factors is used for all: each picture has its own": {
                "whose": "mean"
            },
            "the factors run along the width: reshape them to (B, 1, 1, 1)": {
                "whose": "column"
            },
            "the factors run along the height: reshape them to (B, 1, 1, 1)": {"whose": "row"},
            "the factors run along the channels: reshape them to (B, 1, 1, 1)": {
                "whose": "channel"
            },
        },
        CLAMP: {
            "not clamped: values leave 0 … 1": {"clamp": "none"},
            "clamped at the end alone: each step's result is cut to 0 … 1": {"clamp": "end"},
            "not clamped after brightness: each step's result is cut to 0 … 1": {
                "clamp": "not b"
            },
            "not clamped after contrast: each step's result is cut to 0 … 1": {
                "clamp": "not c"
            },
            "not clamped after saturation: each step's result is cut to 0 … 1": {
                "clamp": "not s"
            },
            "divided by the largest value: what is over 1 becomes 1, the rest stays": {
                "clamp": "divided"
            },
            "not clamped below: negative values are left": {"clamp": "high"},
            "not clamped above: values over 1 are left": {"clamp": "low"},
        },
        ORDER: {
            f"{SWAPPED} (brightness and contrast are swapped)": {"order": "cbs"},
            f"{SWAPPED} (contrast and saturation are swapped)": {"order": "bsc"},
            f"{SWAPPED} (saturation comes first)": {"order": "sbc"},
            f"{SWAPPED} (brightness comes last)": {"order": "csb"},
            f"{SWAPPED} (here: the reverse)": {"order": "scb"},
            "m is the mean of the picture as it came: take it after the change of brightness": {
                "about": "first"
            },
            "grey is that of the picture as it came: take it after the change of contrast": {
                "pale": "first"
            },
        },
        "three digits are exact enough": {"": {"grey": "four digits"}},
    },
)


def tame(draw: Draw, *size: int) -> Tensor:
    """Pictures without black and white: with factors near 1, nothing has to be clamped."""
    return 0.3 + 0.3 * pictures(draw, *size)


def factors(
    b: float = 1, c: float = 1, s: float = 1, n: int = 3
) -> tuple[Tensor, Tensor, Tensor]:
    """The same three factors for all pictures."""
    one = torch.ones(n, dtype=torch.float64)
    return b * one, c * one, s * one


@colour_jitter.property(BRIGHTNESS, points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for b in (0.7, 1.3):
        given = (tame(draw, 3, 3, 3, 3), *factors(b=b))
        JITTER.judge(answer(*given), BRIGHTNESS, f"x (3, 3, 3, 3), brightness {b}", *given)


@colour_jitter.property(CONTRAST, points=1)
def _(answer: Answer, draw: Draw) -> None:
    for c in (0.6, 1.4):
        given = (tame(draw, 3, 3, 3, 3), *factors(c=c))
        JITTER.judge(answer(*given), CONTRAST, f"x (3, 3, 3, 3), contrast {c}", *given)


@colour_jitter.property(SATURATION, points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for s in (0.6, 1.4):
        given = (tame(draw, 3, 3, 3, 3), *factors(s=s))
        JITTER.judge(answer(*given), SATURATION, f"x (3, 3, 3, 3), saturation {s}", *given)


@colour_jitter.property(GREY, points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    given = (tame(draw, 3, 3, 3, 3), *factors(s=0))
    JITTER.judge(answer(*given), GREY, "x (3, 3, 3, 3), saturation 0: grey", *given)
    given = (tame(draw, 3, 3, 3, 3), *factors(c=0))
    JITTER.judge(answer(*given), GREY, "x (3, 3, 3, 3), contrast 0: one grey", *given)


@colour_jitter.property(WHOSE, points=1)
def _(answer: Answer, draw: Draw) -> None:
    own, one = torch.tensor([0.7, 1.0, 1.3], dtype=torch.float64), torch.ones(3).double()
    for n, name in enumerate(("brightness", "contrast", "saturation")):
        given = (tame(draw, 3, 3, 3, 3), *(own if n == m else one for m in range(3)))
        JITTER.judge(answer(*given), WHOSE, f"x (3, 3, 3, 3), {name} 0.7, 1, 1.3", *given)
    x, two = tame(draw, 2, 3, 4, 5), factors(0.9, 1.2, 0.8, n=2)
    JITTER.judge(answer(x, *two), WHOSE, "x (2, 3, 4, 5), factors (2,)", x, *two)


@colour_jitter.property(CLAMP, points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = 0.1 + 0.8 * pictures(draw, 3, 3, 3, 3)
    strong = (
        (2, 1, 1),
        (1, 3, 1),
        (1, 1, 4),
        (1.9, 0.5, 1),
        (1, 3, 0.4),
        (0.6, 3, 1),
        (1.7, 1.8, 1.9),
    )
    probes = [(x, *factors(*f)) for f in strong]
    on = "x (3, 3, 3, 3), strong brightness, contrast and saturation"
    JITTER.judge_all([answer(*given) for given in probes], CLAMP, on, probes)


@colour_jitter.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    keeps_dtype(answer, tame(draw, 3, 3, 3, 3), *factors(2, 0.8, 1.2))


# -- 10.6 nearest neighbours --------------------------------------------------------------

knn_predict = Check(
    "10.6",
    "knn_predict",
    points=6,
    hidden=2,
    bans=(Ban("find the neighbours yourself, it is the exercise", "", ("sklearn", "faiss")),),
)

NEAREST = "the class of the most similar row"
ANGLE = "similar by cosine: lengths do not count"
K = "the k most similar rows vote"
WEIGHT = "a vote weighs exp(s / τ)"
HEAT = "the temperature, 0.07 unless it is given"


def similarities(bank: Tensor, queries: Tensor, measure: str) -> Tensor:
    """(M, N)."""
    if measure == "closeness":
        return -torch.cdist(queries, bank)
    if measure == "squared closeness":
        return -torch.cdist(queries, bank).square()
    by = {"length": ("length", "length"), "bank": ("nothing", "length")}
    by |= {"queries": ("length", "nothing")}
    q, r = by.get(measure, (measure, measure))
    return scaled(queries, q) @ scaled(bank, r).T


def weighed(s: Tensor, weight: str, t: float) -> Tensor:
    ranks = torch.arange(s.shape[1], 0, -1, dtype=s.dtype).expand_as(s)
    return {
        "exp": lambda: (s / t).exp(),
        "one": lambda: torch.ones_like(s),
        "similarity": lambda: s,
        "divided": lambda: s / t,
        "positive": lambda: s.clamp(min=0),
        "rank": lambda: ranks,
        "distance": lambda: (-(2 - 2 * s).clamp(min=0).sqrt() / t).exp(),
        "inverse": lambda: 1 / (1 - s + 1e-9),
        "negative": lambda: (-s / t).exp(),
    }[weight]()


def voted(
    bank: Tensor,
    labels: Tensor,
    queries: Tensor,
    classes: int,
    k: int,
    temperature: float = 0.07,
    measure: str = "length",
    voters: str = "k",
    weight: str = "exp",
    heat: str = "given",
    gives: str = "class",
) -> Tensor:
    """The class with the largest sum of votes, for each query; as floats, to compare."""
    s = similarities(bank, queries, measure)
    t = {
        "times": 1 / temperature,
        "ignored": 0.07,
        "one": 1.0,
        "tenth": 0.1,
        "half": 0.5,
        "fifth": 0.2,
        "squared": temperature**2,
    }.get(heat, temperature)
    if voters == "least":
        top = (-s).topk(k, 1)
        top_s, which = -top.values, top.indices
    else:
        n = {"all": len(bank), "one": 1, "more": k + 1, "fewer": max(k - 1, 1)}.get(voters, k)
        n = n + 1 if voters == "not the first" else n
        top_s, which = s.topk(min(n, len(bank)), 1)
        if voters == "not the first":
            top_s, which = top_s[:, 1:], which[:, 1:]
    votes = torch.zeros(len(queries), classes, dtype=s.dtype)
    ballots = weighed(top_s, weight, t)
    if gives == "last":
        for n in range(which.shape[1]):
            votes[torch.arange(len(queries)), labels[which[:, n]]] = ballots[:, n]
    else:
        votes = votes.scatter_add(1, labels[which], ballots)
    best = votes.argmax(1)
    present = labels.unique()
    return {
        "class": lambda: best,
        "last": lambda: best,
        "fewest votes": lambda: votes.argmin(1),
        "row": lambda: which[:, 0],
        "votes": lambda: votes,
        "largest sum": lambda: votes.amax(1),
        "shares": lambda: votes / votes.sum(1, keepdim=True),
        "position": lambda: torch.searchsorted(present, best),
        "mean": lambda: votes.div(F.one_hot(labels[which], classes).sum(1).clamp(min=1)).argmax(
            1
        ),
        "from 1": lambda: best + 1,
    }[gives]().double()


VOTES = Definition(
    voted,
    {
        NEAREST: {
            "the row of the neighbour: its class is asked for": {"gives": "row"},
            "the table of votes: the class with the largest sum is asked for": {
                "gives": "votes"
            },
            "the table of votes as shares: the class with the largest sum is asked for": {
                "gives": "shares"
            },
            "the largest sum of votes: its class is asked for (argmax)": {
                "gives": "largest sum"
            },
            "the class with the fewest votes wins": {"gives": "fewest votes"},
            "classes are counted from 1": {"gives": "from 1"},
            "the least similar rows vote: topk has to take the largest": {"voters": "least"},
            "the most similar row is left out: the queries are not in the bank": {
                "voters": "not the first"
            },
        },
        ANGLE: {
            "the nearest by Euclidean distance, of rows that were not normalised": {
                "measure": "closeness"
            },
            "the nearest by Euclidean distance squared, of rows that were not normalised": {
                "measure": "squared closeness"
            },
            "only the bank is normalised: both are": {"measure": "bank"},
            "only the queries are normalised: both are": {"measure": "queries"},
            **{
                text: {"measure": by}
                for text, by in LENGTHS.items()
                if by not in ("everything", "longest", "sum")
            },
        },
        K: {
            "all rows of the bank vote: only the k most similar ones do": {"voters": "all"},
            "only the most similar row votes: k of them do": {"voters": "one"},
            "one row too many votes": {"voters": "more"},
            "one row too few votes": {"voters": "fewer"},
        },
        WEIGHT: {
            "every vote counts the same: it weighs exp(s / τ)": {"weight": "one"},
            "a vote weighs its similarity: it weighs exp(s / τ)": {"weight": "similarity"},
            "a vote weighs its similarity, cut at 0: it weighs exp(s / τ)": {
                "weight": "positive"
            },
            "a vote weighs its rank: it weighs exp(s / τ)": {"weight": "rank"},
            "a vote weighs exp(−distance / τ): it weighs exp(s / τ)": {"weight": "distance"},
            "a vote weighs 1 / distance: it weighs exp(s / τ)": {"weight": "inverse"},
            "exp(−s / τ): the least similar neighbour weighs most": {"weight": "negative"},
            "the mean weight of a class's votes: they are summed": {"gives": "mean"},
            "votes for one class overwrite each other: they are summed (scatter_add)": {
                "gives": "last"
            },
        },
        HEAT: {
            "the temperature is ignored, always 0.07": {"heat": "ignored"},
            "the temperature is ignored, exp(s)": {"heat": "one"},
            "multiplied by the temperature: exp(s / τ)": {"heat": "times"},
            "the temperature is applied twice": {"heat": "squared"},
            **{
                f"the temperature is {t}: it is the argument, 0.07 unless it is given": {
                    "heat": heat
                }
                for heat, t in (("tenth", 0.1), ("fifth", 0.2), ("half", 0.5))
            },
        },
    },
)


def judge_votes(answer: Answer, matter: str, on: str, *inputs: Any) -> None:
    VOTES.judge(as_floats(stacked(answer(*inputs))), matter, on, *inputs)


def labelled(draw: Draw, n: int, classes: int) -> Tensor:
    """(n,) int64 without a pattern; every class is there."""
    return draw.normal(n).argsort() % classes


@knn_predict.property(NEAREST, points=1)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = unit(draw, 20, 3), unit(draw, 40, 3)
    labels = labelled(draw, 20, 5)
    on = "bank (20, 3), queries (40, 3), rows of length 1, 5 classes, k = 1"
    judge_votes(answer, NEAREST, on, bank, labels, queries, 5, 1, 0.07)


@knn_predict.property(ANGLE, points=1)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = uneven(draw, 20, 3), uneven(draw, 40, 3)
    labels = labelled(draw, 20, 5)
    for k, temperature in ((7, 0.5), (3, 0.2)):
        on = f"bank (20, 3), queries (40, 3), rows of different lengths, k = {k}"
        judge_votes(answer, ANGLE, on, bank, labels, queries, 5, k, temperature)


@knn_predict.property(K, points=1)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = unit(draw, 20, 3), unit(draw, 60, 3)
    labels = labelled(draw, 20, 2)
    on = "bank (20, 3), queries (60, 3), 2 classes, k = 5, temperature 1"
    judge_votes(answer, K, on, bank, labels, queries, 2, 5, 1.0)


@knn_predict.property(WEIGHT, points=1)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = unit(draw, 12, 3), unit(draw, 80, 3)
    labels = labelled(draw, 12, 2)
    on = "bank (12, 3), queries (80, 3), 2 classes, k = 7, temperature 1"
    judge_votes(answer, WEIGHT, on, bank, labels, queries, 2, 7, 1.0)


@knn_predict.property(HEAT, points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries = unit(draw, 14, 3), unit(draw, 80, 3)
    given = (bank, labelled(draw, 14, 2), queries, 2, 9)
    probes = [(*given, temperature) for temperature in (0.3, 0.02, 2.5)]
    got = [as_floats(stacked(answer(*inputs))) for inputs in probes]
    on = "bank (14, 3), queries (80, 3), 2 classes, k = 9, temperatures 0.3, 0.02, 2.5"
    VOTES.judge_all(got, HEAT, on, probes)
    bank, queries = unit(draw, 20, 3), unit(draw, 100, 3)
    given = (bank, labelled(draw, 20, 4), queries, 4, 12)
    without, same = (as_floats(stacked(answer(*given, *t))) for t in ((), (0.07,)))
    if not isinstance(same, Tensor) or not close(without, same):
        raise Wrong("without a temperature it has to be 0.07: the classes are others")


@knn_predict.property("gives int64 and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    bank, queries, labels = uneven(draw, 9, 3), uneven(draw, 4, 3), labelled(draw, 9, 3)
    for dtype in FLOATS:
        got = answer(bank.to(dtype), labels, queries.to(dtype), 3, 5, 0.5)
        expect_tensor(got, torch.int64)
    refuse_change(answer)


