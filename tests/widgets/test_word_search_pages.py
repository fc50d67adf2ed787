"""The word search in a page: typed, chosen and changed by keyboard, told in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from ipywidgets.embed import dependency_state, embed_data
from playwright.sync_api import Browser, Page

from course_utils.publish.photograph import BYTES, photograph
from course_utils.reference.clip import classify, unit, zero_shot_head
from course_utils.training.clip import emoji_words
from course_utils.widgets import WordSearch
from course_utils.widgets.word_search import pictures
from course_utils.widgets.word_search.widget import PRESETS
from tests.browser import open_page
from tests.patience import until
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page
from tests.widgets.test_static_widgets import press, shown

# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}


def says(page: Page) -> str:
    return page.locator(".ws").get_attribute("aria-label") or ""


def wait_for(page: Page, words: str) -> None:
    until(lambda: words in says(page), f"for {words!r} in {says(page)!r}")


def type_in(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text)


@torch.no_grad()
def best(query: str) -> tuple[list[str], torch.Tensor]:
    """Names and cosines, the nearest first, by torch in float32."""
    shown_, towers = pictures.pictures(), pictures.model()
    y = unit(towers.text(emoji_words().encode([query], skip=True)))
    cosines = (unit(shown_.features.float()) @ y.T)[:, 0].sort(descending=True)
    return [shown_.names[n] for n in cosines.indices.tolist()], cosines.values


@torch.no_grad()
@pytest.mark.parametrize("width", WIDTHS)
def test_by_keyboard(browser: Browser, tmp_path: Path, width: int) -> None:
    with shown(browser, tmp_path, WordSearch(), width=width) as (page, _):
        wait_for(page, "“fruit”: peach")
        type_in(page, "Words", "love")
        wait_for(page, "“love”:")
        names, cosines = best("love")
        tiles = page.locator(".ws-results button")
        assert tiles.count() == 12
        for place in range(12):
            told = tiles.nth(place).get_attribute("aria-label") or ""
            assert told.startswith(f"{place + 1}. ")
            assert f", cosine {cosines[place]:.2f}" in told
        assert (tiles.first.get_attribute("aria-label") or "").startswith(f"1. {names[0]},")
        press(page, tiles.nth(2), "Enter")
        chosen = page.locator('.ws-results [aria-pressed="true"]')
        until(lambda: chosen.count() == 1)
        name = chosen.locator(".ws-name").inner_text()
        wait_for(page, f"Chosen: {name}, as drawn. Nearest names:")
        assert page.locator(".ws-head .ptp-value").inner_text() == name
        press(page, page.get_by_label("Show the picture"), "ArrowDown")
        wait_for(page, f"Chosen: {name}, grey.")
        assert "(as drawn " in says(page)
        type_in(page, "Your labels", "yellow, grey, red | red heart")
        wait_for(page, "Shares at s = 40: yellow")
        assert page.locator(".ws-bars li").count() == 3
        press(page, page.get_by_label("Scale s"), "Home")
        wait_for(page, "Shares at s = 1: yellow")
        press(page, page.get_by_role("button", name="another order"), "Enter")
        wait_for(page, "Shares at s = 40: cat heart eyes 3\xa0%, eyes heart cat 3\xa0%")
        pressed = page.locator('.ptp-presets [aria-pressed="true"]')
        assert pressed.all_inner_texts() == ["another order"]
        assert page.get_by_label("Words", exact=True).input_value() == "eyes heart cat"
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@torch.no_grad()
def test_shares_in_the_page_are_those_of_torch(browser: Browser, tmp_path: Path) -> None:
    shown_, towers, words = pictures.pictures(), pictures.model(), emoji_words()
    for name in ("fruit", "labels of several texts"):
        state = PRESETS[name]
        labels = [label.split("|") for label in state["labels"].split(",")]
        head = zero_shot_head([towers.text(words.encode(texts)) for texts in labels])
        n = shown_.names.index(state["picture"])
        shares = classify(shown_.features[n : n + 1].float(), head, towers.scale())[0]
        with shown(browser, tmp_path, WordSearch(name)) as (page, _):
            page.locator(".ws-bars li").first.wait_for()
            said = page.locator(".ws-bars .ptp-bar-value").all_inner_texts()
            found = torch.tensor([float(text.split()[0]) for text in said])
            assert (found - 100 * shares).abs().max() < 0.06


def test_what_cannot_be_read_is_named(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, WordSearch("an unknown word")) as (page, _):
        wait_for(page, "Unknown, left out: polar. “polar bear”: bear")
        field = page.get_by_label("Words", exact=True)
        note = page.locator(f"#{field.get_attribute('aria-describedby')}")
        assert note.inner_text() == "Unknown, left out: polar."
        type_in(page, "Words", "pineapple")
        wait_for(page, "Unknown, left out: pineapple. No known word is left")
        assert page.locator(".ws-results li").count() == 0
        type_in(page, "Words", "")
        wait_for(page, "Type a word or more.")
        assert note.inner_text() == "Type a word or more."
        type_in(page, "Words", "cat ca")
        wait_for(page, "Unknown, left out: ca.")
        offered = page.locator("datalist option").evaluate_all("all => all.map((o) => o.value)")
        assert "cat cat" in offered or "cat car" in offered
        type_in(page, "Words", "x" * 80)
        assert field.input_value() == "x" * 64  # no longer than the model takes

        type_in(page, "Your labels", "cat, crab")
        wait_for(page, "Unknown, left out: crab. Give two to six labels")
        assert page.locator(".ws-bars li").count() == 0
        type_in(page, "Your labels", "cat, Cat, dog, red, blue, sun, rain, heart")
        wait_for(page, "Given twice: Cat. More than six, left out: heart.")
        assert page.locator(".ws-bars li").count() == 6


def test_a_name_without_known_words_is_told(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, WordSearch(picture="pineapple", change="mirrored")) as (
        page,
        _,
    ):
        wait_for(page, "Chosen: pineapple, mirrored. Nearest names:")
        assert "No word of its own name is known." in says(page)
        assert "never trained on" in page.locator(".ws-title").inner_text()
        text = page.locator(".ws").inner_text()
        assert "order of words is not seen" in text
        assert "nothing here says anything about people" in text


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [WordSearch("an unknown word")])
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width) as (page, watch):
            page.goto(page_file.as_uri())
            page.locator(".ws-bars li").first.wait_for()
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
            assert watch.errors == []
    assert found == []


def test_its_still_says_what_it_says() -> None:
    widget = WordSearch()
    own = dependency_state([widget, widget.network], drop_defaults=False)
    data = embed_data(views=[widget], state=own, drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert "“fruit”: peach" in about["alt"]
    assert widget.describe().endswith(".")
    assert len(json.dumps(data["manager_state"])) < 850_000  # all of it in a page
