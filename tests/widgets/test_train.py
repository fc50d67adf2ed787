"""kit/train.js: losses, gradients and twenty steps of Adam are those of torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.widgets.dice import dice
from tests.widgets.kit import TOLERANCE, Cases, normal, received, run

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leakyRelu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
}


def perceptron(sizes: list[int], activation: str) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1]).double()


def linears(model: nn.Sequential) -> list[nn.Linear]:
    return [layer for layer in model if isinstance(layer, nn.Linear)]


def sent(model: nn.Sequential, activation: str) -> dict[str, Any]:
    layers = [{"weight": m.weight.detach(), "bias": m.bias.detach()} for m in linears(model)]
    return {"activation": activation, "layers": layers}


def agree(got: list[dict[str, Any]], right: list[tuple[Tensor, Tensor]], most: float) -> None:
    for layer, (weight, bias) in zip(got, right, strict=True):
        assert (received(layer["weight"]) - weight).abs().max() < most
        assert (received(layer["bias"]) - bias).abs().max() < most


def test_losses(tmp_path: Path) -> None:
    """Values and gradients, also where a sigmoid is all but one."""
    torch.manual_seed(0)
    cases = Cases("train.js")
    for shape in ((1, 1), (5, 3)):
        x = (20 * normal(*shape)).requires_grad_()
        target = torch.rand(*shape).double()
        for name, loss in (
            ("meanSquares", F.mse_loss),
            ("crossEntropy", F.binary_cross_entropy_with_logits),
        ):
            value = loss(x, target)
            (gradient,) = torch.autograd.grad(value, x)
            pick = {"value": lambda a: {"shape": [], "data": [a["value"]]}}
            arguments = (x.detach(), target)
            cases.add(name, *arguments, expect=value.detach(), pick=pick["value"])
            cases.add(name, *arguments, expect=gradient, pick=lambda a: a["gradient"])
    cases.check(tmp_path, 1e-12)


BACKWARD = """
const { network, x, gradient } = calls, values = kit.forward(network, x);
const answers = { output: values.at(-1), ...kit.backward(network, values, gradient) };
"""


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("sizes", "batch"), [([2, 7, 5, 3], 6), ([3, 4], 2), ([2, 16, 1], 1)])
def test_gradients(tmp_path: Path, activation: str, sizes: list[int], batch: int) -> None:
    torch.manual_seed(0)
    model = perceptron(sizes, activation)
    x = normal(batch, sizes[0]).requires_grad_()
    y = model(x)
    gradient = normal(*y.shape)
    y.backward(gradient)
    given = {"network": sent(model, activation), "x": x.detach(), "gradient": gradient}
    answer = run(tmp_path, "train.js", BACKWARD, given)
    assert (received(answer["output"]) - y).abs().max() < 1e-12
    assert (received(answer["input"]) - x.grad).abs().max() < 1e-12
    agree(answer["layers"], [(m.weight.grad, m.bias.grad) for m in linears(model)], 1e-12)


GAME = """
const { generator, judge, real, noise, options } = calls;
const one = kit.adam(judge, options), two = kit.adam(generator, options);
const told = (x, value) => ({ shape: x.shape, data: x.data.map(() => value) });
const step = (network, values, value) => {
  const y = values.at(-1);
  return kit.backward(network, values, kit.crossEntropy(y, told(y, value)).gradient);
};
for (let n = 0; n < 20; n++) {
  const drawn = kit.forward(generator, noise);
  const good = step(judge, kit.forward(judge, real), 1);
  const bad = step(judge, kit.forward(judge, drawn.at(-1)), 0);
  for (const [k, layer] of good.layers.entries()) {
    for (const name of ["weight", "bias"]) {
      bad.layers[k][name].data.forEach((v, i) => { layer[name].data[i] += v; });
    }
  }
  one(good);
  const { input } = step(judge, kit.forward(judge, drawn.at(-1)), 1);
  two(kit.backward(generator, drawn, input));
}
const answers = { generator: generator.layers, judge: judge.layers };
"""


def test_twenty_steps_of_a_game(tmp_path: Path) -> None:
    """A generator and its judge, each with Adam: later steps are chaotic and not compared."""
    torch.manual_seed(0)
    generator = perceptron([2, 16, 16, 2], "leakyRelu")
    judge = perceptron([2, 16, 16, 1], "leakyRelu")
    real, noise = normal(64, 2) + 1, normal(64, 2)
    given = {
        "generator": sent(generator, "leakyRelu"),
        "judge": sent(judge, "leakyRelu"),
        "real": real,
        "noise": noise,
        "options": {"lr": 5e-3, "betas": [0.5, 0.999]},
    }
    answer = run(tmp_path, "train.js", GAME, given)
    options = {"lr": 5e-3, "betas": (0.5, 0.999)}
    one = torch.optim.Adam(judge.parameters(), **options)
    two = torch.optim.Adam(generator.parameters(), **options)
    for _ in range(20):
        fake = generator(noise)
        one.zero_grad()
        (F.softplus(-judge(real)).mean() + F.softplus(judge(fake.detach())).mean()).backward()
        one.step()
        two.zero_grad()
        F.softplus(-judge(fake)).mean().backward()
        two.step()
    for name, model in (("generator", generator), ("judge", judge)):
        right = [(m.weight.detach(), m.bias.detach()) for m in linears(model)]
        agree(answer[name], right, TOLERANCE)


def test_the_random_start_is_that_of_linear(tmp_path: Path) -> None:
    """Even within ±1 / √inputs, in the order in which the dice fall."""
    script = """
    let n = 0;
    const answers = kit.perceptron([4, 3, 2], "tanh", () => calls[n++]).layers;
    """
    random = dice(5)
    thrown = [random() for _ in range(4 * 3 + 3 + 3 * 2 + 2)]
    layers = run(tmp_path, "train.js", script, thrown)
    even = torch.tensor(thrown).double() * 2 - 1
    first, second = even[:15] / 4**0.5, even[15:] / 3**0.5
    right = [(first[:12].view(3, 4), first[12:]), (second[:6].view(2, 3), second[6:])]
    agree(layers, right, 1e-6)
