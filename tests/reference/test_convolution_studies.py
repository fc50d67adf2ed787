"""What chapter 2 says of its measurements is so."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from course_utils import data, results
from course_utils.reference import convolution as reference
from course_utils.reference import convolution_studies as studies
from course_utils.reference.convolution import KERNELS


def wave(period: float, n: int = 600) -> torch.Tensor:
    return torch.sin(2 * torch.pi * torch.arange(n, dtype=torch.float64) / period)


@pytest.mark.parametrize("period", [99.7, 23.3, 7.1, 3.1])
def test_the_response_is_the_height_that_a_wave_keeps(period):
    b = reference.gaussian_filter(3, 1.5)
    kept = reference.conv1d(wave(period), b)[10:-10].abs().max()
    assert kept == pytest.approx(studies.response(b, period), abs=0.01)


def test_an_average_keeps_slow_waves_and_weakens_fast_ones():
    box = reference.box_filter(2)
    kept = [studies.response(box, period) for period in (100, 40, 20, 10, 5)]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] > 0.99
    assert kept[-1] < 0.01


def test_a_box_keeps_fast_waves_that_a_gaussian_as_wide_does_not():
    wide = (21**2 - 1) ** 0.5 / 12**0.5
    box, bell = reference.box_filter(10), reference.gaussian_filter(30, wide)
    places = torch.arange(-10, 11, dtype=torch.float64)
    assert (box * places**2).sum().sqrt() == pytest.approx(wide)
    assert studies.response(box, 14) > 5 * studies.response(bell, 14)
    assert studies.response(box, 14) > studies.response(box, 21)  # less weakened than slower


def test_a_layer_that_flips_learns_the_flipped_kernel_with_the_same_losses():
    for seed in range(3):
        chance = torch.Generator().manual_seed(seed)
        x, start = torch.randn(1, 1, 32, 32, generator=chance), torch.randn(3, 3)
        plain, loss = studies.learned(x, "sobel x", start)
        flips, again = studies.learned(x, "sobel x", start, flip=True)
        torch.testing.assert_close(plain, KERNELS["sobel x"], atol=1e-3, rtol=0)
        torch.testing.assert_close(flips.flip(0, 1), plain)
        assert loss == pytest.approx(again, rel=1e-4, abs=1e-6)
        assert loss[-1] < 1e-3 * loss[0]


def test_of_patches_of_equal_length_the_kernel_itself_gets_the_largest_answer():
    kernel = KERNELS["sobel x"].double()
    patches = torch.randn(1000, 3, 3, dtype=torch.float64)
    patches *= (kernel.norm() / patches.flatten(1).norm(dim=1))[:, None, None]
    answers = F.conv2d(patches[:, None], kernel[None, None]).flatten()
    assert answers.max() < (kernel * kernel).sum()


def test_what_box_sharpen_and_sobel_do():
    """The questions on a step, a flat area and an edge."""
    step = (torch.arange(20) >= 10).double()
    ramp = reference.moving_average(step, 2)
    assert ((ramp > 0) & (ramp < 1)).sum() == 4
    flat = torch.full((1, 1, 5, 5), 0.3, dtype=torch.float64)
    assert reference.filter2d(flat, KERNELS["sobel x"]).abs().max() < 1e-7
    edge = 0.25 + 0.5 * step.expand(1, 1, 5, 20)
    sharp = reference.filter2d(edge, KERNELS["sharpen"])[0, 0, 2]
    assert sharp[9] < 0.25 - 0.1
    assert sharp[10] > 0.75 + 0.1


def test_the_patch_of_a_four_finds_fours_and_others():
    test = data.digits("test")
    stack, labels = test.images[:200].double() / 255, test.labels[:200]
    patch = stack[[4], :, 9:18, 8:19]
    score = reference.conv2d(stack, patch - patch.mean()).amax(dim=(1, 2, 3))
    best = score.argsort(descending=True)[:8]
    assert best[0] == 4
    assert score[best[1]] > 0.9 * score[4]
    assert labels[best].bincount().argmax() == 4
    assert {0, 9} <= set(labels[best].tolist())


@pytest.mark.parametrize(("period", "stride"), [(8, 7), (10, 7)])
def test_with_fewer_than_two_samples_per_period_a_wave_looks_like_a_wide_one(period, stride):
    """The gallery's stripes and the quiz's."""
    assert period / stride < 2
    false = period * stride / (period - stride)
    assert false > 2 * period
    torch.testing.assert_close(wave(period)[::stride], -wave(false)[::stride])


def test_what_each_way_to_compute_a_layer_costs():
    times = {row["way"]: row["ms"] for row in results.table("convolution").rows}
    assert times.pop("loop over pixels") > 5 * max(times.values())
    assert times.pop("library (F.conv2d)") < 0.5 * min(times.values())
    kernel, im2col = times["loop over kernel positions"], times["im2col (the reference)"]
    assert 0.7 < im2col / kernel < 1.5
