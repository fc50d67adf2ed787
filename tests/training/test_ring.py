"""Chapter 12's game in the plane: it counts rightly, and each failure changes one thing."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils.reference.gan import gradient_penalty
from course_utils.training import ring


class Fixed(nn.Module):
    """Draws real points, of some spots alone."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.kinds = kinds

    def forward(self, z: Tensor) -> Tensor:
        which = torch.arange(len(z)) % self.kinds
        return ring.centres()[which] + ring.SPREAD * z


@pytest.mark.parametrize("kinds", [1, 3, 8])
def test_spots_are_counted(kinds: int) -> None:
    count, near = ring.covered(Fixed(kinds))
    assert count == kinds
    assert near == pytest.approx(0.989, abs=0.02)  # three deviations in two dimensions


def test_real_points_lie_on_eight_spots() -> None:
    points = ring.spots(4000, torch.Generator().manual_seed(0))
    near = torch.cdist(points, ring.centres()).argmin(1).bincount(minlength=8)
    assert near.min() > 400
    assert points.norm(dim=1).mean() == pytest.approx(1, abs=0.01)


def test_each_failure_differs_from_the_right_game() -> None:
    right = ring.FAILURES["as it should be"]
    assert right == ring.Game()
    for name, game in ring.FAILURES.items():
        changed = [
            f.name for f in fields(game) if getattr(game, f.name) != getattr(right, f.name)
        ]
        assert bool(changed) == (name != "as it should be")


def test_the_same_seed_plays_the_same_game_and_torch_s_own_dice_stay() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    z = torch.ones(1, 2)
    first, again, other = (ring.played(ring.Game(), seed, rounds=5) for seed in (0, 0, 1))
    assert torch.equal(first.generator(z), again.generator(z))
    assert first.loss == again.loss
    assert not torch.equal(first.generator(z), other.generator(z))
    assert torch.equal(torch.get_rng_state(), state)


def test_an_unknown_norm_is_refused() -> None:
    with pytest.raises(ValueError, match="norm must be 'apart', 'together' or None"):
        ring.played(ring.Game(norm="both"))


def test_the_loss_that_is_kept_is_the_generator_s_non_saturating_one() -> None:
    still = ring.Game(rate_d=0.0, rate_g=0.0)
    told = [ring.played(replace(still, saturating=s), rounds=20).loss for s in (False, True)]
    assert told[0] == told[1] == pytest.approx(math.log(2), abs=0.2)  # D says about one half


def test_a_critic_s_game_asks_for_the_slope_between_both_kinds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def penalty(critic: Any, real: Tensor, fake: Tensor, u: Tensor) -> Tensor:
        asked.append((real.shape, fake.shape, u.shape))
        return gradient_penalty(critic, real, fake, u)

    monkeypatch.setattr(ring, "gradient_penalty", penalty)
    ring.played(ring.Game(penalty=1.0), rounds=2, batch=8)
    assert asked == [((8, 2), (8, 2), (8,))] * 2
