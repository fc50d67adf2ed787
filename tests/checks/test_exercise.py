"""The mechanism itself, on an exercise as small as can be: what is scored and what is said."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.checks.answer import Wrong
from course_utils.checks.compare import complain, number, same
from course_utils.checks.core import Draw
from course_utils.checks.exercise import EVERY, LATER, Exercise, exchange
from course_utils.checks.probe import Probe, experiment, given

SIGN, CONSTANT = "keeps the sign", "adds the constant"
FLIPPED, FORGOTTEN = "the sign is flipped", "the constant is forgotten"
KEEPS, GRADIENT = "keeps the dtype and leaves its inputs alone", "the gradient reaches x"


def line(x, c=1.0, *, allowed=lambda c: c >= 0, times=lambda x: 3 * x, adds=lambda y, c: y + c):
    if not allowed(c):
        raise ValueError("c is negative")
    return adds(times(x), c)


def exercise() -> Exercise:
    made = Exercise("9.9", "line", points=8, right=line)

    @made.whole
    def _(draw):
        yield draw.normal(2, 3), 2.0
        yield (draw.normal(3, 2),)
        yield given(x=draw.normal(4, 1), c=0.0)

    @made.aspect(SIGN, 1, exchange("times", {FLIPPED: lambda x: -3 * x}))
    def _(draw):
        yield draw.normal(3, 3), 0.0

    @made.aspect(CONSTANT, 1, exchange("adds", {FORGOTTEN: lambda y, c: y}))
    def _(draw):
        yield 0 * draw.normal(3, 3), 2.0

    made.keeps(points=0.5)
    made.gradients("x", 1, {"x is held constant": {"times": lambda x: 3 * x.detach()}})

    @made.refuses("refuses a negative constant", 0.5, {"no error": {"allowed": lambda c: True}})
    def _(draw):
        yield draw.normal(2, 2), -1.0
        yield draw.normal(2, 2), 0.0

    return made


def report(answer):
    return exercise()(answer)


def right(x, c=1.0):
    if c < 0:
        raise ValueError
    return x + 2 * x + c


def flipped(x, c=1.0):
    if c < 0:
        raise ValueError
    return c - 3 * x


def test_a_right_answer_in_another_style_gets_everything():
    assert report(right).failures == {}
    assert report(right).points == 8


def test_the_whole_is_half_of_the_points_and_a_known_slip_costs_its_own_aspect_besides():
    got = report(flipped)
    assert set(got.failures) == {Exercise.WHOLE, SIGN}
    assert got.earned == 3
    assert all(text.startswith(FLIPPED) for text in got.failures.values())
    assert "x (2, 3), c 2" in got.failures[Exercise.WHOLE]


def test_two_slips_are_both_named():
    got = report(lambda x, c=1.0: -3 * x if c >= 0 else right(x, c))
    assert f"{FLIPPED}; and {FORGOTTEN}" in got.failures[Exercise.WHOLE]
    assert set(got.failures) == {Exercise.WHOLE, SIGN, CONSTANT}


@pytest.mark.parametrize(
    "there",
    [
        lambda x, c: c == 0,
        lambda x, c: c > 1,
        lambda x, c: len(x) > 3,
        lambda x, c: x.dtype == torch.float32,
        lambda x, c: len(x) == 2,
    ],
)
def test_wrong_in_one_regime_alone_costs_half(there):
    got = report(lambda x, c=1.0: (flipped if there(x, c) else right)(x, c))
    assert got.earned <= 4
    assert got.failures[Exercise.WHOLE].startswith(FLIPPED)


def test_what_no_slip_explains_is_shown_with_numbers_and_its_contracts_wait():
    got = report(lambda x, c=1.0: 3 * x.abs() + c)
    assert "at index" in got.failures[Exercise.WHOLE]
    assert got.failures[KEEPS].startswith(LATER)
    assert got.failures[GRADIENT].startswith(LATER)


def test_forgiveness_never_reaches_full_marks():
    """Right on ordinary input, wrong where only an aspect looks: nothing is forgiven."""
    got = report(lambda x, c=1.0: (flipped if not x.any() else right)(x + 0, c) * 1)
    assert got.failures == {}  # a flipped zero is zero
    got = report(lambda x, c=1.0: right(x, c) if x.any() else right(x, 0.0))
    assert set(got.failures) == {CONSTANT}


def test_contracts():
    def half(x, c=1.0):
        return right(x, c).float().to(x.dtype)

    assert "seven digits" in report(half).failures[KEEPS]
    assert (
        "torch.float32 came out"
        in report(lambda *a, **k: right(*a, **k).float()).failures[KEEPS]
    )
    assert set(report(lambda *a, **k: right(*a, **k).float()).failures) == {KEEPS}
    # Digits are judged where the values are right.
    nearly = report(lambda *a, **k: flipped(*a, **k) * (1 + 1e-7))
    assert set(nearly.failures) == {Exercise.WHOLE, SIGN}

    def in_place(x, c=1.0):
        result = right(x, c)
        x.zero_()
        return result

    assert "changed in place: argument 1 has other values" in report(in_place).failures[KEEPS]

    def backward(x, c=1.0):
        result = right(x, c)
        if x.requires_grad:
            result.sum().backward(retain_graph=True)
        return result

    assert "argument 1 got a .grad" in report(backward).failures[GRADIENT]
    assert (
        "x is held constant" in report(lambda x, c=1.0: right(x.detach(), c)).failures[GRADIENT]
    )
    half_cut = report(lambda x, c=1.0: right(x.detach(), c) + 2 * (x - x.detach()))
    assert "gradient of x" in half_cut.failures[GRADIENT]
    never = report(lambda x, c=1.0: 3 * x + c)
    assert never.failures.keys() == {"refuses a negative constant"}
    assert "no error" in never.failures["refuses a negative constant"]
    strict = report(lambda x, c=1.0: right(x, c if c else -1.0))
    assert strict.earned <= 4  # refuses what is allowed


def test_an_exception_in_one_regime_leaves_the_rest_to_be_judged():
    def crash(x, c=1.0):
        return right(x, c) if c else [][1]

    got = report(crash)
    assert "IndexError" in got.failures[Exercise.WHOLE]
    assert KEEPS not in got.failures


def test_an_infinity_that_no_slip_explains_is_no_matter_of_dtypes():
    def lost(x, c=1.0):
        y = right(x, c)
        return y if c else y / 0

    got = report(lost)
    assert "infinity" in got.failures[Exercise.WHOLE]
    assert KEEPS not in got.failures


def test_nan_is_named_where_a_slip_gives_the_same_and_shown_where_none_does():
    def shares(x, *, shift=lambda x: x.amax(1, keepdim=True)):
        e = (x - shift(x)).exp()
        return e / e.sum(1, keepdim=True)

    def none(x):
        return 0

    def first(x):
        return x[:, :1]

    made = Exercise("9.7", "shares", points=4, right=shares)

    @made.whole
    def _(draw):
        yield (draw.normal(2, 3),)
        yield (draw.normal(3, 2) - 2000,)
        yield (draw.normal(2, 3) + torch.tensor([-2000.0, -3.0, -4000.0]),)

    @made.aspect("stable", 2, {"exp underflows": {"shift": none}, "it": {"shift": first}})
    def _(draw):
        yield (draw.normal(2, 3) - torch.tensor([[3000.0], [5.0]]),)

    assert made(shares).passed
    for shift, name in ((none, "exp underflows"), (first, "it")):
        got = made(lambda x, shift=shift: shares(x, shift=shift))
        assert got.failures[Exercise.WHOLE].startswith(name)
    assert made(lambda x: shares(x) if (x > -9).all() else x * torch.nan).earned == 0
    unknown = made(lambda x: shares(x, shift=lambda x: x.amin(1, keepdim=True)))
    assert "NaN or infinity" in unknown.failures[Exercise.WHOLE]


def test_a_shape_that_a_reader_makes_good_costs_the_contract_alone():
    made = Exercise("9.8", "total", points=2, right=lambda x: x.sum(), reads=number)

    @made.whole
    def _(draw):
        yield (draw.normal(2, 3),)

    made.keeps(points=1)
    assert made(lambda x: x.sum()).failures == {}
    got = made(lambda x: x.sum()[None])
    assert set(got.failures) == {KEEPS}
    assert "shape (1,), expected ()" in got.failures[KEEPS]


def test_a_hidden_part_takes_over_what_the_visible_one_has_seen_of_the_same_function():
    visible = exercise()
    hidden = visible.hidden_part()
    calls: list[tuple] = []

    @hidden.aspect("another constant", 1)
    def _(draw):
        yield draw.normal(2, 2), 5.0

    def answer(x, c=1.0):
        calls.append((tuple(x.shape), c))
        return right(x, c)

    visible(answer)
    calls.clear()
    assert hidden(answer).failures == {}
    assert calls == [((2, 2), 5.0)]  # nothing on ordinary input again
    calls.clear()
    assert "another constant" in hidden(lambda x, c=1.0: answer(x, c + 1)).failures
    assert len(calls) > 1  # another function was asked all


def test_a_hidden_part_knows_the_visible_slips():
    visible = exercise()
    hidden = visible.hidden_part()

    @hidden.aspect("large constants", 1)
    def _(draw):
        yield draw.normal(2, 2), 1e6

    assert hidden(right).passed
    assert hidden(flipped).passed  # the slip is known, and costs the visible whole
    assert not hidden(lambda x, c=1.0: 0 * x).passed
    assert [v.hidden for v in hidden(right).verdicts] == [True]


def test_a_refusal_of_both_parts_has_two_names_and_the_slips_of_the_visible_one():
    """The hidden part tries it "in every case"; a refusal that is new keeps its name."""
    visible = exercise()
    hidden = visible.hidden_part()

    @hidden.refuses("refuses a negative constant", 0.25)
    def _(draw):
        yield draw.normal(2, 2), -5.0

    @hidden.refuses("refuses minus infinity", 0.25)
    def _(draw):
        yield draw.normal(2, 2), -float("inf")

    assert [prop.name for prop in hidden.properties] == [
        f"refuses a negative constant{EVERY}",
        "refuses minus infinity",
    ]

    def careless(x, c=1.0):
        return 3 * x + c

    failures = (visible(careless) + hidden(careless)).failures
    assert failures["refuses a negative constant"].startswith("no error (")
    assert failures[f"refuses a negative constant{EVERY}"].startswith("no error (")
    assert failures["refuses minus infinity"].startswith(
        "no ValueError was raised, expected one ("
    )


def test_an_exercise_says_what_an_error_means_for_these_arguments():
    """``fails`` is asked with what the answer was given; "" leaves the error to itself."""
    made = exercise()
    made.fails = lambda x, c=1.0: f"c = {c:g} is a constant too" if c == 0 else ""

    def divides(x, c=1.0):
        return right(x, c) + 0 * torch.tensor(1 // int(c))

    def loses(x, c=1.0):
        return right(x, c) if c == 0 else x.lost

    said = made(divides).failures
    assert "ZeroDivisionError" in said[Exercise.WHOLE]
    assert "c = 0 is a constant too" in said[Exercise.WHOLE]
    assert "c = 0 is a constant too" in said[SIGN]
    assert "is a constant too" not in made(loses).failures[Exercise.WHOLE]


def test_random_draws_are_judged_by_experiments():
    def noise(n, seed, *, spread=2.0, seeded=True):
        generator = torch.Generator().manual_seed(seed if seeded else 0)
        return spread * torch.randn(n, generator=generator)

    def spread(subject, n, seed):
        return subject(n, seed).std().item()

    def repeats(subject, n, seed):
        return torch.equal(subject(n, seed), subject(n, seed)), torch.equal(
            subject(n, seed), subject(n, seed + 1)
        )

    made = Exercise("9.8", "noise", points=4, right=noise, rtol=0.1)

    @made.whole
    def _(draw):
        for n in (2000, 3000, 4000):
            yield experiment(spread, n, 3)

    @made.aspect("the seed decides", 2, {"the seed is ignored": {"seeded": False}})
    def _(draw):
        yield experiment(repeats, 5, 3)

    def mine(n, seed):
        torch.manual_seed(seed + 17)
        return torch.randn(n) * 2

    assert made(mine).passed
    fixed = made(lambda n, seed: mine(n, 0))
    assert "the seed is ignored" in fixed.failures["the seed decides"]
    assert made(lambda n, seed: mine(n, seed) / 2).earned == 2


X = torch.arange(4.0, dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "want", "text"),
    [
        (None, X, "is there a return"),
        (np.zeros(4), X, "a ndarray"),
        ([0.0] * 4, X, "a list"),
        (torch.stack([X, -X]).max(0), X, "values and indices, as max, min, sort and topk"),
        ((X, torch.arange(4)), X, "the values alone are .values"),
        ((X, X), X, "returned a tuple, expected a torch.Tensor"),
        ((X, torch.arange(3)), X, "returned a tuple, expected a torch.Tensor"),
        (X[:3], X, "shape (3,), expected (4,)"),
        (X * torch.nan, X, "NaN"),
        (X + torch.tensor([0, 0, 1e-3, 0]), X, "at index (2,) got 2.001, expected 2"),
        (X.to_sparse(), X, "torch.sparse_coo, torch.float64 came out"),
        (X.to(torch.complex64), X, "torch.complex64"),
        ((X,), (X, X), "expected 2 values"),
        ((X, -X), (X, X), "value 2"),
        (3, 4, "got 3, expected 4"),
        (True, 1, "returned a bool, expected an int"),
        ("no", True, "returned a str, expected a bool"),
    ],
)
def test_a_wrong_value_is_described(got, want, text):
    assert not same(got, want)
    with pytest.raises(Wrong) as wrong:
        complain(got, want, "here")
    assert text in str(wrong.value)
    assert "here" in str(wrong.value)


def test_a_subclass_is_not_asked_what_it_equals():
    class Odd(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            raise TypeError("no")

    class Equal:
        def __eq__(self, other):
            return True

    assert same(X.as_subclass(Odd), X)
    assert not same((2 * X).as_subclass(Odd), X)
    assert not same(Equal(), X)
    assert not same(Equal(), 3)
    assert not same([Equal()], [X])


def test_parts_of_a_value_have_names():
    def fraction(x):
        return [x // 7, x % 7]

    made = Exercise("9.9", "fraction", points=2, right=fraction)

    @made.whole
    def _(draw):
        yield Probe((23,), parts=("quotient", "rest"))

    @made.aspect("the rest", 1)
    def _(draw):
        yield Probe((5,), parts=("quotient", "rest"))

    failures = made(lambda x: [x // 7, x % 5]).failures
    assert failures[Exercise.WHOLE].startswith("got 3, expected 2 (rest; x 23)")


def test_a_probe_in_another_dtype_holds_the_same_gradients():
    leaf = torch.ones(3, dtype=torch.float64, requires_grad=True)
    leaf.grad = torch.full((3,), 2.0, dtype=torch.float64)
    probe = given(leaf, [X])
    (made, (plain,)), kept = probe.to(torch.float32).args, probe.to(torch.float64).args[0]
    assert made.is_leaf
    assert made.requires_grad
    assert made.grad.tolist() == [2, 2, 2]
    assert made.dtype is made.grad.dtype is plain.dtype is torch.float32
    assert not plain.requires_grad
    assert kept is leaf


def test_large_integers_are_compared_exactly():
    assert same(10**16 + 1, 10**16 + 1)
    assert not same(10**16, 10**16 + 1)
    assert not same(float(10**16), 10**16 + 1)
    assert same(3.0, 3)


def test_a_value_without_axes_is_shown_with_numbers():
    made = Exercise("9.9", "total", points=2, right=lambda x: x.sum())

    @made.whole
    def _(draw):
        yield (draw.normal(2, 3),)

    said = made(lambda x: x.max()).failures[Exercise.WHOLE]
    assert said.startswith("got ")
    assert "expected" in said


def test_gradients_reach_a_dictionary_but_for_what_is_not_learned():
    def scaled(x, p, *, held=lambda t: t):
        return held(p["weight"]) * (x - p["running_mean"])

    made = Exercise("9.9", "scaled", points=2, right=scaled)

    @made.whole
    def _(draw):
        yield draw.normal(2, 3), {"weight": draw.normal(3), "running_mean": draw.normal(3)}

    slips = {"held": {"held": lambda t: t.detach()}}
    made.gradients("x, p", 1, slips, but="running")
    shifted = made(lambda x, p: p["weight"] * (x - p["running_mean"].detach()))
    assert shifted.passed
    failures = made(lambda x, p: p["weight"].detach() * (x - p["running_mean"])).failures
    assert failures["the gradient reaches x, p"].startswith("held (x (2, 3), p with 2")
    failures = made(
        lambda x, p: (
            1.5 * p["weight"] * (x - p["running_mean"])
            - 0.5 * (p["weight"].detach() * (x - p["running_mean"]))
        )
    ).failures
    assert "gradient of p['weight']" in failures["the gradient reaches x, p"]


def test_what_refuses_too_little_or_too_much_is_told_so():
    def root(x):
        if x < 0:
            raise ValueError("negative")
        return x**0.5

    made = Exercise("9.9", "root", points=2, right=root)

    @made.whole
    def _(draw):
        yield (4.0,)

    @made.refuses("refuses negative numbers", 1)
    def _(draw):
        yield from ((-1.0,), (0.0,))

    def strict(x):
        if x <= 0:
            raise ValueError("not positive")
        return x**0.5

    said = made(lambda x: abs(x) ** 0.5).failures["refuses negative numbers"]
    assert said.startswith("no ValueError was raised, expected one (x -1)")
    said = made(strict).failures["refuses negative numbers"]
    assert said.startswith("a ValueError was raised, but this input is allowed (x 0)")


def test_a_list_of_tensors_is_no_tensor():
    def stacked(got):
        return torch.stack(got) if isinstance(got, list) else got

    made = Exercise("9.9", "twice", points=2, right=lambda x: 2 * x, reads=stacked)

    @made.whole
    def _(draw):
        yield (draw.normal(3),)

    made.keeps(points=1)
    assert made(lambda x: 2 * x).passed
    failures = made(lambda x: [2 * v for v in x]).failures
    assert list(failures) == [KEEPS]
    assert failures[KEEPS].startswith("returned a list, expected a torch.Tensor")


def test_a_table_of_the_visible_probes_is_no_answer_at_grading(monkeypatch):
    made = exercise()
    table = [
        (probe.named(made.signature), made.right(*probe.args, **probe.kwargs))
        for aspect in made.value_aspects
        for probe in made.probes(aspect)
    ]

    def looked_up(x, c=1.0):
        for known, value in table:
            if known["x"].dtype == x.dtype and torch.equal(known["x"], x) and known["c"] == c:
                return value.clone()
        return 0 * x

    assert made(looked_up).earned >= 6
    monkeypatch.setattr(Draw, "salt", 7)
    assert made(looked_up).earned == 1  # of an aspect whose input is no random one
    assert made(right).passed
