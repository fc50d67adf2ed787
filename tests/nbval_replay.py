"""pytest plugin: ``pytest --nbval`` compares with the one execution that everything shares.

nbval would run every notebook again, a minute each. Instead its kernel is replaced by one
that replays the outputs of ``executed(...)`` cell by cell; the comparison is nbval's own.
With ``COURSE_NBVAL_LIVE=1`` in the environment nbval executes for real.

Compared is what ``make format`` stores: the text outputs of the cells that are tagged
``nbval-check-output``. A picture is looked at by other tests.
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

# course_utils is imported where it is needed: every pytest run loads this plugin, and
# coverage must see the modules being imported.

LIVE = "COURSE_NBVAL_LIVE"


def pytest_configure(config: pytest.Config) -> None:
    """Exchange the kernel of nbval's files."""
    if config.getoption("nbval", False) or config.getoption("nbval_lax", False):
        from nbval.plugin import IPyNbFile

        IPyNbFile.setup = _setup_live if os.environ.get(LIVE) else _setup_replay
        IPyNbFile.teardown = _teardown  # nbval's would ask the kernel for its coverage


def _setup_replay(self: Any) -> None:
    from course_utils.course import Course, CourseError
    from course_utils.publish.execute import executed

    path = Path(self.path)
    try:
        self.kernel = ReplayKernel(executed(path, Course.find(path.parent).cache))
    except CourseError as error:
        pytest.fail(str(error), pytrace=False)
    self.setup_sanitize_files()


def _setup_live(self: Any) -> None:
    from nbval.kernel import CURRENT_ENV_KERNEL_NAME

    folder = str(Path(self.path).parent)
    self.kernel = live_kernel(CURRENT_ENV_KERNEL_NAME, cwd=folder)
    self.setup_sanitize_files()


def _teardown(self: Any) -> None:
    if self.kernel is not None and self.kernel.is_alive():
        self.kernel.stop()


class ReplayKernel:
    """Answers nbval as a kernel would, out of an executed notebook."""

    def __init__(self, done: NotebookNode) -> None:
        self._cells = [cell for cell in done.cells if cell.cell_type == "code"]
        self._next = 0
        self._messages: deque[dict[str, Any]] = deque()
        self._ids = itertools.count(1)
        self._alive = True

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Queue the outputs that this code had."""
        from course_utils.publish.normalise import text_outputs

        msg_id = f"replay-{next(self._ids)}"
        for output in text_outputs(self._find(cell_input).outputs):
            content = {key: output[key] for key in output if key != "output_type"}
            self._queue(msg_id, output.output_type, content)
        self._queue(msg_id, "status", {"execution_state": "idle"})
        return msg_id

    def _find(self, source: str) -> NotebookNode:
        """The cell with this code: the next one, or, where tests were left out, a later one."""
        order = [*range(self._next, len(self._cells)), *range(self._next)]
        for index in order:
            if self._cells[index].source == source:
                self._next = index + 1
                return self._cells[index]
        raise RuntimeError(
            "this code is not in the executed copy; was the notebook edited after the tests "
            f"began?\n{source}"
        )

    def _queue(self, msg_id: str, kind: str, content: dict[str, Any]) -> None:
        parent = {"msg_id": msg_id}
        self._messages.append({"parent_header": parent, "msg_type": kind, "content": content})

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Everything has been executed long ago."""

    def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
        if not self._messages:
            raise Empty
        return self._messages.popleft()

    def is_alive(self) -> bool:
        return self._alive

    def stop(self) -> None:
        self._alive = False


def live_kernel(name: str, cwd: str) -> Any:
    """nbval's own kernel, passing on only what is compared."""
    from nbval.kernel import RunningKernel

    from course_utils.publish.normalise import text_outputs

    class TextKernel(RunningKernel):
        def get_message(self, stream: str, timeout: float | None = None) -> dict[str, Any]:
            while True:
                message = super().get_message(stream, timeout)
                kind = message["msg_type"]
                if kind not in ("stream", "display_data", "execute_result"):
                    return message
                output = nbformat.from_dict({"output_type": kind, **message["content"]})
                if kept := text_outputs([output]):
                    return {**message, "content": kept[0]}

    return TextKernel(name, cwd=cwd)
