"""A headless Firefox for tests, driven by WebDriver BiDi over its own socket.

Source: https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websocket import WebSocket, create_connection

from tests.browser import LOCAL, Watch
from tests.patience import CAP, until

NAMES = ("firefox-esr", "firefox")
MISSING = "no Firefox was found: install it (Debian: apt-get install firefox-esr)"


class Firefox:
    """One tab. ``watch`` gathers what its pages do that they should not."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket, self._last = socket, 0
        self.watch = Watch()
        self.send("session.new", capabilities={})
        tree = self.send("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]
        self.send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command; events that come before it are noted."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._last:
                assert answer["type"] == "success", answer
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        params = event.get("params", {})
        if event.get("method") == "log.entryAdded" and params["level"] == "error":
            self.watch.errors.append(params["text"])
        elif event.get("method") == "network.beforeRequestSent":
            url = params["request"]["url"]
            if not url.startswith((*LOCAL, "resource:", "chrome:", "moz-extension:")):
                self.watch.outside.append(url)

    def open(self, url: str) -> None:
        self.send("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited, by way of JSON."""
        result = self.send(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(JSON.stringify)",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"].get("value", "null"))

    def wait_for(self, expression: str) -> None:
        until(lambda: self.run(expression), f"for {expression}", pause=0.1)

    def press(self, key: str) -> None:
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": keys}]
        self.send("input.performActions", context=self._tab, actions=actions)


@contextmanager
def open_firefox() -> Iterator[Firefox]:
    """A browser; without one the test is skipped, in continuous integration it fails."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as profile:
        command = [program, "--headless", "--no-remote", "--remote-debugging-port=0"]
        environment = os.environ | {"HOME": profile}
        with subprocess.Popen(
            [*command, "--profile", profile],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        ) as process:
            try:
                # Firefox turns away whoever says that it comes from a page.
                options = {"timeout": CAP, "suppress_origin": True}
                socket = create_connection(_address(process), **options)
                yield Firefox(socket)
                socket.close()
            finally:
                process.kill()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return f"{found[1]}/session"
    raise AssertionError("Firefox ended before it listened")
