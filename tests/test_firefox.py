"""The built book in Firefox: no page calls out or complains, and the widgets live."""

from __future__ import annotations

import pytest

from tests.firefox import open_firefox
from tests.test_pages import CONVOLUTION
from tests.visits import SKIP, address, pages

READY = "document.querySelectorAll('.static-widget:not([data-ready])').length === 0"
PICTURE = "document.querySelector('.fe2-output canvas').toDataURL()"
SAYS = "document.querySelector('.dp-pad canvas').getAttribute('aria-label')"


@pytest.fixture(scope="module")
def firefox():
    with open_firefox() as running:
        yield running


@pytest.mark.parametrize("how", ["http", "file"])
def test_every_page(firefox, built_site, how):
    with address(built_site, how) as url:
        for path in pages(built_site):
            firefox.open(f"{url}/{path}")
            firefox.wait_for(READY)
            assert firefox.watch.outside == [], path
            assert firefox.watch.errors == [], path


def test_a_slider_moves_its_picture_by_keyboard(firefox, built_site):
    firefox.open(f"{built_site.as_uri()}/{CONVOLUTION}")
    firefox.wait_for("document.querySelector('.fe2-output canvas') !== null")
    firefox.run(SKIP)  # what stands below a question waits for a prediction
    before = firefox.run(PICTURE)
    stride = (
        "[...document.querySelectorAll('.fe2 label')].find((l) => l.innerText == 'Stride s')"
    )
    firefox.run(f"{stride}.control.focus()")
    firefox.press("\ue014")  # arrow right
    assert firefox.run(f"{stride}.control.value") == "2"
    assert firefox.run(PICTURE) != before


def test_the_network_runs(firefox, built_site):
    firefox.open(f"{built_site.as_uri()}/book/index.html")
    firefox.wait_for("document.querySelector('.dp-pad canvas') !== null")
    assert "The CNN says 7" in firefox.run(SAYS)
