"""A test cell that is run before its answer says what to run first.

After a restart of the kernel that is a plain NameError, which tells a beginner nothing.
"""

from __future__ import annotations

import linecache
import re
import sys
import traceback
from types import TracebackType
from typing import Any


def explain_name_errors() -> None:
    """From now on in this notebook; not elsewhere, nor where somebody else does it already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None and not shell.custom_exceptions:
        shell.set_custom_exc((NameError,), _show)


def _show(
    shell: Any, kind: type, error: NameError, tb: TracebackType, tb_offset: int | None = None
) -> None:
    """As IPython shows an error, with a line of ours where a test asks for an answer."""
    if _is_tested(error.name, tb):
        text = (
            f"NameError: your answer {error.name} is not defined yet. Run the cell above with "
            "your answer, then this one. If the kernel was restarted, run all cells above "
            "first: Run ▸ Run All Above Selected Cell."
        )
        error.__dict__["_render_traceback_"] = lambda: [text]
    shell.showtraceback((kind, error, tb), tb_offset=tb_offset)


def _is_tested(name: str | None, tb: TracebackType) -> bool:
    """Whether the failing line is ``… checks.topic.name(name)``."""
    last = traceback.extract_tb(tb)[-1]
    line = linecache.getline(last.filename, last.lineno or 0)
    return bool(name and re.search(rf"\bchecks\.\w+\.{name}\({name}\)", line))
