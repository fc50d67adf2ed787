"""Runs notebook cells in this process and collects what they show.

An IPython shell without a kernel around it: no sockets, no heartbeat, nothing to wait for.
Runs in the sandbox, so nothing that it reports is trusted.
"""

from __future__ import annotations

import builtins
import contextlib
import sys
from collections.abc import Iterator
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.formatters import DisplayFormatter
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from autograder.boundary.shown import Outputs
from course_utils.checks.clock import limited

TOO_LONG = "CellTimeoutError"


class _Stream:
    """``sys.stdout`` or ``sys.stderr`` of the cells."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, name: str, outputs: Outputs) -> None:
        self.name, self._outputs = name, outputs

    def write(self, text: str) -> int:
        self._outputs.stream(self.name, str(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise OSError("the output of a cell is no file")

    def writable(self) -> bool:
        return True


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        if not kwargs.get("update"):
            self.shell.outputs.data("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear()


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        assert isinstance(self.shell, Shell)
        self.shell.outputs.data("execute_result", format_dict)

    def finish_displayhook(self) -> None: ...


class _Formatter(DisplayFormatter):
    def format(self, obj: Any, *args: Any, **kwargs: Any) -> tuple[dict, dict]:
        """No work is done for what is not kept."""
        assert isinstance(self.parent, Shell)
        return ({}, {}) if self.parent.outputs.full else super().format(obj, *args, **kwargs)


class CellTimeout(BaseException):
    """Not an Exception: a student's ``except Exception`` must not swallow it."""


class Shell(InteractiveShell):
    """IPython as a notebook has it."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    def __init__(self, **kwargs: Any) -> None:
        self.outputs = Outputs()
        super().__init__(**kwargs)

    def init_display_formatter(self) -> None:
        self.display_formatter = _Formatter(parent=self)

    def enable_gui(self, gui: Any = None) -> None: ...

    def ask_exit(self) -> None: ...

    def _showtraceback(self, etype: type, evalue: Any, stb: list[str]) -> None:
        if etype is CellTimeout:
            self.outputs.error(TOO_LONG, "no end in the time that a cell has", [])
            return
        try:
            text = str(evalue)
        except Exception:  # a student's own class
            text = "an error that cannot be shown"
        self.outputs.error(etype.__name__, text, stb)

    def run(self, source: str, seconds: float) -> list[dict[str, Any]]:
        """Run a cell for ``seconds`` of its own time at most; its outputs."""
        self.outputs.clear()
        with self.capturing():
            try:
                with limited(seconds, CellTimeout):
                    self.run_cell(source, store_history=False)
            except CellTimeout:  # in IPython's own code, before or after the cell's
                self._showtraceback(CellTimeout, None, [])
            except BaseException as error:  # run_cell lets some through
                self.outputs.error(type(error).__name__, str(error), [])
        return self.outputs.items

    @contextlib.contextmanager
    def capturing(self) -> Iterator[None]:
        """What is printed in the body becomes an output."""
        streams = sys.stdout, sys.stderr
        sys.stdout = _Stream("stdout", self.outputs)
        sys.stderr = _Stream("stderr", self.outputs)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = streams


def make_shell() -> Shell:
    """The shell of this process, with figures drawn inline and nobody at the keyboard."""
    # No history: its file would be open in every submission.
    shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))
    builtins.input = _no_input
    shell.run("%matplotlib inline", 60)
    shell.run("1/0", 60)  # the first traceback imports much
    shell.run("class C: x = 1\nC().x", 60)
    return shell


def _no_input(prompt: object = "") -> str:
    raise EOFError("input() waits for a person, and nobody is there at grading")
