"""The same widgets in a real JupyterLab: what a student does reaches the kernel."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Page

from tests.browser import open_page
from tests.patience import CAP, until

CELLS = [
    """from course_utils.widgets import (
    DigitPad, FilterExplorer1D, FilterExplorer2D, Quiz, Tally
)
one, two, pad = FilterExplorer1D(), FilterExplorer2D(), DigitPad(7)
quiz = Quiz.choose("1 + 1?", {"two": "Yes.", "three": "No."}, "two", name="a.sum")
display(one, two, pad, quiz, Tally(names=["a.sum"]))""",
    """print("kernel reads", one.position, two.stride, two.kernel_name)
print("and", pad.right, pad.pixels == bytes(784), quiz.chosen)""",
]
EVERY = """import inspect

from course_utils import widgets

kinds = [getattr(widgets, name) for name in widgets.__all__]
kinds = [kind for kind in kinds if inspect.isclass(kind)]
needs = {kind: inspect.signature(kind).parameters.values() for kind in kinds}
alone = [k for k in kinds if all(p.default is not p.empty or p.kind > 2 for p in needs[k])]
print("kinds", *(kind.__name__ for kind in alone))
display(*(kind() for kind in alone))"""  # those that need no arguments
# Nothing of the user's settings, and nothing left behind in them.
PRIVATE = [
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
]
# Every cell stays in the page, also one that is scrolled out of sight; no question about news.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "apputils-extension/notification": '{"fetchNews": "false"}',
}
OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--IdentityProvider.token=",
    "--ServerApp.port_retries=0",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=CAP):
            return True
    except (URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab whose folder holds ``widgets.ipynb`` and ``every.ipynb``."""
    folder, port = tmp_path / "course", free_port()
    folder.mkdir()
    for name, sources in (("widgets", CELLS), ("every", [EVERY])):
        notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / f"{name}.ipynb")  # with a kernel: no dialog
    command = [sys.executable, "-m", "jupyter", "lab", f"--ServerApp.root_dir={folder}"]
    private = {name: str(tmp_path / name.lower()) for name in PRIVATE}
    for name, setting in SETTINGS.items():
        file = Path(
            private["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab", f"{name}.jupyterlab-settings"
        )
        file.parent.mkdir(parents=True)
        file.write_text(setting)
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [*command, f"--port={port}", *OPTIONS],
            env=os.environ | private,
            stdout=log,
            stderr=log,
        )
        try:
            address = f"http://127.0.0.1:{port}"

            def up() -> bool:
                assert server.poll() is None, (tmp_path / "lab.log").read_text()
                return answers(f"{address}/api")

            until(up, "for JupyterLab", pause=0.2)
            yield address
        finally:
            server.terminate()
            server.wait()


def press(page: Page, label: str, key: str, times: int) -> None:
    page.get_by_label(label).focus()
    for _ in range(times):
        page.keyboard.press(key)


def canvas(page: Page) -> str:
    return page.evaluate("document.querySelector('.fe2-output canvas').toDataURL()")


def run_all(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("| Idle").wait_for()  # cells run before are lost
    page.locator(".jp-Notebook .cm-content").last.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def test_every_widget_lives_in_jupyterlab(browser: Browser, lab: str) -> None:
    """Each is drawn, and none complains; how they answer is tested in the page."""
    with open_page(browser) as (page, watch):
        run_all(page, f"{lab}/lab/tree/every.ipynb")
        page.get_by_text("kinds AttentionGrid").wait_for()
        names = page.get_by_text("kinds AttentionGrid").inner_text().split()[1:]
        assert {"DenoisePlayer", "PointField", "WordSearch"} <= set(names)
        outputs = page.locator(".jp-OutputArea-output")  # the first is what was printed
        outputs.nth(len(names)).wait_for(state="attached")
        for n in range(1, len(names) + 1):
            outputs.nth(n).scroll_into_view_if_needed()  # it starts when it is seen
            drawn = outputs.nth(n).locator("button, input, select, canvas, svg, table").first
            drawn.wait_for(state="attached")
        assert outputs.count() == len(names) + 1  # no error, no warning
        assert watch.outside == []
        assert [error for error in watch.errors if "uncaught" in error] == []


def test_widgets_in_jupyterlab(browser: Browser, lab: str) -> None:
    with open_page(browser) as (page, watch):
        run_all(page, f"{lab}/lab/tree/widgets.ipynb")
        page.get_by_text("kernel reads 31 1 sobel x").wait_for()
        page.locator(".fe2-output canvas").wait_for()

        before = canvas(page)
        press(page, "Position of the window i", "ArrowRight", 4)
        press(page, "Stride s", "ArrowRight", 2)
        page.get_by_label("Kernel", exact=True).select_option("laplacian")
        assert page.locator(".fe1-reading").inner_text().startswith("c[35] =")
        assert canvas(page) != before

        # The pad finds the network that its model names, and what is drawn reaches the kernel.
        page.locator(".dp-pad").scroll_into_view_if_needed()  # it starts when it is seen
        page.locator(".dp-pad canvas[aria-label*='The CNN says 7']").wait_for()
        page.get_by_role("button", name="Clear").click()
        press(page, "Move right", "ArrowRight", 3)
        page.get_by_role("button", name="three").click()
        page.get_by_text("You made 1 of 1 predictions, 0 of them right.").wait_for()

        page.locator(".jp-Cell .cm-content").nth(1).click()
        page.keyboard.press("Shift+Enter")
        page.get_by_text("kernel reads 35 3 laplacian").wait_for()
        page.get_by_text("and 3 True 1").wait_for()
        assert watch.outside == []
        assert [error for error in watch.errors if "uncaught" in error] == []
