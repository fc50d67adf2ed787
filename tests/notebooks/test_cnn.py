"""What chapter 3 says, held by what was measured: each sentence with its numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from course_utils import data, training
from course_utils.reference import cnn as reference
from tests.conftest import ROOT

STUDY = json.loads((ROOT / "results" / "shift.json").read_text("utf-8"))
SHIFTS = np.array(STUDY["shifts"])
CURVES = {name: np.array(runs) for name, runs in STUDY["curves"].items()}  # (seeds, shifts)
AWAY = SHIFTS != 0
TWO_TO_FOUR = abs(SHIFTS) >= 2
QUESTIONS = yaml.safe_load(
    (ROOT / "src" / "course_utils" / "questions" / "cnn.yml").read_text("utf-8")
)


def above(higher: str, lower: str, where: np.ndarray | slice = slice(None)) -> bool:
    """Whether the worst seed of one is better than the best seed of the other."""
    return bool((CURVES[higher].min(0) > CURVES[lower].max(0))[where].all())


def mean(name: str, shift: int) -> float:
    """Over the seeds and both directions."""
    return CURVES[name][:, abs(SHIFTS) == shift].mean()


# -- convolution and moved images ---------------------------------------------------------


def test_three_seeds_over_nine_shifts():
    assert SHIFTS.tolist() == list(range(-4, 5))
    assert {runs.shape for runs in CURVES.values()} == {(3, 9)}


def test_in_place_the_lines_lie_close_together():
    four = ["MLP", "LeNet", "MLP, images moved", "LeNet, images moved"]
    in_place = [mean(name, 0) for name in four]
    assert max(in_place) - min(in_place) < 4
    assert max(mean(n, 4) for n in four) - min(mean(n, 4) for n in four) > 40


@pytest.mark.parametrize("training", ["", ", images moved"])
def test_lenet_is_above_the_mlp_at_every_shift_in_every_seed(training):
    assert above(f"LeNet{training}", f"MLP{training}")


def test_with_less_than_a_quarter_of_its_parameters():
    parameters = {row["network"]: row["parameters"] for row in STUDY["rows"]}
    assert parameters["LeNet"] < parameters["MLP"] / 4
    small = parameters["MLP, as small as LeNet"]
    assert abs(small - parameters["LeNet"]) < 0.01 * small
    assert parameters["LeNet, stride in place of pooling"] == parameters["LeNet"]


@pytest.mark.parametrize("training", ["", ", images moved"])
def test_fewer_parameters_are_not_the_reason(training):
    small, large = (CURVES[f"{name}{training}"] for name in ("MLP, as small as LeNet", "MLP"))
    assert (small.mean(0) < large.mean(0)).all()


def test_without_pooling_more_than_half_of_the_lead_is_lost():
    for shift in (2, 3, 4):
        lead = mean("LeNet", shift) - mean("MLP", shift)
        without = mean("LeNet, stride in place of pooling", shift) - mean("MLP", shift)
        assert without < lead / 2, shift
    assert above("LeNet", "LeNet, stride in place of pooling")


def test_moved_images_help_both_networks():
    for name in ("MLP", "LeNet"):
        assert above(f"{name}, images moved", name, AWAY)


def test_moved_images_alone_give_more_than_lenet_alone():
    """The answer to the prediction too."""
    assert above("MLP, images moved", "LeNet", TWO_TO_FOUR)
    (right,) = [c["text"] for c in QUESTIONS["two_ways"]["choices"] if c.get("right")]
    assert right.startswith("an MLP")


def test_together_they_are_best_and_fall_beyond_what_training_has_shown():
    best = "LeNet, images moved"
    assert all(above(best, name, AWAY) for name in CURVES if name != best)
    two, four = (CURVES[best][:, abs(SHIFTS) == n] for n in (2, 4))
    assert four.max() < two.min()


def test_lenet_in_place_loses_about_half_and_the_mlp_keeps_a_quarter():
    """Of the rubric, and of the figure's text."""
    assert 40 < mean("LeNet", 4) < 60
    assert 20 < mean("MLP", 4) < 30


# -- the network that ships ---------------------------------------------------------------


@pytest.fixture(scope="module")
def lenet():
    model = reference.LeNet()
    model.load_state_dict(training.load("lenet"))
    return model.eval()


def test_kernels_0_and_3_have_a_bright_and_a_dark_side(lenet):
    """How much of a kernel's variation a slope explains; of Sobel's it is 0.89."""
    kernels = lenet.layers[0].weight.detach()[:, 0].double()
    steps = torch.arange(5.0, dtype=torch.float64) - 2
    slopes = torch.stack([steps.expand(5, 5).flatten(), steps[:, None].expand(5, 5).flatten()])
    flat = (kernels - kernels.mean((1, 2), keepdim=True)).flatten(1)
    explained = (flat @ slopes.T).square().sum(1) / slopes[0].square().sum()
    share = explained / flat.square().sum(1)
    assert [n for n in range(6) if share[n] > 0.5] == [0, 3]
    assert (kernels.amax((1, 2)) > 0).all()
    assert (kernels.amin((1, 2)) < 0).all()


def test_after_each_relu_more_than_half_is_zero(lenet):
    x = data.digits("test").images[:1000].float() / 255
    with torch.no_grad():
        for layer in lenet.layers:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                assert (x == 0).double().mean() > 0.5


def test_the_gradients_are_the_kernel_and_the_patch(lenet):
    x = data.digits("test").images[:1].float() / 255
    w = lenet.layers[0].weight.detach()
    dy = torch.zeros(1, 6, 28, 28)
    dy[0, 2, 10, 12] = 1
    dx, dw, _ = reference.conv_backward(dy, x, w, padding=2)
    torch.testing.assert_close(dx[0, 0, 8:13, 10:15], w[2, 0])
    torch.testing.assert_close(dw[2, 0], x[0, 0, 8:13, 10:15])


@torch.no_grad()
def test_maps_move_along_and_do_not_turn_along(lenet):
    """Both orders of the first layer and a change; a share of the maps' size."""
    x, first = data.digits("test").images[:200].float() / 255, lenet.layers[:2]

    def apart(change):
        one, other = (y[..., 4:-4, 8:-8] for y in (change(first(x)), first(change(x))))
        return ((one - other).norm() / one.norm()).item()

    assert apart(lambda y: reference.shift(y, 4, 0)) < 1e-6
    for quarters in (1, 2, 3):  # without any resampling
        assert apart(lambda y, n=quarters: y.rot90(n, (2, 3))) > 1
    assert apart(lambda y: reference.transformed(y, turn=30)) > 0.5


@torch.no_grad()
def test_this_lenet_forgives_a_move_more_often_than_a_turn(lenet):
    test = data.digits("test")
    x = test.images.float() / 255

    def read(**change):
        changed = reference.transformed(x, **change)
        found = torch.cat([lenet(part) for part in changed.split(1000)]).argmax(1)
        return (found == test.labels).double().mean().item()

    moves = [read(right=4), read(right=-4)]
    turns = [read(turn=30), read(turn=-30)]
    assert min(moves) > max(turns) + 0.05


# -- the failure gallery ------------------------------------------------------------------


def test_from_zeros_only_the_last_bias_learns():
    net = reference.LeNet()
    for p in net.parameters():
        nn.init.zeros_(p)
    digits = data.digits("train").per_class(2)
    nn.functional.cross_entropy(net(digits.images.float() / 255), digits.labels).backward()
    moved = [name for name, p in net.named_parameters() if p.grad.abs().max() > 0]
    assert moved in ([], ["layers.11.bias"])


def test_a_step_far_too_large_silences_a_whole_layer():
    digits = data.digits("train").per_class(20, seed=0)
    torch.manual_seed(0)
    net = reference.LeNet()
    training.fit(net, digits.batches(20, seed=0), 40, lr=0.5)
    x, silent = digits.images.float() / 255, []
    with torch.no_grad():
        for layer in net.layers:
            x = layer(x)
            silent.append(isinstance(layer, nn.ReLU) and bool((x == 0).all()))
    assert any(silent)


def test_the_gallery_shows_what_its_table_says(executed_chapter):
    (cell,) = [c for c in executed_chapter("03_cnn").cells if c.id == "gallery-table"]
    lines = cell.outputs[0].data["text/plain"].splitlines()
    good, *bad = [[int(part.split()[-1]) for part in line.split("  ")[1:]] for line in lines]
    assert good[0] == 100 > good[1] > 75
    assert all(new < 20 for _, new in bad)
    assert [seen for seen, _ in bad[:3]] == [10, 10, 10]
    assert bad[3][0] > 95


# -- the questions ------------------------------------------------------------------------


def test_answers_are_computed():
    """Each number in questions/cnn.yml by another way than its explanation."""
    bias = nn.Conv2d(1, 1, 3)
    bias(torch.zeros(8, 1, 12, 12)).sum().backward()
    windows = nn.functional.fold(torch.ones(1, 9, 4), (6, 6), (3, 3), stride=3)
    conv, lenet = nn.Conv2d(8, 4, 3), [(5, 1), (2, 2), (5, 1), (2, 2)]
    computed = {
        "full_layer": nn.Linear(784, 784, bias=False).weight.numel(),
        "products": round(nn.Conv2d(16, 32, 3).weight.numel() * 28 * 28 / 1e6, 2),
        "bias_gradient": bias.bias.grad.item(),
        "field": reference.receptive_field(lenet)[0],
        "quiz_field": reference.receptive_field([(3, 1), (3, 2), (3, 1)])[0],
        "quiz_parameters": sum(p.numel() for p in conv.parameters()),
        "quiz_windows": windows.max().item(),
        "quiz_places": reference.receptive_field([(3, 1), (2, 2)] * 3)[1],
    }
    assert computed == {n: q["answer"] for n, q in QUESTIONS.items() if "answer" in q}
