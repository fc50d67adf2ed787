"""Two processes have the gradients of one; started by torchrun as a person would."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from course_utils.data import Pictures
from course_utils.training import averaged, distributed, fit, flipped
from tests.training.two_processes import joined, started

CPU = torch.device("cpu")


def trained() -> dict[str, object]:
    """Gradients of one batch of 7 (4 and 3 images for two), then a whole training."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    batch = torch.randn(7, 1, 6, 6), torch.arange(7) % 3
    x, y = distributed.shard(batch)
    wrapped = distributed.wrap(copy.deepcopy(model))  # averages as long as it lives
    loss = cross_entropy(wrapped(x), y) * distributed.share(len(y), 7)
    loss.backward()
    gradients = [p.grad for p in wrapped.parameters()]

    images = torch.randint(0, 256, (23, 1, 6, 6)).byte()  # batches of 8, 8 and 7
    pictures = Pictures("noise", images, torch.arange(23) % 3, ("a", "b", "c"))
    ema = averaged(model, 0.5)
    options = {"optimiser": "sgd", "max_norm": 1.0, "lr": 0.1, "ema": ema}
    history = fit(model, pictures.batches(8, augment=flipped()), 2, **options)
    epochs = [(e.number, e.loss, e.accuracy) for e in history]
    weights = {**model.state_dict(), **ema.state_dict()}
    return {"gradients": gradients, "weights": weights, "epochs": epochs}


def test_two_processes_are_as_one(tmp_path: Path) -> None:
    want = trained()
    for got in started(__file__, tmp_path):
        torch.testing.assert_close(got["gradients"], want["gradients"], rtol=0, atol=1e-6)
        torch.testing.assert_close(got["weights"], want["weights"], rtol=0, atol=1e-5)
        for mine, one in zip(got["epochs"], want["epochs"], strict=True):
            assert mine == pytest.approx(one, rel=1e-5)


def test_alone_nothing_changes(monkeypatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    model, batch = nn.Linear(2, 2), (torch.randn(3, 2), torch.tensor([0, 1, 1]))
    assert distributed.start(CPU) == CPU
    assert (distributed.world(), distributed.rank(), distributed.share(3, 3)) == (1, 0, 1)
    assert distributed.wrap(model) is model
    assert all(map(torch.equal, distributed.shard(batch), batch))
    distributed.stop()


def test_every_process_needs_a_picture(monkeypatch) -> None:
    monkeypatch.setattr(distributed, "world", lambda: 4)
    with pytest.raises(ValueError, match="3 images for 4 processes"):
        distributed.shard((torch.zeros(3, 1), torch.zeros(3)))


if __name__ == "__main__":
    joined(trained)
