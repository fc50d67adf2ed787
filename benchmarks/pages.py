"""Every page of the built book: what it asks from outside, complains about, and weighs.

    course build && python -m benchmarks.pages

Opens each page in Chromium from its folder, network blocked. Its weight is that of the page and
of the pictures that are its own, gzipped; what the theme and MathJax bring, all pages share.
Writes ``results/pages.json``.
"""

from __future__ import annotations

import gzip
import time
from pathlib import Path

from benchmarks import record
from tests.browser import open_browser, open_page
from tests.test_accessible import AXE, RULES, RUN, of_theme
from tests.test_pages import pages

SITE = record.ROOT / "_build" / "html"


def weight(path: Path, pictures: list[str]) -> int:
    own = [path, *(SITE / "_images" / name for name in pictures)]
    return sum(len(gzip.compress(file.read_bytes())) for file in own if file.is_file())


def main() -> None:
    start = time.perf_counter()
    rows = []
    with open_browser() as browser:
        for name in pages(SITE):
            with open_page(browser) as (page, watch):
                page.goto(f"{SITE.as_uri()}/{name}")
                page.wait_for_timeout(500)
                errors = len(watch.errors)  # before axe, which reads files by itself
                sources = page.eval_on_selector_all("article img", "all => all.map(i => i.src)")
                page.evaluate(AXE)
                found = page.evaluate(RUN, RULES)
                pictures = [s.rsplit("/", 1)[-1] for s in sources if "_images" in s]
                rows.append(
                    {
                        "page": name,
                        "widgets": page.locator(".static-widget[data-ready]").count(),
                        "requests outside": len(watch.outside),
                        "console errors": errors,
                        "axe, ours": sum(not of_theme(rule, html) for rule, _, html in found),
                        "axe, theme": sum(of_theme(rule, html) for rule, _, html in found),
                        "kB gzipped": round(weight(SITE / name, pictures) / 1000),
                    }
                )
    seconds = time.perf_counter() - start
    print(record.write("pages", rows, caption="Pages of the book", seed=0, seconds=seconds))
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
