"""The generative benchmark compares equals, and says what it lacks."""

from __future__ import annotations

import sys

import pytest
import torch

from benchmarks import generative
from course_utils.reference.frechet import gaussian_distance, moments

CPU = torch.device("cpu")


def test_all_ways_to_a_gan_step_give_the_same_gradients():
    matches = generative.gan_steps(4, CPU)
    assert [match.peer for match in matches] == list(generative.WAYS)


def test_another_gradient_is_noticed(monkeypatch):
    """Of the saturating loss, which the peers do not minimise."""
    step = generative.gan.step
    other = lambda *given: step(*given, saturating=True)  # noqa: E731
    monkeypatch.setattr(generative.gan, "step", other)
    with pytest.raises(AssertionError, match="gradient of G by the plain recipe differs"):
        generative.gan_steps(4, CPU)


def test_scipys_way_is_ours():
    x, y = torch.randn(2, 60, 5, generator=torch.Generator().manual_seed(0))
    first, second = moments(x), moments(2 * y + 1)
    wanted = gaussian_distance(first, second).item()
    assert generative.by_scipy(first, second) == pytest.approx(wanted, rel=1e-10)


def test_a_missing_peer_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pythae.models", None)
    monkeypatch.setattr(sys, "argv", ["generative"])
    with pytest.raises(SystemExit, match=r"pythae.*make bench NAMES=generative"):
        generative.main()
