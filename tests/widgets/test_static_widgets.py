"""The widgets in a static page: no kernel, no network, driven by keyboard and mouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from ipywidgets import IntSlider, jsdlink, jslink
from playwright.sync_api import Browser, Locator, Page

from course_utils.reference import convolution as reference
from course_utils.widgets import (
    DigitPad,
    FilterExplorer1D,
    FilterExplorer2D,
    FrameSlider,
    Milestones,
)
from course_utils.widgets.base import BookWidget
from tests.browser import Watch, open_page, serve
from tests.widgets.pages import write_page


def photo(height: int = 20, width: int = 31) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width), dtype=np.uint8)


@contextmanager
def shown(
    browser: Browser, folder: Path, *widgets: BookWidget, how: str = "file", **size: int
) -> Iterator[tuple[Page, Watch]]:
    """A page with these widgets, once all of them have started; it must stay free of errors."""
    page_file = write_page(folder, list(widgets))
    with ExitStack() as stack:
        http = how == "http"
        site = stack.enter_context(serve(folder)) if http else folder.as_uri()
        page, watch = stack.enter_context(open_page(browser, **size))
        page.goto(f"{site}/{page_file.name}")
        for n in range(len(widgets)):
            page.locator(".static-widget[data-ready]").nth(n).wait_for()
        yield page, watch
        assert watch.errors == []
        assert watch.outside == []


def press(page: Page, control: Locator, key: str, times: int = 1) -> None:
    control.focus()
    for _ in range(times):
        page.keyboard.press(key)


def picture(page: Page, which: str, n: int = 0) -> np.ndarray:
    """The greys of the n-th such canvas; that it is grey and opaque is checked on the way."""
    data = page.evaluate(
        """([which, n]) => {
          const c = document.querySelectorAll(`.fe2-${which} canvas`)[n];
          const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
          return [c.height, c.width, Array.from(data)];
        }""",
        [which, n],
    )
    pixels = np.array(data[2]).reshape(data[0], data[1], 4)
    assert (pixels[..., 3] == 255).all()
    assert (pixels[..., :1] == pixels[..., :3]).all()
    return pixels[..., 0]


def expected(pixels: np.ndarray, kernel: torch.Tensor, stride: int, padding: int) -> np.ndarray:
    """The reference's output in the greys that FilterExplorer2D documents."""
    x = torch.from_numpy(pixels)[None, None] / torch.tensor(255.0, dtype=torch.float64)
    w = kernel.double()
    y = reference.conv2d(x, w[None, None], stride=stride, padding=padding)[0, 0]
    low, high = 0.0, 1.0
    if w.sum() < 0.5 and (w < 0).any():
        high = y.abs().max().item()
        low = -high
    return (255 * ((y - low) / (high - low)).clamp(0, 1)).round().numpy()


def everything(page: Page) -> str:
    """All that a reader sees or hears of the widgets."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".ptp")].map((el) => el.innerHTML).join() +
           [...document.querySelectorAll("canvas")].map((c) => c.toDataURL()).join()"""
    )


@pytest.mark.parametrize("how", ["file", "http"])
def test_every_slider_moves_by_keyboard(browser: Browser, tmp_path: Path, how: str) -> None:
    explorer_1d = FilterExplorer1D(signal_name="noisy sine", filter="gaussian")
    explorer_2d = FilterExplorer2D(photo(), kernel_name="gaussian")
    with shown(browser, tmp_path, explorer_1d, explorer_2d, how=how) as (page, _):
        sliders = page.locator("input[type=range]")
        assert sliders.count() == 8
        for n in range(8):
            slider = sliders.nth(n)
            assert slider.get_attribute("data-lm-suppress-shortcuts") == "true"
            label = page.locator(f"label[for={slider.get_attribute('id')}]").inner_text()
            output = page.locator(f"output[for={slider.get_attribute('id')}]")
            before, said = everything(page), output.inner_text()
            press(page, slider, "ArrowRight")
            assert everything(page) != before, f"{label} moves nothing"
            assert output.inner_text() != said, label


SETTINGS: list[tuple[dict[str, Any], torch.Tensor]] = [
    ({"kernel_name": name, "padding": 1}, kernel) for name, kernel in reference.KERNELS.items()
] + [
    (
        {"kernel_name": "emboss", "flip": True, "stride": 3, "padding": 4},
        reference.KERNELS["emboss"].flip(0, 1),
    ),
    (
        {"kernel_name": "box", "size": 5, "stride": 2, "padding": 0},
        torch.ones(5, 5).double() / 25,
    ),
    (
        {"kernel_name": "gaussian", "size": 5, "sigma": 1.7, "stride": 4, "padding": 3},
        torch.outer(*2 * [reference.gaussian_filter(2, 1.7)]),
    ),
    (
        {"kernel": torch.arange(25.0).view(5, 5) / 100 - 0.13, "stride": 2, "padding": 1},
        torch.arange(25.0).view(5, 5) / 100 - 0.13,
    ),
]


def test_canvas_equals_reference(browser: Browser, tmp_path: Path) -> None:
    """To one grey of 255: a sum may fall on either side of a rounding edge."""
    widgets = [FilterExplorer2D(photo(), **state) for state, _ in SETTINGS]
    with shown(browser, tmp_path, *widgets) as (page, _):
        for n, (widget, (state, kernel)) in enumerate(zip(widgets, SETTINGS, strict=True)):
            right = expected(photo(), kernel, widget.stride, widget.padding)
            assert np.abs(picture(page, "output", n) - right).max() <= 1, state
            assert (picture(page, "input", n) == np.pad(photo(), widget.padding)).all(), state


def test_canvas_follows_the_controls(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, FilterExplorer2D(photo())) as (page, _):
        page.get_by_label("Kernel", exact=True).select_option("gaussian")
        page.get_by_label("Kernel size").select_option("5")
        press(page, page.get_by_label("Width σ"), "End")
        press(page, page.get_by_label("Stride s"), "ArrowRight")
        press(page, page.get_by_label("Padding p"), "End")
        kernel = torch.outer(*2 * [reference.gaussian_filter(2, 3.0)])
        assert np.abs(picture(page, "output") - expected(photo(), kernel, 2, 4)).max() <= 1
        facts = page.locator(".fe2-sum").inner_text()
        assert "⌊(20 + 2·4 − 5)/2⌋ + 1 = 12" in facts
        assert "⌊(31 + 2·4 − 5)/2⌋ + 1 = 18" in facts


def test_typed_weights(browser: Browser, tmp_path: Path) -> None:
    """A typed weight makes the kernel one's own; it may grow, be flipped, and shrink again."""
    with shown(browser, tmp_path, FilterExplorer2D(photo())) as (page, _):
        weight = page.get_by_label("Weight, row 1, column 2")
        weight.fill("-1.5")
        kernel = reference.KERNELS["sobel x"].clone()
        kernel[0, 1] = -1.5
        assert page.get_by_label("Kernel", exact=True).input_value() == "custom"
        assert np.abs(picture(page, "output") - expected(photo(), kernel, 1, 1)).max() <= 1
        page.get_by_label("Flip the kernel").press("Space")
        turned = kernel.flip(0, 1)
        assert np.abs(picture(page, "output") - expected(photo(), turned, 1, 1)).max() <= 1
        page.get_by_label("Kernel size").select_option("5")
        wide = torch.nn.functional.pad(turned, (1, 1, 1, 1))
        assert np.abs(picture(page, "output") - expected(photo(), wide, 1, 1)).max() <= 1
        page.get_by_label("Kernel size").select_option("3")
        assert np.abs(picture(page, "output") - expected(photo(), turned, 1, 1)).max() <= 1
        page.get_by_label("Weight, row 1, column 2").fill("")  # half-typed: nothing happens
        assert np.abs(picture(page, "output") - expected(photo(), turned, 1, 1)).max() <= 1


def test_window_and_its_sum(browser: Browser, tmp_path: Path) -> None:
    """Mouse and arrow keys move the window; its numbers are those of the reference."""
    widget = FilterExplorer2D(photo(), kernel_name="sharpen", stride=2, padding=2)
    x = torch.from_numpy(photo() / 255)[None, None]
    kernel = reference.KERNELS["sharpen"].double()
    y = reference.conv2d(x, kernel[None, None], stride=2, padding=2)[0, 0]

    def assert_at(page: Page, row: int, column: int) -> None:
        said = page.locator(".fe2-sum .ptp-value").inner_text().replace("−", "-")
        assert said == f"y[{row}, {column}] = {y[row, column]:.3f}"
        products = page.locator(".fe2-products .fe2-square span").all_inner_texts()
        total = sum(float(text.replace("−", "-")) for text in products)
        assert total == pytest.approx(y[row, column].item(), abs=9 * 0.0005 + 1e-9)

    with shown(browser, tmp_path, widget) as (page, _):
        output = page.locator(".fe2-output canvas")
        box = output.bounding_box()
        assert box is not None
        rows, columns = y.shape
        output.click(
            position={"x": box["width"] * 4.5 / columns, "y": box["height"] * 7.5 / rows}
        )
        assert_at(page, 7, 4)
        for key in ("ArrowUp", "ArrowRight", "ArrowRight"):
            page.keyboard.press(key)
        assert_at(page, 6, 6)
        press(page, page.get_by_label("Row i"), "End")
        assert_at(page, rows - 1, 6)
        press(page, page.get_by_label("Column j"), "Home")
        assert_at(page, rows - 1, 0)
        # Pixel (9, 13) of the photo lies at (11, 15) of the padded one: in the middle of the
        # window that begins at (10, 14), the fifth row's and the seventh column's.
        canvas = page.locator(".fe2-input canvas")
        box = canvas.bounding_box()
        assert box is not None
        x_share, y_share = 15.5 / (31 + 4), 11.5 / (20 + 4)
        canvas.hover(position={"x": box["width"] * x_share, "y": box["height"] * y_share})
        assert_at(page, 5, 7)
        assert "rows 8 to 10, columns 12 to 14" in (canvas.get_attribute("aria-label") or "")


def test_drag_over_the_signal(browser: Browser, tmp_path: Path) -> None:
    signal = np.random.default_rng(2).normal(size=40)
    widget = FilterExplorer1D({"noise": signal}, filter="difference")
    kernel = torch.tensor([0.5, 0, -0.5]).double()
    c = reference.smooth(torch.from_numpy(signal), kernel)

    def assert_at(page: Page, i: int) -> None:
        said = page.locator(".fe1-reading").inner_text().replace("−", "-")
        assert said.startswith(f"c[{i}] =")
        assert float(said.split("= ")[-1]) == pytest.approx(c[i].item(), abs=0.0006)

    with shown(browser, tmp_path, widget) as (page, _):
        figure = page.locator(".fe1-figure")
        box = figure.bounding_box()
        assert box is not None
        step = (box["width"] - 2 * 38) / (40 + 2 * 8)
        page.mouse.move(box["x"] + 38 + 13.5 * step, box["y"] + 60)
        page.mouse.down()
        assert_at(page, 5)
        page.mouse.move(box["x"] + 38 + 30.5 * step, box["y"] + 300, steps=4)
        assert_at(page, 22)
        page.mouse.move(box["x"] + 5, box["y"] + 300)
        page.mouse.up()
        assert_at(page, 0)
        page.mouse.move(box["x"] + 200, box["y"] + 60)  # released: nothing follows
        assert_at(page, 0)
        press(page, page.get_by_label("Position of the window i"), "End")
        assert_at(page, 39)
        assert "output at 39" in (figure.get_attribute("aria-label") or "")


CUT_OFF = """() => [...document.querySelectorAll(".fe2-square > span, .ptp-field-head")]
  .filter((el) => el.scrollWidth > el.clientWidth + 1).map((el) => el.innerText)"""
TOO_SMALL = """() => [...document.querySelectorAll(".ptp input, .ptp select")]
  .filter((el) => el.type !== "checkbox" && Math.min(el.offsetHeight, el.offsetWidth) < 24)
  .map((el) => el.outerHTML)"""


@pytest.mark.parametrize("width", [390, 820])
def test_fits_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    explorer_2d = FilterExplorer2D(photo(), kernel_name="gaussian", size=5)
    with shown(browser, tmp_path, FilterExplorer1D(), explorer_2d, width=width) as (page, _):
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(TOO_SMALL) == []


def test_links_and_controls_of_python(browser: Browser, tmp_path: Path) -> None:
    """Links between the book's widgets hold; a control that needs Python says so."""
    one, two, three = (FilterExplorer1D() for _ in range(3))
    links = (
        jslink((one, "position"), (two, "position")),
        jsdlink((one, "radius"), (three, "radius")),
    )
    with shown(browser, tmp_path, one, two, three) as (page, _):
        position = page.get_by_label("Position of the window i")
        press(page, position.nth(0), "ArrowRight", 3)
        press(page, position.nth(1), "ArrowRight")
        values = [position.nth(n).input_value() for n in range(3)]
        assert values == ["35", "35", "31"]
        press(page, page.get_by_label("Radius r").nth(0), "ArrowRight")
        radii = [page.get_by_label("Radius r").nth(n).input_value() for n in range(3)]
        assert radii == ["3", "2", "3"]
    for link in links:
        link.unlink()
    page_file = write_page(tmp_path / "slider", [IntSlider()])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        page.get_by_text("This control needs Python").wait_for()
        assert watch == Watch()


def test_frames_follow_the_slider(browser: Browser, tmp_path: Path) -> None:
    frames = torch.arange(4)[:, None, None, None].expand(4, 3, 8, 6).byte() * 60
    widget = FrameSlider(frames, [f"grey {n}" for n in range(4)], label="Step")
    with shown(browser, tmp_path, widget) as (page, _):
        image = page.locator(".fs-frame")
        sources = set()
        for n in range(4):
            assert image.get_attribute("alt") == f"grey {n}"
            assert image.evaluate("i => i.decode().then(() => i.naturalWidth)") == 6
            sources.add(image.get_attribute("src"))
            press(page, page.get_by_role("slider", name="Step"), "ArrowRight")
        assert len(sources) == 4
        page.get_by_role("button", name="Play", exact=True).click()
        page.locator(".fs-frame[alt='grey 0']").wait_for()  # from the first again
        page.locator(".fs-frame[alt='grey 3']").wait_for()
        page.get_by_role("button", name="Play", exact=True).wait_for()  # and it stops there


def test_drawing_by_keyboard_reaches_python(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, DigitPad(None)) as (page, _):
        pad = page.get_by_role("group", name="Drawing pad")
        press(page, pad, "ArrowUp", 8)
        page.keyboard.press("Space")
        press(page, pad, "ArrowDown", 16)
        label = page.locator(".dp-pad canvas").get_attribute("aria-label") or ""
        assert "The CNN says 1" in label


# What the network says stands in the label once it has run.
STARTED = (
    "[...document.querySelectorAll('.dp-pad canvas')]"
    ".map((c) => c.ariaLabel.includes('The CNN'))"
)


@pytest.mark.parametrize("way", ["scroll", "focus", "print", "no observer"])
def test_networks_start_near_the_view(browser: Browser, tmp_path: Path, way: str) -> None:
    """Ready at once, for who asks; the arithmetic waits until someone may see it."""
    pads = [DigitPad(n) for n in range(6)]
    page_file = write_page(tmp_path, list(pads))
    with open_page(browser, height=500) as (page, watch):
        if way == "no observer":
            page.add_init_script("delete window.IntersectionObserver")
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-ready]").nth(5).wait_for()
        page.wait_for_function(f"{STARTED}[0]")
        if way == "no observer":
            assert all(page.evaluate(STARTED))
            return
        assert not any(page.evaluate(STARTED)[3:])
        if way == "scroll":
            page.locator(".dp").nth(4).scroll_into_view_if_needed()
        elif way == "focus":
            page.get_by_label("Start from").nth(4).focus()
        else:
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert all(page.evaluate(STARTED))
        page.wait_for_function(f"{STARTED}[4]")
        assert watch.errors == []


def milestones() -> Milestones:
    shown = (
        ("before", 2011.2, 20, "hand"),
        ("first", 2012.5, 10, "net"),
        ("last", 2013, 2, "net"),
    )
    points = [
        {
            "name": n,
            "when": when,
            "value": v,
            "kind": kind,
            "note": f"of {n}",
            "source": "A <b>",
        }
        for n, when, v, kind in shown
    ]
    return Milestones(points, "error", line=("a person", 5.0))


def test_milestones_step_by_step(browser: Browser, tmp_path: Path) -> None:
    """The slider goes through the results in time; a kind shown alone leaves the others out."""
    with shown(browser, tmp_path, milestones()) as (page, _):
        card, entry = page.locator(".ms-card"), page.get_by_label("Result", exact=True)
        assert "before, 2011: 20 %, not below a person" in card.inner_text()
        press(page, entry, "End")
        assert "last, 2013: 2 %, below a person" in card.inner_text()
        assert "A <b>" in card.inner_text()
        page.get_by_label("Show", exact=True).select_option("hand")
        assert "before, 2011" in card.inner_text()
        assert page.locator(".ms-dot[data-n]").count() == 1
        page.get_by_label("Show", exact=True).select_option("")
        page.locator('.ms-dot[data-n="1"]').click()
        assert "first, 2012: 10 %" in card.inner_text()
        assert entry.get_attribute("aria-valuetext") == "first, 2012: 10 %, not below a person"


def test_milestones_axis(browser: Browser, tmp_path: Path) -> None:
    """Heights are linear in the logarithm, or in the value."""
    with shown(browser, tmp_path, milestones()) as (page, _):

        def height(n: int) -> float:
            box = page.locator(f'.ms-dot[data-n="{n}"]').bounding_box()
            assert box is not None
            return box["y"] + box["height"] / 2

        steps = [np.log(20 / 10) / np.log(20 / 2), (20 - 10) / (20 - 2)]
        for log, want in zip((True, False), steps, strict=True):
            page.get_by_label("Logarithmic axis").set_checked(log)
            got = (height(0) - height(1)) / (height(0) - height(2))
            assert got == pytest.approx(want, abs=0.01)
