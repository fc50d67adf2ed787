"""The captioner: its cases hold, it can be worked without a mouse, another word is obeyed."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils.data.scenes.judged import judge
from course_utils.reference.captioning import beam_search, greedy
from course_utils.training.captioning import vocabulary
from course_utils.widgets import Captioner
from course_utils.widgets.captioner import cases, networks
from tests.widgets.test_caption_networks import SHIPPED
from tests.widgets.test_static_widgets import press, shown


def said(name: str, image: Tensor, width: int = 1) -> str:
    network = networks.captioner(name)
    with torch.no_grad():
        memory = network.encoder(image[None])
        if width == 1:
            ids = greedy(network.decoder, memory, networks.LENGTH)
        else:
            ids = beam_search(network.decoder, memory, width, networks.LENGTH)
    return vocabulary().decode(ids[0])


# ---------------------------------------------------------------- cases


@pytest.mark.parametrize("name", SHIPPED)
def test_each_case_is_what_its_name_says(name: str) -> None:
    found = cases.cases(name)
    assert (2 if name == "caption_gru_plain" else 4) <= len(found) <= 5
    assert len({case["scene"] for case in found.values()}) == len(found)
    for label, case in found.items():
        scene = networks.scene(case["scene"])
        image = scene.image.clone()
        caption = said(name, image)
        verdict = judge(caption, scene)
        match label:
            case "many things, all right":
                assert verdict.full
                assert len(scene.objects) >= 4
            case "greedy loses":
                assert not verdict.true
                assert judge(said(name, image, 3), scene).full
                apart = [c.replace(",", " ,").split() for c in (caption, said(name, image, 3))]
                place = case["place"]
                assert apart[0][:place] == apart[1][:place]
                assert apart[0][place] != apart[1][place]
            case "a wrong count":
                assert not all(verdict.many)
            case "what if “two”?":
                assert len(scene.objects) == 1
            case _:
                left, top, right, bottom = case["cover"]
                image[:, top:bottom, left:right] = 128
                thing = label.removesuffix(" covered")
                assert thing in caption
                assert thing not in said(name, image)


def test_scenes_and_captions_are_stored_as_they_are() -> None:
    widget = Captioner(scenes=[3, 0, 17])
    raw = zlib.decompress(widget.pixels)
    images = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(3, 3, 64, 64)
    for image, index, right in zip(images, (3, 0, 17), widget.right, strict=True):
        assert torch.equal(image, networks.scene(index).image)
        assert judge(right, networks.scene(index)).full
    assert widget.presets == {}


def test_a_page_holds_a_network_once() -> None:
    one, other = Captioner(scenes=[0]), Captioner(scenes=[1])
    assert one.networks[0] is other.networks[0]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"networks": "caption_lstm"}, ValueError, "networks must be of"),
        ({"networks": []}, ValueError, "at least one network"),
        ({"scenes": []}, ValueError, "1 to 8 indices"),
        ({"scenes": range(9)}, ValueError, "1 to 8 indices"),
        ({"scenes": [-1]}, ValueError, "scenes must be from 0"),
        ({"scenes": [10**6]}, ValueError, "scenes must be from 0"),
        ({"scenes": [0], "scene": 1}, ValueError, "scene and network"),
        ({"scenes": [0], "search": "best"}, TraitError, "no search"),
        ({"scenes": [0], "cover": [5, 5, 5, 9]}, TraitError, "left < right"),
        ({"scenes": [0], "given": [1]}, TraitError, "given"),
    ],
)
def test_what_is_refused(wrong: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        Captioner(**wrong)


# ---------------------------------------------------------------- pages


def caption(page: Page) -> str:
    return page.locator(".cp-says").inner_text().strip("“”")


def until(page: Page, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('.cp-says').textContent === `“${words}”`", arg=words
    )


def ready(page: Page) -> None:
    page.locator(".cp-says:not(:empty)").wait_for()


@pytest.mark.parametrize("width", [1280, 390])
def test_by_keyboard(browser: Browser, tmp_path: Path, width: int) -> None:
    """Each step: what the page says is what the reference says."""
    name = "caption_gru"
    scenes = [0, 1, 2, 3, 18, 74]
    images = [networks.scene(n).image for n in scenes]
    widget = Captioner(name, scenes=scenes)
    with shown(browser, tmp_path, widget, width=width) as (page, _):
        ready(page)
        assert caption(page) == said(name, images[0])
        for n in (1, 4):
            press(page, page.get_by_role("button", name=f"scene {n + 1}"), "Enter")
            until(page, said(name, images[n]))
        label = page.locator(".cp").get_attribute("aria-label") or ""
        assert f"GRU with attention, scene 5 of 6, greedy: “{said(name, images[4])}”" in label
        press(page, page.get_by_label("Search"), "b")  # beam
        until(page, said(name, images[4], 3))
        assert page.locator(".cp-tree svg text.cp-best").count() > 5
        assert page.locator(".cp-tree-box ol li").count() > 5
        press(page, page.get_by_label("Cover a part"), "Space")
        box = page.locator(".ptp-scene-list button")
        press(page, box, "ArrowRight", times=2)
        page.keyboard.press("Shift+ArrowDown")
        assert box.evaluate("el => el === document.activeElement")
        image = images[4].clone()
        image[:, 20:45, 22:46] = 128
        until(page, said(name, image, 3))
        assert "a part covered" in (page.locator(".cp").get_attribute("aria-label") or "")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_another_word_is_obeyed_and_the_rest_written_anew(
    browser: Browser, tmp_path: Path
) -> None:
    with shown(browser, tmp_path, Captioner(scenes=[12, 18], scene=1)) as (page, _):
        ready(page)
        row, before = page.locator(".ptp-tokens button"), caption(page)
        press(page, row.nth(2), "Home")
        assert page.locator(".ptp-tokens [aria-current]").inner_text().strip() == "a"
        assert page.locator(".ptp-candidates button").count() == 5
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_function("!document.querySelector('.cp-given').hidden")
        after = caption(page)
        assert after != before
        assert after.split()[0] in ("two", "three")
        given = page.locator(".cp-given")
        assert f"Given: “{after.split()[0]}”." in given.inner_text()
        press(page, given.get_by_role("button"), "Enter")
        until(page, before)
        assert given.is_hidden()


def test_words_are_drawn_by_the_seed(browser: Browser, tmp_path: Path) -> None:
    state = {"scenes": [74], "search": "sample", "temperature": 1.5, "seed": 3}
    pages = []
    for n in range(2):
        with shown(browser, tmp_path / str(n), Captioner(**state)) as (page, _):
            ready(page)
            seen = [caption(page)]
            for _ in range(4):
                press(page, page.get_by_role("button", name="Draw again"), "Enter")
                page.wait_for_timeout(50)
                seen.append(caption(page))
            pages.append(seen)
    assert pages[0] == pages[1]
    assert len(set(pages[0])) > 2


def test_heads_are_offered_where_there_are_several(browser: Browser, tmp_path: Path) -> None:
    widgets = [Captioner(n, scenes=[18]) for n in ("caption_transformer", "caption_gru_plain")]
    with shown(browser, tmp_path, widgets[0]) as (page, _):
        ready(page)
        choice = page.get_by_label("Attention", exact=True)
        assert choice.locator("option").count() == 9
        mean = page.locator(".ptp-overlay").get_attribute("aria-label")
        press(page, choice, "ArrowDown")
        page.wait_for_function(
            "old => document.querySelector('.ptp-overlay').ariaLabel !== old", arg=mean
        )
    with shown(browser, tmp_path, widgets[1]) as (page, _):
        ready(page)
        assert page.locator(".ptp-overlay").is_hidden()
        assert "it looks nowhere" in page.locator(".cp-panels").inner_text()
        assert page.get_by_label("Attention", exact=True).is_hidden()


def test_each_preset_is_pressed_when_chosen(browser: Browser, tmp_path: Path) -> None:
    widget = Captioner()
    with shown(browser, tmp_path, widget) as (page, _):
        ready(page)
        for name, preset in widget.presets.items():
            press(page, page.get_by_role("button", name=name), "Enter")
            image = networks.scene(cases.chosen("caption_gru")[preset["scene"]]).image.clone()
            if preset["covered"]:
                left, top, right, bottom = preset["cover"]
                image[:, top:bottom, left:right] = 128
            if preset["given"]:
                page.wait_for_function("!document.querySelector('.cp-given').hidden")
                assert caption(page).startswith("two ")
            else:
                until(page, said("caption_gru", image, 3 if preset["search"] == "beam" else 1))
            pressed = page.locator('.ptp-presets [aria-pressed="true"]')
            assert pressed.all_inner_texts() == [name]
