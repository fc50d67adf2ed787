"""Chromium shows widgets as the page would and takes an image of each."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from course_utils.widgets import STATIC_LOADER

BYTES = 8000  # of a still, at most
WIDTH = 640  # CSS pixels
SECONDS = 60  # for the browser, and for all widgets of a page, to start
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

PAGE = """<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">
<style>body {{ margin: 0; font-family: sans-serif; background: #fff; color: #222832 }}</style>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<body>{views}<script>{loader}</script></body></html>"""
VIEW = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
ENDED = """() => [...document.querySelectorAll('.static-widget')]
  .every((el) => el.matches('[data-ready], [data-failed]'))"""
STARTS_ALL = "dispatchEvent(new Event('beforeprint'))"  # also what waits to be near the view
# What the widget says of its images; of one without images, all that it says.
SAID = """(el) => {
  const images = [...el.querySelectorAll('[role="img"][aria-label], img[alt]')];
  const said = images.map((i) => i.getAttribute('aria-label') ?? i.alt);
  const first = el.querySelector('[role="group"][aria-label]')?.getAttribute('aria-label');
  return said.length ? [first, ...said].filter(Boolean) : [el.innerText];
}"""
SAID_LENGTH = 400  # characters of an alt text


def find_chromium() -> str | None:
    """COURSE_CHROMIUM, else one on the PATH; None also where its driver is missing."""
    if find_spec("playwright") is None:
        return None
    candidates = [os.environ.get("COURSE_CHROMIUM"), *map(shutil.which, NAMES)]
    return next((path for path in candidates if path and Path(path).exists()), None)


def photograph(
    models: list[str], records: dict[str, Any]
) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """A WebP of each widget, and what the page has to know about it: alt, width, height.

    A widget that does not start has none; neither has any when the browser does not.

    Args:
        models: the widgets' ids.
        records: all states, as ipywidgets' embedding format has them.
    """
    views = [VIEW.format(json.dumps({"model_id": model})) for model in models]
    state = json.dumps({"state": records}).replace("</", "<\\/")
    loader = STATIC_LOADER.read_text("utf-8")
    text = PAGE.format(state=state, views="".join(views), loader=loader)
    with tempfile.TemporaryDirectory(prefix="course-") as place:
        page = Path(place, "widgets.html")
        page.write_text(text, encoding="utf-8")
        # In a thread of its own: Playwright refuses one in which an event loop runs.
        with ThreadPoolExecutor(1) as thread:
            taken = thread.submit(lambda: list(_taken(page))).result()
    return {m: _still(*one) for m, one in zip(models, taken, strict=False) if one}


def _taken(page_file: Path) -> Iterator[tuple[bytes, list[str]] | None]:
    """PNG and texts of each widget of the page, in its order."""
    from playwright.sync_api import Error, sync_playwright

    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), timeout=1000 * SECONDS
            )
            page = browser.new_page(viewport={"width": WIDTH, "height": 800}, offline=True)
            page.set_default_timeout(1000 * SECONDS)
            page.emulate_media(media="print")  # without controls
            page.goto(page_file.as_uri())
            page.wait_for_function(ENDED)
            page.evaluate(STARTS_ALL)
            for widget in page.locator(".static-widget").all():
                ready = widget.get_attribute("data-ready") is not None
                yield (widget.screenshot(), widget.evaluate(SAID)) if ready else None
            browser.close()
    except Error:
        return


def _still(png: bytes, said: list[str]) -> tuple[bytes, dict[str, Any]]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    webp, size = _light(image)
    sentences = (f"{text.strip().rstrip('.')}." for text in said)
    alt = " ".join(" ".join(sentences).split())
    if len(alt) > SAID_LENGTH:
        alt = alt[:SAID_LENGTH].rpartition(" ")[0] + " …"
    return webp, {"alt": alt, "width": size[0], "height": size[1]}


def _light(image: Image.Image) -> tuple[bytes, tuple[int, int]]:
    """The best WebP of at most ``BYTES``: few colours keep lines and letters sharp."""
    for share in (1, 0.75, 0.5, 0.375, 0.25):
        size = round(share * image.width), round(share * image.height)
        small = image.resize(size, Image.Resampling.LANCZOS)
        for colours in (48, 24, 12) if share == 1 else ():
            few = _few(small, colours)
            if len(data := _webp(few, lossless=True, quality=100)) <= BYTES:
                return data, size
        for quality in (75, 50, 30):
            if len(data := _webp(small, quality=quality)) <= BYTES:
                return data, size
    return _webp(small, quality=1), size


def _few(image: Image.Image, colours: int) -> Image.Image:
    """Of so many colours, those of small marks among them."""
    how = Image.Quantize.MAXCOVERAGE
    return image.quantize(colours, method=how, dither=Image.Dither.NONE).convert("RGB")


def _webp(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "WEBP", **options)
    return stream.getvalue()
