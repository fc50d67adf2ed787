"""The reference against NumPy, SciPy, torch and its own gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage

from course_utils.reference import convolution as reference

torch.manual_seed(188)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


@pytest.mark.parametrize(("n", "k"), [(9, 3), (3, 9), (6, 4), (1, 1), (5, 5)])
def test_conv1d_is_numpys(n, k):
    a, b = normal(n), normal(k)
    want = torch.from_numpy(np.convolve(a.numpy(), b.numpy()))
    torch.testing.assert_close(reference.conv1d(a, b), want)
    torch.testing.assert_close(reference.conv1d(b, a), want)


def test_moving_average_is_a_box_filter():
    a = normal(20)
    smooth = reference.smooth(a, reference.box_filter(3))
    torch.testing.assert_close(reference.moving_average(a, 3), smooth[3:-3])


def test_gaussian_filter_is_scipys():
    impulse = np.zeros(13)
    impulse[6] = 1
    want = ndimage.gaussian_filter1d(impulse, 1.7, radius=6)
    torch.testing.assert_close(reference.gaussian_filter(6, 1.7), torch.from_numpy(want))


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("kernel", [(3, 3), (1, 4), (5, 2)])
def test_conv2d_is_torchs(stride, padding, kernel):
    x, w, bias = normal(2, 3, 8, 11), normal(4, 3, *kernel), normal(4)
    want = F.conv2d(x, w, bias, stride, padding)
    torch.testing.assert_close(reference.conv2d(x, w, bias, stride, padding), want)
    for n, k, size in zip(x.shape[2:], kernel, want.shape[2:], strict=True):
        assert reference.output_size(n, k, stride, padding) == size


def test_gradients():
    x, w, bias = normal(1, 2, 4, 5), normal(2, 2, 2, 3), normal(2)
    for leaf in (x, w, bias):
        leaf.requires_grad_()
    assert torch.autograd.gradcheck(lambda *a: reference.conv2d(*a, 2, 1), (x, w, bias))
    a, b = normal(5).requires_grad_(), normal(3).requires_grad_()
    assert torch.autograd.gradcheck(reference.conv1d, (a, b))


def test_filters_in_the_plane_are_scipys():
    x = normal(1, 2, 9, 12)
    for kernel in reference.KERNELS.values():
        got = reference.filter2d(x, kernel)[0, 1]
        want = ndimage.correlate(x[0, 1].numpy(), kernel.double().numpy(), mode="nearest")
        torch.testing.assert_close(got, torch.from_numpy(want))


def test_two_passes_are_one_kernel():
    x, k = normal(2, 3, 8, 10), normal(5)
    want = reference.filter2d(x, torch.outer(k, k))
    torch.testing.assert_close(reference.separable_filter(x, k), want)


def test_edge_strength_of_a_step():
    x = torch.zeros(1, 1, 5, 6, dtype=torch.float64)
    x[..., 3:] = 1
    row = torch.tensor([0.0, 0, 4, 4, 0, 0], dtype=torch.float64)
    torch.testing.assert_close(reference.edge_strength(x), row.expand(1, 1, 5, 6))


@pytest.mark.parametrize(
    "call",
    [
        lambda: reference.moving_average(normal(4), 2),
        lambda: reference.gaussian_filter(2, 0.0),
        lambda: reference.smooth(normal(4), normal(2)),
        lambda: reference.output_size(3, 5),
        lambda: reference.conv2d(normal(1, 2, 5, 5), normal(1, 1, 3, 3)),
        lambda: reference.conv2d(normal(1, 1, 2, 5), normal(1, 1, 3, 3)),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        call()
