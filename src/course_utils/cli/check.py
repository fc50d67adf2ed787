"""A student's own report."""

from __future__ import annotations

from pathlib import Path

from course_utils.cli.command import cell_timeout, command, path
from course_utils.cli.terminal import counter


@command("check 02_convolution.ipynb")
@path("notebook")
@cell_timeout
def check(notebook: Path, cell_timeout: int) -> int:
    """Report the points of a notebook, as far as its public checks can tell.

    NOTEBOOK is run as the grader would run it; the file itself is not changed.
    """
    from course_utils.selfcheck import check_notebook

    found = check_notebook(notebook, cell_timeout=cell_timeout, progress=counter("cell"))
    print(found)
    return 0 if found.passed else 1
