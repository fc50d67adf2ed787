"""axe-core on every page of the built book, light and dark: nothing of ours is found."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tests.browser import open_page
from tests.test_pages import pages

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (rules) => (await axe.run(document, { runOnly: rules })).violations.flatMap(
  (rule) => rule.nodes.map((node) =>
    [rule.id, String(node.target[0]), node.html.slice(0, 160)]))"""

# What sphinx-book-theme, pydata-sphinx-theme and docutils (its lists of references) bring
# along: rule, and a part of the element. Listed in CONTRIBUTING.md; anything else fails.
THEME = (
    ("aria-allowed-role", "doc-biblioentry"),
    ("aria-deprecated-role", "doc-biblioentry"),
    ("aria-required-children", "citation-list"),
    ("region", "navbar-brand"),
)


def of_theme(rule: str, html: str) -> bool:
    return any(rule == known and part in html for known, part in THEME)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_finding(browser, built_site, theme):
    found = []
    for path in pages(built_site):
        with open_page(browser) as (page, _):
            page.goto(f"{built_site.as_uri()}/{path}")
            page.evaluate(
                "(theme) => { document.documentElement.dataset.theme = theme; }", theme
            )
            page.wait_for_timeout(500)
            page.evaluate(AXE)
            for rule, target, html in page.evaluate(RUN, RULES):
                if not of_theme(rule, html):
                    found.append(f"{path}: {rule} at {target}: {html}")
    assert not found, "\n".join(found)


def test_axe_finds_what_is_wrong(browser):
    """Else the test above could pass for nothing."""
    with open_page(browser) as (page, _):
        page.set_content("<html lang=en><title>x</title><main><h1>x</h1><img src=x></main>")
        page.evaluate(AXE)
        assert "image-alt" in [rule for rule, _, _ in page.evaluate(RUN, RULES)]
