"""A training that is killed in its second epoch ends at the weights of one that is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from course_utils.course import CourseError
from course_utils.data import Pictures
from course_utils.training import averaged, chain, cutout, fit, flipped, shifted

STEPS = 4  # in an epoch


def training(resume: Path | None, stop: bool = False, lr: float = 0.01, **options):
    """Everything that holds state: order, augmentations, dropout, statistics, an average."""
    torch.manual_seed(5)
    images = torch.randint(0, 256, (60, 1, 8, 8)).byte()
    pictures = Pictures("noise", images, torch.arange(60) % 3, ("a", "b", "c"))
    augment = chain(shifted(2, 1), flipped(1), cutout(3, 1))
    batches = pictures.batches(16, seed=5, augment=augment)
    layers = (nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(144, 3))
    if stop:
        calls = []

        def wait(*_) -> None:
            calls.append(1)
            if len(calls) == STEPS + 3:
                print("in the second epoch", flush=True)
                time.sleep(600)  # it is killed in it

        model.register_forward_pre_hook(wait)
    ema, told = averaged(model, 0.9), []
    fit(model, batches, 4, lr=lr, ema=ema, resume=resume, watch=told.append, **options)
    return {**model.state_dict(), **ema.state_dict()}, told


CHOICES = {"adamw": {}, "sgd": {"optimiser": "sgd", "schedule": "cosine", "max_norm": 1.0}}


def started(how: str, name: str, state: Path) -> subprocess.Popen[str]:
    """The training in a process of its own: all three alike, to the last bit."""
    return subprocess.Popen(
        [sys.executable, __file__, how, name, state],
        stdout=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        text=True,
    )


def test_killed_and_gone_on_with(tmp_path: Path) -> None:
    whole = {name: started("whole", name, tmp_path / f"whole {name}") for name in CHOICES}
    killed = {name: started("killed", name, tmp_path / f"killed {name}") for name in CHOICES}
    for name, child in killed.items():
        assert child.stdout
        assert "second" in child.stdout.readline()
        child.kill()
        assert child.wait() == -9
        child.stdout.close()
        went_on = started("whole", name, tmp_path / f"killed {name}")
        for process in (whole[name], went_on):
            assert process.stdout
            process.stdout.close()
            assert process.wait() == 0
        want, got = (torch.load(tmp_path / f"{how} {name}") for how in ("whole", "killed"))
        assert [e["number"] for e in got["history"]] == [1, 2, 3, 4]
        assert got["history"] == want["history"]
        for part, tensors in want["parts"].items():
            if part in ("model", "ema"):
                for key, t in tensors.items():
                    assert torch.equal(got["parts"][part][key], t), (name, part, key)
    assert len(list(tmp_path.iterdir())) == 2 * len(CHOICES)  # nothing half written


def test_a_finished_training_is_read_back(tmp_path: Path) -> None:
    want, epochs = training(tmp_path / "state")
    got, told = training(tmp_path / "state", stop=False)
    assert told == epochs
    assert all(torch.equal(got[key], t) for key, t in want.items())


def test_another_training_is_refused(tmp_path: Path) -> None:
    training(tmp_path / "state")
    with pytest.raises(CourseError, match=r"another training \({'lr': 0.01}\): delete it"):
        training(tmp_path / "state", lr=0.02)


if __name__ == "__main__":
    how, name, state = sys.argv[1:]
    training(Path(state), stop=how == "killed", **CHOICES[name])
