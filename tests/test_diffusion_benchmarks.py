"""The benchmarks of diffusion and of CLIP's loss compare equals, and say what they lack."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks import busy, clip_peers, diffusion_peers
from benchmarks.diffusion_networks import SCHEDULE, STEPS, Peer
from course_utils.reference.diffusion import q_sample
from course_utils.reference.samplers import times


@pytest.fixture
def results(monkeypatch, tmp_path):
    """A folder in place of results/."""
    monkeypatch.setenv("BENCHMARK_RESULTS", str(tmp_path))
    return tmp_path


class Small(nn.Module):
    """Says ε of images, at times from 0 on."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, x, t):
        return self.layer(x) * (1 + t.view(-1, 1, 1, 1) / STEPS)


def small_peer(late: int = 0) -> Peer:
    """``late`` 1: its t counts as ours does, where it should not."""
    network = Small()

    def objective(x0, t, noise):
        return F.mse_loss(network(q_sample(x0, t + 1 - late, noise, SCHEDULE), t), noise)

    return Peer(network, objective)


def plain_sampler(schedule, number, clip, eta=0.0):
    """DDIM as the paper has it, in place of diffusers'."""

    def draw(model, x):
        bar = schedule.alpha_bar
        for t, s in pairwise(times(schedule.steps, number)):
            v = model(x, torch.full((len(x),), t))
            x0 = bar[t].sqrt() * x - (1 - bar[t]).sqrt() * v
            x0 = x0.clamp(-1, 1) if clip else x0
            noise = (x - bar[t].sqrt() * x0) / (1 - bar[t]).sqrt()
            x = bar[s].sqrt() * x0 + (1 - bar[s] + eta).sqrt() * noise
        return x

    return draw


def test_a_training_step_is_timed_beside_a_peer_of_the_same_loss():
    x, labels = torch.rand(2, 1, 28, 28) * 2 - 1, torch.tensor([3, 0])
    rows, needed = diffusion_peers.training({"small": small_peer()}, x, labels, 1)
    assert [row["ours"] for row in rows] == [
        f"{own}, {k}" for own, k, _ in diffusion_peers.PAIRS
    ]
    assert {row["peer"] for row in rows} == {"small, float32", "small, bfloat16"}
    assert needed["patch 1"] > 3 * needed["patch 2"] > 0  # four times the pixels
    assert all(row["asked for"] == 0.6 for row in rows)
    with pytest.raises(AssertionError, match="small: the loss differs"):
        diffusion_peers.training({"small": small_peer(1)}, x, labels, 1)


def test_loops_of_ddim_must_draw_the_same():
    start, model = torch.randn(2, 1, 8, 8), lambda x, t: x * (t.view(-1, 1, 1, 1) / STEPS)
    rows = diffusion_peers.loops(model, "small", start, 1, plain_sampler)
    assert ["not cut" in row["peer"] for row in rows] == [False, True]
    other = partial(plain_sampler, eta=1e-3)
    with pytest.raises(AssertionError, match="DDIM, small differs"):
        diffusion_peers.loops(model, "small", start, 1, other)


def test_diffusion_is_measured_and_written(results, monkeypatch):
    monkeypatch.setattr(
        diffusion_peers.networks, "all_peers", lambda device: {"diffusers": small_peer()}
    )
    monkeypatch.setattr(diffusion_peers.loops, "__defaults__", (plain_sampler,))
    monkeypatch.setattr(sys, "argv", ["diffusion_peers", "--rounds", "1", "--batch", "1"])
    diffusion_peers.main()
    (path,) = results.iterdir()
    record = json.loads(path.read_text())
    keys = [list(row) for row in record["rows"]]
    assert all(sorted(row) == sorted(keys[0]) for row in keys)  # the first one heads the table
    assert record["parameters"]["patch 2"] == 166_580


def test_all_losses_of_clip_are_compared_and_written(results, monkeypatch):
    monkeypatch.setattr(clip_peers, "open_clip", lambda: clip_peers.contrastive_loss)
    monkeypatch.setattr(clip_peers, "memory", lambda *asked: 1.0)
    words = ["--rounds", "1", "--pairs", "6", "--dims", "4", "3"]
    monkeypatch.setattr(sys, "argv", ["clip_peers", *words])
    clip_peers.main()
    (path,) = results.iterdir()
    rows = json.loads(path.read_text())["rows"]
    assert [row["ours"] for row in rows] == 4 * list(clip_peers.OURS)
    assert {row["share of its memory"] for row in rows} == {1}


def test_another_loss_is_noticed():
    half = lambda x, y, s: clip_peers.contrastive_loss(x, y, s) / 2  # noqa: E731
    with pytest.raises(AssertionError, match="in strips: value differs"):
        clip_peers.compare(half, 5, 3, 2.0, 1)
    same, wrong = torch.ones(()), torch.tensor(math.nan)
    with pytest.raises(AssertionError, match="gradient of the scale"):
        clip_peers.require_same("a loss", [same] * 3 + [wrong], [same] * 4)


def test_memory_is_that_of_the_pass_alone():
    """Six matrices (N, N) and more as written; in a process that was no larger before."""
    words = [
        "-m",
        "benchmarks.clip_peers",
        "--peak",
        "as written",
        "--pairs",
        "1500",
        "--dims",
        "8",
    ]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    assert 2 * 4 * 1500**2 < int(done.stdout) < 20 * 4 * 1500**2


@pytest.mark.parametrize(
    ("module", "name", "missing"),
    [
        (diffusion_peers, "diffusion_peers", "diffusers"),
        (clip_peers, "clip_peers", "open_clip"),
    ],
)
def test_a_missing_peer_is_named_with_the_command_that_gets_it(
    module, name, missing, monkeypatch
):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr(sys, "argv", [name])
    with pytest.raises(SystemExit, match=rf"{missing}.*pip install.*benchmarks\.{name}"):
        module.main()


def test_the_machines_load_is_said(monkeypatch):
    monkeypatch.setattr(busy.os, "getloadavg", lambda: (0.4, 3.0, 3.0))
    assert busy.machine() == "quiet"
    monkeypatch.setattr(busy.os, "getloadavg", lambda: (1.6, 0.0, 0.0))
    assert busy.machine() == "loaded, 1.6"


def test_shares_are_of_the_peers_time():
    ours, theirs = busy.Times([1.0, 2.0], [0.1, 0.1]), busy.Times([2.0, 4.0], [0.4, 0.4])
    row = busy.beside(ours, theirs, 0.7)
    assert (row["share of its time"], row["share of its CPU time"]) == (0.5, 0.25)
    assert row["peer, ms"] == 3000
