"""What chapter 4 says, held by what was measured: each sentence with its numbers."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import ROOT

LADDER = json.loads((ROOT / "results" / "ladder.json").read_text("utf-8"))
AS_THEY_ARE, MOVED = "as they are", "moved and mirrored"
SEEDS = {(row["network"], row["training images"]): row["seeds"] for row in LADDER["rows"]}
PARAMETERS = {row["network"]: row["parameters"] for row in LADDER["rows"]}
OTHERS = ("linear", "MLP", "LeNet")


def mean(network: str, images: str) -> float:
    return sum(SEEDS[network, images]) / len(SEEDS[network, images])


def below(lower: tuple[str, str], upper: tuple[str, str]) -> bool:
    """Whether the worst seed of one has a smaller error than the best of the other."""
    return max(SEEDS[lower]) < min(SEEDS[upper])


# -- four networks with all else equal -----------------------------------------------------


def test_four_networks_three_seeds_with_and_without_augmentation():
    assert set(SEEDS) == {(n, i) for n in (*OTHERS, "ResNet-20") for i in (AS_THEY_ARE, MOVED)}
    assert {len(seeds) for seeds in SEEDS.values()} == {3}
    assert abs(PARAMETERS["MLP"] - PARAMETERS["ResNet-20"]) < 0.02 * PARAMETERS["MLP"]


def test_moved_images_help_resnet_alone():
    assert below(("ResNet-20", MOVED), ("ResNet-20", AS_THEY_ARE))
    for network in OTHERS:
        assert below((network, AS_THEY_ARE), (network, MOVED)), network


def test_as_they_are_convolution_brings_little():
    assert 0 < mean("MLP", AS_THEY_ARE) - mean("ResNet-20", AS_THEY_ARE) < 1
    assert below(("MLP", AS_THEY_ARE), ("LeNet", AS_THEY_ARE))


def test_the_lead_comes_from_both_together():
    """Neither the network alone nor the augmentation alone is as far ahead of the MLP."""
    start = mean("MLP", AS_THEY_ARE)
    together = start - mean("ResNet-20", MOVED)
    alone = start - mean("ResNet-20", AS_THEY_ARE), start - mean("MLP", MOVED)
    assert together > max(alone) + 0.5
    assert below(("ResNet-20", MOVED), ("MLP", AS_THEY_ARE))


@pytest.mark.parametrize(
    ("network", "images", "said"),
    [
        ("linear", AS_THEY_ARE, 21),
        ("linear", MOVED, 31),
        ("MLP", AS_THEY_ARE, 16.5),
        ("MLP", MOVED, 22),
        ("LeNet", AS_THEY_ARE, 18),
        ("LeNet", MOVED, 21),
        ("ResNet-20", AS_THEY_ARE, 16),
        ("ResNet-20", MOVED, 15),
    ],
)
def test_the_figures_text_is_what_it_shows(network, images, said):
    assert abs(mean(network, images) - said) < 0.5


# -- depth, and the failure gallery --------------------------------------------------------


def test_the_figure_of_depth_says_where_its_dots_lie():
    record = json.loads((ROOT / "results" / "depth.json").read_text("utf-8"))
    last = {
        name: sorted(e[-1] for e in run["errors"]) for name, run in record["curves"].items()
    }
    near, near_too, far = last["plain, 56 layers"]
    assert max(abs(near - 37), abs(near_too - 37)) < 2
    assert abs(far - 74) < 1
    assert all(abs(error - 9) < 1.5 for error in last["plain, 20 layers"])
    assert all(11 < error < 17 for error in last["residual, 56 layers"])
    assert all(abs(error - 4) < 1 for error in last["residual, 20 layers"])


@pytest.fixture(scope="module")
def gallery(executed_chapter) -> list[tuple[list[int], list[int]]]:
    """Of each attempt: accuracy while training, and on test images, three seeds each."""
    (cell,) = [c for c in executed_chapter("04_resnet").cells if c.id == "gallery-table"]
    lines = cell.outputs[0].data["text/plain"].splitlines()
    parts = [re.findall(r": (\d+), (\d+), (\d+)", line) for line in lines]
    assert [len(part) for part in parts] == [2] * 6
    return [([*map(int, a)], [*map(int, b)]) for a, b in parts]


def test_eval_forgotten_costs_little_on_a_mixture_and_most_on_single_classes(gallery):
    fine, mixed, by_class = (on_test for _, on_test in gallery[:3])
    assert all(abs(a - b) <= 5 for a, b in zip(fine, mixed, strict=True))
    assert max(by_class) < min(fine) / 2


def test_running_values_from_the_start_are_seen_in_evaluation_alone(gallery):
    (fine, fine_test), (frozen, frozen_test) = gallery[0], gallery[3]
    assert frozen == fine
    assert max(frozen_test) < min(fine_test) - 20  # 14 to 39 % against 75, by machine and seed


def test_without_norms_it_learns_far_less_with_either_step(gallery):
    fine, _ = gallery[0]
    for while_training, on_test in gallery[4:]:
        assert max(while_training) < min(fine) - 10
        assert max(on_test) < min(gallery[0][1]) - 5
