"""Denoise pad: the noise is the dice's, what is restored torch's; no mouse is needed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils.reference.autoencoders import Denoiser
from course_utils.training import checkpoints
from course_utils.widgets import DenoisePad
from course_utils.widgets.denoise_pad import widget
from course_utils.widgets.dice import dice, normals
from course_utils.widgets.latent_pad import networks
from tests.browser import open_page
from tests.visits import THEMES, findings
from tests.widgets.kit import TOLERANCE, half_weights, run
from tests.widgets.pages import write_page
from tests.widgets.test_latent_pad import chain, greys, judge
from tests.widgets.test_parts import PAGE_ALONE
from tests.widgets.test_static_widgets import TOO_SMALL, press, shown

NUMBERS = "../denoise_pad/numbers.js"
SHIPS = (checkpoints.FOLDER / "denoiser.safetensors").exists()
WHICH = ("random", *(["shipped"] if SHIPS else []))


def random_tensors() -> dict[str, Tensor]:
    """Narrower and less deep than what ships: the page reads both from the weights."""
    torch.manual_seed(3)
    state = Denoiser(channels=6, depth=3).state_dict()
    return {k: (v + 0.05 * torch.randn_like(v)).half().float() for k, v in state.items()}


@contextmanager
def denoisers(which: str) -> Iterator[None]:
    """A network of random weights in place of the one that ships, or the latter."""
    trained = networks.tensors
    kept: Any = (widget.network, widget._in_the_page, widget.cases)
    with pytest.MonkeyPatch.context() as patch:
        if which == "random":
            patch.setattr(
                networks, "tensors",
                lambda name: random_tensors() if name == "denoiser" else trained(name),
            )  # fmt: skip
        for function in kept:
            function.cache_clear()
        yield
    for function in kept:
        function.cache_clear()


@pytest.fixture
def random_denoiser() -> Iterator[None]:
    with denoisers("random"):
        yield


@torch.no_grad()
def restored(noisy: Tensor) -> Tensor:
    """By the page's own weights, in float64: (1, 1, 28, 28)."""
    model = widget.network()
    return torch.func.functional_call(model, half_weights(model.state_dict()), (noisy,))


def noise_of(seed: int) -> Tensor:
    return torch.tensor(normals(dice(seed), 784), dtype=torch.float64).view(1, 1, 28, 28)


def example(which: int) -> Tensor:
    return widget.examples()[which : which + 1].double() / 255


SCRIPT = """
const { x, denoiser, lenet, after } = calls;
const flat = (values) => Array.from(values);
const noisy = kit.noisy(x, 0.8, 5), restored = kit.denoised(denoiser, noisy);
const answers = { noisy: flat(noisy), restored: flat(restored), read: kit.reading(lenet, noisy),
  error: kit.meanSquare(restored, x), change: flat(kit.difference(after, [0.5, 0.5, 0.5, 0])) };
"""


@torch.no_grad()
@pytest.mark.parametrize("which", WHICH)
def test_noise_and_what_is_restored_are_torchs(which: str, tmp_path: Path) -> None:
    with denoisers(which):
        x = example(4)
        given = {
            "x": x.flatten().tolist(), "denoiser": chain(widget.network().layers),
            "lenet": chain(networks.judge().layers), "after": [0.5, 1, 0, 9],
        }  # fmt: skip
        got = run(tmp_path, NUMBERS, SCRIPT, given)
        noisy = x + 0.8 * noise_of(5)
        wanted = restored(noisy)
        shares = judge(noisy.clamp(0, 1))[0]
    for name, value in (("noisy", noisy), ("restored", wanted)):
        answer = torch.tensor(got[name], dtype=torch.float64)
        assert (answer - value.flatten()).abs().max() < TOLERANCE, name
    assert got["error"] == pytest.approx((wanted - x).square().mean().item(), abs=TOLERANCE)
    assert got["read"]["digit"] == shares.argmax()
    assert got["read"]["share"] == pytest.approx(shares.max().item(), abs=TOLERANCE)
    # Brightness tells more ink from less, without colours; beyond 1 nothing is lighter.
    same, more, less, far = (sum(got["change"][n : n + 3]) for n in range(0, 12, 3))
    assert less < same < more < far
    assert got["change"][9:] == [255, 205, 140]


def test_nothing_is_drawn_where_nothing_is_and_two_lie_apart() -> None:
    assert example(widget.NOTHING).sum() == 0
    two = example(widget.TWO)[0, 0]
    left, right = two[:, :14].sum(), two[:, 14:].sum()
    assert min(left, right) > 20
    assert (two.amax(0)[8:20] == 0).any()  # a gap from top to bottom
    assert len(widget.examples()) == len(widget.NAMES)


@torch.no_grad()
@pytest.mark.parametrize("which", WHICH)
def test_the_other_noise_turns_the_4_into_another_digit(which: str) -> None:
    """And no noise before it does."""
    with denoisers(which):
        seed, digit = widget.turned() or (widget.SEEDS, 4)
        noise = torch.cat([noise_of(n) for n in range(min(seed + 1, widget.SEEDS))])
        shares = judge(restored(example(4) + 0.8 * noise).clamp(0, 1))
        taken = (shares.amax(1) > widget.SURE) & (shares.argmax(1) != 4)
        assert not taken[:seed].any()
        named = {case["name"]: case for case in widget.cases()}
        assert ("a 4, other noise" in named) == (digit != 4)
        if digit != 4:
            assert taken[seed]
            assert shares[seed].argmax() == digit
            assert named["a 4, other noise"]["seed"] == seed


@pytest.mark.parametrize("digit", [10, -1, 4.5])
def test_what_is_refused(digit: Any, random_denoiser: None) -> None:
    with pytest.raises(ValueError, match="digit must be from 0 to 9 or None"):
        DenoisePad(digit)


def test_sigma_is_at_most_one(random_denoiser: None) -> None:
    assert DenoisePad(None, sigma=0.25).sigma == 0.25
    with pytest.raises(TraitError):
        DenoisePad(4, sigma=1.5)


# ---------------------------------------------------------------- pages


def label(page: Page) -> str:
    return page.locator(".dn").get_attribute("aria-label") or ""


def started(page: Page) -> None:
    page.wait_for_function("document.querySelector('.dn').ariaLabel.includes('LeNet reads')")


@torch.no_grad()
def sentence(x: Tensor, sigma: float, seed: int) -> str:
    noisy = x + sigma * noise_of(seed)
    after = restored(noisy)
    shares = [judge(image.clamp(0, 1))[0] for image in (x, noisy, after)]
    read = [f"{s.argmax()} ({math.floor(100 * s.max() + 0.5)}\xa0%)" for s in shares]
    errors = [(image - x).square().mean().item() for image in (noisy, after)]
    return (
        f"σ = {sigma:.2f}: LeNet reads {read[0]} in x, {read[1]} with noise, "
        f"{read[2]} restored. "
        f"Mean squared error of a pixel {errors[0]:.3f} before, {errors[1]:.3f} after."
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard(
    browser: Browser, tmp_path: Path, width: int, random_denoiser: None
) -> None:
    with shown(browser, tmp_path, DenoisePad(4, sigma=0.8), width=width) as (page, _):
        started(page)
        assert sentence(example(4), 0.8, 0) in label(page)
        noisy = example(4) + 0.8 * noise_of(0)
        for n, image in enumerate((noisy, restored(noisy))):
            wanted = 255 * image.clamp(0, 1).flatten()
            assert (greys(page, f".dn-image >> nth={n}") - wanted).abs().max() <= 0.5 + 1e-3
        slider = page.get_by_label("Noise σ", exact=True)
        press(page, slider, "ArrowLeft", 4)
        assert sentence(example(4), 0.6, 0) in label(page)
        press(page, page.get_by_role("button", name="New noise"), "Enter")
        assert sentence(example(4), 0.6, 1) in label(page)
        press(page, slider, "Home")
        page.get_by_label("Start from", exact=True).select_option("two digits")
        assert sentence(example(widget.TWO), 0.0, 1) in label(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_each_case(browser: Browser, tmp_path: Path, random_denoiser: None) -> None:
    with shown(browser, tmp_path, DenoisePad(None, sigma=0.0, seed=3)) as (page, _):
        started(page)
        for case in widget.cases():
            name, which, sigma = str(case["name"]), int(case["example"]), float(case["sigma"])
            press(page, page.get_by_role("button", name=name, exact=True), "Enter")
            pressed = page.locator('.ptp-presets [aria-pressed="true"]')
            assert pressed.all_inner_texts() == [name]
            assert sentence(example(which), sigma, int(case["seed"])) in label(page)


def test_a_drawing_is_restored(browser: Browser, tmp_path: Path, random_denoiser: None) -> None:
    with shown(browser, tmp_path, DenoisePad(7, sigma=0.3)) as (page, _):
        started(page)
        press(page, page.get_by_role("button", name="Clear"), "Enter")
        assert sentence(torch.zeros(1, 1, 28, 28).double(), 0.3, 0) in label(page)
        pad = page.get_by_role("group", name="x: a drawing pad")
        press(page, pad, "Space")
        for key in 6 * ["ArrowDown"] + 4 * ["ArrowRight"]:
            page.keyboard.press(key)
        ink = greys(page, ".ptp-ink canvas").double()
        assert ink.sum() > 3000
        assert page.get_by_label("Start from").input_value() == ""
        assert sentence(ink.view(1, 1, 28, 28) / 255, 0.3, 0) in label(page)


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_accessible(
    browser: Browser, tmp_path: Path, theme: str, random_denoiser: None
) -> None:
    page_file = write_page(tmp_path, [DenoisePad(4)], theme=theme)
    with open_page(browser, width=390) as (page, watch):
        page.goto(page_file.as_uri())
        started(page)
        assert [found for found in findings(page) if found[0] not in PAGE_ALONE] == []
        assert page.evaluate(TOO_SMALL) == []
        assert watch.errors == []
