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

from course_utils.data.scenes import THINGS
from course_utils.data.scenes.judged import judge
from course_utils.data.scenes.vocabulary import NUMBERS
from course_utils.reference.caption_metrics import apart
from course_utils.reference.captioning import START, beam_search, greedy
from course_utils.training.captioners import untrained
from course_utils.training.captioning import vocabulary
from course_utils.widgets import Captioner
from course_utils.widgets.captioner import cases, networks
from tests.widgets.test_caption_networks import SHIPPED
from tests.widgets.test_static_widgets import press, shown


def image_of(where: tuple[str, int] | int) -> Tensor:
    return networks.scene(where if isinstance(where, tuple) else ("test", where)).image


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

MANY = {thing.name: thing.many for thing in THINGS}
ONE = {thing.many: thing.name for thing in THINGS}


def holds(label: str, case: dict[str, Any], name: str) -> str:
    """Asserts that a network does in a case what its label says; the kind of case."""
    scene = networks.scene(case["scene"])
    things = [item.thing.name for item in scene.objects]
    caption = said(name, scene.image)
    verdict, words = judge(caption, scene), apart(caption).split()
    looked_at = words[case["place"]]
    match label.split():
        case ["a", "long", *_]:
            assert verdict.full
            assert len(things) >= 4
        case ["greedy", *_]:
            beam = said(name, scene.image, 3)
            assert not verdict.true
            assert judge(beam, scene).full
            assert case["search"] == "beam"
            other, place = apart(beam).split(), case["place"]
            assert words[:place] == other[:place]
            assert looked_at != other[place]
        case [number, thing, "counted", "as", counted]:
            thing = thing.removesuffix(",")
            one = ONE.get(thing, thing)
            assert things.count(one) == NUMBERS.index(number)
            wrong = f"a {one}" if counted == "one" else f"{counted} {MANY[one]}"
            assert wrong.split()[-1] in words
            assert counted in (looked_at, "one")
            assert not verdict.missing + verdict.false
        case ["one", thing, "“two”", "forced"]:
            assert things == [thing.removesuffix(",")]
            assert caption.startswith(("a ", "an "))
            forced = cases.going_on(networks.captioner(name), scene.image, case["given"])
            assert forced.startswith(f"two {MANY[things[0]]} ")
        case ["unseen", "style:", there, "called", called]:
            assert case["scene"][0] == "style"
            assert there in things
            assert called not in things
            assert there not in words
            assert looked_at in (called, MANY[called])
        case ["unseen", "pair:", colour, shape, "called", *called]:
            assert case["scene"][0] == "combinations"
            assert (shape, colour) in [(i.thing.name, i.colour) for i in scene.objects]
            assert called != [colour, shape]
            assert words[case["place"] - 1 : case["place"] + 1] == called
        case [thing, "covered"]:
            assert thing in words
            assert verdict.full
            assert thing not in said(name, cases.covered(scene.image, case["cover"]))
        case _:
            raise AssertionError(f"no case is called {label!r}")
    return label.split(":")[0] if "unseen" in label else label.split()[-1]


@pytest.mark.parametrize("name", SHIPPED)
def test_each_case_is_what_its_name_says(name: str) -> None:
    found = cases.cases(name)
    assert len(found) >= (2 if name == "caption_gru_plain" else 6)
    assert len({case["scene"] for case in found.values()}) == len(found)
    for label, case in found.items():
        assert holds(label, case, name)


def test_a_case_that_a_network_does_not_offer_is_left_out(monkeypatch: Any) -> None:
    """One that says nothing true has no right caption to show."""
    torch.manual_seed(0)
    network = untrained("caption_gru").eval()
    monkeypatch.setattr(cases, "captioner", lambda name: network)
    monkeypatch.setattr(cases, "POOLS", {"test": 6, "style": 2, "combinations": 2})
    assert cases.cases.__wrapped__("caption_gru") == {}


def test_words_that_are_given_stand_at_the_beginning() -> None:
    torch.manual_seed(0)
    network, image = untrained("caption_transformer").eval(), image_of(3)
    with torch.no_grad():
        ids = greedy(network.decoder, network.encoder(image[None]), networks.LENGTH)[0]
    free = vocabulary().decode(ids)
    assert cases.going_on(network, image, []) == free
    assert cases.going_on(network, image, free.split()[:3]) == free
    assert cases.going_on(network, image, ["two", "red"]).startswith("two red ")


def test_scenes_and_captions_are_stored_as_they_are() -> None:
    chosen = [3, ("style", 0), ("combinations", 17)]
    widget = Captioner(scenes=chosen)
    raw = zlib.decompress(widget.pixels)
    images = torch.frombuffer(bytearray(raw), dtype=torch.uint8).view(3, 3, 64, 64)
    for image, where, right in zip(images, chosen, widget.right, strict=True):
        assert torch.equal(image, image_of(where))
        (address,) = networks.addressed([where])
        assert judge(right, networks.scene(address)).full
    assert widget.splits == ["test", "style", "combinations"]
    assert widget.presets == {}


def test_a_page_holds_a_network_once() -> None:
    one, other = Captioner(scenes=[0]), Captioner(scenes=[1])
    assert one.encoders[0] is other.encoders[0]
    assert one.decoders[0] is other.decoders[0]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"networks": "caption_lstm"}, ValueError, "networks must be of"),
        ({"networks": []}, ValueError, "at least one network"),
        ({"scenes": []}, ValueError, "scenes must be 1 to 8"),
        ({"scenes": range(9)}, ValueError, "scenes must be 1 to 8"),
        ({"scenes": [("train", 1)]}, ValueError, "scenes must be of"),
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
    images = [image_of(n) for n in scenes]
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
    network, image = networks.captioner("caption_gru"), image_of(18)
    with torch.no_grad():
        state = network.decoder.start(network.encoder(image[None]))
        logits = network.decoder.step(torch.tensor([START]), state)[0][0]
    first, second = (vocabulary().words[n] for n in logits.topk(2).indices.tolist())
    with shown(browser, tmp_path, Captioner(scenes=[12, 18], scene=1)) as (page, _):
        ready(page)
        row, before = page.locator(".ptp-tokens button"), caption(page)
        press(page, row.nth(2), "Home")
        assert page.locator(".ptp-tokens [aria-current]").inner_text().strip() == first
        assert page.locator(".ptp-candidates button").count() == 5
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        until(page, cases.going_on(network, image, [second]))
        given = page.locator(".cp-given")
        assert f"Given: “{second}”." in given.inner_text()
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
        choice = page.get_by_role("combobox", name="Attention", exact=True, include_hidden=True)
        assert choice.is_hidden()


@pytest.mark.parametrize("which", ["caption_gru", "caption_transformer"])
def test_each_preset_is_pressed_when_chosen(
    browser: Browser, tmp_path: Path, which: str
) -> None:
    widget = Captioner(which)
    with shown(browser, tmp_path, widget, width=390) as (page, _):
        ready(page)
        for name, preset in widget.presets.items():
            press(page, page.get_by_role("button", name=name, exact=True), "Enter")
            image = image_of(cases.chosen(which)[preset["scene"]])
            if preset["covered"]:
                image = cases.covered(image, preset["cover"])
            if preset["given"]:
                until(page, cases.going_on(networks.captioner(which), image, ["two"]))
            else:
                until(page, said(which, image, 3 if preset["search"] == "beam" else 1))
            pressed = page.locator('.ptp-presets [aria-pressed="true"]')
            assert pressed.all_inner_texts() == [name]
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
