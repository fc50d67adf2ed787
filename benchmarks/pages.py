"""Every page of the built book: what it asks from outside, complains about, and weighs.

    course build && python -m benchmarks.pages

Opens each page in Chromium from its folder, network blocked, as the tests do. Its weight is
that of the page and of the images that are its own, gzipped; what the theme and MathJax bring,
all pages share. What axe finds is counted in the light theme and in the dark.
Writes ``results/pages.json``.
"""

from __future__ import annotations

import gzip
import time

from benchmarks import record
from tests.browser import open_browser
from tests.visits import images, pages, visit

SITE = record.ROOT / "_build" / "html"


def weight(name: str) -> int:
    own = [SITE / name, *images(SITE, name)]
    return sum(len(gzip.compress(file.read_bytes())) for file in own)


def main() -> None:
    start = time.perf_counter()
    rows = []
    with open_browser() as browser:
        for name in pages(SITE):
            seen = visit(browser, f"{SITE.as_uri()}/{name}")
            rows.append(
                {
                    "page": name,
                    "widgets": seen.widgets,
                    "requests outside": len(seen.outside),
                    "console errors": len(seen.errors),
                    "axe, ours": len(seen.ours),
                    "axe, theme": seen.of_theme,
                    "kB gzipped": round(weight(name) / 1000),
                }
            )
    seconds = time.perf_counter() - start
    print(record.write("pages", rows, caption="Pages of the book", seed=0, seconds=seconds))
    for row in rows:
        print(row)


if __name__ == "__main__":
    main()
