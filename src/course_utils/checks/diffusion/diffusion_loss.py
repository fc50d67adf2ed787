"""Exercise 13.3, the loss and its targets."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.diffusion.parts import KEEPS, allowed, scalar, schedule, times
from course_utils.checks.exercise import Exercise
from course_utils.checks.probe import Probe, given

WORDS = ("eps", "x0", "v")


def lost(
    said: Tensor, x0: Tensor, noise: Tensor, t: Tensor, alpha_bar: Tensor, prediction: str, *,
    knows: Callable = lambda word: word in WORDS,
    fits: Callable = lambda x0: bool((x0.abs() <= 1).all()),
    entry: Callable = lambda bar, t: bar[t],
    along: Callable = lambda level: level.view(-1, 1, 1, 1),
    names: Callable = lambda noise, x0: {"eps": noise, "x0": x0},
    v: Callable = lambda a, s, x0, noise: a * noise - s * x0,
    roots: Callable = torch.sqrt,
    off: Callable = torch.square,
    over: Callable = torch.mean,
) -> Tensor:  # fmt: skip
    """The mean squared error of what is said of x_t."""
    if not knows(prediction) or not fits(x0):
        raise ValueError("prediction must be eps, x0 or v, and pixels from −1 to 1")
    target = names(noise, x0).get(prediction)
    if target is None:
        bar = along(entry(alpha_bar, t))
        target = v(roots(bar), roots(1 - bar), x0, noise)
    return over(off(said - target))


diffusion_loss = Exercise("13.3", "diffusion_loss", 7, 1, right=lost, reads=scalar)


def told(draw: Draw, *shape: int, steps: int = 6) -> tuple[Tensor, ...]:
    """What is said of images, the images, their noise, times and a schedule."""
    t, bar = times(draw, shape[0], steps, first=1), schedule(draw, steps)
    return draw.normal(*shape), 2 * draw.uniform(*shape) - 1, draw.normal(*shape), t, bar


@diffusion_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for word in WORDS:
        for shape in ((4, 2, 3, 4), (2, 3, 5, 2), (3, 1, 4, 6), (5, 5, 2, 3), (1, 2, 3, 4)):
            yield *told(draw, *shape), word
        said, x0, noise, t, bar = told(draw, 3, 2, 4, 3, steps=4)
        yield given(prediction=word, alpha_bar=bar, t=t, noise=noise, x0=x0, said=said)


@diffusion_loss.aspect(
    "the mean squared error over all numbers, of the noise or of the image",
    1,
    {
        '"eps" and "x0" have changed places': {"names": lambda e, x: {"eps": x, "x0": e}},
        "a sum over all numbers: take their mean": {"over": torch.sum},
        "the mean over the batch only, not all": {"over": lambda e: e.flatten(1).sum(1).mean()},
        "the absolute error: square it": {"off": torch.abs},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for word, shape in (("eps", (3, 2, 4, 3)), ("x0", (2, 3, 1, 2)), ("x0", (3, 1, 2, 3))):
        yield *told(draw, *shape), word


@diffusion_loss.aspect(
    '"v": √ᾱ_t ε − √(1 − ᾱ_t) x₀, with a t for each image',
    1.5,
    {
        "v's sign: the image is subtracted": {"v": lambda a, s, x0, noise: a * noise + s * x0},
        "v has the other sign: the noise is added, the image subtracted": {
            "v": lambda a, s, x0, noise: s * x0 - a * noise
        },
        "v's weights have changed places": {"v": lambda a, s, x0, noise: s * noise - a * x0},
        "v's roots are forgotten: √ᾱ_t and √(1 − ᾱ_t)": {"roots": lambda square: square},
        "t is off by one: entry t of alpha_bar is ᾱ_t": {"entry": lambda bar, t: bar[t - 1]},
        "the weights run along the columns: each image has one": {"along": lambda level: level},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    for shape in ((4, 2, 3, 4), (3, 1, 2, 3)):
        yield *told(draw, *shape), "v"


SLIPS = allowed("knows", "another word") | allowed("fits", "a pixel outside −1 … 1")


@diffusion_loss.refuses("refuses another word, and pixels outside −1 … 1", 0.25, SLIPS)
def _(draw: Draw) -> Iterator[tuple]:
    said, x0, *others = told(draw, 3, 2, 4, 3)
    yield said, x0, *others, "noise"
    yield said, 255 * x0.abs(), *others, "x0"


diffusion_loss.gradients("said", 0.25)
diffusion_loss.keeps(points=0.25, name=KEEPS)
