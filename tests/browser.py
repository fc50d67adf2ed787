"""A headless Chromium for tests: nothing outside this machine is reached, and every try is
written down."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    Route,
    WebSocket,
    sync_playwright,
)

from tests.patience import CAP

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = ("http://127.0.0.1", "http://localhost", "file:", "data:", "blob:", "about:")
MISSING = (
    "no Chromium was found: install it (Debian: apt-get install chromium; elsewhere: "
    "playwright install chromium) or name it in COURSE_CHROMIUM"
)


def find_chromium(playwright: Playwright) -> str | None:
    """COURSE_CHROMIUM, else one on the PATH, else the one that Playwright installs."""
    candidates = [
        os.environ.get("COURSE_CHROMIUM"),
        *map(shutil.which, NAMES),
        playwright.chromium.executable_path,
    ]
    return next((path for path in candidates if path and Path(path).exists()), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser; without one the test is skipped, in continuous integration it fails."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
        patient = {"timeout": 1000 * CAP}
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, **patient)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page did that it should not do.

    ``outside`` holds the requests beyond this machine, all of them refused; ``errors`` those
    on the console and those that nothing caught.
    """

    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.route("**/*", self._route)
        page.on("websocket", self._websocket)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("console", self._console)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _websocket(self, socket: WebSocket) -> None:
        self._note(socket.url.replace("ws", "http", 1))

    def _note(self, url: str) -> bool:
        local = url.startswith(LOCAL)
        if not local:
            self.outside.append(url)
        return local

    def _route(self, route: Route) -> None:
        if self._note(route.request.url):
            route.continue_()
        else:
            route.abort()


@contextmanager
def open_page(
    browser: Browser, width: int = 1200, height: int = 900
) -> Iterator[tuple[Page, Watch]]:
    """An empty page that cannot leave this machine, and the record of what it tried."""
    page, watch = browser.new_page(viewport={"width": width, "height": height}), Watch()
    page.set_default_timeout(1000 * CAP)
    watch.attach(page)
    try:
        yield page, watch
    finally:
        page.close()


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The address of a local web server for a folder, without a slash at its end."""
    handler = functools.partial(_Silent, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for a whole run; tests/conftest.py offers it to all."""
    with open_browser() as running:
        yield running
