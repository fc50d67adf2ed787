"""The caption chapters' widgets in Chromium and Firefox: both say what Python says, axe is
silent, and the page of a chapter stays small."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser

from course_utils.reference.captioning import beam_search, greedy
from course_utils.training.captioning import vocabulary
from course_utils.widgets import AttentionGrid, Captioner, MemoryLine, PatchGaze
from course_utils.widgets.captioner import cases, networks
from tests.browser import open_page
from tests.firefox import open_firefox
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page
from tests.widgets.test_patch_gaze import random_network  # noqa: F401, a fixture

CHAPTERS = {6: "caption_gru", 7: "caption_transformer"}
# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}
READY = "document.querySelectorAll('.static-widget:not([data-ready])').length === 0"
BEGUN = "document.querySelector('.cp-says').textContent !== ''"
# What the captioner says of each scene by each search, as a reader would ask for it.
ASK = """(async () => {
  const root = document.querySelector('.cp'), said = [];
  const search = [...root.querySelectorAll('label')].find((l) => l.textContent === 'Search');
  const choice = document.getElementById(search.htmlFor);
  const frame = () => new Promise(requestAnimationFrame);
  const count = root.querySelectorAll('.ptp-lineup button').length;
  for (const way of ['greedy', 'beam']) {
    for (let n = 0; n < count; n++) {
      root.querySelectorAll('.ptp-lineup button')[n].click();
      choice.value = way;
      choice.dispatchEvent(new Event('change'));
      await frame();
      said.push(root.querySelector('.cp-says').textContent.slice(1, -1));
    }
  }
  return said;
})()"""


def widgets_of(chapter: int) -> list[Any]:
    if chapter == 6:
        return [MemoryLine(), Captioner(CHAPTERS[6])]
    return [AttentionGrid(), Captioner(CHAPTERS[7]), PatchGaze()]


def said_by_python(name: str) -> list[str]:
    """Of all stored scenes, greedily and by a beam of 3, in float64."""
    network: Any = copy.deepcopy(networks.captioner(name)).double()
    images = torch.stack([networks.scene(where).image for where in cases.chosen(name)])
    with torch.no_grad():
        memory = network.encoder.float()(images).double()
        ids = [*greedy(network.decoder, memory, networks.LENGTH)]
        ids += [*beam_search(network.decoder, memory, 3, networks.LENGTH)]
    return [vocabulary().decode(row) for row in ids]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_both_browsers_say_of_every_scene_what_python_says(
    browser: Browser, tmp_path: Path, chapter: int
) -> None:
    wanted = said_by_python(CHAPTERS[chapter])
    page_file = write_page(tmp_path, [Captioner(CHAPTERS[chapter])])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        page.wait_for_function(BEGUN)
        assert page.evaluate(ASK) == wanted
        assert watch.errors == watch.outside == []
    with open_firefox() as firefox:
        firefox.open(page_file.as_uri())
        firefox.wait_for(BEGUN)
        assert firefox.run(ASK) == wanted
        assert firefox.watch.errors == firefox.watch.outside == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_axe_finds_nothing(
    browser: Browser, tmp_path: Path, chapter: int, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("random_network")
    page_file = write_page(tmp_path, widgets_of(chapter))
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width) as (page, _):
            page.goto(page_file.as_uri())
            page.wait_for_function(READY)
            page.evaluate("dispatchEvent(new Event('beforeprint'))")  # all of them begin
            page.wait_for_function(BEGUN)
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []


def test_patch_gaze_lives_in_firefox(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("random_network")
    page_file = write_page(tmp_path, [PatchGaze()])
    says = "document.querySelector('.pg').getAttribute('aria-label')"
    with open_firefox() as firefox:
        firefox.open(page_file.as_uri())
        firefox.wait_for("document.querySelector('.pg-looks td') !== null")
        before = firefox.run(says)
        firefox.run("document.querySelector('.pg-pad').focus()")
        firefox.press("\ue012")  # arrow left
        firefox.press("\ue013")  # arrow up
        firefox.wait_for(f"{says} !== {before!r}")
        firefox.run("document.querySelectorAll('.ptp-presets button')[3].click()")
        firefox.wait_for(
            f"{says}.includes('without position codes: it gives each patch the same')"
        )
        assert firefox.watch.errors == []


WEIGH = """
import gzip, sys
from pathlib import Path
from course_utils.widgets.captioner import networks
from course_utils.widgets.patch_gaze import readout
from tests.widgets.pages import write_page
from tests.widgets.test_caption_pages import widgets_of
from tests.widgets.test_patch_gaze import random_captioner, random_readout
trained, vit = networks.captioner, random_captioner()
networks.captioner = lambda name: vit if name == "caption_vit" else trained(name)
readout.weights = lambda: {k: v.float() for k, v in random_readout().items()}
page = write_page(Path(sys.argv[1]), widgets_of(int(sys.argv[2])))
print(len(gzip.compress(page.read_bytes(), 6)))
"""


@pytest.mark.parametrize(("chapter", "most"), [(6, 600_000), (7, 950_000)])
def test_what_a_chapter_weighs(tmp_path: Path, chapter: int, most: int) -> None:
    """Weights and code of all its widgets. In a process of its own, as a notebook has one: a
    page keeps every widget that was made in it."""
    command = [sys.executable, "-c", WEIGH, str(tmp_path), str(chapter)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 400_000 < int(done.stdout) < most


def test_what_the_encoder_alone_weighs(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("random_network")
    widget = PatchGaze(scenes=[0])
    assert len(widget.encoder.weights) + len(widget.readout.weights) < 251_000
