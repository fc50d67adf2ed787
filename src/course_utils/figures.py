"""Plots of the course: one palette, and no figure without a text alternative."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from cycler import cycler
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from PIL import Image
from torch import Tensor

# Blue and orange first: they are told apart in every common form of colour blindness.
PALETTE = ["#0b62c4", "#e07b00", "#3a7d44", "#8f4bb8", "#5c5c5c"]

WIDTH = 8.0  # inches
# In points: on a telephone a figure is shown at less than half of its size.
LETTERS = 13.0
LETTER = 0.56 * LETTERS / 72  # inches, the mean width of one

STYLE: Any = {
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": LETTERS,
    "figure.dpi": 100,
    "font.size": LETTERS,
    "image.cmap": "gray",
    "legend.frameon": False,
}


def show(figure: Figure, alt: str, kind: str = "png") -> None:
    """Display a figure with its text alternative and close it.

    Args:
        figure: what to show.
        alt: what a reader who cannot see it needs to know: one or two full sentences.
        kind: ``png``, or ``jpeg`` for many small photographs, which weighs a fifth.
    """
    content, metadata = drawn(figure, alt, kind)
    display(content, metadata=metadata, raw=True)


def drawn(figure: Figure, alt: str, kind: str = "png") -> tuple[dict[str, str], dict[str, Any]]:
    """Content and metadata for IPython's ``display``; the figure is closed."""
    if len(alt.split()) < 4:
        raise ValueError(f"alt text {alt!r} says too little: tell in a sentence what is seen")
    file, mime = io.BytesIO(), f"image/{kind}"
    quality = {"quality": 85} if kind == "jpeg" else None
    figure.savefig(file, format=kind, bbox_inches="tight", pil_kwargs=quality)
    plt.close(figure)
    if kind == "png":
        file = _with_a_palette(file)
    content = {mime: base64.b64encode(file.getvalue()).decode(), "text/plain": alt}
    return content, {mime: {"alt": alt}}


def _with_a_palette(png: io.BytesIO) -> io.BytesIO:
    """A chart has few colours: with a palette of 256 it weighs half."""
    lighter = io.BytesIO()
    chart = Image.open(png).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    chart.save(lighter, "png", optimize=True)
    return lighter


def pictures(
    images: Mapping[str, Tensor], alt: str, columns: int = 4, signed: Sequence[str] = ()
) -> None:
    """Pictures side by side under their titles.

    Args:
        images: title -> (H, W) grey or (3, H, W) colour, 0 to 1; values beyond are cut off.
        alt: the text alternative.
        columns: pictures in a row.
        signed: titles of pictures with negative values; grey is zero there.
    """
    with mpl.rc_context(STYLE):
        columns = min(columns, len(images))
        rows = -(-len(images) // columns)
        figure, axes = plt.subplots(
            rows,
            columns,
            figsize=(WIDTH, WIDTH / columns * rows * 1.12),
            squeeze=False,
            layout="tight",
        )
        room = 0.9 * WIDTH / columns / max(len(title) for title in images)  # a letter's
        points = LETTERS * min(1, room / LETTER)
        for axis in axes.flat:
            axis.axis("off")
        for axis, (title, image) in zip(axes.flat, images.items(), strict=False):
            _picture(axis, image.detach(), title in signed)
            axis.set_title(title, fontsize=points)
        colour = all(image.ndim == 3 for image in images.values())
        show(figure, alt, "jpeg" if colour else "png")


def label_colours(count: int) -> Tensor:
    """Colours for ``count`` classes, (count, 3) in 0 to 1; neighbours differ clearly.

    Hues go round the circle by the golden angle; five degrees of brightness take turns.
    """
    turns = [(n * 0.381966) % 1 for n in range(count)]
    values = [(0.95, 0.55, 0.8, 0.4, 0.68)[n % 5] for n in range(count)]
    colours = [hsv_to_rgb((h, 0.65, v)) for h, v in zip(turns, values, strict=True)]
    return torch.tensor(np.array(colours), dtype=torch.float32)


def sheet(images: Tensor, alt: str, columns: int = 20, gap: int = 1) -> None:
    """Many small pictures as one, row by row, on white.

    Args:
        images: (N, C, H, W), C is 1 or 3; uint8, or floats in 0 to 1.
        alt: the text alternative.
        columns: pictures in a row.
        gap: white pixels between them.
    """
    x = images.float() / 255 if images.dtype == torch.uint8 else images
    x = F.pad(x.expand(-1, 3, -1, -1), (0, gap, 0, gap), value=1.0)
    rows = -(-len(x) // columns)
    missing = rows * columns - len(x)
    x = torch.cat([x, x.new_ones(missing, *x.shape[1:])])
    height, width = x.shape[2:]
    grid = x.reshape(rows, columns, 3, height, width).permute(2, 0, 3, 1, 4)
    with mpl.rc_context(STYLE):
        size = (WIDTH, WIDTH * rows * height / (columns * width))
        figure, axis = plt.subplots(figsize=size, layout="tight")
        axis.axis("off")
        _picture(axis, grid.reshape(3, rows * height, columns * width), signed=False)
        show(figure, alt, "jpeg" if images.shape[1] == 3 else "png")


def boxes(image: Tensor, corners: Tensor, names: Sequence[str], alt: str) -> None:
    """A picture with named boxes.

    Args:
        image: (3, H, W) uint8, or floats in 0 to 1.
        corners: (N, 4), x0, y0, x1, y1 in pixels, half open.
        names: one for each box.
        alt: the text alternative.
    """
    x = image.float() / 255 if image.dtype == torch.uint8 else image
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(4, 4), layout="tight")
        axis.axis("off")
        _picture(axis, x, signed=False)
        for n, ((x0, y0, x1, y1), name) in enumerate(zip(corners.tolist(), names, strict=True)):
            colour = PALETTE[n % len(PALETTE)]
            frame = Rectangle(
                (x0 - 0.5, y0 - 0.5), x1 - x0, y1 - y0, fill=False, ec=colour, lw=2
            )
            axis.add_patch(frame)
            place = {"boxstyle": "square,pad=0.15", "fc": colour, "ec": "none"}
            axis.text(x0, y0 - 1, name, color="white", fontsize=10, va="bottom", bbox=place)
        show(figure, alt)


def _picture(axis: Axes, image: Tensor, signed: bool) -> None:
    if image.ndim == 3:
        axis.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy())
        return
    limit = float(image.abs().max()) or 1.0
    low, high = (-limit, limit) if signed else (0.0, 1.0)
    axis.imshow(image.numpy(), vmin=low, vmax=high)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    """Names of several curves above the plot, in as many columns as there is room for."""
    wide = LETTER * (max(len(name) for name in names) + 6)  # with its line
    columns = max(1, min(len(names), int(WIDTH / wide)))
    figure.set_figheight(figure.get_figheight() + 0.27 * -(-len(names) // columns))
    figure.legend(loc="outside upper left", ncols=columns, columnspacing=1.2)


def signals(
    curves: Mapping[str, Tensor], alt: str, start: Mapping[str, int] | None = None
) -> None:
    """Signals over their index in one plot.

    Args:
        curves: name -> (N,).
        alt: the text alternative.
        start: name -> index of the first sample, 0 where it is not given.
    """
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(WIDTH, 2.8), layout="constrained")
        for n, (name, values) in enumerate(curves.items()):
            first = (start or {}).get(name, 0)
            index = range(first, first + len(values))
            # The first curve is the input: thin and light, the results lie over it.
            style = {"lw": 1, "alpha": 0.6, "marker": ".", "ms": 3} if n == 0 else {"lw": 2}
            axis.plot(index, values.detach().numpy(), label=name, **style)
        axis.set_xlabel("index i")
        _legend(figure, list(curves))
        show(figure, alt)


def curves(
    x: Sequence[float],
    values: Mapping[str, Sequence[float] | Sequence[Sequence[float]] | Tensor],
    alt: str,
    *,
    xlabel: str,
    ylabel: str,
    log_x: bool = False,
    log_y: bool = False,
    errors: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Measured values over a quantity that was varied, one line a name.

    Args:
        x: what was varied, (N,).
        values: name -> (N,), or (S, N) of S seeds: a dot each, a line through the means.
        alt: the text alternative.
        log_x, log_y: whether steps of an axis are factors.
        errors: name -> (N,), half the length of each value's error bar.
    """
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(WIDTH, 3.3), layout="constrained")
        # Markers differ too: a line must be told apart without its colour.
        for (name, y), marker in zip(values.items(), "osD^v", strict=False):
            seeds = torch.as_tensor(y, dtype=torch.float64).reshape(-1, len(x))
            error = (errors or {}).get(name)
            style: Any = {"label": name, "marker": marker, "ms": 4, "lw": 2, "capsize": 3}
            if len(seeds) > 1:
                style |= {"marker": "", "lw": 1.5, "label": None}
            line = axis.errorbar(list(x), seeds.mean(0), error, **style)[0]
            if len(seeds) > 1:
                style = {"ms": 4, "alpha": 0.7, "color": line.get_color()}
                axis.plot(list(x), seeds.T, marker, **style)[0].set_label(name)
        if log_x:
            axis.set_xscale("log")
        elif all(isinstance(v, int) for v in x):
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))  # no half epochs
        if log_y:
            axis.set_yscale("log")
        axis.set_xlabel(xlabel)
        axis.set_ylabel(ylabel)
        axis.grid(alpha=0.25)
        if len(values) > 1:
            _legend(figure, list(values))
        show(figure, alt)


def bars(values: Mapping[str, float], alt: str, *, xlabel: str) -> None:
    """One bar a name, from the top down, with its number beside it."""
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(WIDTH, 0.75 + 0.45 * len(values)), layout="tight")
        drawn_bars = axis.barh(list(values), list(values.values()), color=PALETTE[0])
        axis.bar_label(drawn_bars, fmt=lambda v: f"{v:#.3g}".rstrip("."), padding=4)
        axis.invert_yaxis()
        axis.set_xlabel(xlabel)
        show(figure, alt)


def dots(
    values: Mapping[str, Sequence[float] | Tensor],
    alt: str,
    *,
    xlabel: str,
    log_x: bool = False,
) -> None:
    """One row a name, from the top down, with a dot for each value, such as that of a seed."""
    with mpl.rc_context(STYLE):
        figure, axis = plt.subplots(figsize=(WIDTH, 0.8 + 0.4 * len(values)), layout="tight")
        for n, (name, row) in enumerate(values.items()):
            places = [float(v) for v in row]
            axis.plot(places, [name] * len(places), "o", ms=7, alpha=0.6, color=PALETTE[n % 2])
        if log_x:
            axis.set_xscale("log")
        axis.set_ylim(len(values) - 0.5, -0.5)
        axis.set_xlabel(xlabel)
        axis.grid(axis="x", alpha=0.25)
        axis.tick_params(axis="y", length=0)
        show(figure, alt)


def stems(curves: Mapping[str, Tensor], alt: str) -> None:
    """Short filters as stems, side by side. Each (K,), its middle sample at 0."""
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(
            1, len(curves), figsize=(WIDTH, 2.4), squeeze=False, layout="tight", sharey=True
        )
        for axis, (name, values) in zip(axes.flat, curves.items(), strict=True):
            r = len(values) // 2
            axis.stem(range(-r, len(values) - r), values.detach().numpy(), basefmt=" ")
            axis.axhline(0, color="#5c5c5c", lw=0.8)
            axis.set_title(name)
        show(figure, alt)


def arrows(steps: Mapping[str, Tensor], places: Tensor, points: Tensor, alt: str) -> None:
    """Fields of arrows in the plane over one set of points, side by side, at equal scales.

    Args:
        steps: name -> (N, 2), what leads on from each of ``places`` (N, 2), at full length.
        points: (M, 2), dots below the arrows.
    """
    with mpl.rc_context(STYLE):
        size = (WIDTH, 0.4 + WIDTH / len(steps))
        figure, axes = plt.subplots(
            1, len(steps), figsize=size, squeeze=False, layout="tight", sharex=True, sharey=True
        )
        for axis, (name, field) in zip(axes.flat, steps.items(), strict=True):
            axis.plot(*points.T.tolist(), "o", ms=2.5, color=PALETTE[1], alpha=0.5)
            grid = (v.tolist() for v in (*places.T, *field.T))
            axis.quiver(
                *grid, angles="xy", scale_units="xy", scale=1, width=0.005, color=PALETTE[0]
            )
            axis.set_title(name)
            axis.set_aspect("equal")
        show(figure, alt)
