"""The reference against torch: layers, gradients, what an output sees, LeNet's parameters."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as TF
from torch import nn

from course_utils.reference import cnn as reference

torch.manual_seed(188)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


LAYERS = pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [((3, 3), 1, 0), ((2, 4), 1, 1), ((3, 2), 2, 1), ((1, 1), 3, 2), ((5, 3), 3, 4)],
)


@LAYERS
def test_forward_is_torchs(kernel, stride, padding):
    x, w, bias = normal(2, 3, 9, 12), normal(4, 3, *kernel), normal(4)
    want = F.conv2d(x, w, bias, stride, padding)
    torch.testing.assert_close(reference.conv_forward(x, w, bias, stride, padding), want)


@LAYERS
def test_backward_is_autograds(kernel, stride, padding):
    x, w, bias = (
        leaf.requires_grad_()
        for leaf in (normal(2, 3, 9, 12), normal(4, 3, *kernel), normal(4))
    )
    y = F.conv2d(x, w, bias, stride, padding)
    dy = torch.randn_like(y)
    want = torch.autograd.grad(y, (x, w, bias), dy)
    with torch.no_grad():
        got = reference.conv_backward(dy, x, w, stride, padding)
    for mine, theirs in zip(got, want, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_backward_is_the_slope_of_forward():
    x, w, dy = normal(1, 2, 5, 6), normal(3, 2, 3, 2), normal(1, 3, 2, 3)
    dx, dw, _ = reference.conv_backward(dy, x, w, 2)

    def loss(x, w):
        return (dy * reference.conv_forward(x, w, None, 2)).sum()

    for given, slope, at in ((x, dx, (0, 1, 2, 3)), (w, dw, (2, 1, 0, 1))):
        step = torch.zeros_like(given)
        step[at] = 1e-6
        moved = [(x + e, w) if given is x else (x, w + e) for e in (step, -step)]
        numeric = (loss(*moved[0]) - loss(*moved[1])) / 2e-6
        torch.testing.assert_close(numeric, slope[at], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), (2, 3), (3, 1), (5, None)])
def test_max_pool_is_torchs(size, stride):
    x = normal(2, 3, 8, 11).requires_grad_()
    y, want = reference.max_pool(x, size, stride), F.max_pool2d(x, size, stride)
    torch.testing.assert_close(y, want)
    weights = torch.randn_like(y)
    mine, theirs = (torch.autograd.grad((v * weights).sum(), x)[0] for v in (y, want))
    torch.testing.assert_close(mine, theirs)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        reference.max_pool(normal(1, 1, 3, 8), 4)
    with pytest.raises(ValueError, match="channels"):
        reference.conv_forward(normal(1, 3, 5, 5), normal(2, 1, 3, 3))


@pytest.mark.parametrize(
    "layers",
    [[(5, 1)], [(3, 2), (3, 1)], [(5, 1), (2, 2), (5, 1), (2, 2)], [(1, 2), (3, 3), (2, 1)]],
)
def test_receptive_field_is_where_the_gradient_goes(layers):
    stack = nn.Sequential(*(nn.Conv2d(1, 1, k, s, bias=False) for k, s in layers)).double()
    for weight in stack.parameters():
        nn.init.ones_(weight)
    size, jump = reference.receptive_field(layers)
    x = normal(1, 1, size + jump, size + jump).requires_grad_()
    y = stack(x)
    seen = [torch.autograd.grad(y[0, 0, 0, j], x, retain_graph=True)[0] for j in (0, 1)]
    columns = [s[0, 0].abs().sum(0).nonzero() for s in seen]
    # Strides wider than a kernel leave gaps: the field reaches from its first to its last.
    assert columns[0].max() - columns[0].min() + 1 == size
    assert columns[1].min() - columns[0].min() == jump
    assert reference.receptive_field([]) == (1, 1)


def test_lenets_parameters():
    layers = [
        ("conv", 1, 6, 5, True),
        ("pool", 2),
        ("conv", 6, 16, 5, True),
        ("pool", 2),
        ("linear", 400, 120, True),
        ("linear", 120, 84, True),
        ("linear", 84, 10, True),
    ]
    count = sum(p.numel() for p in reference.LeNet().parameters())
    assert reference.count_parameters(layers) == count == 61_706
    assert reference.LeNet()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    without = reference.count_parameters([("conv", 3, 8, 5, False), ("linear", 7, 2, False)])
    assert without == 3 * 8 * 25 + 14
    with pytest.raises(ValueError, match="no such layer"):
        reference.count_parameters([("norm", 64)])


@pytest.mark.parametrize("dtype", [torch.float64, torch.uint8])
def test_shift_brings_in_black(dtype):
    x = (normal(2, 3, 4, 6) * 40).abs().to(dtype) + 1
    for right in range(-8, 9):
        for down in range(-6, 7):
            y = reference.shift(x, right, down)
            assert y.dtype == dtype
            assert y.shape == x.shape
            for i in range(4):
                for j in range(6):
                    inside = 0 <= i - down < 4 and 0 <= j - right < 6
                    want = (
                        x[..., i - down, j - right]
                        if inside
                        else torch.zeros_like(x[..., 0, 0])
                    )
                    assert torch.equal(y[..., i, j], want)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, -2), (-8, 8)])
def test_transformed_moves_as_shift_does(right, down):
    x = normal(2, 3, 9, 9)
    want = reference.shift(x, right, down)
    assert torch.allclose(reference.transformed(x, right, down), want)


@pytest.mark.parametrize("quarters", range(-1, 3))
def test_transformed_turns_clockwise_and_then_moves(quarters):
    x = normal(2, 1, 8, 8)
    want = reference.shift(x.rot90(-quarters, (2, 3)), 2, 1)
    assert torch.allclose(reference.transformed(x, 2, 1, turn=90 * quarters), want)


def test_half_the_size_is_the_mean_of_four_pixels():
    x = normal(2, 1, 8, 8)
    y = reference.transformed(x, size=0.5)
    assert torch.allclose(y[..., 2:6, 2:6], F.avg_pool2d(x, 2))
    y[..., 2:6, 2:6] = 0
    assert (y == 0).all()  # black came in


def test_transformed_is_torchvisions_affine():
    x = normal(2, 1, 28, 28)
    bilinear = TF.InterpolationMode.BILINEAR
    want = TF.affine(x, 35.0, [3, -2], 1.3, [0.0], interpolation=bilinear)
    assert torch.allclose(reference.transformed(x, 3, -2, 35, 1.3), want)
