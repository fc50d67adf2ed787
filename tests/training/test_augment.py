"""Augmentations: what they do to a picture, that pictures differ, that a seed repeats them."""

from __future__ import annotations

import pytest
import torch

from course_utils.training import chain, cutout, flipped, shifted

KINDS = {
    "shifted": lambda seed: shifted(2, seed),
    "flipped": flipped,
    "cutout": lambda seed: cutout(3, seed),
    "chain": lambda seed: chain(shifted(1, seed), flipped(seed), cutout(4, seed)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_seed_repeats_and_the_input_stays(kind) -> None:
    x = torch.rand(64, 3, 9, 7)
    kept, augment = x.clone(), kind(1)
    first, second = augment(x), augment(x)
    assert torch.equal(x, kept)
    assert first.shape == x.shape
    assert first.dtype == x.dtype
    assert torch.equal(kind(1)(x), first)
    assert not torch.equal(first, second)
    assert not torch.equal(kind(2)(x), first)
    states = [g.get_state() for g in augment.generators]
    third = augment(x)
    for generator, state in zip(augment.generators, states, strict=True):
        generator.set_state(state)
    assert torch.equal(augment(x), third)


def test_half_are_mirrored_whole() -> None:
    x = torch.rand(1000, 2, 4, 5)
    y = flipped(seed=3)(x)
    same = (y == x).flatten(1).all(1)
    mirrored = (y == x.flip(3)).flatten(1).all(1)
    assert torch.equal(same, ~mirrored)
    assert 450 < mirrored.sum() < 550


def test_one_square_is_cut_out_of_all_channels() -> None:
    y = cutout(3, seed=0)(torch.ones(500, 2, 8, 6))
    assert torch.equal(y[:, 0], y[:, 1])
    black = y[:, 0] == 0
    rows, columns = black.any(2).sum(1), black.any(1).sum(1)
    assert torch.equal(rows * columns, black.sum((1, 2)))  # full rectangles
    assert set(rows.tolist()) == set(columns.tolist()) == {2, 3}  # 2 at the border
    assert black.any(0).all()  # anywhere


def test_a_chain_goes_from_left_to_right() -> None:
    x = torch.rand(32, 1, 8, 8)
    want = cutout(4, 5)(flipped(5)(shifted(2, 5)(x)))
    assert torch.equal(chain(shifted(2, 5), flipped(5), cutout(4, 5))(x), want)


def test_kinds_of_one_seed_draw_different_numbers() -> None:
    drawn = [
        torch.rand(8, generator=g) for g in chain(shifted(1), flipped(), cutout(2)).generators
    ]
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == 3
