"""Each image in four directions, where they are said to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from course_utils.reference.rotation import rotations


@pytest.mark.parametrize("dtype", [torch.float64, torch.uint8])
def test_copies_are_numpys_and_lie_turn_by_turn(dtype: torch.dtype) -> None:
    x = (torch.rand(5, 2, 4, 4, generator=torch.Generator().manual_seed(0)) * 255).to(dtype)
    kept = x.clone()
    y, labels = rotations(x)
    assert torch.equal(x, kept)
    assert y.shape == (20, 2, 4, 4)
    assert y.dtype == dtype
    assert labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
    assert labels.dtype == torch.int64
    for row, (image, r) in enumerate(zip(y, labels.tolist(), strict=True)):
        want = np.rot90(x[row % 5].numpy(), r, axes=(1, 2))  # counterclockwise
        np.testing.assert_array_equal(image.numpy(), want)
    assert torch.equal(y.unflatten(0, (4, -1))[0], x)


def test_a_quarter_turn_brings_the_right_edge_to_the_top() -> None:
    x = torch.zeros(1, 1, 3, 3)
    x[..., 2] = 1
    y, _ = rotations(x)
    edges = [image[0].nonzero().float().mean(0).tolist() for image in y]
    assert edges == [[1, 2], [0, 1], [1, 0], [2, 1]]  # right, top, left, bottom


def test_four_quarters_are_none_and_gradients_come_back() -> None:
    x = torch.rand(2, 3, 5, 5, dtype=torch.float64, requires_grad=True)
    y, labels = rotations(x)
    again, more = rotations(y)
    whole = again[(labels.repeat(4) + more) % 4 == 0]
    assert torch.equal(whole, x.repeat(4, 1, 1, 1))
    (dx,) = torch.autograd.grad(y.square().sum(), x)
    torch.testing.assert_close(dx, 8 * x)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4, 4), (4, 4)])
def test_only_squares_are_turned(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="square images"):
        rotations(torch.zeros(shape))
