"""Where the book lives, made from one setting: chapters open in Colab and on Binder.

The setting is ``course_repository`` in ``_config.yml``, the address on GitHub of the repository
whose workflow publishes the book (``.github/workflows/course.yml``). It puts the students'
notebooks on a branch of their own, for the one with solutions is nobody's to open, and the
wheel beside the pages.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode

from course_utils.course import CourseError

SETTING = "course_repository"
BRANCH = "students"
CHAPTERS = "notebooks/"  # pages that lie on the branch
CELL = "course-install"
SOURCE = """\
# In Colab and on Binder: the course's package, beside the torch that is there.
import importlib.util

if importlib.util.find_spec("course_utils") is None:
    %pip install --quiet {wheel}"""


def repository(address: str) -> tuple[str, str]:
    """Owner and name.

    Raises:
        CourseError: ``address`` is no address of a repository on GitHub.
    """
    found = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+?)(\.git)?/?", address)
    if not found:
        raise CourseError(
            f"{SETTING} in _config.yml is https://github.com/OWNER/NAME, not {address!r}"
        )
    return found[1], found[2]


def address(root: Path) -> str:
    """The setting of the course in ``root``; empty while there is none."""
    config = root / "_config.yml"
    told = yaml.safe_load(config.read_text("utf-8")) if config.is_file() else None
    sphinx = (told or {}).get("sphinx") or {}
    return str((sphinx.get("config") or {}).get(SETTING) or "")


def pages(address: str) -> str:
    """Where GitHub shows the book."""
    owner, name = repository(address)
    home = f"https://{owner.lower()}.github.io/"
    return home if name.lower() == f"{owner.lower()}.github.io" else f"{home}{name}/"


def theme_options(address: str) -> dict[str, Any]:
    """What the theme makes its launch buttons of."""
    owner, name = repository(address)
    return {
        "repository_url": f"https://github.com/{owner}/{name}",
        "repository_branch": BRANCH,
        "launch_buttons": {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        },
    }


def wheel(root: Path) -> str:
    """The name of the course's wheel."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"


def with_install(nb: NotebookNode, root: Path) -> NotebookNode:
    """With a cell that installs the wheel where it is missing, once the address is set."""
    if where := address(root):
        source = SOURCE.format(wheel=f"{pages(where)}{wheel(root)}")
        cell = nbformat.v4.new_code_cell(source, id=CELL)
        cell.metadata.jupyter = {"source_hidden": True}
        nb.cells.insert(1, cell)
    return nb
