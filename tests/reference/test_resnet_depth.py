"""What chapter 4 says about signals and gradients holds in every seed."""

from __future__ import annotations

import json

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import data
from course_utils.reference import resnet
from course_utils.reference.resnet_depth import random_stack, sizes
from tests.conftest import ROOT

LAYERS = 50
STACKS = [random_stack(LAYERS, seed=n) for n in range(3)]


def per_layer(values: Tensor, layers: int = LAYERS) -> float:
    """By what factor the mean square grows in a layer, from the first value to the last."""
    return float((values[-1] / values[0]) ** (2 / layers))


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("gain", [1.0, 2.0, 4.0])
def test_plain_multiplies_by_half_the_gain_both_ways(stack, gain: float) -> None:
    found = sizes(stack, gain)
    assert per_layer(found.signal) == pytest.approx(gain / 2, rel=0.08)
    assert per_layer(found.gradient.flip(0)) == pytest.approx(gain / 2, rel=0.08)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0, 2.0, 4.0])
def test_shortcuts_keep_gradients_from_vanishing(stack, gain: float, norm: bool) -> None:
    residual = sizes(stack, gain, norm=norm, shortcut=True).gradient
    assert residual[0] > 2 * residual[-1]
    if gain <= 1 and not norm:
        plain = sizes(stack, gain).gradient
        assert plain[0] < 1e-6 * plain[-1]


@pytest.mark.parametrize("stack", STACKS)
def test_without_a_norm_the_variance_about_doubles_with_each_block(stack) -> None:
    found = sizes(stack, shortcut=True)
    assert per_layer(found.signal) == pytest.approx(2, rel=0.08)
    assert per_layer(found.gradient.flip(0)) == pytest.approx(2, rel=0.08)
    assert found.gradient[0] > 1e7 * found.gradient[-1]


@pytest.mark.parametrize("stack", STACKS)
def test_batch_norm_alone_keeps_the_signal_and_lets_gradients_explode(stack) -> None:
    found = sizes(stack, norm=True)
    torch.testing.assert_close(found.signal[1:], torch.ones(LAYERS).double(), rtol=1e-3, atol=0)
    factors = found.gradient[:-1] / found.gradient[1:]
    assert factors.median().item() == pytest.approx(1.25, abs=0.07)
    assert found.gradient[0] > 1e4 * found.gradient[-1]


@pytest.mark.parametrize("stack", STACKS)
def test_with_norm_and_shortcut_the_variance_grows_by_one_a_layer(stack) -> None:
    found = sizes(stack, norm=True, shortcut=True)
    layers = torch.arange(LAYERS + 1)
    ratio = found.signal.square() / (1 + layers)
    assert ratio.min() > 0.8
    assert ratio.max() < 1.2
    assert 10 < found.gradient[0] / found.gradient[-1] < 30


def test_real_blocks_without_norm_double_the_variance_too() -> None:
    """He's initialisation; a border that goes round, so that no zeros come in."""
    factors = []
    for seed in range(3):
        torch.manual_seed(seed)
        first = h = torch.randn(4, 32, 16, 16).relu()
        for _ in range(20):
            block = resnet.BasicBlock(32, 32)
            block.bn1 = block.bn2 = nn.Identity()
            for conv in (block.conv1, block.conv2):
                nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
                conv.padding_mode, conv._reversed_padding_repeated_twice = "circular", [1] * 4
            with torch.no_grad():
                h = block(h)
        factors.append(float(h.square().mean() / first.square().mean()) ** (1 / 20))
    assert all(1.7 < factor < 2.5 for factor in factors), factors


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_real_networks_of_56_layers_before_training(seed: int) -> None:
    images = data.fashion("train").select(torch.arange(128)).halved()
    x, y = next(iter(images.batches(128)))
    ratio = {}
    for residual in (False, True):
        torch.manual_seed(seed)
        net = resnet.cifar_resnet(56, channels=1, residual=residual)
        norms = [
            v for k, v in resnet.gradient_norms(net, x, y).items() if "downsample" not in k
        ]
        ratio[residual] = norms[0] / norms[-1]
        assert len(norms) == 55
        if residual:
            assert min(norms) > 0.2
            assert max(norms) < 12
    assert ratio[False] > 300
    assert ratio[True] < 40


def test_the_gradient_of_weights_is_flat_where_that_of_the_signal_falls() -> None:
    """Exercise 4.7's figure: thirty layers with weights that are too small."""
    torch.manual_seed(0)
    h, labels = torch.randn(256, 64), torch.randint(64, (256,))
    weights = [(torch.randn(64, 64) * (0.1 / 64) ** 0.5).requires_grad_() for _ in range(30)]
    signals = []
    for w in weights:
        h = (h @ w.T).relu()
        signals.append(h)
    loss = F.cross_entropy(h, labels)
    at_w, at_h = (
        torch.autograd.grad(loss, some, retain_graph=True) for some in (weights, signals)
    )
    at_w, at_h = (torch.stack([g.norm() for g in some]) for some in (at_w, at_h))
    assert at_w.max() < 5 * at_w.min()
    assert at_h[0] < 1e-15 * at_h[-1]


def curves() -> dict[str, list[list[float]]]:
    record = json.loads((ROOT / "results" / "depth.json").read_text())
    return {name: run["errors"] for name, run in record["curves"].items()}


def test_what_was_measured_about_depth() -> None:
    last = {name: [run[-1] for run in errors] for name, errors in curves().items()}
    assert {len(seeds) for seeds in last.values()} == {3}
    for depth in (20, 56):  # shortcuts are ahead at equal depth, in every seed
        assert max(last[f"residual, {depth} layers"]) < min(last[f"plain, {depth} layers"])
    for kind in ("plain", "residual"):  # so few epochs: depth does not pay yet
        assert max(last[f"{kind}, 20 layers"]) < min(last[f"{kind}, 56 layers"])
    assert min(last["plain, 56 layers"]) > 36  # what the model answers say
    assert min(last["residual, 56 layers"]) > 11
    assert max(last["residual, 56 layers"]) < 16.5


def test_the_table_of_depth_shows_the_seeds_of_its_curves() -> None:
    record = json.loads((ROOT / "results" / "depth.json").read_text())
    for row in record["rows"]:
        errors = curves()[f"{row['network']}, {row['layers']} layers"]
        shown = [row[f"training error (%), seed {n}"] for n in range(3)]
        assert shown == [run[-1] for run in errors]
