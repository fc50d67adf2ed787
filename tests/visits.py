"""One visit a page: all that is looked at without touching it is looked at in one go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser import open_page, serve
from tests.kept import kept

WIDTHS = (1280, 390)  # a laptop, a phone
THEMES = ("light", "dark")

# Not a pause: fonts, formulas and widgets are there, nothing moves, and two frames are drawn.
WIDGETS = "() => !document.querySelector('.static-widget:not([data-ready])')"
# What stands below a question waits for a prediction.
SKIP = "document.querySelectorAll('.qz-open .qz-quiet:not([hidden])').forEach((b) => b.click())"
SETTLED = """async () => {
  await Promise.all([document.fonts.ready, window.MathJax?.startup?.promise]);
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const moving = document.getAnimations()
    .filter((a) => a.effect.getComputedTiming().endTime < Infinity);
  await Promise.allSettled(moving.map((a) => a.finished));
}"""

# Tables scroll, with a shadow that says so.
CUT = """() => [...document.querySelectorAll("article mjx-math")].filter((formula) => {
    const block = formula.closest("p, li, dd, h2, h3, div.math");
    const right = (box) => box.getBoundingClientRect().right;
    return block && !formula.closest("table")
      && right(formula.closest(".unbroken") ?? formula) > right(block) + 1;
  }).map((formula) => formula.textContent)"""

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Code is thousands of coloured words, half of the work: of those that look alike one is enough.
ALIKE = """() => {
  const seen = new Set();
  for (const word of document.querySelectorAll(".highlight pre span")) {
    const { color, backgroundColor, fontSize, fontWeight } = getComputedStyle(word);
    const behind = getComputedStyle(word.closest(".highlight")).backgroundColor;
    // The class decides in the other theme too.
    const look = [word.className, color, backgroundColor, fontSize, fontWeight, behind].join();
    if (seen.has(look) && !word.childElementCount) word.replaceWith(...word.childNodes);
    seen.add(look);
  }
}"""
RUN = """async (rules) => (await axe.run(document, { runOnly: rules })).violations.flatMap(
  (rule) => rule.nodes.map((node) =>
    [rule.id, String(node.target[0]), node.html.slice(0, 160)]))"""
# What sphinx-book-theme, pydata-sphinx-theme and docutils (its lists of references) bring
# along: rule, and a part of the element. Listed in CONTRIBUTING.md; anything else fails.
OF_THEME = (
    ("aria-allowed-role", "doc-biblioentry"),
    ("aria-deprecated-role", "doc-biblioentry"),
    ("aria-required-children", "citation-list"),
    ("region", "navbar-brand"),
)


@dataclass
class Visit:
    """What a page did and showed.

    Attributes:
        outside, errors: see ``Watch``.
        alts: alt texts of the images in its article.
        sideways: widths of the window at which it is wider than that.
        cut: formulas that a phone does not show to their end.
        ours: what axe-core finds, light or dark, that the theme does not bring along.
        of_theme: how much the theme does.
        widgets: how many live.
    """

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)
    sideways: list[int] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    of_theme: int = 0
    widgets: int = 0


def pages(site: Path) -> list[str]:
    """The pages of the table of contents and the theme's own, but for the redirecting one."""
    return sorted(
        p.relative_to(site).as_posix()
        for p in site.rglob("*.html")
        if not {"_static", "_sources"} & set(p.relative_to(site).parts)
        and p != site / "index.html"
    )


def images(site: Path, path: str) -> list[Path]:
    """The images of a page that the build made for it."""
    names = set(re.findall(r'_images/([\w.-]+)"', (site / path).read_text("utf-8")))
    return [site / "_images" / name for name in sorted(names)]


def all_visits(browser: Browser, site: Path, how: str) -> dict[str, Visit]:
    """Every page, opened as a file and looked at, or only opened on a web server (http)."""
    shared = [p for p in (site / "_static").rglob("*") if p.is_file()]
    ours = [Path(__file__), Path(__file__).with_name("browser.py")]
    found = {}
    with address(site, how) as url:
        for path in pages(site):
            reads = [site / path, *images(site, path), *shared, *ours]
            name = f"visit-{how}-{path.replace('/', '-')}"
            make = lambda path=path: asdict(visit(browser, f"{url}/{path}", how == "file"))  # noqa: E731
            found[path] = Visit(**kept(name, make, reads, browser.version, good=blameless))
    return found


def blameless(seen: dict[str, Any]) -> bool:
    return not any(seen[fault] for fault in ("outside", "errors", "sideways", "cut", "ours"))


@contextmanager
def address(site: Path, how: str) -> Iterator[str]:
    """Of the book as a folder that was unzipped, or on a web server."""
    if how == "file":
        yield site.as_uri()
    else:
        with serve(site) as url:
            yield url


def visit(browser: Browser, url: str, closely: bool = True) -> Visit:
    """Open a page and wait for all that it does by itself; ``closely``: look at it too."""
    with open_page(browser, width=WIDTHS[0]) as (page, watch):
        page.goto(url)
        settle(page)
        seen = Visit(errors=[*watch.errors])  # axe reads style sheets, which files refuse it
        if closely:
            _look(page, seen)
        seen.outside += watch.outside
    return seen


def settle(page: Page) -> None:
    """Wait until the page has done all that it does by itself, and shows all that it has."""
    page.wait_for_function(WIDGETS)
    page.evaluate(SKIP)
    page.evaluate(SETTLED)


def _look(page: Page, seen: Visit) -> None:
    seen.widgets = page.locator(".static-widget").count()
    seen.alts = page.eval_on_selector_all("article img", "all => all.map(i => i.alt)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            seen.sideways.append(width)
    seen.cut = page.evaluate(CUT)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    for theme in THEMES:
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        settle(page)
        for rule, target, html in findings(page):
            known = any(rule == name and part in html for name, part in OF_THEME)
            seen.of_theme += known
            if not known:
                seen.ours.append(f"{theme}: {rule} at {target}: {html}")


def findings(page: Page) -> list[list[str]]:
    """What axe-core finds: rule, where, and the beginning of the element."""
    page.evaluate(ALIKE)
    page.evaluate(AXE)
    return page.evaluate(RUN, RULES)
