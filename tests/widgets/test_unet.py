"""kit/unet.js computes what reference.unet computes, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from course_utils import training
from course_utils.reference.unet import UNet, time_embedding
from tests.widgets.kit import Cases, half_weights, normal, received, run

SCRIPT = """
const { weights, x, asked } = calls, ask = kit.unet(weights);
const answers = asked.map(([t, label]) => ask(x, t, label));
"""
ASKED = ((1, -1), (650, 4), (1000, 9), (333, 0))


@pytest.fixture
def doubles() -> Iterator[None]:
    """The reference's time embedding takes its dtype from here."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_pixels_become_channels_and_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cases = Cases("unet.js")
    for x, scale in ((normal(1, 6, 4), 2), (normal(3, 6, 9), 3)):
        deep = F.pixel_unshuffle(x, scale)
        cases.add("pixelUnshuffle", x, scale, expect=deep)
        cases.add("pixelShuffle", deep, scale, expect=x)
    cases.check(tmp_path, 1e-12)


@torch.no_grad()
@pytest.mark.parametrize("which", ["random", "narrow", "shipped"])
def test_it_is_the_references(which: str, tmp_path: Path, doubles: None) -> None:
    """Also of other widths: the page reads them from the weights."""
    torch.manual_seed(1)
    model = UNet(widths=(8, 16), condition=6) if which == "narrow" else UNet()
    state = {name: v + 0.1 * torch.randn_like(v) for name, v in model.state_dict().items()}
    if which == "shipped":
        state = training.load("diffusion_fashion")
    model.load_state_dict(weights := half_weights(state))
    x = torch.randn(1, 1, 28, 28)
    answers = run(tmp_path, "unet.js", SCRIPT, {"weights": weights, "x": x[0], "asked": ASKED})
    for answer, (t, label) in zip(answers, ASKED, strict=True):
        said = model(x, torch.tensor([t]), torch.tensor([label]))[0]
        assert said.abs().max() > 0.1
        assert (received(answer) - said).abs().max() < 1e-10, (t, label)


def test_what_the_network_learned_with_is_near() -> None:
    """In float32 the reference's sines are off by what the page's are not."""
    t = torch.tensor([1, 500, 1000])
    single = time_embedding(t, 32)
    torch.set_default_dtype(torch.float64)
    exact = time_embedding(t, 32)
    torch.set_default_dtype(torch.float32)
    assert (single - exact).abs().max() < 1e-4
