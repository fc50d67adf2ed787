"""Exercise 11.2, the loss of a denoising autoencoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from torch import Tensor

from course_utils.checks.autoencoders.denoiser import Params, cleaned, scalar, task
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise, exchange
from course_utils.checks.probe import Probe, given


def lose(x: Tensor, noise: Tensor, lost: Tensor) -> Tensor:
    return (x + noise).masked_fill(lost, 0)


def restored(
    params: Params,
    x: Tensor,
    noise: Tensor,
    sigma: float,
    mask: Tensor,
    *,
    spread: Callable = lambda sigma: sigma,
    lost: Callable = lambda mask: mask,
    corrupts: Callable = lose,
    after: Callable = lambda y, lost: y,
    target: Callable = lambda x, noise, y: x,
    counts: Callable = lambda errors, lost: errors,
    over: Callable = lambda errors: errors.sum(1).mean(),
) -> Tensor:
    """How far the network leads corrupted images back to the clean ones."""
    gone = lost(mask)
    y = after(corrupts(x, spread(sigma) * noise, gone), gone)
    errors = (cleaned(params, y) - target(x, noise, y)).square()
    return over(counts(errors, gone))


KEEPS = "a tensor without axes of the dtype that came in; inputs stay as they are"
denoising_loss = Exercise(
    "11.2", "denoising_loss", points=6, hidden=2, right=restored, reads=scalar
)


@denoising_loss.whole
def _(draw: Draw) -> Iterator[tuple | Probe]:
    for b, d, sigma in ((3, 5, 0.6), (4, 8, 1.7), (5, 3, 0.25), (2, 6, 3), (4, 4, 2.5)):
        yield task(draw, b, d, sigma)
    yield task(draw, 3, 7, 0.5, share=0)
    yield task(draw, 3, 5, 0.0)
    yield task(draw, 1, 6, 0.8)
    params, x, noise, sigma, mask = task(draw, 4, 6, 1.3, share=0.5)
    yield given(mask=mask, sigma=sigma, noise=noise, x=x, params=params)


@denoising_loss.aspect(
    "corrupted: noise of standard deviation sigma first, then pixels are lost",
    0.75,
    {
        "the noise is multiplied by the variance: sigma is its standard deviation": {
            "spread": lambda sigma: sigma**2
        },
        "pixels are kept where mask is True: it says which are lost": {
            "lost": lambda mask: ~mask
        },
        "noise is added to lost pixels: a lost pixel is 0": {
            "corrupts": lambda x, noise, lost: x.masked_fill(lost, 0) + noise
        },
        **exchange(
            "after",
            {
                "divided by the share that is kept, as in dropout: pixels stay as they are": (
                    lambda y, lost: y / (~lost).double().mean().clamp(min=1e-9).to(y)
                ),
                "clamped to 0 … 1: the noise leads out of it, and stays": (
                    lambda y, lost: y.clamp(0, 1)
                ),
            },
        ),
        "the network gets the clean images: it gets the corrupted ones": {
            "corrupts": lambda x, noise, lost: x
        },
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield task(draw, 3, 5, 0.5)
    yield task(draw, 4, 6, 1.6, share=0.5)


@denoising_loss.aspect(
    "the target is the clean image, all of it",
    0.5,
    {
        "the corrupted image is the target: it is the clean one": {
            "target": lambda x, noise, y: y
        },
        "the noise is the target: it is the clean image": {"target": lambda x, noise, y: noise},
        **exchange(
            "counts",
            {"only lost pixels count: all do": lambda errors, lost: errors * lost},
        ),
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield task(draw, 3, 5, 1)
    yield task(draw, 5, 4, 1, share=0.5)


@denoising_loss.aspect(
    "squared errors summed over pixels, mean over images",
    0.25,
    {
        "the mean over pixels too: take their sum": {"over": lambda errors: errors.mean()},
        "the sum over images: take their mean": {"over": lambda errors: errors.sum()},
    },
)
def _(draw: Draw) -> Iterator[tuple]:
    yield task(draw, 4, 3, 1, share=0)
    yield task(draw, 2, 6, 1, share=0)


denoising_loss.gradients("params", 0.25)
denoising_loss.keeps(points=0.25, name=KEEPS)
