"""What chapter 1 says of its measurements is so."""

from __future__ import annotations

import functools

import pytest
import torch

from course_utils import data, results
from course_utils.data import Pictures
from course_utils.reference import naive_bayes_studies as studies
from course_utils.reference.cnn import shift, transformed
from course_utils.reference.naive_bayes import (
    NaiveBayes,
    binarise,
    evidence,
    fit,
    posterior,
)
from course_utils.training import load

TRAINED, COUNTED = "softmax regression", "naive Bayes"


@pytest.fixture(scope="module")
def train() -> Pictures:
    return data.digits("train")


@pytest.fixture(scope="module")
def test() -> Pictures:
    return data.digits("test")


@pytest.fixture(scope="module")
def model() -> NaiveBayes:
    return NaiveBayes(**load("naive_bayes"))


@functools.cache
def measured(name: str, what: str) -> torch.Tensor:
    """(seeds, sizes of the training set)."""
    by_size = results.table("naive_bayes_linear").record["by_seed"][name]
    return torch.tensor([found[what] for found in by_size.values()]).T


def test_the_zero_has_most_undecided_pixels_and_the_one_fewest(model):
    share = model.log_on.exp()
    undecided = ((share > 0.3) & (share < 0.7)).sum(1)
    assert (undecided.argmax(), undecided.argmin()) == (0, 1)
    assert undecided[0] > undecided[4]


def test_fewer_images_rule_out_more_often(train, test):
    many, few, fewest = (
        studies.own_digit_ruled_out(train, test, count) for count in (1000, 100, 10)
    )
    assert 0 < many.max() < 0.05 < few.min() < few.max() < 0.2 < 0.7 < fewest.min()


def test_on_pixels_alone_answer_eight(model, test):
    x = binarise(test.images)
    only_on = model.log_prior + x @ model.log_on.T
    answers = only_on.argmax(1)
    counts = answers.bincount(minlength=10)
    assert counts.argsort(descending=True)[:2].tolist() == [8, 0]
    assert counts[8] > len(x) / 4
    assert counts[1] < (test.labels == 1).sum()
    assert (answers == test.labels).float().mean() < 0.72
    foreign = torch.stack([only_on[test.labels != k, k].mean() for k in range(10)])
    assert (foreign.argmax(), foreign.argmin()) == (8, 1)
    assert model.log_on.exp().sum(1).argmax() == 0  # the most ink


def test_the_prior_decides_where_evidence_is_scarce_and_classes_unequal(train):
    x, y = binarise(train.images), train.labels
    middle = torch.zeros(28, 28, dtype=torch.bool)
    middle[13:16, 13:16] = True
    for seed in range(studies.SEEDS):
        worth = {}
        for pixels in (studies.grid(1), middle.flatten()):
            for sevens in (5000, 100):
                whole, without = studies.without_prior(x, y, pixels, sevens, seed)
                worth[int(pixels.sum()), sevens] = whole - without
        assert worth.pop((9, 100)) > 0.01
        assert without < 5000 / 5100  # to answer one every time is better
        assert max(map(abs, worth.values())) < 0.002


def test_it_is_too_sure_where_pixels_are_not_independent(train, test):
    real, drawn = studies.over_spacing(train, test, [1, 2, 3, 4, 6])
    assert real[0] > 0.1
    assert (real.diff() < 0).all()
    assert abs(real[-1]) < 0.02
    assert drawn.abs().max() < 0.02


def test_pixels_written_twice_make_it_surer_and_no_better(model, test):
    joint = model.joint(binarise(test.images))
    twice = model.log_prior + 2 * (joint - model.log_prior)
    (sure, answer), (surer, again) = posterior(joint).max(1), posterior(twice).max(1)
    assert surer.mean() > sure.mean() + 0.005
    assert (answer == again).float().mean() > 0.999


def test_trained_weights_are_better_on_the_same_images_at_each_size():
    trained, counted = (measured(name, "test accuracy") for name in (TRAINED, COUNTED))
    assert (trained > counted).all()
    assert abs(trained[:, -1].mean() - 92) < 1
    assert abs(counted[:, -1].mean() - 84) < 1
    sure = measured(TRAINED, "test mean probability")[:, -1]
    assert (sure < trained[:, -1]).all()
    assert (measured(COUNTED, "test mean probability")[:, -1] > counted[:, -1] + 10).all()


def test_binary_pixels_cost_less_than_a_point():
    grey = measured(f"{TRAINED} on grey pixels", "test accuracy")[:, -1]
    cost = grey - measured(TRAINED, "test accuracy")[:, -1]
    assert ((cost > 0) & (cost < 1)).all()


@pytest.mark.parametrize("name", [TRAINED, COUNTED])
def test_more_images_close_the_gap(name):
    gap = measured(name, "training accuracy") - measured(name, "test accuracy")
    assert gap[:, 0].min() > 15
    assert gap[:, -1].abs().max() < 1


def test_ten_images_and_no_smoothing_overfit(train, test):
    seen, unseen = studies.over_smoothing(train, test, [1e-6, 0.1, 1.0, 100.0], per_class=10)
    assert seen[:, 0].min() > 0.95
    assert abs(unseen[:, 0].mean() - 2 / 3) < 0.03
    assert (seen[:, [0, 2]] > seen[:, [2, 3]]).all()
    assert (unseen[:, 1] > unseen[:, 0]).all()
    assert (unseen[:, 1] > unseen[:, 3] + 0.1).all()


def test_shift_and_scale_break_it(model, test):
    def accuracy(images):
        return studies.accuracy(model, images, test.labels)

    right = [accuracy(shift(test.images, step, 0)) for step in (0, 1, 2, 3, 6)]
    assert [round(100 * v) for v in right] == pytest.approx([84, 83, 69, 47, 11], abs=1)
    for step in (1, 2, 3):
        assert accuracy(shift(test.images, 0, step)) < right[step]  # down falls faster
    pixels = test.images.float() / 255
    smaller, larger = (accuracy(transformed(pixels, size=s)) for s in (0.8, 1.2))
    assert smaller < larger < right[0]


def test_of_three_changes_a_turn_costs_least(model, test):
    """What the question about the pad's cases says."""
    pixels = test.images.float() / 255
    small = transformed(pixels, size=0.5)
    turned, moved, halved = (
        studies.accuracy(model, images, test.labels)
        for images in (transformed(pixels, turn=30), transformed(pixels, right=4), small)
    )
    assert turned == pytest.approx(0.5, abs=0.01)
    assert moved == pytest.approx(0.27, abs=0.01)
    assert halved < moved - 0.1
    assert (model.predict(binarise(small)) == 1).double().mean() > 0.85


def test_more_of_the_same_images_do_not_help_and_moved_ones_do_at_a_price(train, test, model):
    tests = {"in place": test.images, "moved": shift(test.images, 3, 0)}
    amount = studies.over_images(train, tests, test.labels, [100, 1000, 5000])
    for found in amount.values():
        assert (found[:, 1] > found[:, 0]).all()
        assert (found[:, 2] - found[:, 1]).abs().max() < 0.01
    assert abs(100 * amount["moved"][:, 1:] - 47).max() < 1
    steps = [0, 1, 2, 3, 4, 5]
    moved = [shift(test.images, step, 0) for step in steps]
    before = torch.tensor([studies.accuracy(model, x, test.labels) for x in moved])
    for seed in range(studies.SEEDS):
        wider = studies.with_moved_images(train, most=3, seed=seed)
        gain = torch.tensor([studies.accuracy(wider, x, test.labels) for x in moved]) - before
        assert gain[3] > 0.05
        assert gain[0] < -0.05
        assert (gain > 0).tolist() == [step >= 2 for step in steps]


def test_two_equal_pixels_are_no_matter_of_weights():
    """The quiz's images of two pixels: 50 percent."""
    x = torch.tensor([[0.0, 0], [1, 1], [0, 1], [1, 0]]).repeat(25, 1)
    y = torch.tensor([0, 0, 1, 1]).repeat(25)
    assert torch.allclose(fit(x, y, 2).posterior(x), torch.full((100, 2), 0.5))


def test_evidence_sums_to_the_ratio_of_two_classes(model, test):
    x = binarise(test.images[:50])
    ratio = evidence(x, model.log_on, model.log_off, 4, 9).sum(1)
    joint = model.joint(x) - model.log_prior
    assert torch.allclose(ratio, joint[:, 4] - joint[:, 9], atol=1e-2)
