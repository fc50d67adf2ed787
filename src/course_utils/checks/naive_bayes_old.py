"""Visible checks of chapter 1, naive Bayes."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.compare_old import (
    FLOATS,
    as_floats,
    expect,
    expect_dtype,
    refuse_change,
)
from course_utils.checks.core import Check, Draw
from course_utils.reference import naive_bayes as reference

NORMALISE = Ban("write the normalisation yourself, it is the exercise", r"softmax|logsumexp")


def pair(got: object) -> tuple[object, object]:
    """The two tensors that an answer returns; stacked ones unpack as well."""
    if isinstance(got, Tensor) and got.ndim == 3 and len(got) == 2:
        return got[0], got[1]
    if not isinstance(got, tuple | list) or len(got) != 2:
        what = "nothing (is there a return?)" if got is None else f"a {type(got).__name__}"
        raise Wrong(f"returned {what}, expected two tensors: log_on, log_off")
    return got[0], got[1]


def coins(draw: Draw, n: int, d: int) -> Tensor:
    """(n, d) float64 of zeros and ones without a pattern."""
    return (draw.normal(n, d) > 0.3).double()


def tables(draw: Draw, k: int, d: int) -> tuple[Tensor, Tensor, Tensor]:
    """log_prior (k,), log_on and log_off (k, d) of probabilities between 0.05 and 0.95."""
    on = 0.05 + 0.9 * draw.normal(k, d).sigmoid()
    return draw.normal(k).log_softmax(0), on.log(), (1 - on).log()


# -- 1.1 binarise -------------------------------------------------------------------------

binarise = Check("1.1", "binarise", points=3, hidden=1)


@binarise.property("bright is 1 and dark is 0, one row a picture", points=1)
def _(answer: Answer, draw: Draw) -> None:
    images = draw.normal(3, 1, 4, 5).sigmoid()
    want = (images > 0.5).flatten(1).float()
    expect(
        as_floats(answer(images)),
        want,
        "images (3, 1, 4, 5) in 0 to 1",
        {
            "bright pixels are 0 and dark ones 1: it has to be the other way round": 1 - want,
            "the picture keeps its rows: lay its pixels out in one, (N, D)": want.reshape(
                images.shape
            ),
            "all pictures are one long row: the first axis has to stay": want.flatten(),
            "pictures are columns: one row a picture is asked for": want.T,
            "bright pixels keep their grey: 0 or 1 is asked for": want * images.flatten(1),
            "−1 and 1: the off pixels have to be 0": 2 * want - 1,
        },
    )


@binarise.property("bytes go up to 255", points=1)
def _(answer: Answer, draw: Draw) -> None:
    images = torch.arange(0, 256, dtype=torch.uint8).reshape(2, 1, 8, 16)
    want = (images > 127).flatten(1).float()
    expect(
        as_floats(answer(images)),
        want,
        "bytes 0 … 255",
        {
            "every byte but 0 counts as bright: for bytes, half is 127.5": (images > 0)
            .flatten(1)
            .float(),
            "only bytes above 1 are bright: for bytes, half is 127.5": (images > 1)
            .flatten(1)
            .float(),
            "128 counts as dark: divide by 255, the largest byte, not by 256": (images > 128)
            .flatten(1)
            .float(),
            "nothing is bright: for bytes, half is 127.5": torch.zeros_like(want),
        },
    )


@binarise.property("gives float32 and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    images = torch.tensor([[[[10, 250], [240, 3]]]], dtype=torch.uint8)
    for given in (images, images.float() / 255):
        expect_dtype(answer(given), torch.float32)
    refuse_change(answer)


# -- 1.2 prior ----------------------------------------------------------------------------

log_prior = Check("1.2", "log_prior", points=4, hidden=1)


@log_prior.property("the logarithm of each class's share", points=2.5)
def _(answer: Answer, draw: Draw) -> None:
    y = torch.tensor([2, 2, 0, 1, 2, 0, 2, 2, 2, 1, 3, 2, 0])
    counts = torch.tensor([3.0, 2, 7, 1], dtype=torch.float64)
    share = counts / 13
    expect(
        answer(y, 4),
        share.log(),
        "3, 2, 7 and 1 of 13 labels",
        {
            "shares without their logarithm": share,
            "the logarithm of the counts: divide by the number of labels": counts.log(),
            "all classes get the same prior: count the labels": torch.full_like(
                share, 1 / 4
            ).log(),
            "a logarithm to base 2: the natural one is asked for": share.log2(),
            "a logarithm to base 10: the natural one is asked for": share.log10(),
            "divided by the number of classes, not of labels": (counts / 4).log(),
            "divided by the largest count: the shares have to sum to one": (counts / 7).log(),
            "the prior is smoothed: only pixels need that": ((counts + 1) / 17).log(),
            "classes in the order in which they appear: index k has to be class k": share[
                [2, 0, 1, 3]
            ].log(),
            "classes from the most frequent to the rarest: index k has to be class k": share[
                [2, 0, 1, 3]
            ]
            .sort(descending=True)
            .values.log(),
            "the sign is wrong: the logarithm of a share is negative": -share.log(),
        },
    )


@log_prior.property("gives float64 and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    expect_dtype(answer(torch.tensor([0, 1, 1, 0]), 2), torch.float64)
    refuse_change(answer)


# -- 1.3 likelihood -----------------------------------------------------------------------

log_likelihood = Check("1.3", "log_likelihood", points=8, hidden=2)


def balanced(draw: Draw) -> tuple[Tensor, Tensor]:
    """24 pictures of 7 pixels, 8 of each of 3 classes; no pixel is always on or always off."""
    x = coins(draw, 12, 7)
    x = torch.cat([x, 1 - x])
    y = torch.arange(12).repeat(2) % 3
    flips = torch.tensor([[0.0], [1.0], [0.0]], dtype=torch.float64)
    x[:3, :4] = (x[:3, :4] + flips) % 2  # else every pixel would be on in half of them
    x[3:6, 2:] = 1.0
    return x, y


@log_likelihood.property("smoothed shares of the pictures whose pixel is on", points=2)
def _(answer: Answer, draw: Draw) -> None:
    x, y = balanced(draw)
    on = torch.stack([x[y == k].sum(0) for k in range(3)])
    got, _ = pair(answer(x, y, 3))
    multinomial = (on + 1) / (on.sum(1, keepdim=True) + 7)
    expect(
        got,
        ((on + 1) / 10).log(),
        "24 pictures of 7 pixels, 8 a class, smoothing 1; log_on",
        {
            "probabilities without their logarithm": (on + 1) / 10,
            "divided by all pictures: divide by those of the class": ((on + 1) / 26).log(),
            "divided by the on pixels of the class: each pixel is a coin of its own": (
                multinomial.log()
            ),
            "divided by the on pixels of the class, smoothed for two values: each pixel is a "
            "coin of its own": ((on + 1) / (on.sum(1, keepdim=True) + 2)).log(),
            "divided over the classes: p(x | k) is wanted, not p(k | x)": (
                (on + 1) / (on + 1).sum(0)
            ).log(),
            "the prior is multiplied in: p(x | k) is wanted, not p(x, k)": (
                (on + 1) / 30
            ).log(),
            "log_on and log_off are swapped": ((9 - on) / 10).log(),
            "pixels are rows: (K, D) is asked for": ((on + 1) / 10).log().T,
            "a logarithm to base 2: the natural one is asked for": ((on + 1) / 10).log2(),
            **_smoothed_otherwise(on, 8),
        },
    )


def _smoothed_otherwise(on: Tensor, n: int) -> dict[str, Tensor]:
    """Ways of smoothing that are none, for classes of n pictures and smoothing 1."""
    k, d = on.shape
    return {
        "divided by n + 1: a pixel has two values, each gets a pseudo-count, so n + 2": (
            (on + 1) / (n + 1)
        ).log(),
        "divided by n: pseudo-counts belong into the denominator too": ((on + 1) / n).log(),
        "no smoothing: the counts are divided as they are": (on / n).log(),
        "the denominator grows by the number of pixels: a pixel has two values": (
            (on + 1) / (n + d)
        ).log(),
        "the denominator grows by the number of classes: a pixel has two values": (
            (on + 1) / (n + k)
        ).log(),
        "a pseudo-count in the denominator only": (on / (n + 2)).log(),
        "half a pseudo-count: each of the two values gets a whole one": (
            (on + 0.5) / (n + 1)
        ).log(),
    }


@log_likelihood.property("a pixel never seen on stays possible", points=2)
def _(answer: Answer, draw: Draw) -> None:
    x, y = balanced(draw)
    x[y == 1, 0], x[y == 2, 3] = 0.0, 1.0
    on = torch.stack([x[y == k].sum(0) for k in range(3)])
    got, off = pair(answer(x, y, 3))
    for tensor in (got, off):
        if isinstance(tensor, Tensor) and tensor.isinf().any():
            raise Wrong(
                "log 0 = −inf: one pixel that was never on in a class rules the class out for "
                "ever; smooth the counts"
            )
    expect(
        got,
        ((on + 1) / 10).log(),
        "a pixel that is never on, one that always is; log_on",
        {
            **_smoothed_otherwise(on, 8),
            "a tiny number in place of a pseudo-count: a pixel never seen costs as much as "
            "many others say": (on / 8 + 1e-9).log(),
        },
    )


@log_likelihood.property("log_off is log(1 − p), not 1 − log p", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    x, y = balanced(draw)
    on, off = pair(answer(x, y, 3))
    if not isinstance(on, Tensor) or not on.is_floating_point():
        raise Wrong("log_on is no tensor of floats, so log_off cannot be compared with it")
    p = on.detach().double().exp()
    expect(
        off,
        torch.log1p(-p),
        "compared with log_on of the same answer",
        {
            "log_off = 1 − log_on: take 1 − p first and then the logarithm": 1 - p.log(),
            "log_off = −log_on: the other value has probability 1 − p, not 1 / p": -p.log(),
            "log_off equals log_on": p.log(),
            "1 − p without its logarithm": 1 - p,
        },
    )


@log_likelihood.property("gives float64 and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, y = balanced(draw)
    for got in pair(answer(x.float(), y, 3)):
        expect_dtype(got, torch.float64)
    refuse_change(answer)


# -- 1.4 joint ----------------------------------------------------------------------------

log_joint = Check("1.4", "log_joint", points=7, hidden=2)


@log_joint.property("adds what the pixels that are on say", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    _, on, off = tables(draw, 3, 6)
    x, flat = torch.ones(4, 6, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    want = reference.log_joint(x, flat, on, off)
    expect(
        answer(x, flat, on, off),
        want,
        "4 pictures, 3 classes, 6 pixels, all on, log_prior 0",
        {
            "averaged over the pixels: independent pixels multiply, so their logs add up": (
                want / 6
            ),
            "probabilities, not their logarithms: hundreds of pixels underflow": want.exp(),
            "probabilities are added: independent pixels multiply, so their logs add up": (
                x @ on.exp().T
            ),
            "log_on and log_off are swapped": reference.log_joint(x, flat, off, on),
            "classes are rows: (N, K) is asked for": want.T,
            "the sign is wrong: this is the negative log likelihood": -want,
            "off pixels are counted for all pixels": want + off.sum(1),
        },
    )


@log_joint.property("adds what the pixels that are off say", points=2)
def _(answer: Answer, draw: Draw) -> None:
    _, on, off = tables(draw, 3, 6)
    x, flat = coins(draw, 4, 6), torch.zeros(3, dtype=torch.float64)
    expect(
        answer(x, flat, on, off),
        reference.log_joint(x, flat, on, off),
        "4 pictures, 3 classes, 6 pixels, some off, log_prior 0",
        {
            "only pixels that are on are counted: an off pixel is evidence too": x @ on.T,
            "only pixels that are off are counted": (1 - x) @ off.T,
            "1 − log_on for the pixels that are off: use log_off": x @ on.T
            + (1 - x) @ (1 - on).T,
            "−log_on for the pixels that are off: use log_off": x @ on.T - (1 - x) @ on.T,
            "off pixels are subtracted: their logs add up as well": x @ on.T - (1 - x) @ off.T,
            "log_on and log_off are swapped": reference.log_joint(x, flat, off, on),
            "log_off is added for every pixel: only for those that are off": x @ on.T
            + off.sum(1),
        },
    )


@log_joint.property("adds the prior", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    prior, on, off = tables(draw, 3, 6)
    x = coins(draw, 4, 6)
    got, without = answer(x, prior, on, off), answer(x, torch.zeros_like(prior), on, off)
    if not isinstance(got, Tensor) or not isinstance(without, Tensor):
        expect(got, reference.log_joint(x, prior, on, off), "4 pictures, 3 classes")
        return
    change = (got - without).detach()
    wrong = {
        "the prior is left out: accuracy hardly sees it, rare classes do": 0 * prior,
        "the prior is added for every pixel: once a picture": 6 * prior,
        "the prior is added twice": 2 * prior,
        "the prior is subtracted": -prior,
        "exp(log_prior) is added: it is a logarithm already": prior.exp() - 1,
    }
    rows = {sentence: value.expand(4, 3) for sentence, value in wrong.items()}
    expect(change, prior.expand(4, 3), "the change that a log_prior makes", rows)


@log_joint.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    given = (coins(draw, 3, 5), *tables(draw, 2, 5))
    for dtype in FLOATS:
        expect_dtype(answer(*(t.to(dtype) for t in given)), dtype)
    refuse_change(answer)


# -- 1.5 posterior ------------------------------------------------------------------------

posterior = Check("1.5", "posterior", points=5, hidden=1, bans=(NORMALISE,))


@posterior.property("shares that sum to one, picture by picture", points=2)
def _(answer: Answer, draw: Draw) -> None:
    joint = draw.normal(4, 3) - 2
    shares = joint.exp()
    expect(
        answer(joint),
        shares / shares.sum(1, keepdim=True),
        "joint (4, 3) around −2",
        {
            "not normalised: the shares of a picture have to sum to one": shares,
            "scaled by the largest share: divide by the sum": shares
            / shares.amax(1, keepdim=True),
            "normalised over the pictures: the classes of one picture sum to one": shares
            / shares.sum(0),
            "normalised over the whole table: each picture by itself": shares / shares.sum(),
            "the logarithms are divided by their sum: take exp first": joint
            / joint.sum(1, keepdim=True),
            "the logarithm of the posterior: take exp at the end": joint.log_softmax(1),
            "exp(−x): the likeliest class got the smallest share": (-joint).softmax(1),
        },
    )


@posterior.property("works for logs of −2000", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    joint = 2 * draw.normal(4, 3) - 2000
    got = answer(joint)
    if isinstance(got, Tensor) and not torch.isfinite(got).all():
        raise Wrong(
            "exp(−2000) is 0 in floating point, and 0 / 0 is no number: subtract the largest "
            "log of the picture first, the shares do not change"
        )
    shares = joint.softmax(1)
    expect(got, shares, "joint (4, 3) around −2000", {"all zero": torch.zeros_like(shares)})


@posterior.property("keeps the dtype and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in FLOATS:
        expect_dtype(answer(draw.normal(2, 3).to(dtype)), dtype)
    refuse_change(answer)


# -- 1.6 evidence -------------------------------------------------------------------------

evidence = Check("1.6", "evidence", points=5, hidden=2)


@evidence.property("what a pixel that is on says for a against b", points=2)
def _(answer: Answer, draw: Draw) -> None:
    _, on, off = tables(draw, 4, 6)
    x = torch.ones(3, 6, dtype=torch.float64)
    want = reference.evidence(x, on, off, 1, 3)
    expect(
        answer(x, on, off, 1, 3),
        want,
        "3 pictures of 6 pixels, all on, a = 1, b = 3",
        {
            "the sign is wrong: positive has to speak for a": -want,
            "summed over the pixels: one number a pixel is asked for": want.sum(1),
            "the difference of probabilities: their logarithms are compared": x
            * (on[1].exp() - on[3].exp()),
            "a quotient of logarithms: log(p / q) is a difference of logs": x * (on[1] / on[3]),
            "only class a is counted: what counts is a against b": x * on[1],
            "without its sign: evidence speaks for a or against it": want.abs(),
            "exp of it, a ratio: the evidence is its logarithm": want.exp(),
            "log_on and log_off are swapped": x * (off[1] - off[3]),
        },
    )


@evidence.property("a pixel that is off is evidence too", points=1)
def _(answer: Answer, draw: Draw) -> None:
    _, on, off = tables(draw, 4, 6)
    x = coins(draw, 3, 6)
    want = reference.evidence(x, on, off, 1, 3)
    expect(
        answer(x, on, off, 1, 3),
        want,
        "3 pictures of 6 pixels, some off, a = 1, b = 3",
        {
            "a pixel that is off says nothing: it speaks as well, by log_off": x
            * (on[1] - on[3]),
            "a pixel that is off says the opposite of one that is on: log_off says how much": (
                2 * x - 1
            )
            * (on[1] - on[3]),
            "every pixel counts as on and as off": x * (on[1] - on[3]) + off[1] - off[3],
            "every pixel counts as on": (on[1] - on[3]).expand(3, 6),
            "the sign is wrong: positive has to speak for a": -want,
        },
    )


@evidence.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x, (_, on, off) = coins(draw, 3, 5), tables(draw, 2, 5)
    for dtype in FLOATS:
        expect_dtype(answer(x.to(dtype), on.to(dtype), off.to(dtype), 0, 1), dtype)
    refuse_change(answer)
