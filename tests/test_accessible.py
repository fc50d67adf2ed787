"""axe-core on every page of the built book, light and dark: nothing of ours is found."""

from __future__ import annotations

from tests.browser import open_page
from tests.visits import findings


def test_no_page_has_a_finding(visits):
    found = [f"{path}: {what}" for path, seen in visits["file"].items() for what in seen.ours]
    assert not found, "\n".join(found)


def test_axe_ran_on_every_page(visits):
    """The theme's own findings are on each: a page without any was not looked at."""
    assert all(seen.of_theme >= 2 for seen in visits["file"].values())  # light and dark


def test_axe_finds_what_is_wrong(browser):
    """Else the first test could pass for nothing."""
    word = "<span style='color: {}'>word</span>"
    words = "".join(map(word.format, ["#bbb", "#bbb", "#999", "black", "black"]))
    with open_page(browser) as (page, _):
        page.set_content(
            "<html lang=en><title>x</title><main><h1>x</h1><img src=x>"
            f"<div class=highlight><pre>{words}</pre></div></main>"
        )
        rules = [rule for rule, _, _ in findings(page)]
        assert "image-alt" in rules
        assert rules.count("color-contrast") == 2  # one of those that look alike
