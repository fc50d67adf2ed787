"""Visible checks of chapter 9, learning without labels by pretext tasks.

A value is compared with the definition and with what each known misconception makes of it.
Misconceptions come in families, one for each property: a property names those of its own
family and forgives the others, so that one slip costs one property.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
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

OURS = Ban("the checks are there to compare with", modules=(__name__,))
TURN_BY_HAND = Ban("turn the pictures with torch's own means", modules=("torchvision",))
FIT_BY_HAND = Ban("solve for the weights yourself, it is the exercise", modules=("sklearn",))

# Family -> sentence -> the value that this misconception gives, or several.
Slips = Mapping[str, Mapping[str, Tensor | Sequence[Tensor]]]


def judge(
    got: object, want: Tensor, on: str, slips: Slips | None = None, mine: Sequence[str] = ()
) -> None:
    """``expect`` to five digits; slips of other families than ``mine`` are forgiven."""
    got = as_floats(got)
    if same(got, want):
        return
    slips = slips or {}
    for sentence, value in _of(slips, mine):
        if same(got, value):
            raise Wrong(f"{sentence} ({on})")
    others = [family for family in slips if family not in mine]
    if not any(same(got, value) for _, value in _of(slips, others)):
        expect(got, want, on)


def _of(slips: Slips, families: Sequence[str]) -> list[tuple[str, Tensor]]:
    """Each sentence with each of its values."""
    named = [item for family in families for item in slips[family].items()]
    return [
        (sentence, value)
        for sentence, some in named
        for value in ([some] if isinstance(some, Tensor) else some)
    ]


def scalar(got: Any) -> object:
    """Numbers, however they are wrapped, as a tensor: its type is another property's matter."""
    if isinstance(got, int | float) and not isinstance(got, bool):
        return torch.tensor(float(got), dtype=torch.float64)
    if isinstance(got, list) and got and all(isinstance(t, Tensor) for t in got):
        same_shape = len({t.shape for t in got}) == 1
        return torch.stack(got) if same_shape else got
    return got.reshape(()) if isinstance(got, Tensor) and got.numel() == 1 else got


def expect_scalar(got: object, dtype: torch.dtype) -> None:
    """A tensor without axes, of this dtype; how large it is, is another property."""
    if isinstance(got, float | int):
        raise Wrong("returned a number of Python: no gradient passes; a tensor is asked for")
    if isinstance(got, Tensor) and got.numel() == 1 and got.ndim:
        raise Wrong(f"shape {tuple(got.shape)}: a scalar is asked for, shape ()")
    expect_dtype(got, dtype)


def reaches(value: object, want: Tensor, leaves: Mapping[str, Tensor], on: str) -> None:
    """The gradients of a right value; of another one, that there are any."""
    if not isinstance(value, Tensor) or not value.requires_grad:
        names = ", ".join(leaves)
        raise Wrong(f"the result has no gradient: the path to {names} is cut ({on})")
    is_right, inputs = same(value, want), list(leaves.values())
    try:
        got = torch.autograd.grad(_weighed(value), inputs, allow_unused=True)
    except RuntimeError as error:
        raise Wrong(f"the backward pass failed: {str(error).splitlines()[0]} ({on})") from None
    right = torch.autograd.grad(_weighed(want), inputs)
    for name, mine, theirs in zip(leaves, got, right, strict=True):
        if mine is None:
            raise Wrong(f"no gradient reaches {name} ({on})")
        if is_right and not torch.allclose(mine, theirs, rtol=1e-4, atol=1e-5):
            raise Wrong(f"the value is right, but not its gradient for {name} ({on})")


def _weighed(value: Tensor) -> Tensor:
    """One number that depends on each value in its own way."""
    weights = torch.linspace(1, 2, value.numel(), dtype=value.dtype)
    return (value * weights.reshape(value.shape)).sum()


# -- 9.1 rotations ------------------------------------------------------------------------

rotations = Check("9.1", "rotations", points=5, hidden=1, bans=(TURN_BY_HAND, OURS))

CUBE = (3, 3, 3, 3)  # on it, turning a wrong pair of axes is no error of shapes
ALONE = "the pictures came back alone: (pictures, labels) is asked for"
SWAPPED = "labels first: (pictures, labels) is asked for"


def pictures_and_labels(got: Any) -> tuple[object, object]:
    """The two that came back; in which order, and whether there are labels, others ask."""
    if isinstance(got, Tensor):
        return got, None
    if not isinstance(got, tuple | list) or len(got) != 2:
        kind = f"a {type(got).__name__}" if got is not None else "nothing (is there a return?)"
        what = f"{len(got)} values" if isinstance(got, tuple | list) else kind
        raise Wrong(f"returned {what}, expected two tensors: pictures and labels")
    if all(isinstance(t, Tensor) for t in got) and got[0].ndim < 3 < got[1].ndim:
        return got[1], got[0]
    return scalar(got[0]), got[1]  # a list of turned pictures counts as stacked


def turns(x: Tensor) -> list[Tensor]:
    return [x.rot90(k, (2, 3)) for k in range(4)]


WRONG_AXES = {
    (0, 1): "pictures and channels are turned: rot90 takes the first two axes unless told",
    (1, 2): "channels and rows are turned: rows and columns are the axes 2 and 3",
    (1, 3): "channels and columns are turned: rows and columns are the axes 2 and 3",
    (0, 2): "pictures and rows are turned: rows and columns are the axes 2 and 3",
    (0, 3): "pictures and columns are turned: rows and columns are the axes 2 and 3",
}


CLOCKWISE = list(itertools.permutations(range(4))).index((0, 3, 2, 1))


def turn_slips(x: Tensor) -> Slips:
    """Slips of the pictures that ``rotations`` returns."""
    none, left, half, right = turns(x)
    flat, anti = x.mT, x.mT.flip(2, 3)  # mirrored at one diagonal, and at the other
    mirrored = [(flat, anti), (anti, flat), (flat, right), (flat, left), (left, flat)]
    mirrored += [(flat, flat), (right, flat), (left, anti), (anti, right), (right, anti)]
    turn: dict[str, Tensor | Sequence[Tensor]] = {
        "only turned by 180°: 90° and 270° are asked for as well": torch.cat(
            [none, half, none, half]
        ),
        "the pictures as they are, label 0, are missing": torch.cat([left, half, right]),
        "turned four times, never left as they are": torch.cat([left, half, right, none]),
        "turned by 90° alone: by 180° and 270° as well": torch.cat([none, left]),
        "mirrored: a transpose alone is no turn, one axis has to be flipped as well": [
            torch.cat([none, a, half, b]) for a, b in mirrored
        ],
        "a flip along one axis mirrors; by 180° means along rows and columns": [
            torch.cat([none, a, flipped, b])
            for flipped in (x.flip(2), x.flip(3))
            for a, b in ((left, right), (right, left), (left, flipped.rot90(1, (2, 3))))
        ],
    }
    if len(set(x.shape)) == 1:
        turn |= {
            sentence: [
                torch.cat([x.rot90(k, axes) for k in range(4)]) for axes in (dims, dims[::-1])
            ]
            for dims, sentence in WRONG_AXES.items()
        }
    return {
        "nothing": {"nothing is turned": torch.cat([x, x, x, x])},
        "turn": turn,
        "direction": {
            "turned clockwise: counterclockwise is asked for, what was on the right comes to "
            "the top": torch.cat([none, right, half, left])
        },
        "order": {
            "the four copies of a picture lie together: first all pictures as they are, then "
            "all turned by 90°, row k·B + b": torch.stack(turns(x), 1).flatten(0, 1),
            "stacked along an axis of their own: (4B, C, H, H) is asked for": [
                torch.stack(turns(x)),
                torch.stack(turns(x), 1),
            ],
            "the turns come in another order than 0°, 90°, 180°, 270°": [
                torch.cat(some)
                for n, some in enumerate(itertools.permutations(turns(x)))
                if n not in (0, CLOCKWISE)
            ],
            "concatenated along the width: the copies are pictures of their own": torch.cat(
                turns(x), 3
            ),
            "concatenated along the height: the copies are pictures of their own": torch.cat(
                turns(x), 2
            ),
            "concatenated along the channels: the copies are pictures of their own": torch.cat(
                turns(x), 1
            ),
        },
    }


@rotations.property("each picture as it is, turned by 90°, 180° and 270°", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for size in (CUBE, (2, 3, 5, 5)):
        x = draw.normal(*size)
        got, _ = pictures_and_labels(answer(x))
        judge(got, torch.cat(turns(x)), f"x {size}", turn_slips(x), ["turn", "nothing"])


@rotations.property("turned counterclockwise", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(*CUBE)
    got, _ = pictures_and_labels(answer(x))
    judge(got, torch.cat(turns(x)), f"x {CUBE}", turn_slips(x), ["direction", "nothing"])


@rotations.property("first all as they are, then all turned once, twice, three times", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(*CUBE)
    got, _ = pictures_and_labels(answer(x))
    judge(got, torch.cat(turns(x)), f"x {CUBE}", turn_slips(x), ["order", "nothing"])


def turns_found(pictures: object, x: Tensor) -> Tensor | None:
    """How often each of the pictures is turned, where all are turned ones of ``x``."""
    if not isinstance(pictures, Tensor):
        return None
    rows = pictures.reshape(-1, *x.shape[1:]) if pictures.numel() == 4 * x.numel() else pictures
    kinds = [
        next((k for k, turned in enumerate(turns(x)) for t in turned if same(row, t)), None)
        for row in rows
    ]
    return None if None in kinds else torch.tensor(kinds, dtype=torch.float64)


@rotations.property("each label says how often its picture is turned", points=1)
def _(answer: Answer, draw: Draw) -> None:
    x = draw.normal(*CUBE)
    got = answer(x)
    pictures, labels = pictures_and_labels(got)
    if labels is None:
        raise Wrong(ALONE)
    if labels is not got[1]:
        raise Wrong(SWAPPED)
    if isinstance(labels, Tensor) and isinstance(pictures, Tensor) and pictures.ndim == 5:
        labels = labels.reshape(-1)  # that they are stacked is another property
    want = torch.arange(4.0).repeat_interleave(3).double()
    on = "x (3, 3, 3, 3), labels (12,)"
    found = turns_found(pictures, x)
    if found is not None and any(same(labels, k) for k in (found, found - found.min())):
        return  # in which order, and whether all are there, other properties ask
    block = want.reshape(4, 3)
    names = {
        "0, 1, 2, 3 for each picture, but the pictures lie in blocks: the first B labels are "
        "0": block.T.reshape(-1),
        "the label is a number of turns from 0 to 3, not degrees": 90 * want,
        "the label is a number of turns from 0 to 3, not radians": math.pi / 2 * want,
        "labels start from 0, for the picture as it is": want + 1,
        "labels are the numbers of the pictures: how often each is turned, is asked for": (
            torch.arange(3.0).repeat(4).double()
        ),
        "one-hot labels: one number a picture is asked for": F.one_hot(want.long()).double(),
        "labels are a column: (4B,) is asked for": want[:, None],
        "labels are a table: (4B,) is asked for": block,
        "one label for each turn: one for each picture is asked for": torch.arange(4.0),
        "labels run from 3 to 0": want.flip(0),
        "all labels are 0": 0 * want,
        "labels are 0 and 1": (want > 0).double(),
    }
    judge(labels, want, on, {"labels": names}, ["labels"])


@rotations.property("keeps the dtype, also uint8; labels int64; x is left alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in (*FLOATS, torch.uint8):
        x = (40 * draw.normal(*CUBE).abs()).to(dtype)
        pictures, labels = pictures_and_labels(answer(x))
        expect_dtype(pictures, dtype, "the pictures")
        expect_dtype(labels, torch.int64, "the labels")
        # That a picture of bytes keeps its values; how it is turned, others ask.
        judge(pictures, torch.cat(turns(x)).double(), f"x {CUBE}, {dtype}", turn_slips(x))
    refuse_change(answer)


# -- 9.2 ridge probe ----------------------------------------------------------------------

ridge_probe = Check("9.2", "ridge_probe", points=7, hidden=3, bans=(FIT_BY_HAND, OURS))

Split = tuple[Tensor, Tensor, Tensor]  # training features, their labels, test features


def standard(x: Tensor, like: Tensor | None = None, correction: int = 0) -> Tensor:
    """x with the mean and the deviation of ``like``; a deviation of 0 counts as 1."""
    like = x if like is None else like
    std = like.std(0, correction=correction)
    return (x - like.mean(0)) / torch.where(std == 0, 1.0, std)


def ridge(train: Tensor, y: Tensor, test: Tensor, l2: float, bias: str = "free") -> Tensor:
    """Scores for features as they come and targets y (N, K); bias "free", "penalised", "no"."""
    if bias != "no":
        train, test = (F.pad(x, (0, 1), value=1.0) for x in (train, test))
    penalty = torch.full((train.shape[1],), l2, dtype=train.dtype)
    if bias == "free":
        penalty[-1] = 0
    return test @ torch.linalg.pinv(train.T @ train + penalty.diag()) @ train.T @ y


def probe(split: Split, classes: int, l2: float) -> Tensor:
    """The definition."""
    train, y, test = split
    return ridge(standard(train), one_hot(y, classes), standard(test, train), l2)


def one_hot(y: Tensor, classes: int) -> Tensor:
    return F.one_hot(y, classes).double()


def probe_slips(split: Split, classes: int, l2: float) -> Slips:
    train, y, test = split
    n, hot, a, b = len(train), one_hot(y, classes), standard(train), standard(test, train)
    both = torch.cat([train, test])
    want = ridge(a, hot, b, l2)
    std = torch.where(train.std(0) == 0, 1.0, train.std(0, correction=0))
    numbers = ridge(a, y.double()[:, None], b, l2)
    bias = "free"
    factors = {
        "l2 is multiplied by the number of pictures: the squares are summed, not averaged": n,
        "the squares are averaged over pictures and classes: they are summed": n * classes,
        "the squares are averaged over the classes: they are summed": classes,
        "the penalty is divided by the number of pictures": 1 / n,
        "l2²: the penalty is l2 times the squared weights": l2,
        "√l2: the penalty is l2 times the squared weights": l2**-0.5 if l2 else 1,
        "half of the penalty: it is l2 times the squared weights": 0.5,
        "twice the penalty: it is l2 times the squared weights": 2,
        "the penalty is averaged over the weights: their squares are summed": 1
        / (train.shape[1] * classes),
        "the penalty is averaged over the features: their squares are summed": 1
        / train.shape[1],
    }
    slips: dict[str, dict[str, Tensor | Sequence[Tensor]]] = {
        "targets": {
            "a regression on the class's number: each class has a target of its own, 0 or 1": (
                numbers
            ),
            "a regression on the class's number: each class has a target of its own": numbers[
                :, 0
            ],
            "the likeliest class came back: its scores are asked for": want.argmax(1).double(),
            "probabilities by softmax came back: scores are asked for": want.softmax(1),
            "logarithms of probabilities came back: scores are asked for": want.log_softmax(1),
            "targets −1 and 1: one-hot labels are 0 and 1": ridge(a, 2 * hot - 1, b, l2),
            "classes are rows: (M, classes) is asked for": want.T,
            "scores of the training set: those of the test set are asked for": ridge(
                a, hot, a, l2
            ),
            "scores as one-hot labels: the scores themselves are asked for": one_hot(
                want.argmax(1), classes
            ),
            "the sign is wrong": -want,
        },
        "standard": {
            "the test set is standardised by its own statistics: the probe has learned on "
            "those of the training set": ridge(a, hot, standard(test), l2),
            "standardised by the statistics of training and test set together: the test set is "
            "not known when the probe learns": ridge(
                standard(train, both), hot, standard(test, both), l2
            ),
            "the deviation divides by N − 1: by N is asked for": ridge(
                standard(train, None, 1), hot, standard(test, train, 1), l2
            ),
            "not divided by the deviation: the penalty falls on features of any size": [
                ridge(train, hot, test, l2),
                ridge(train, hot, test - train.mean(0), l2),
                ridge(train - train.mean(0), hot, test, l2),
            ],
            "the test set is left as it is: it is standardised like the training set": (
                ridge(a, hot, test, l2)
            ),
            "the mean is not taken off the test set": ridge(a, hot, test / std, l2),
            "divided by the variance, not by its root": ridge(a / std, hot, b / std, l2),
            "one mean and one deviation for all features: each has its own": ridge(
                (train - train.mean()) / train.std(correction=0),
                hot,
                (test - train.mean()) / train.std(correction=0),
                l2,
            ),
            "each picture is standardised over its features: each feature over the pictures": (
                ridge(standard(train.T).T, hot, standard(test.T).T, l2)
            ),
        },
        "bias": {
            "no bias: add a column of ones": ridge(a, hot, b, l2, "no"),
            "the bias is penalised: leave it out, it is no weight of a feature": (
                ridge(a, hot, b, l2, "penalised")
            ),
            "the bias is added twice": want + hot.mean(0),
            "the bias is the same for all classes: each has its own": want
            - hot.mean(0)
            + 1 / classes,
        },
        "penalty": {
            text: ridge(a, hot, b, l2 * factor, bias) for text, factor in factors.items()
        },
    }
    if len(train) > train.shape[1] + 1:
        slips["penalty"]["l2 is ignored"] = ridge(a, hot, b, 0.0)
    return slips


def few_of_three(draw: Draw, features: int = 4) -> Split:
    """15, 10 and 5 pictures of three classes, each feature of mean 0 and deviation 1.

    So are those of the 9 pictures to test, of which the last is all 0.
    """
    train = standard(draw.normal(30, features))
    half = draw.normal(4, features)
    test = torch.cat([half, -half, torch.zeros(1, features, dtype=half.dtype)])
    y = torch.tensor([0, 2, 1, 0, 1, 0] * 5)
    return train, y, test / test.std(0, correction=0)


@ridge_probe.property("scores of a regression on one-hot labels", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    split = few_of_three(draw)
    on = "30 and 9 pictures, 4 standardised features, 3 classes, l2 = 1e-6"
    slips = probe_slips(split, 3, 1e-6)
    judge(answer(*split, 3, 1e-6), probe(split, 3, 1e-6), on, slips, ["targets"])


@ridge_probe.property("standardised by the training set's mean and deviation", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    train, y, test = few_of_three(draw)
    scale, shift = torch.tensor([[0.2, 3, 1, 5], [4, -1, 0, 9]], dtype=torch.float64)
    split = scale * train + shift, y, 1.5 * scale * test + shift - 2
    on = "30 and 9 pictures, 4 features of any mean and deviation, 3 classes, l2 = 2.5"
    judge(
        answer(*split, 3, 2.5),
        probe(split, 3, 2.5),
        on,
        probe_slips(split, 3, 2.5),
        ["standard"],
    )


@ridge_probe.property("a bias that is not penalised", points=1)
def _(answer: Answer, draw: Draw) -> None:
    train, y, test = few_of_three(draw)
    split = train, y, test[-1:].repeat(5, 1)  # the mean picture: what it scores is the bias
    on = "15, 10 and 5 pictures, l2 = 2.5, scores of the mean picture"
    judge(
        answer(*split, 3, 2.5), probe(split, 3, 2.5), on, probe_slips(split, 3, 2.5), ["bias"]
    )


@ridge_probe.property("l2 times the squared weights", points=1)
def _(answer: Answer, draw: Draw) -> None:
    split = few_of_three(draw)
    slips = probe_slips(split, 3, 2.5)

    def weighed(scores: object) -> object:
        """Without the bias, which is another property: it is all that the last row gets."""
        scores = as_floats(scores)
        table = isinstance(scores, Tensor) and scores.shape == (9, 3)
        return scores - scores[-1] if table else scores  # type: ignore[index]

    seen: dict = {k: {t: weighed(v) for t, v in some.items()} for k, some in slips.items()}
    on = "30 and 9 pictures, 4 standardised features, 3 classes, l2 = 2.5, less the bias"
    want = weighed(probe(split, 3, 2.5))
    assert isinstance(want, Tensor)
    judge(weighed(answer(*split, 3, 2.5)), want, on, seen, ["penalty"])


@ridge_probe.property("keeps the dtype and leaves its inputs alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    train, y, test = few_of_three(draw)
    for dtype in FLOATS:
        got = answer(train.to(dtype), y, test.to(dtype), 3, 1.0)
        if isinstance(got, Tensor) and got.ndim == 2:  # that they are scores, is another
            expect_dtype(got, dtype)
    refuse_change(answer)


# -- 9.3 few labels -----------------------------------------------------------------------

few_labels = Check("9.3", "few_labels", points=5, hidden=2, bans=(OURS,))


def shuffled(draw: Draw, counts: Mapping[int, int]) -> Tensor:
    """Labels without order: class -> how many."""
    labels = torch.cat([torch.full((n,), k) for k, n in counts.items()])
    return labels[draw.normal(len(labels)).argsort()]


def indices(got: Any, labels: Tensor, on: str) -> list[int]:
    """What came back as a list, whatever it is wrapped in: that is another property."""
    if isinstance(got, tuple | list):
        got = torch.tensor([i for part in got for i in _numbers(part)])
    if not isinstance(got, Tensor):
        kind = f"a {type(got).__name__}" if got is not None else "nothing (is there a return?)"
        raise Wrong(f"returned {kind}, expected a torch.Tensor of indices ({on})")
    if got.dtype == torch.bool and got.shape == labels.shape:
        got = got.nonzero()
    rows = [int(i) for i in got.detach().reshape(-1).tolist()]
    if any(not 0 <= i < len(labels) for i in rows):
        raise Wrong(f"an index lies outside of 0 … {len(labels) - 1} ({on})")
    return rows


def _numbers(part: Any) -> list:
    if isinstance(part, Tensor):
        return part.reshape(-1).tolist()
    if isinstance(part, int | float):
        return [part]
    raise Wrong(f"a {type(part).__name__} is no index")


def chosen(
    answer: Answer, labels: Tensor, per_class: int, seed: int, state: int = 0
) -> set[int]:
    """The indices as a set; how many there are of each class, is another property.

    ``state`` is the seed of torch's own generator, which an answer must not need.
    """
    on = f"{len(labels)} labels, per_class {per_class}, seed {seed}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(state)
        return set(indices(answer(labels, per_class, seed), labels, on))


@few_labels.property("per_class different ones of every class", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for per_class, seed in ((6, 1), (4, 3), (2, 5), (1, 0)):
        labels = shuffled(draw, {0: 9, 1: 25, 2: 6, 3: 14})
        on = f"9, 25, 6 and 14 of 54 labels, per_class {per_class}, seed {seed}"
        rows = indices(answer(labels, per_class, seed), labels, on)
        expect_balanced(rows, labels, per_class, on)


def expect_balanced(rows: list[int], labels: Tensor, per_class: int, on: str) -> None:
    classes = labels.unique().tolist()
    n = per_class * len(classes)
    counts = [sum(labels[i].item() == k for i in rows) for k in classes]
    if sorted(rows) == sorted(classes * per_class):
        raise Wrong(f"the labels came back: their places in the data set are asked for ({on})")
    if len(rows) == per_class and len(classes) > 1:
        raise Wrong(f"{per_class} in all: so many of every class are asked for ({on})")
    if len(rows) != n:
        raise Wrong(f"{len(rows)} indices, expected {n} ({on})")
    if counts != [per_class] * len(classes) and max(rows) < int(labels.bincount().max()):
        raise Wrong(
            "places inside of each class came back: places in the whole data set are asked "
            f"for ({on})"
        )
    if len(set(rows)) < len(rows):
        raise Wrong(f"an index comes twice: draw without replacement ({on})")
    if counts != [per_class] * len(classes):
        raise Wrong(f"the classes get {counts} labels: {per_class} of every class ({on})")


@few_labels.property("the same seed gives the same indices", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    labels = shuffled(draw, {0: 30, 1: 40, 2: 25})
    sets = [chosen(answer, labels, 5, 7, state) for state in (1, 2, 3)]
    if sets[0] != sets[1] or sets[0] != sets[2]:
        raise Wrong(
            "called again with the same seed, others come: draw from a generator of your own, "
            "made from the seed (95 labels, per_class 5, seed 7)"
        )


@few_labels.property("other seeds give others, any of a class", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    labels = shuffled(draw, {0: 4, 1: 4})
    draws = [chosen(answer, labels, 2, seed, seed) for seed in range(120)]
    if all(some == draws[0] for some in draws):
        raise Wrong(
            "the seed is ignored: seeds 0 … 119 all give the same (8 labels, per_class 2)"
        )
    for k in (0, 1):
        members = (labels == k).nonzero().flatten().tolist()
        seen = {frozenset(some & set(members)) for some in draws}
        if any(len(two) != 2 for two in seen):  # how many there are, is another property
            return
        for two in itertools.combinations(members, 2):
            if not any(set(two) <= some for some in seen):
                raise Wrong(
                    f"among 120 seeds, none chose the labels {two[0]} and {two[1]} of a class "
                    "of 4 together: each may come, with each other (8 labels, per_class 2)"
                )


@few_labels.property("a smaller set is part of a larger one", points=1)
def _(answer: Answer, draw: Draw) -> None:
    labels = shuffled(draw, {0: 12, 1: 30, 2: 17})
    for seed in (0, 3, 11):
        sets = {n: chosen(answer, labels, n, seed) for n in (1, 2, 5, 10)}
        for few, many in itertools.pairwise(sets):
            lost = sets[few] - sets[many]
            if lost:
                raise Wrong(
                    f"{len(lost)} of the indices for per_class {few} are gone for per_class "
                    f"{many}: more labels are added, none is swapped; shuffle each class "
                    f"whole and take the first ones (59 labels, seed {seed})"
                )


@few_labels.property("one row of int64; the labels are left alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    labels = shuffled(draw, {0: 5, 1: 7})
    got = answer(labels, 3, 2)
    if not isinstance(got, Tensor):
        kind = f"a {type(got).__name__}" if got is not None else "nothing (is there a return?)"
        raise Wrong(f"returned {kind}, expected a torch.Tensor of indices")
    if got.dtype == torch.bool:
        raise Wrong("a mask came back: the indices are asked for")
    expect_dtype(got, torch.int64)
    if got.ndim != 1:
        raise Wrong(f"shape {tuple(got.shape)}: one row of indices is asked for")
    refuse_change(answer)


# -- 9.4 patches --------------------------------------------------------------------------

patches = Check("9.4", "patches", points=5, hidden=2, bans=(OURS,))


def grid(x: Tensor, size: int, stride: int) -> Tensor:
    """(B, C, rows, cols, size, size)."""
    return x.unfold(2, size, stride).unfold(3, size, stride)


def cut(x: Tensor, size: int, stride: int) -> Tensor:
    """The definition."""
    return grid(x, size, stride).permute(0, 2, 3, 1, 4, 5)


def cut_up(x: Tensor, size: int, stride: int) -> Tensor:
    """``cut``, rounded up: the rows and columns that are missing are black."""
    more = [-(n - size) % stride for n in x.shape[2:]]
    return cut(F.pad(x, (0, more[1], 0, more[0])), size, stride)


def patch_slips(x: Tensor, size: int, stride: int) -> Slips:
    y, (_, _, h, w) = cut(x, size, stride), x.shape
    mixed = "pixels are mixed up in a reshape: permute the axes first"
    return {
        "place": {
            "rows and columns of the grid are swapped": y.transpose(1, 2),
            "rows and columns of each patch are swapped": y.mT,
            "rows and columns are swapped, in the grid and in each patch": y.transpose(1, 2).mT,
            "rows and columns of the grid are swapped in a reshape": y.flatten(1, 2).unflatten(
                1, (y.shape[2], y.shape[1])
            ),
            mixed: [
                y.permute(0, 1, 3, 4, 2, 5).reshape(y.shape),
                y.permute(0, 1, 4, 2, 5, 3).reshape(y.shape),
                *([x.reshape(y.shape)] if y.numel() == x.numel() else []),
            ],
            "the grid is flat: (B, rows, cols, C, size, size) is asked for": y.flatten(1, 2),
            "grid and pictures are flat: (B, rows, cols, C, size, size) is asked for": (
                y.flatten(0, 2)
            ),
        },
        "channels": {
            "the channels come second: (B, rows, cols, C, size, size) is asked for": grid(
                x, size, stride
            ),
            "the channels come last: (B, rows, cols, C, size, size) is asked for": y.movedim(
                3, 5
            ),
            "patches are flat: (B, rows, cols, C, size, size) is asked for": y.flatten(3),
            "channels are mixed with places in a reshape: permute the axes first": grid(
                x, size, stride
            ).reshape(y.shape),
            "channels are mixed with pixels in a reshape: permute the axes first": y.movedim(
                3, 5
            ).reshape(y.shape),
            "the channels come in reverse order": y.flip(3),
            "only the first channel is cut": y[:, :, :, :1],
            "the channels are averaged": y.mean(3, keepdim=True),
        },
        "stride": {
            "the stride is ignored: patches lie side by side": cut(x, size, size),
            "the stride is ignored: patches move by one pixel": cut(x, size, 1),
            "half a patch is taken as the stride": cut(x, size, max(size // 2, 1)),
            "size and stride are swapped": cut(x, stride, size),
            "patches are as large as the stride": cut(x, stride, stride),
        },
        "count": {
            "the last patch is missing: (H − size) / stride + 1 of them fit": y[:, :-1, :-1],
            "the last patch that fits exactly is missing": y[
                :, : -(-(h - size) // stride), : -(-(w - size) // stride)
            ],
            "rounded up, filled with black: what fills no patch is dropped": cut_up(
                x, size, stride
            ),
            "padded all around: what fills no patch is dropped": cut(
                F.pad(x, (size // 2,) * 4), size, stride
            ),
            "the patches start at the bottom right: the first lies at row 0, column 0": cut(
                x[..., (h - size) % stride :, (w - size) % stride :], size, stride
            ),
        },
    }


def judge_patches(
    answer: Answer, family: str, x: Tensor, size: int, stride: int, by_name: bool = False
) -> None:
    on = f"x {tuple(x.shape)}, size {size}, stride {stride}"
    got = answer(x, size=size, stride=stride) if by_name else answer(x, size, stride)
    judge(got, cut(x, size, stride), on, patch_slips(x, size, stride), [family])


@patches.property("patch (i, j) lies in row i and column j, pixels as they were", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for h, w, size in ((9, 9, 3), (8, 12, 4), (10, 4, 2)):
        judge_patches(answer, "place", draw.normal(2, 1, h, w), size, size)


@patches.property("each patch holds its place in every channel", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for channels, size in ((3, 4), (2, 4), (4, 2)):
        judge_patches(answer, "channels", draw.normal(2, channels, 8, 8), size, size)


@patches.property("a stride of its own: patches overlap or leave gaps", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for n, size, stride in ((9, 3, 2), (8, 2, 3), (6, 3, 1), (12, 4, 2)):
        judge_patches(answer, "stride", draw.normal(2, 1, n, n), size, stride, n > 8)


@patches.property("the last patch that fits counts, what fills none is dropped", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, size, stride in ((10, 4, 3), (10, 3, 3), (9, 4, 2), (5, 5, 2)):
        judge_patches(answer, "count", draw.normal(2, 1, n, n), size, stride)


@patches.property("keeps the dtype, also uint8, and leaves its input alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in (*FLOATS, torch.uint8, torch.int64):
        x = (40 * draw.normal(2, 1, 6, 6).abs()).to(dtype)
        got = answer(x, 3, 3)
        expect_dtype(got, dtype)
        # That they are cut where they should, others ask.
        judge(
            got,
            cut(x, 3, 3).double(),
            f"x (2, 1, 6, 6), {dtype}",
            patch_slips(x.double(), 3, 3),
        )
    refuse_change(answer)


# -- 9.5 InfoNCE --------------------------------------------------------------------------

info_nce = Check("9.5", "info_nce", points=8, hidden=2, bans=(OURS,))


def shares(scores: Tensor) -> Tensor:
    """−log of the positive's share in each row of (N, N) scores."""
    return scores.logsumexp(1) - scores.diagonal()


def nce(predictions: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
    """The definition."""
    return shares(predictions @ targets.T / temperature).mean()


def without_positive(scores: Tensor) -> Tensor:
    away = torch.eye(len(scores), dtype=torch.bool)
    return scores.masked_fill(away, -math.inf).logsumexp(1) - scores.diagonal()


def _all_with_all(p: Tensor, t: Tensor, tau: float) -> Tensor:
    """NT-Xent without its normalisation."""
    z = torch.cat([p, t])
    itself = torch.eye(len(z), dtype=torch.bool)
    scores = (z @ z.T / tau).masked_fill(itself, -math.inf)
    return F.cross_entropy(scores, torch.arange(len(z)).roll(len(p)))


def nce_slips(p: Tensor, t: Tensor, tau: float = 1.0) -> Slips:
    scores, n = p @ t.T / tau, len(p)
    loss, own = shares(scores), scores.diagonal()
    away = torch.eye(n, dtype=torch.bool)
    p1, t1 = F.normalize(p, dim=1), F.normalize(t, dim=1)
    distances = (p[:, None] - t).square().sum(2)
    columns = shares(scores.T).mean()
    return {
        "nothing": {
            "the positive alone is scored, nothing is chosen: there is no denominator": (
                -own.mean()
            )
        },
        "choice": {
            "the softmax runs over the predictions: each prediction chooses among all "
            "targets": columns,
            "both directions are averaged: only predictions choose, among targets": (
                loss.mean() + columns
            )
            / 2,
            "both directions are added: only predictions choose, among targets": loss.mean()
            + columns,
            "the right target is number 0 for all: that of prediction i is number i": (
                scores.logsumexp(1) - scores[:, 0]
            ).mean(),
            "one softmax over all pairs: each prediction has one of its own": (
                scores.flatten().logsumexp(0) - own
            ).mean(),
            "predictions are compared with predictions: they choose among targets": nce(
                p, p, tau
            ),
            "targets are compared with targets": nce(t, t, tau),
            "predictions and targets choose among each other and among themselves, as in "
            "SimCLR: predictions choose, among targets": _all_with_all(p, t, tau),
            "each pair is judged by itself, by a sigmoid: the others are not compared with": (
                F.binary_cross_entropy_with_logits(scores, away.double())
            ),
        },
        "denominator": {
            "the positive is left out of the denominator: it is one of the targets": (
                without_positive(scores).mean()
            ),
            "the bound, not the loss: the mean in place of the sum below, log N too little": (
                loss.mean() - math.log(n)
            ),
            "log N too much: the sum is no mean": loss.mean() + math.log(n),
            "the positive is counted twice in the denominator": (
                torch.logaddexp(scores.logsumexp(1), own) - own
            ).mean(),
            "the positive's score is set to 0, not left in: exp(0) = 1 remains": (
                scores.masked_fill(away, 0).logsumexp(1) - own
            ).mean(),
            "the mean of the negatives in place of their sum": (
                without_positive(scores) - math.log(n - 1)
            ).mean(),
            "the softmax is taken twice: cross_entropy takes it by itself": shares(
                scores.softmax(1)
            ).mean(),
        },
        "mean": {
            "summed over the predictions: their mean is asked for": loss.sum(),
            "one value for each prediction: their mean is asked for": loss,
            "the sign is wrong: a loss is small where the right target is chosen": -loss.mean(),
            "the logarithm is missing: the mean share": (-loss).exp().mean(),
            "the logarithm of the mean share: the mean of the logarithms is asked for": -(
                (-loss).exp().mean().log()
            ),
            "a logarithm to base 2: the natural one is asked for": loss.mean() / math.log(2),
            "divided by N²": loss.mean() / n,
            "half of it": loss.mean() / 2,
        },
        "scores": {
            "normalised to length 1, cosines: plain dot products are asked for": nce(
                p1, t1, tau
            ),
            "the predictions are normalised: plain dot products are asked for": nce(p1, t, tau),
            "the targets are normalised: plain dot products are asked for": nce(p, t1, tau),
            "divided by √D: plain dot products are asked for": nce(
                p, t, tau * p.shape[1] ** 0.5
            ),
            "averaged over D: plain dot products are asked for": nce(p, t, tau * p.shape[1]),
            "squared distances: dot products are asked for": shares(-distances / tau).mean(),
            "distances: dot products are asked for": shares(-distances.sqrt() / tau).mean(),
            "half squared distances: dot products are asked for": shares(
                -distances / (2 * tau)
            ).mean(),
            "distances count as scores: the far ones win": shares(distances / tau).mean(),
            "the sign of the scores is wrong": nce(-p, t, tau),
            "normalised over the pictures, not even over D": nce(
                F.normalize(p, dim=0), F.normalize(t, dim=0), tau
            ),
        },
        "temperature": {
            "multiplied by the temperature: divide the scores": nce(p, t, 1 / tau),
            "the temperature is ignored": nce(p, t),
            "divided twice by the temperature": nce(p, t, tau**2),
            "divided by the root of the temperature": nce(p, t, tau**0.5),
            "the loss is divided by the temperature: divide the scores": nce(p, t) / tau,
            "the loss is multiplied by the temperature": loss.mean() * tau,
            "the positive alone is divided by the temperature: all scores are": (
                (p @ t.T).masked_fill(away, 0) + torch.diag(own)
            )
            .logsumexp(1)
            .sub(own)
            .mean(),
            "the negatives alone are divided by the temperature: all scores are": (
                scores.masked_fill(away, 0) + torch.diag(own * tau)
            )
            .logsumexp(1)
            .sub(own * tau)
            .mean(),
        },
    }


def judge_nce(
    answer: Answer, family: str, p: Tensor, t: Tensor, on: str, tau: float | None = 1.0
) -> None:
    got = answer(p, t) if tau is None else answer(p, t, tau)  # else: the default
    tau = 1.0 if tau is None else tau
    judge(scalar(got), nce(p, t, tau), on, nce_slips(p, t, tau), [family, "nothing"])


@info_nce.property("each prediction chooses among all targets", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    judge_nce(answer, "choice", draw.normal(6, 4), draw.normal(6, 4), "6 pairs of 4 numbers")


@info_nce.property("the positive is in the denominator, a sum", points=1)
def _(answer: Answer, draw: Draw) -> None:
    p, t = draw.normal(3, 4), draw.normal(3, 4)
    judge_nce(answer, "denominator", p, t, "3 pairs of 4 numbers")


@info_nce.property("the mean of −log, a scalar", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_nce(answer, "mean", draw.normal(5, 3), draw.normal(5, 3), "5 pairs of 3 numbers")


@info_nce.property("scores are plain dot products", points=1)
def _(answer: Answer, draw: Draw) -> None:
    lengths = torch.tensor([0.3, 2, 1, 1.5, 0.7], dtype=torch.float64)[:, None]
    p, t = lengths * draw.normal(5, 4), draw.normal(5, 4) * lengths.flip(0)
    judge_nce(answer, "scores", p, t, "5 pairs of 4 numbers, of any length")


@info_nce.property("divides the scores by the temperature, 1 unless told", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for tau in (0.4, 2.5, None):
        p, t = draw.normal(5, 3) / 2, draw.normal(5, 3)
        judge_nce(answer, "temperature", p, t, f"5 pairs, temperature {tau or 'left out'}", tau)
    p, t = draw.normal(5, 3), draw.normal(5, 3)
    got = scalar(answer(predictions=p, targets=t, temperature=2.0))
    on = "5 pairs, all by name, temperature 2"
    judge(got, nce(p, t, 2.0), on, nce_slips(p, t, 2.0), ["temperature"])


OVERFLOW = (
    "exp of a score of {} is too large for {}: take the largest score of each row off first, "
    "or logsumexp"
)


@info_nce.property("scores of several hundred", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for dtype, size in ((torch.float64, 800.0), (torch.float32, 200.0)):
        # An extra number makes all scores large and their differences what they were.
        p = F.pad(draw.normal(5, 3), (0, 1), value=1)
        t = F.pad(draw.normal(5, 3), (0, 1), value=size)
        got = scalar(answer(p.to(dtype), t.to(dtype), 1.0))
        if isinstance(got, Tensor) and not torch.isfinite(got).all():
            raise Wrong(OVERFLOW.format(f"{size:g}", dtype))
        on = f"5 pairs, scores around {size:g}, {dtype}"
        judge_near(got, nce(p, t), on, nce_slips(p, t))


def judge_near(got: object, want: Tensor, on: str, slips: Slips) -> None:
    """To three digits, as far as float32 goes; slips are forgiven where anything is chosen."""

    def near(value: Tensor) -> bool:
        return (
            isinstance(got, Tensor)
            and got.shape == value.shape
            and torch.allclose(got.detach().double(), value, rtol=2e-3, atol=2e-3)
        )

    others = [family for family in slips if family != "nothing"]
    if not near(want) and not any(near(value) for _, value in _of(slips, others)):
        expect(got, want, on)


@info_nce.property("a scalar tensor of the inputs' dtype; inputs are left alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in FLOATS:
        got = answer(draw.normal(4, 3).to(dtype), draw.normal(4, 3).to(dtype), 1.0)
        expect_scalar(got, dtype)
    refuse_change(answer)


# -- 9.6 information bound ----------------------------------------------------------------

information_bound = Check("9.6", "information_bound", points=6, hidden=3, bans=(OURS,))


def correlated(draw: Draw, n: int, d: int, rho: float) -> tuple[Tensor, Tensor]:
    x = draw.normal(n, d)
    return x, rho * x + math.sqrt(1 - rho**2) * draw.normal(n, d)


def ratio(x: Tensor, y: Tensor, rho: float) -> Tensor:
    """log p(y_j | x_i) / p(y_j) of each dimension: (N, N, d)."""
    x, y = x[:, None], y[None]
    square = rho**2 * x**2 + rho**2 * y**2 - 2 * rho * x * y
    return -math.log1p(-(rho**2)) / 2 - square / (2 * (1 - rho**2))


def bound(f: Tensor) -> Tensor:
    """Of scores f (N, N)."""
    return math.log(len(f)) - shares(f).mean()


def information(x: Tensor, y: Tensor, rho: float) -> Tensor:
    """The definition."""
    return bound(ratio(x, y, rho).sum(2))


def bound_slips(x: Tensor, y: Tensor, rho: float) -> Slips:
    each, n, d = ratio(x, y, rho), len(x), x.shape[1]
    f = each.sum(2)
    loss, want, log_n = shares(f).mean(), bound(f), math.log(n)
    a, b, left = x[:, None], y[None], 1 - rho**2
    ab, aa, bb = (a * b).sum(2), a.square().sum(2), b.square().sum(2)
    given = -((b - rho * a).square().sum(2))
    squares = rho**2 * (aa + bb)
    return {
        "nothing": {
            "the mean of f(x_i, y_i) is no InfoNCE bound: it grows beyond log N": (
                f.diagonal().mean()
            ),
            "the true information of these Gaussians: what InfoNCE sees of it is asked for": (
                torch.tensor(-d / 2 * math.log(left), dtype=x.dtype)
            ),
        },
        "bound": {
            "the loss came back: the bound is log N − loss": loss,
            "log N is missing: the bound is log N − loss": -loss,
            "the sign is wrong: log N − loss": -want,
            "log N is added to the loss: the bound is log N − loss": log_n + loss,
            "in bits: natural logarithms, nats, are asked for": want / math.log(2),
            "log N in bits, the loss in nats": math.log2(n) - loss,
            "log N in nats, the loss in bits": log_n - loss / math.log(2),
            "log₁₀ N, the loss in nats": math.log10(n) - loss,
            "N without its logarithm": n - loss,
            "log d: N is the number of pairs": math.log(d) - loss,
            "log (N − 1): the positive is one of N targets": math.log(n - 1) - loss,
            "summed over the pairs: the loss is their mean": log_n - n * loss,
            "the positive is left out of the denominator: it is one of N targets": log_n
            - without_positive(f).mean(),
            "one value for each pair: the loss is their mean": log_n - shares(f),
            "cut off at 0": want.clamp(min=0),
        },
        "critic": {
            "the 2 below the fraction is missing: 2 (1 − ρ²)": bound(
                -(squares - 2 * rho * ab) / left
            ),
            "halved once more": bound(f / 2),
            "1 − ρ below the fraction: it is 1 − ρ²": bound(
                -(squares - 2 * rho * ab) / (2 * (1 - rho))
            ),
            "(1 − ρ²)² below the fraction: it is 1 − ρ²": bound(f / left),
            "√(1 − ρ²) below the fraction: it is 1 − ρ²": bound(f * left**0.5),
            "nothing below the fraction: it is 2 (1 − ρ²)": bound(f * 2 * left),
            "2 below the fraction: it is 2 (1 − ρ²)": bound(f * left),
            "ρ x² + ρ y²: squares go with ρ²": bound(
                -(rho * (aa + bb) - 2 * rho * ab) / (2 * left)
            ),
            "ρ² y² is missing: it is not the same for all targets": bound(rho * ab / left),
            "the cross term 2ρxy is missing": bound(-squares / (2 * left)),
            "ρxy in place of 2ρxy": bound(-(squares - rho * ab) / (2 * left)),
            "2xy in place of 2ρxy": bound(-(squares - 2 * ab) / (2 * left)),
            "2ρ²xy in place of 2ρxy": bound(-(squares - 2 * rho**2 * ab) / (2 * left)),
            "the sign of 2ρxy is wrong": bound(-(squares + 2 * rho * ab) / (2 * left)),
            "the sign of the critic is wrong": bound(-f),
            "exp of the critic is scored: the softmax takes exp itself": bound(f.exp()),
            "y² lacks its ρ²: that is p(y | x) alone, divide it by p(y)": bound(
                given / (2 * left)
            ),
            "p(y | x) alone, with a deviation of 1 − ρ²: divide it by p(y)": bound(
                given / (2 * left**2)
            ),
            "a plain dot product: the best critic is log p(y | x) / p(y)": bound(ab),
            "ρ times the dot product: the best critic is log p(y | x) / p(y)": bound(rho * ab),
            "cosines: the best critic is log p(y | x) / p(y)": bound(
                F.normalize(x, dim=1) @ F.normalize(y, dim=1).T
            ),
            "squared distances: the best critic is log p(y | x) / p(y)": bound(
                -(a - b).square().sum(2)
            ),
            "(x² + y²)/2 is added: 1 and ρ² are mixed up": bound(f + (aa + bb) / 2),
        },
        "dimensions": {
            "averaged over the dimensions: logarithms of independent ones add up": bound(
                each.mean(2)
            ),
            "one bound for each dimension, averaged: their critics are summed first": (
                torch.stack([bound(each[..., k]) for k in range(d)]).mean()
            ),
            "one bound for each dimension, summed: their critics are summed first": (
                torch.stack([bound(each[..., k]) for k in range(d)]).sum()
            ),
            "one bound for each dimension: their critics are summed first": torch.stack(
                [bound(each[..., k]) for k in range(d)]
            ),
            "only the first dimension is used": bound(each[..., 0]),
            "only the last dimension is used": bound(each[..., -1]),
            "divided by the number of dimensions": want / d,
            "multiplied by the number of dimensions": want * d,
            "the dimensions are multiplied: logarithms add up": bound(each.prod(2)),
        },
        "choice": {
            "each y chooses among all x: the sum runs over the y of other pairs": bound(f.T),
            "both directions are averaged: x chooses, among all y": (bound(f) + bound(f.T)) / 2,
            "only x_i and y_i are scored: each x with every y": log_n
            + f.diagonal().log_softmax(0).mean(),
            "one softmax over all pairs: each x has one of its own": log_n
            - (f.flatten().logsumexp(0) - f.diagonal()).mean(),
        },
    }


def judge_bound(answer: Answer, draw: Draw, family: str, n: int, d: int, rho: float) -> None:
    x, y = correlated(draw, n, d, rho)
    on = f"{n} pairs of {d} dimension{'s' if d > 1 else ''}, ρ = {rho}"
    expect_bound(answer, family, x, y, rho, on)


def expect_bound(
    answer: Answer, family: str, x: Tensor, y: Tensor, rho: float, on: str
) -> None:
    got = answer(x, y, rho)
    judge(scalar(got), information(x, y, rho), on, bound_slips(x, y, rho), [family, "nothing"])


@information_bound.property("log N less the mean loss, in nats", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for n, rho in ((5, 0.6), (12, 0.9)):
        judge_bound(answer, draw, "bound", n, 2, rho)
    x, y = draw.normal(6, 2), draw.normal(6, 2)
    expect_bound(answer, "bound", x, y, 0.8, "6 pairs of strangers, ρ = 0.8: less than 0")


@information_bound.property("the critic is the logarithm of p(y | x) / p(y)", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for n, rho in ((6, 0.6), (12, 0.8)):
        judge_bound(answer, draw, "critic", n, 1, rho)


@information_bound.property("summed over the dimensions", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for d in (2, 4):
        judge_bound(answer, draw, "dimensions", 6, d, 0.6)


@information_bound.property("each x chooses among all y", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    judge_bound(answer, draw, "choice", 5, 1, 0.7)


@information_bound.property(
    "a scalar tensor of the inputs' dtype; inputs are left alone", points=0.5
)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in FLOATS:
        x, y = correlated(draw, 4, 2, 0.5)
        expect_scalar(answer(x.to(dtype), y.to(dtype), 0.5), dtype)
    refuse_change(answer)


# -- 9.7 CPC ------------------------------------------------------------------------------

cpc_loss = Check("9.7", "cpc_loss", points=6, hidden=2, bans=(OURS,))

Grid = tuple[Tensor, Tensor, list[Tensor]]  # z, context, weights


def codes(
    draw: Draw, ahead: int, rows: int = 4, cols: int = 4, dims: tuple[int, int] = (3, 3)
) -> Grid:
    """Two pictures of codes, contexts, and matrices for 1 … ``ahead``.

    As many numbers in a code as in a context: a transposed matrix is no error of shapes.
    """
    z, context = draw.normal(2, rows, cols, dims[0]), draw.normal(2, rows, cols, dims[1])
    return z, context, [draw.normal(*dims) for _ in range(ahead)]


def below(z: Tensor, context: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Contexts and the codes k rows further down; rows up for k < 0."""
    rows = z.shape[1]
    if k < 0:
        return context[:, -k:], z[:, : rows + k]
    return context[:, : rows - k], z[:, k:]


def beside(z: Tensor, context: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Contexts and the codes k columns to the right."""
    context, z = below(z.transpose(1, 2), context.transpose(1, 2), k)
    return context.transpose(1, 2), z.transpose(1, 2)


def tables(pairs: tuple[Tensor, Tensor], w: Tensor) -> tuple[Tensor, Tensor]:
    """Predictions and targets, (B, rows, cols, D) each."""
    return pairs[0] @ w.T, pairs[1]


def one(predictions: Tensor, targets: Tensor) -> Tensor:
    """One InfoNCE problem of all rows."""
    d = targets.shape[-1]
    return nce(predictions.reshape(-1, d), targets.reshape(-1, d))


def apart(predictions: Tensor, targets: Tensor, keep: str) -> Tensor:
    """A problem for each index of the axes ``keep``, a part of "brc"; then their mean."""
    axes = ["brc".index(letter) for letter in keep]
    front = list(range(len(axes)))
    p, t = (
        x.movedim(axes, front).flatten(0, len(axes) - 1).flatten(1, -2)
        for x in (predictions, targets)
    )
    return torch.stack([nce(a, b) for a, b in zip(p, t, strict=True)]).mean()


def cpc(z: Tensor, context: Tensor, weights: list[Tensor]) -> Tensor:
    """The definition."""
    return torch.stack(cpc_losses(z, context, weights)).mean()


def cpc_losses(z: Tensor, context: Tensor, weights: list[Tensor]) -> list[Tensor]:
    return [one(*tables(below(z, context, k), w)) for k, w in enumerate(weights, 1)]


def cpc_slips(z: Tensor, context: Tensor, weights: list[Tensor]) -> Slips:
    losses, rows, cols = torch.stack(cpc_losses(z, context, weights)), *z.shape[1:3]
    ks = list(enumerate(weights, 1))
    parts = [tables(below(z, context, k), w) for k, w in ks]
    flat = [(p.reshape(-1, p.shape[-1]), t.reshape(-1, t.shape[-1])) for p, t in parts]
    numbers = torch.tensor([len(p) for p, _ in flat], dtype=z.dtype)

    def over(pairs: Any) -> Tensor:
        return torch.stack([one(*tables(pairs(k), w)) for k, w in ks]).mean()

    def kept(keep: str) -> Tensor:
        return torch.stack([apart(p, t, keep) for p, t in parts]).mean()

    where = {
        "k = 1 predicts the row itself: the context has seen it, look k rows further down": (
            over(lambda k: below(z, context, k - 1))
        ),
        "k = 1 predicts the row itself: the context has seen it, look k rows down": over(
            lambda k: (context[:, : rows - k], z[:, k - 1 : rows - 1])
        ),
        "predicts upwards: the context has seen those rows, look k rows further down": over(
            lambda k: below(z, context, -k)
        ),
        "predicts one row down for every k": over(lambda k: below(z, context, 1)),
        "wraps around: the last rows have nothing k rows further down": over(
            lambda k: (context, z.roll(-k, 1))
        ),
        "z and context are swapped: W_k times the context predicts z": torch.stack(
            [one(*tables(below(context, z, k), w)) for k, w in ks]
        ).mean()
        if z.shape == context.shape
        else losses.mean(),
        "z predicts z: W_k times the context does": torch.stack(
            [one(*tables(below(z, z, k), w)) for k, w in ks]
        ).mean()
        if z.shape == context.shape
        else losses.mean(),
        "rows are taken from the first row alone: every r from 0 to R − 1 − k predicts": over(
            lambda k: (context[:, :1], z[:, k : k + 1])
        ),
        "as many rows for all k: r runs from 0 to R − 1 − k for each": over(
            lambda k: (context[:, : rows - len(weights)], z[:, k : k + rows - len(weights)])
        ),
    }
    if len(weights) + 1 < rows:
        where["k = 1 predicts two rows down: look k rows further down"] = over(
            lambda k: below(z, context, k + 1)
        )
        where["the last row is not predicted: r runs from 0 to R − 1 − k"] = over(
            lambda k: (context[:, : rows - k - 1], z[:, k : rows - 1])
        )
    if len(weights) < cols:
        columns = "predicts along the columns: rows further down are asked for"
        where[f"{columns}, z[b, r + k, c]"] = over(lambda k: beside(z, context, k))
        where[f"{columns}, not to the left"] = over(lambda k: beside(z, context, -k))
    return {
        "where": where,
        "negatives": {
            "negatives of the same picture alone: those of other pictures count as well": kept(
                "b"
            ),
            "row by row: all predictions of one k together are one problem": kept("r"),
            "column by column: all predictions of one k together are one problem": kept("c"),
            "place by place: all predictions of one k together are one problem": kept("rc"),
            "row by row in each picture: all predictions of one k together are one problem": (
                kept("br")
            ),
            "column by column in each picture: all predictions of one k are one problem": kept(
                "bc"
            ),
            "the softmax runs over the predictions: each prediction chooses among all "
            "targets": torch.stack([nce(t, p) for p, t in flat]).mean(),
            "both directions are averaged: only predictions choose": torch.stack(
                [(nce(t, p) + nce(p, t)) / 2 for p, t in flat]
            ).mean(),
            "the positive is left out of the denominator": torch.stack(
                [without_positive(p @ t.T).mean() for p, t in flat]
            ).mean(),
            "normalised to length 1: plain dot products are asked for": torch.stack(
                [nce(F.normalize(p, dim=1), F.normalize(t, dim=1)) for p, t in flat]
            ).mean(),
            "summed over the predictions: their mean is asked for": (losses * numbers).mean(),
            "z of all rows can be chosen: the targets of k alone, rows from k on": torch.stack(
                [
                    ((p @ z.reshape(-1, z.shape[-1]).T).logsumexp(1) - (p * t).sum(1)).mean()
                    for p, t in flat
                ]
            ).mean(),
            "predictions and targets are flattened in different orders": [
                torch.stack([one(p, t.transpose(1, 2)) for p, t in parts]).mean(),
                torch.stack([one(p.transpose(1, 2), t) for p, t in parts]).mean(),
            ],
        },
        "matrices": {
            "the matrix is transposed: (D, G) times a context (G,)": torch.stack(
                cpc_losses(z, context, [w.T for w in weights])
            ).mean()
            if z.shape == context.shape
            else losses.mean(),
            "the first matrix serves all k: each k has its own": cpc(
                z, context, weights[:1] * len(weights)
            ),
            "the last matrix serves all k: each k has its own": cpc(
                z, context, weights[-1:] * len(weights)
            ),
            "the matrices come in reverse order": cpc(z, context, weights[::-1]),
            "the matrices are averaged: each k has its own": cpc(
                z, context, [torch.stack(weights).mean(0)] * len(weights)
            ),
            "no matrix: W_k times the context is the prediction": torch.stack(
                [one(*below(z, context, k)) for k, _ in ks]
            ).mean()
            if z.shape == context.shape
            else losses.mean(),
            "the matrices are applied one after the other: W_k alone predicts k rows down": (
                cpc(z, context, _chained(weights))
                if z.shape == context.shape
                else losses.mean()
            ),
        },
        "mean": {
            "summed over k: the mean of the K losses is asked for": losses.sum(),
            "weighted by the number of predictions: the K losses count the same": (
                losses * numbers
            ).sum()
            / numbers.sum(),
            "all k together are one problem: one for each k, then the mean": nce(
                torch.cat([p for p, _ in flat]), torch.cat([t for _, t in flat])
            ),
            "one value for each k: their mean is asked for": losses,
            "the last k alone: the mean of the K losses is asked for": losses[-1],
            "the first k alone: the mean of the K losses is asked for": losses[0],
            "divided by the number of rows: by K": losses.sum() / rows,
            "divided by K + 1: by K": losses.sum() / (len(weights) + 1),
            "divided by K − 1: by K": losses.sum() / max(len(weights) - 1, 1),
            "divided by K more than once": losses.mean() / len(weights),
            "the sign is wrong": -losses.mean(),
        },
    }


def _chained(weights: Sequence[Tensor]) -> list[Tensor]:
    return list(itertools.accumulate(weights, lambda before, w: w @ before))


def judge_cpc(answer: Answer, family: str, given: Grid) -> None:
    z, context, weights = given
    got = answer(z, context, weights)
    on = f"z {tuple(z.shape)}, context {tuple(context.shape)}, K = {len(weights)}"
    judge(scalar(got), cpc(*given), on, cpc_slips(*given), [family])


@cpc_loss.property("the prediction is for the patch k rows further down", points=1.5)
def _(answer: Answer, draw: Draw) -> None:
    for ahead in (1, 2):
        judge_cpc(answer, "where", codes(draw, ahead))
    judge_cpc(answer, "where", codes(draw, 1, 3, 5))


@cpc_loss.property("all predictions of one k are one problem", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_cpc(answer, "negatives", codes(draw, 1))


@cpc_loss.property("each k has a matrix of its own", points=1)
def _(answer: Answer, draw: Draw) -> None:
    judge_cpc(answer, "matrices", codes(draw, 1))
    given = codes(draw, 3, 5)
    judge_cpc(answer, "matrices", given)
    if same(scalar(answer(*given)), cpc(*given)):  # else: forgiven, and an error of shapes here
        judge_cpc(answer, "matrices", codes(draw, 2, dims=(3, 5)))


@cpc_loss.property("the mean of the K losses", points=1)
def _(answer: Answer, draw: Draw) -> None:
    for ahead in (2, 3):
        judge_cpc(answer, "mean", codes(draw, ahead, 5))


@cpc_loss.property("a scalar tensor of the inputs' dtype; inputs are left alone", points=0.5)
def _(answer: Answer, draw: Draw) -> None:
    for dtype in FLOATS:
        z, context, weights = codes(draw, 2)
        got = answer(z.to(dtype), context.to(dtype), [w.to(dtype) for w in weights])
        expect_scalar(got, dtype)
    refuse_change(answer)
