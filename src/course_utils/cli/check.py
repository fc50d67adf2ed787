"""A student's own report."""

from __future__ import annotations

from pathlib import Path

from course_utils.cli.command import command, path
from course_utils.cli.terminal import counter


@command("check 02_convolution.ipynb")
@path("notebook")
def check(notebook: Path) -> int:
    """Say which checks of a notebook pass."""
    from course_utils.selfcheck import check_notebook

    lines = check_notebook(notebook, progress=counter("cell"))
    print("\n\n".join(map(str, lines)))
    done = sum(line.passed for line in lines)
    print(f"\n{done} of {len(lines)} exercises pass all public checks.")
    return 0 if done == len(lines) else 1
