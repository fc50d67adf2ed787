"""The residual networks are torchvision's, number by number, and the paper's by layers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from course_utils.reference import resnet as reference

PARAMETERS = {18: 11689512, 34: 21797672, 50: 25557032, 101: 44549160, 152: 60192808}


def lively(model: nn.Module) -> nn.Module:
    """Random running statistics, scales and shifts: no norm hides another."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                for t in (module.running_var, module.weight):
                    t.copy_(0.5 + torch.rand(t.shape, generator=generator))
                for t in (module.running_mean, module.bias):
                    t.copy_(torch.randn(t.shape, generator=generator) / 4)
    return model.double()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_it_is_torchvisions_both_ways(name: str, training: bool) -> None:
    torch.manual_seed(1)
    theirs = lively(getattr(torchvision.models, name)(num_classes=7))
    mine = getattr(reference, name)(classes=7).double()
    mine.load_state_dict(theirs.state_dict())
    x, y = torch.randn(3, 3, 64, 48, dtype=torch.float64), torch.tensor([0, 3, 6])
    logits = []
    for model in (mine.train(training), theirs.train(training)):
        logits.append(model(x))
        F.cross_entropy(logits[-1], y).backward()
    torch.testing.assert_close(*logits)
    gradients = dict(theirs.named_parameters())
    assert set(gradients) == {key for key, _ in mine.named_parameters()}
    for key, p in mine.named_parameters():
        torch.testing.assert_close(p.grad, gradients[key].grad, msg=key)

    other = lively(getattr(reference, name)(classes=7))
    theirs.load_state_dict(other.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(x), theirs.eval()(x))


@pytest.mark.parametrize(("depth", "count"), PARAMETERS.items())
def test_table_1(depth: int, count: int) -> None:
    with torch.device("meta"):
        model = getattr(reference, f"resnet{depth}")()
    assert sum(p.numel() for p in model.parameters()) == count
    layers = [n for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    layers = [name for name in layers if "downsample" not in name]
    assert reference.count_layers(depth) == len(layers) == depth


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 3, 5, 6), (8, 3)])
def test_batch_norm_is_torchs(shape: tuple[int, ...], training: bool) -> None:
    torch.manual_seed(3)
    x, weight, bias = (
        torch.randn(s, dtype=torch.float64).requires_grad_() for s in (shape, 3, 3)
    )
    mean, var = torch.randn(3).double(), torch.rand(3).double() + 0.5
    kept = mean.clone(), var.clone()
    y, *running = reference.batch_norm(x, weight, bias, mean, var, training, 0.2, 1e-3)
    assert torch.equal(mean, kept[0])
    assert torch.equal(var, kept[1])
    want = F.batch_norm(x, mean, var, weight, bias, training, 0.2, 1e-3)  # changes mean and var
    torch.testing.assert_close(y, want)
    torch.testing.assert_close(running, [mean, var])
    assert not running[0].requires_grad
    dy, leaves = torch.randn_like(y), (x, weight, bias)
    mine, theirs = (torch.autograd.grad(out, leaves, dy) for out in (y, want))
    torch.testing.assert_close(mine, theirs)


def test_batch_norm_wants_two_values() -> None:
    one, zero = torch.ones(3), torch.zeros(3)
    with pytest.raises(ValueError, match="two values per channel"):
        reference.batch_norm(torch.ones(1, 3, 1, 1), one, zero, zero, one, True)


@pytest.mark.parametrize("block", [reference.BasicBlock, reference.Bottleneck])
def test_a_block_that_adds_nothing_is_relu(block) -> None:
    net = reference.ResNet(block, [2], [4], classes=2, stem="cifar", zero_init_residual=True)
    second = net.layer1[1]
    assert second.downsample is None
    x = torch.randn(2, 4 * block.expansion, 5, 5)
    assert torch.equal(second(x), x.relu())


def test_plain_is_the_same_without_shortcuts() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 1, 28, 28)
    plain = reference.cifar_resnet(20, channels=1, residual=False)
    ours = reference.cifar_resnet(20, channels=1)
    assert plain(x).shape == ours(x).shape == (2, 10)
    names = {name for name in ours.state_dict() if "downsample" not in name}
    assert set(plain.state_dict()) == names != set(ours.state_dict())
    block = plain.layer2[1].eval()  # the stage's second block: the shape stays
    last = block.bn2
    nn.init.zeros_(last.weight)
    with torch.no_grad():
        assert not block(torch.randn(1, 32, 7, 7)).any()  # nothing comes round


@pytest.mark.parametrize(("depth", "count"), [(20, 0.27e6), (56, 0.85e6), (110, 1.7e6)])
def test_cifar_networks_are_as_large_as_in_the_paper(depth: int, count: float) -> None:
    """Table 6, to its two digits; the two projections add 2 752 numbers."""
    with torch.device("meta"):
        plain = reference.cifar_resnet(depth, residual=False)
        ours = reference.cifar_resnet(depth)
    plain, ours = (sum(p.numel() for p in m.parameters()) for m in (plain, ours))
    assert plain == pytest.approx(count, rel=0.03)
    assert ours - plain == 16 * 32 + 32 * 64 + 2 * (32 + 64)


def test_gradient_norms_leave_no_trace() -> None:
    torch.manual_seed(0)
    model = reference.cifar_resnet(8)
    x, y = torch.randn(4, 3, 16, 16), torch.tensor([0, 1, 2, 3])
    before = {key: t.clone() for key, t in model.state_dict().items()}
    norms = reference.gradient_norms(model, x, y)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(t, before[key]) for key, t in model.state_dict().items())
    F.cross_entropy(model(x), y).backward()
    want = {n: m for n, m in model.named_modules() if isinstance(m, nn.Conv2d)}
    assert list(norms) == list(want)
    for name, norm in norms.items():
        assert norm == pytest.approx(want[name].weight.grad.norm().item(), rel=1e-5)


def test_errors_say_what_there_is() -> None:
    for wrong in (reference.resnet, reference.count_layers):
        with pytest.raises(ValueError, match="no ResNet-19; there are: 18, 34, 50, 101, 152"):
            wrong(19)
    for depth in (2, 18, 21):
        with pytest.raises(ValueError, match=r"6n \+ 2, as in 8, 14, 20"):
            reference.cifar_resnet(depth)
    with pytest.raises(ValueError, match="no stem 'mnist'; there are: imagenet, cifar"):
        reference.resnet18(stem="mnist")
    with pytest.raises(ValueError, match="needs shortcuts"):
        reference.ResNet(reference.BasicBlock, [1], residual=False, zero_init_residual=True)
