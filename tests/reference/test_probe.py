"""Probes find the best classifier and the nearest neighbours, and leave the encoder alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import Tensor, nn

from course_utils.reference.probe import features, knn, linear_probe


def blobs(n: int, d: int = 6, classes: int = 3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Overlapping clouds, each feature on a scale and at a place of its own."""
    centres = torch.randn(classes, d, generator=torch.Generator().manual_seed(9)).double()
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % classes
    x = centres[y] + torch.randn(n, d, generator=generator, dtype=torch.float64)
    return x * 10.0 ** torch.arange(-3, d - 3) + torch.arange(d), y


class Encoder(nn.Module):
    """Dropout and batch norm, one of them frozen: all that a careless probe would disturb."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.frozen = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
        self.rest = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(3, 4, 3))
        self.train()
        self.frozen.eval()

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.frozen(self.norm(x)))


def test_features_leave_no_trace() -> None:
    encoder, x = Encoder(), torch.rand(11, 3, 6, 5)
    before = {key: t.clone() for key, t in encoder.state_dict().items()}
    got = features(encoder, x, batch=4)
    assert got.shape == (11, 4 * 4 * 3)
    assert not got.requires_grad
    assert not got.is_inference()  # a later training may use them
    assert all(torch.equal(t, before[key]) for key, t in encoder.state_dict().items())
    modes = {name: m.training for name, m in encoder.named_modules()}
    assert modes == {name: "frozen" not in name for name in modes}
    torch.testing.assert_close(got, encoder.eval()(x).flatten(1))
    assert torch.equal(features(nn.Flatten(), x), x.flatten(1))  # no weights, no device


def test_the_mode_comes_back_after_an_error() -> None:
    encoder = Encoder()
    with pytest.raises(RuntimeError):
        features(encoder, torch.rand(2, 5, 6, 6))
    assert encoder.training
    assert encoder.rest[0].training


def test_the_probe_is_the_best_there_is() -> None:
    """Against scipy's minimiser on the definition, in float64."""
    (x, y), (tests, labels) = blobs(300), blobs(200, seed=1)
    decay = 1e-2
    probe = linear_probe(x, y, tests, labels, decay)
    mean, std = x.mean(0), x.std(0, correction=0)
    z, picked = ((x - mean) / std).numpy(), F.one_hot(y).numpy()

    def loss(w: np.ndarray) -> float:
        weight, bias = w[:18].reshape(3, 6), w[18:]
        scores = z @ weight.T + bias
        logs = scores - np.logaddexp.reduce(scores, 1, keepdims=True)
        return -(logs * picked).sum(1).mean() + decay / 2 * (weight**2).sum()

    best = minimize(loss, np.zeros(21), method="BFGS", options={"gtol": 1e-8})
    weight = torch.from_numpy(best.x[:18].reshape(3, 6)) / std
    torch.testing.assert_close(probe.weight * std, weight * std, rtol=1e-4, atol=1e-5)
    # One number added to all biases changes nothing.
    bias = torch.from_numpy(best.x[18:]) - weight @ mean
    shift = (probe.bias - bias).mean()
    torch.testing.assert_close(probe.bias - shift, bias, rtol=1e-4, atol=1e-4)
    right = (probe.predict(tests) == labels).double().mean().item()
    assert probe.accuracy == right
    assert 0.75 < right < 1


def test_float32_a_scale_and_a_dead_feature_change_little() -> None:
    """A feature that is constant but for rounding, by chance another in one class."""
    (x, y), (tests, labels) = blobs(300), blobs(200, seed=1)
    want = linear_probe(x, y, tests, labels)
    again = linear_probe(x, y, tests, labels)
    assert torch.equal(again.weight, want.weight)  # no random numbers
    scale, dead = torch.tensor([1e4, 1, 1, 1, 1, 1]), torch.full((300, 1), 0.1)
    dead[y == 0] = torch.nextafter(dead[0], torch.ones(1))
    x, tests = (torch.cat([t * scale, dead[: len(t)]], 1).float() for t in (x, tests))
    got = linear_probe(x, y, tests, labels)
    assert got.weight.dtype == torch.float32
    assert got.weight[:, 6].abs().max() < 1e-3
    assert got.accuracy == pytest.approx(want.accuracy, abs=0.01)


def test_decay_shrinks_and_standardisation_is_the_training_sets() -> None:
    (x, y), (tests, labels) = blobs(300), blobs(200, seed=1)
    norms = [linear_probe(x, y, tests, labels, w).weight.norm() for w in (0, 1e-2, 1, 1e3)]
    assert norms == sorted(norms, reverse=True)
    one = linear_probe(x, y, tests, labels)
    parts = [
        linear_probe(x, y, tests[n : n + 50], labels[n : n + 50]) for n in (0, 50, 100, 150)
    ]
    assert all(torch.equal(p.weight, one.weight) for p in parts)
    mean = sum(p.accuracy for p in parts) / 4
    assert mean == pytest.approx(one.accuracy)


def test_a_class_the_training_set_lacks_is_never_right() -> None:
    (x, y), (tests, labels) = blobs(60), blobs(60, seed=1)
    two = linear_probe(x[y < 2], y[y < 2], tests, labels)
    assert two.weight.shape == (2, 6)
    assert two.accuracy <= 2 / 3


@pytest.mark.parametrize("temperature", [0.07, 0.001])
def test_neighbours_vote_by_similarity(temperature: float) -> None:
    (x, y), (tests, _) = blobs(120), blobs(50, seed=1)
    x, tests = x - x.mean(0), tests - x.mean(0)
    got = knn(x, y, tests, k=15, temperature=temperature, batch=7)
    similarity = F.cosine_similarity(tests[:, None], x[None], dim=2)
    for scores, answer in zip(similarity, got, strict=True):
        near = scores.argsort(descending=True)[:15]
        votes = [sum(((scores[n] - 1) / temperature).exp() for n in near if y[n] == k)
                 for k in range(3)]  # fmt: skip
        assert answer == torch.tensor(votes).argmax()
    assert got.dtype == torch.int64


def test_neighbours_of_extremes() -> None:
    x = torch.eye(4)
    y = torch.tensor([0, 1, 1, 2])
    assert torch.equal(knn(x, y, 3 * x, k=1), y)  # lengths count for nothing
    # All four vote: the nearest has e^(1/τ), for a mild τ the two of class 1 outvote it.
    assert knn(x, y, x[:1], k=4, temperature=0.1).item() == 0
    assert knn(x, y, x[:1], k=4, temperature=100).item() == 1
    assert torch.equal(knn(x, y, x, k=4, temperature=1e-4), y)  # e^10000 would overflow


def test_errors_say_what_does_not_go_together() -> None:
    (x, y), (tests, labels) = blobs(30), blobs(10)
    for wrong in (lambda *a: linear_probe(*a, labels), lambda *a: knn(*a, k=5)):
        with pytest.raises(ValueError, match="30 features, 29 labels"):
            wrong(x, y[:29], tests)
        with pytest.raises(ValueError, match=r"not \(30, 6\) and \(10, 5\)"):
            wrong(x, y, tests[:, :5])
    with pytest.raises(ValueError, match="10 features of tests, 9 labels"):
        linear_probe(x, y, tests, labels[:9])
    with pytest.raises(ValueError, match="weight decay is not negative"):
        linear_probe(x, y, tests, labels, weight_decay=-1)
    for k in (0, 31):
        with pytest.raises(ValueError, match=f"no {k} neighbours among 30"):
            knn(x, y, tests, k=k)
    with pytest.raises(ValueError, match="temperature is positive, not 0"):
        knn(x, y, tests, k=3, temperature=0)
    with pytest.raises(ValueError, match="0 images"):
        features(nn.Identity(), torch.rand(0, 3))


def test_an_encoder_has_one_output() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x, x

    with pytest.raises(ValueError, match="not a tuple: pass the part that does"):
        features(Two(), torch.rand(3, 2))
