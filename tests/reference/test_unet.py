"""The U-Net: its size, what it starts from, what it is told, what it refuses."""

import math

import pytest
import torch
from torch import Tensor, nn

from course_utils.reference.samplers import NO_CLASS, guided
from course_utils.reference.unet import Block, UNet, time_embedding


def inputs(number: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(0)
    x = torch.randn(number, 1, 28, 28, generator=dice)
    return x, torch.tensor([1, 500, 1000])[:number], torch.tensor([0, 9, NO_CLASS])[:number]


@pytest.fixture
def awake() -> UNet:
    """With weights that are 0 nowhere."""
    torch.manual_seed(0)
    network = UNet(widths=(8, 16), condition=8)
    for p in network.parameters():
        nn.init.normal_(p, 0, 0.2)
    return network


def test_it_fits_into_a_page():
    parameters = sum(p.numel() for p in UNet().parameters())
    assert parameters == 166_580  # as its docstring says
    assert 2 * parameters < 340_000  # bytes
    assert all(t.is_floating_point() for t in UNet().state_dict().values())  # no counters
    assert UNet().state_dict().keys() == dict(UNet().named_parameters()).keys()


def test_it_begins_with_0_and_its_blocks_with_what_they_are_given():
    network = UNet()
    assert torch.equal(network(*inputs()), torch.zeros(3, 1, 28, 28))
    x, condition = torch.randn(2, 16, 5, 4), torch.randn(2, 6)
    assert torch.equal(Block(16, 16, 6)(x, condition), x)
    wider = Block(16, 24, 6)
    torch.testing.assert_close(wider(x, condition), wider.around(x))


def test_a_block_is_its_formula():
    """Norm, SiLU and convolution twice; (1 + scale) h + shift after the second norm."""
    torch.manual_seed(0)
    block, x, condition = Block(8, 16, 4), torch.randn(2, 8, 5, 4), torch.randn(2, 4)
    for p in block.parameters():
        nn.init.normal_(p, 0, 0.3)

    def norm(h: Tensor, layer: nn.GroupNorm) -> Tensor:
        groups = h.reshape(2, 8, -1)
        mean, var = groups.mean(2, keepdim=True), groups.var(2, keepdim=True, correction=0)
        h = ((groups - mean) / (var + 1e-5).sqrt()).view_as(h)
        return h * layer.weight[:, None, None] + layer.bias[:, None, None]

    def conv(h: Tensor, layer: nn.Conv2d) -> Tensor:
        return nn.functional.conv2d(h, layer.weight, layer.bias, padding=1)

    film = condition @ block.film.weight.T + block.film.bias
    scale, shift = film[:, :16, None, None], film[:, 16:, None, None]
    h = norm(x, block.norm1)
    h = norm(conv(h * h.sigmoid(), block.conv1), block.norm2)
    h = h * (1 + scale) + shift
    wanted = block.around(x) + conv(h * h.sigmoid(), block.conv2)
    torch.testing.assert_close(block(x, condition), wanted, atol=1e-4, rtol=1e-4)


def test_the_time_is_told_in_sines_and_cosines():
    e = time_embedding(torch.tensor([0, 7]), 6)
    assert e[0].tolist() == [0, 0, 0, 1, 1, 1]
    angles = [7 / 10_000 ** (k / 3) for k in range(3)]
    wanted = [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    torch.testing.assert_close(e[1], torch.tensor(wanted))
    neighbours = time_embedding(torch.arange(1, 1001), 32)
    assert torch.pdist(neighbours).min() > 0.1


def test_it_listens_to_the_time_and_the_class(awake: UNet):
    x, t, classes = inputs()
    y = awake(x, t, classes)
    assert y.shape == x.shape
    later, other = awake(x, t + 1, classes), awake(x, t, (classes + 2) % 10)
    for changed in (later, other):
        assert (y - changed).abs().flatten(1).amax(1).min() > 1e-3


def test_without_classes_it_is_as_if_none_were_told(awake: UNet):
    x, t, _ = inputs()
    untold = torch.full((3,), NO_CLASS)
    assert torch.equal(awake(x, t), awake(x, t, untold))
    told = torch.tensor([0, 1, 2])
    torch.testing.assert_close(guided(awake, x, t, told, 1.0), awake(x, t, told))
    torch.testing.assert_close(guided(awake, x, t, told, 0.0), awake(x, t))


def test_images_do_not_see_each_other_and_modes_are_alike(awake: UNet):
    x, t, classes = inputs()
    together = awake.train()(x, t, classes)
    alone = [awake.eval()(x[i : i + 1], t[i : i + 1], classes[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(torch.cat(alone), together, atol=1e-4, rtol=1e-4)


def test_an_edge_reaches_the_far_side_and_all_weights_learn(awake: UNet):
    x, t, classes = inputs()
    x.requires_grad_()
    y = awake(x, t, classes)
    y[0, 0, 14, 14].backward(retain_graph=True)
    assert (x.grad[0, 0, ::9, ::9] != 0).all()
    assert not x.grad[1:].any()
    y.square().sum().backward()
    for name, p in awake.named_parameters():
        assert p.grad is not None, name
        assert p.grad.any(), name
    rows = awake.label.weight.grad.abs().sum(1).nonzero().flatten()
    assert rows.tolist() == [0, 9, 10]  # the last one is of no class


def test_what_it_cannot_take_is_refused():
    network, (x, t, classes) = UNet(widths=(8, 8), condition=8), inputs()
    with pytest.raises(ValueError, match=r"x must be \(B, 1, 28, 28\)"):
        network(x[:, :, :26], t, classes)
    with pytest.raises(ValueError, match="x must be of floating point numbers"):
        network(x.long(), t, classes)
    with pytest.raises(ValueError, match=r"t must be \(3,\), whole numbers, not \(\)"):
        network(x, torch.tensor(5), classes)
    with pytest.raises(
        ValueError, match=r"t must be \(3,\), whole numbers, not .* torch.float32"
    ):
        network(x, t / 1000, classes)
    with pytest.raises(ValueError, match=r"classes must be \(3,\), whole numbers"):
        network(x, t, classes[:2])
    for label in (10, -2):
        with pytest.raises(ValueError, match="classes must be 0 to 9, or −1 for no class"):
            network(x, t, torch.tensor([0, 1, label]))
    with pytest.raises(ValueError, match="classes must be at least 1"):
        UNet(0)
    with pytest.raises(ValueError, match="condition must be at least 2 and even, not 7"):
        UNet(condition=7)
    with pytest.raises(ValueError, match=r"widths must be multiples of 8, not \(12, 16\)"):
        UNet(widths=(12, 16))
    with pytest.raises(ValueError, match="patch must be 1 or 2, not 4"):
        UNet(patch=4)


def test_without_unshuffled_pixels_it_has_about_as_many_weights_and_the_same_shapes():
    plain, x = UNet(patch=1), torch.randn(2, 1, 28, 28)
    t, classes = torch.tensor([1, 500]), torch.tensor([0, -1])
    assert plain(x, t, classes).shape == x.shape
    count = [sum(p.numel() for p in n.parameters()) for n in (plain, UNet())]
    assert count[0] == pytest.approx(count[1], rel=0.02)
