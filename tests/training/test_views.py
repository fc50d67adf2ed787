"""Augmentations give torchvision's pictures for the same numbers; the random ones draw well."""

from __future__ import annotations

import math
from collections.abc import Callable
from colorsys import rgb_to_hsv
from functools import partial

import pytest
import torch
import torchvision.transforms.v2 as v2
import torchvision.transforms.v2.functional as TF
from scipy.stats import ks_2samp
from skimage.filters import sobel
from torch import Generator, Tensor

from course_utils.training import chain, flipped, transforms, views
from course_utils.training.augment import seeded

Single = Callable[[Tensor, Tensor], Tensor]


def pictures(b: int = 24, c: int = 3, h: int = 13, w: int = 17, seed: int = 0) -> Tensor:
    """Noise, with flat, grey, black and white pictures and one of pixels 0 and 1."""
    x = torch.rand(b, c, h, w, generator=Generator().manual_seed(seed))
    x[0], x[1], x[2], x[3] = 0, 1, 0.25, x[3, :1]
    x[4] = x[4].round()
    return x


def numbers(b: int, low: float, high: float, seed: int = 1) -> Tensor:
    drawn = low + (high - low) * torch.rand(b, generator=Generator().manual_seed(seed))
    drawn[-1] = low
    return drawn


def boxes(b: int, h: int, w: int) -> Tensor:
    """Boxes of whole pixels, the whole picture and single pixels among them."""
    generator = Generator().manual_seed(2)
    sides = (torch.rand(b, 2, generator=generator) * torch.tensor([h, w])).floor() + 1
    room = torch.tensor([h, w]) - sides
    sides[0], room[0] = torch.tensor([h, w]), 0
    sides[1] = 1
    first = (torch.rand(b, 2, generator=generator) * (room + 1)).floor()
    return torch.cat([first, sides], 1)


def one_by_one(x: Tensor, n: Tensor, change: Single) -> Tensor:
    return torch.stack([change(a, b) for a, b in zip(x, n, strict=True)])


B = 24
PAIRS: dict[str, tuple[Callable, Tensor, Single]] = {
    "mirror": (
        transforms.mirror, numbers(B, 0, 1) < 0.5,
        lambda p, n: TF.horizontal_flip(p) if n else p,
    ),
    "cut": (
        transforms.cut, boxes(B, 13, 17),
        lambda p, n: TF.erase(p, *n.int().tolist(), torch.zeros(1, 1, 1)),
    ),
    "brightness": (
        transforms.brightness, numbers(B, 0, 2),
        lambda p, n: TF.adjust_brightness(p, n.item()),
    ),
    "contrast": (
        transforms.contrast, numbers(B, 0, 2), lambda p, n: TF.adjust_contrast(p, n.item()),
    ),
    "saturation": (
        transforms.saturation, numbers(B, 0, 2), lambda p, n: TF.adjust_saturation(p, n.item()),
    ),
    "hue": (
        transforms.hue, numbers(B, -0.5, 0.5), lambda p, n: TF.adjust_hue(p, n.item()),
    ),
    "greyscale": (
        transforms.greyscale, numbers(B, 0, 1) < 0.5,
        lambda p, n: TF.rgb_to_grayscale(p, len(p)) if n else p,
    ),
    "blur of 3": (
        partial(transforms.blur, size=3), numbers(B, 0.1, 2),
        lambda p, n: TF.gaussian_blur(p, [3, 3], [n.item()] * 2),
    ),
    "blur of 9": (
        partial(transforms.blur, size=9), numbers(B, 0.1, 5),
        lambda p, n: TF.gaussian_blur(p, [9, 9], [n.item()] * 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", PAIRS)
def test_it_is_torchvisions(name: str, channels: int) -> None:
    """Largest difference 2e-6: float32, and HSV divides by the range of a pixel's channels."""
    ours, n, theirs = PAIRS[name]
    x = pictures(B, channels)
    kept = x.clone()
    y = ours(x, n)
    assert torch.equal(x, kept)
    assert y.shape == x.shape
    assert y.dtype == x.dtype
    torch.testing.assert_close(y, one_by_one(x, n, theirs), rtol=0, atol=2e-6)


@pytest.mark.parametrize("size", [None, (32, 32), (5, 7), (1, 1)])
def test_crops_are_torchvisions(size: tuple[int, int] | None) -> None:
    """Edges too: a resized box knows nothing of the pixels outside."""
    x, n = pictures(B), boxes(B, 13, 17)
    out = list(size or x.shape[2:])

    def theirs(p: Tensor, box: Tensor, antialias: bool = False) -> Tensor:
        return TF.resized_crop(p, *box.int().tolist(), out, antialias=antialias)

    want = one_by_one(x, n, theirs)
    torch.testing.assert_close(transforms.crop(x, n, size), want, rtol=0, atol=2e-6)
    chosen = numbers(B, 0, 1) < 0.5
    y = transforms.crop(x, n, size, mirrored=chosen)
    torch.testing.assert_close(y, transforms.mirror(want, chosen), rtol=0, atol=2e-6)
    if size is None:  # enlarged: antialiasing changes nothing
        want = one_by_one(x, n, partial(theirs, antialias=True))
        torch.testing.assert_close(transforms.crop(x, n), want, rtol=0, atol=2e-6)


def test_turns_are_torchvisions() -> None:
    x, quarters = pictures(B, 3, 9, 9), torch.arange(B) % 9 - 4
    want = one_by_one(x, quarters, lambda p, n: TF.rotate(p, 90.0 * n.item()))
    assert torch.equal(transforms.turn(x, quarters), want)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
def test_jitter_is_torchvisions_in_any_order(order: tuple[int, ...]) -> None:
    x = pictures(B)
    columns = [numbers(B, 0.2, 1.8, seed) for seed in range(3)] + [numbers(B, -0.3, 0.3, 3)]
    factors = torch.stack(columns, 1)
    changes = TF.adjust_brightness, TF.adjust_contrast, TF.adjust_saturation, TF.adjust_hue

    def theirs(p: Tensor, n: Tensor) -> Tensor:
        for k in order:
            p = changes[k](p, n[k].item())
        return p

    y = transforms.colour_jitter(x, factors, order)
    torch.testing.assert_close(y, one_by_one(x, factors, theirs), rtol=0, atol=5e-6)
    rest = torch.tensor([1.0, 1, 1, 0]).expand(B, 4)
    torch.testing.assert_close(transforms.colour_jitter(x, rest), x, rtol=0, atol=1e-6)


def test_edges_are_those_of_scikit_image() -> None:
    x, chosen = pictures(B), numbers(B, 0, 1) < 0.5
    want = one_by_one(x, chosen, lambda p, n: _edges(p) if n else p)
    torch.testing.assert_close(transforms.sobel(x, chosen), want, rtol=0, atol=1e-6)


def _edges(p: Tensor) -> Tensor:
    # their border rule "reflect" repeats the edge pixel
    return torch.stack([torch.from_numpy(sobel(c.double().numpy())).float() for c in p])


def test_noise_has_its_width_and_stays_in_range() -> None:
    x, sigmas = torch.full((3, 3, 40, 40), 0.5), torch.tensor([0.0, 0.05, 5.0])
    unit = torch.randn(x.shape, generator=Generator().manual_seed(0))
    y = transforms.noise(x, sigmas, unit)
    assert torch.equal(y[0], x[0])
    torch.testing.assert_close(y, (x + sigmas[:, None, None, None] * unit).clamp(0, 1))
    assert (y[1] - 0.5).std().item() == pytest.approx(0.05, rel=0.05)
    assert (y[2].min(), y[2].max()) == (0, 1)


def test_no_blur_and_boxes_beyond_the_edge() -> None:
    x = pictures(B)
    assert torch.equal(transforms.blur(x, torch.zeros(B), 5), x)
    hanging = torch.tensor([[-2.0, 15, 4, 9]]).expand(B, 4)
    y = transforms.cut(torch.ones_like(x), hanging)
    assert not y[:, :, :2, 15:].any()
    assert (y == 0).sum() == B * 3 * 2 * 2


def test_float64_stays_float64() -> None:
    x = pictures(B).double()
    for ours, n, theirs in PAIRS.values():
        y = ours(x, n)
        assert y.dtype == x.dtype
        torch.testing.assert_close(y, one_by_one(x, n, theirs), rtol=0, atol=1e-6)


RANDOM = {
    "crop": views.random_crop,
    "crop, mirrored": partial(views.random_crop, mirrored=0.5),
    "mirror": views.random_mirror,
    "turn": views.random_turn,
    "cut": partial(views.random_cut, side=3),
    "jitter": views.random_jitter,
    "greyscale": views.random_greyscale,
    "blur": views.random_blur,
    "noise": views.random_noise,
    "sobel": views.random_sobel,
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_repeats_and_pictures_differ(name: str, channels: int) -> None:
    """Sixty-four times one picture: its copies are changed in different ways."""
    x = pictures(6, channels, 12, 12)[5:].expand(64, -1, -1, -1)
    draw = RANDOM[name]
    y, again, other = (draw(x, Generator().manual_seed(n)) for n in (0, 0, 1))
    assert torch.equal(y, again)
    assert y.shape == x.shape
    assert y.min() >= 0
    assert y.max() <= 1
    if (name, channels) != ("greyscale", 1):
        assert len(y.unique(dim=0)) > 1
        assert not torch.equal(y, other)


def test_they_fit_into_a_chain() -> None:
    x = pictures(16, 3, 8, 8)
    jitter = partial(views.random_jitter, strength=1.0)
    augment = chain(flipped(3), seeded(views.random_crop, 4), seeded(jitter, 5))
    want = views.random_crop(flipped(3)(x), Generator().manual_seed(4))
    want = jitter(want, Generator().manual_seed(5))
    assert torch.equal(augment(x), want)
    assert len(augment.generators) == 3


@pytest.mark.parametrize(
    ("shape", "scale", "ratio"),
    [((32, 32), (0.08, 1), (3 / 4, 4 / 3)), ((10, 40), (0.5, 1), (3 / 4, 4 / 3))],
)
def test_boxes_are_drawn_as_torchvision_draws_them(
    shape: tuple[int, int], scale: tuple[float, float], ratio: tuple[float, float]
) -> None:
    """Tops, lefts, heights and widths of 4000 boxes by Kolmogorov and Smirnov's test."""
    x = torch.zeros(4000, 1, 1, 1).expand(4000, 1, *shape)
    ours = views.crop_boxes(x, Generator().manual_seed(0), scale, ratio)
    torch.manual_seed(0)
    single = v2.RandomResizedCrop(8, scale=scale, ratio=ratio)
    drawn = [single.make_params([x[0]]) for _ in range(len(x))]
    for k, name in enumerate(("top", "left", "height", "width")):
        theirs = [params[name] for params in drawn]
        assert ks_2samp(ours[:, k].tolist(), theirs).pvalue > 1e-3, name
    assert (ours[:, :2] >= 0).all()
    assert (ours[:, :2] + ours[:, 2:] <= torch.tensor(shape)).all()


def test_a_shape_that_never_fits_gives_the_middle() -> None:
    x = torch.zeros(3, 1, 10, 40)
    box = views.crop_boxes(x, Generator(), (1.0, 1.0), (1.0, 1.0))
    assert box.tolist() == [[0, 15, 10, 10]] * 3


def share(chosen: Tensor) -> float:
    return chosen.float().mean().item()


def test_shares_and_ranges_of_the_random_numbers() -> None:
    """Flat half-grey pictures: brightness alone moves them, by 1 ± 0.4, in four of five."""
    x, generator = torch.full((4000, 3, 2, 2), 0.5), Generator().manual_seed(0)
    y = views.random_jitter(x, generator)[:, 0, 0, 0] / 0.5
    assert y.min().item() == pytest.approx(0.6, abs=0.01)
    assert y.max().item() == pytest.approx(1.4, abs=0.01)
    assert share((y - 1).abs() < 1e-4) == pytest.approx(0.2, abs=0.03)
    x = torch.tensor([0.2, 0.5, 0.9])[:, None, None].expand(4000, 3, 2, 2)
    y = views.random_greyscale(x, generator)
    assert share(y[:, 0, 0, 0] == y[:, 2, 0, 0]) == pytest.approx(0.2, abs=0.03)
    y = views.random_blur(pictures(6, 3, 8, 8)[5:].expand(1000, -1, -1, -1), generator)
    assert 0.45 < share((y == y.mode(0).values).flatten(1).all(1)) < 0.55


def test_hues_move_by_a_tenth_at_most() -> None:
    """Flat pictures of one dim colour: no other change of the jitter moves its hue."""
    x = torch.tensor([0.5, 0.35, 0.3])[:, None, None].expand(4000, 3, 2, 2)
    y = views.random_jitter(x, Generator().manual_seed(0))[:, :, 0, 0]
    hue = torch.tensor([rgb_to_hsv(*colour)[0] for colour in y.tolist()])
    moved = (hue - rgb_to_hsv(0.5, 0.35, 0.3)[0] + 0.5) % 1 - 0.5
    assert moved.abs().max().item() == pytest.approx(0.1, abs=2e-3)
    assert moved.mean().item() == pytest.approx(0, abs=5e-3)


def test_each_batch_has_an_order_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = []
    monkeypatch.setattr(views, "colour_jitter", lambda x, n, order: orders.append(tuple(order)))
    generator = Generator().manual_seed(0)
    for _ in range(200):
        views.random_jitter(torch.zeros(1, 3, 1, 1), generator)
    assert len(set(orders)) == 24


def test_squares_are_cut_anywhere_alike() -> None:
    y = views.random_cut(torch.ones(4000, 1, 8, 6), Generator().manual_seed(0), side=3)
    black = (y == 0).float().mean(0)[0]
    for axis in (0, 1):
        torch.testing.assert_close(black, black.flip(axis), rtol=0, atol=0.04)
    assert black.min() > 0.05


def test_two_views_of_each_picture() -> None:
    x = pictures(16, 3, 32, 32)
    a, b = views.two_views(x, Generator().manual_seed(0))
    assert a.shape == b.shape == x.shape
    assert not torch.equal(a, b)
    for y in (a, b):
        assert y.min() >= 0
        assert y.max() <= 1
        torch.testing.assert_close(y[0], x[0])  # black stays black: row k is from picture k
    ramp = torch.linspace(0, 1, 32).expand(1000, 3, 32, 32)
    for y in views.two_views(ramp, Generator().manual_seed(0)):
        assert 0.45 < share(y[..., 0].mean((1, 2)) > y[..., -1].mean((1, 2))) < 0.55
    again = views.two_views(x, Generator().manual_seed(0))
    assert torch.equal(a, again[0])
    assert torch.equal(b, again[1])
    grey, _ = views.two_views(x[:, :1], Generator().manual_seed(0), strength=1.0)
    assert grey.shape == (16, 1, 32, 32)


def test_errors_say_what_is_wanted() -> None:
    x = pictures(8)
    for wrong in (torch.ones(7), torch.ones(8, 1), torch.ones(())):
        with pytest.raises(ValueError, match=r"numbers of shape \(8,\)"):
            transforms.brightness(x, wrong)
    with pytest.raises(ValueError, match=r"numbers of shape \(8, 4\)"):
        transforms.crop(x, torch.ones(8, 2))
    with pytest.raises(ValueError, match="do not go together"):
        transforms.mirror(x[0], torch.ones(3, dtype=torch.bool))
    with pytest.raises(ValueError, match="not 2 channels"):
        transforms.greyscale(x[:, :2], torch.ones(8, dtype=torch.bool))
    with pytest.raises(ValueError, match=r"an order of 0, 1, 2 and 3 .* not \[0, 0, 1, 2\]"):
        transforms.colour_jitter(x, torch.ones(8, 4), (0, 0, 1, 2))
    for size in (4, 27):
        with pytest.raises(ValueError, match=f"no blur of size {size}"):
            transforms.blur(x, torch.ones(8), size)
    with pytest.raises(ValueError, match="square images are turned"):
        transforms.turn(x, torch.ones(8, dtype=torch.long))
    assert math.isclose(sum(transforms.GREY), 1, abs_tol=1e-3)
