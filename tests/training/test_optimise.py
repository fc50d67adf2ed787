"""What moves the weights: the defaults are a plain loop, the options do what they say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from course_utils.data import Pictures
from course_utils.training import averaged, fit, optimise, shifted


def batches(size: int = 16, **options):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (48, 1, 6, 6), generator=generator).byte()
    pictures = Pictures("noise", images, torch.arange(48) % 3, ("a", "b", "c"))
    return pictures.batches(size, augment=shifted(1), **options)


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 3))


def test_defaults_are_a_plain_loop_bit_for_bit() -> None:
    ours, plain = network(), network().to(memory_format=torch.channels_last)
    fit(ours, batches(), 2, lr=0.01)
    optimiser = AdamW(plain.parameters(), 0.01, weight_decay=1e-2)
    schedule = OneCycleLR(optimiser, 0.01, total_steps=6)
    data = batches()
    for _ in range(2):
        for x, y in data:
            x = x.contiguous(memory_format=torch.channels_last)
            loss = cross_entropy(plain(x), y)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    for key, t in plain.state_dict().items():
        assert torch.equal(ours.state_dict()[key], t), key


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["one-cycle", "cosine"])
def test_all_choices_learn(optimiser: str, schedule: str) -> None:
    choice = {"optimiser": optimiser, "schedule": schedule, "lr": 0.02}
    history = fit(network(), batches(), 12, **choice)
    assert history[-1].loss < 0.9 * history[0].loss


def test_cosine_falls_to_nothing() -> None:
    optimiser = optimise.optimiser("sgd", network(), 0.4, 0.0)
    schedule = optimise.schedule("cosine", optimiser, 0.4, 8)
    for n in range(9):
        want = 0.2 * (1 + math.cos(math.pi * n / 8))
        assert optimiser.param_groups[0]["lr"] == pytest.approx(want, abs=1e-12)
        optimiser.step()
        schedule.step()


def test_gradients_are_cut_to_one_length() -> None:
    norms = {}
    for max_norm in (None, 1e-3):
        model = network()
        fit(model, batches(), 1, max_norm=max_norm)
        norms[max_norm] = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    assert norms[None] > 0.1
    assert norms[1e-3] == pytest.approx(1e-3, rel=1e-3)


def test_the_average_follows_weights_and_statistics() -> None:
    model = network()
    ema, seen = averaged(model, decay=0.7), []
    fit(
        model,
        batches(48),  # one step an epoch
        4,
        ema=ema,
        watch=lambda _: seen.append({k: t.clone() for k, t in model.state_dict().items()}),
    )
    for key, t in ema.module.state_dict().items():
        if t.is_floating_point():
            want = seen[0][key]
            for state in seen[1:]:
                want = 0.7 * want + 0.3 * state[key]
            torch.testing.assert_close(t, want, msg=key)
            assert not torch.equal(t, seen[-1][key])


def test_compile_is_asked_for(monkeypatch) -> None:
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda model: compiled.append(model) or model)
    model = network()
    fit(model, batches(), 1)
    assert compiled == []
    fit(model, batches(), 1, compile=True)
    assert compiled == [model]


def test_unknown_choices_are_named() -> None:
    with pytest.raises(ValueError, match="no optimiser 'adam'; there are: adamw, sgd"):
        fit(network(), batches(), 1, optimiser="adam")
    with pytest.raises(ValueError, match="no schedule 'step'; there are: one-cycle, cosine"):
        fit(network(), batches(), 1, schedule="step")
