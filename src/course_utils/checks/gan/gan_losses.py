"""Exercise 12.1, the two losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.checks.gan.parts import KEEPS, part, two_scalars
from course_utils.checks.probe import Probe, experiment, given


def played(
    real_logits: Tensor,
    fake_logits: Tensor,
    saturating: bool,
    *,
    reads: Callable = lambda logits: logits,
    log_d: Callable = F.logsigmoid,
    sides: Callable = lambda real, fake: (real, -fake),
    over: Callable = torch.mean,
    joins: Callable = lambda real, fake, over: -over(real) - over(fake),
    asks: Callable = lambda saturating: saturating,
    falls: Callable = lambda of_g: of_g,
    gives: Callable = lambda of_d, of_g: (of_d, of_g),
) -> tuple[Tensor, Tensor]:
    """What the discriminator minimises, and what the generator does."""
    real, fake = sides(reads(real_logits), reads(fake_logits))
    fools = reads(fake_logits)
    of_g = over(log_d(-fools)) if asks(saturating) else -over(log_d(fools))
    return gives(joins(log_d(real), log_d(fake), over), falls(of_g))


gan_losses = Exercise("12.1", "gan_losses", points=6, hidden=1, right=played, reads=two_scalars)


def logits(draw: Draw, n: int, m: int) -> tuple[Tensor, Tensor]:
    """Of n real images and m fakes; D is right more often than not."""
    return 2 * draw.normal(n) + 0.7, 2 * draw.normal(m) - 1.5


@gan_losses.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for saturating in (False, True):
        for n, m in ((5, 3), (4, 7), (3, 3), (1, 6), (8, 1)):
            yield *logits(draw, n, m), saturating
        real, fake = logits(draw, 2, 5)
        yield given(saturating=saturating, fake_logits=fake, real_logits=real)


@gan_losses.aspect(
    "D's loss: −mean log σ(real) − mean log(1 − σ(fake))",
    0.75,
    {
        "the labels are swapped: σ is the probability that an image is real": {
            "sides": lambda real, fake: (-real, fake)
        },
        "the sign: D's loss is minus V, D minimises it": {
            "joins": lambda real, fake, over: over(real) + over(fake)
        },
        "half of D's loss: the two means are added, not averaged": {
            "joins": lambda real, fake, over: -(over(real) + over(fake)) / 2
        },
        "one mean over all images: real and fakes have a mean each": {
            "joins": lambda real, fake, over: -over(torch.cat([real, fake]))
        },
        "sums: take the mean over the images": {"over": torch.sum},
        "the sigmoid is taken twice: these are logits, log σ takes them as they are": {
            "reads": torch.sigmoid
        },
        "G's loss comes first: expected D's, then G's": {
            "gives": lambda of_d, of_g: (of_g, of_d)
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for n, m in ((5, 3), (2, 6)):
        about = f"D's loss of {n} real and {m} fake logits"
        yield experiment(partial(part, which=0), *logits(draw, n, m), False, about=about)


@gan_losses.aspect(
    "G's loss: −mean log σ(fake), saturating: mean log(1 − σ(fake))",
    0.75,
    {
        "saturating is the wrong way round: True is the slide's mean log(1 − σ(fake))": {
            "asks": lambda saturating: not saturating
        },
        "the sign of G's loss: it falls as D(G(z)) rises": {"falls": lambda of_g: -of_g},
        "saturating is ignored: True is the slide's mean log(1 − σ(fake))": {
            "asks": lambda saturating: False
        },
        "saturating is always on: False is −mean log σ(fake)": {
            "asks": lambda saturating: True
        },
    },
)
def _(draw: Draw) -> Iterator[Probe]:
    for saturating in (False, True):
        about = f"G's loss of 4 fake logits, saturating {saturating}"
        yield experiment(partial(part, which=1), *logits(draw, 2, 4), saturating, about=about)


def far(draw: Draw, signs: tuple[int, ...] = (1, -1)) -> Iterator[tuple]:
    """Logits of 40 to 1000, of a D that is right or wrong in all cases."""
    for sign in signs:
        for dtype in (torch.float64, torch.float32):
            sizes = torch.tensor([40.0, 150.0, 1000.0], dtype=dtype)
            for saturating in (False, True):
                yield sign * sizes, -sign * sizes[:2], saturating


@gan_losses.aspect(
    "stable: logits of ±1000",
    0.5,
    {
        "a small number is added inside the logarithm: it hides how wrong D is": {
            "log_d": lambda x: (x.sigmoid() + 1e-8).log()
        }
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield from far(draw)


gan_losses.gradients("real_logits, fake_logits", 0.5)
gan_losses.keeps(points=0.25, name=KEEPS)
