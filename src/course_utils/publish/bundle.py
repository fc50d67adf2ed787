"""What a student gets, in one folder: notebooks, the course's wheel, and a page to start."""

from __future__ import annotations

import importlib.util
import shutil
import string
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from course_utils.course import Course, CourseError, advice
from course_utils.files import write_atomically
from course_utils.publish.release import release
from course_utils.publish.weight import installed, said

PAGE = "START.html"
NOTEBOOKS = "notebooks"
TEMPLATE = Path(__file__).with_name("start.html")
# What the wheel is made of, beside the package itself.
PARTS = ("pyproject.toml", "README.md", "LICENSE", "results", "book/facts.yml")
PASSING = shutil.ignore_patterns("__pycache__", "node_modules", ".*")


def bundle(course: Course, chapters: Sequence[str], out: Path) -> list[Path]:
    """Write the folder ``out``; nothing in it is for instructors.

    Returns:
        The page, the wheel and the notebooks.

    Raises:
        CourseError: a notebook is broken, the wheel cannot be made, no room.
    """
    notebooks = release(course, chapters, out / NOTEBOOKS)
    project = tomllib.loads((course.root / "pyproject.toml").read_text("utf-8"))["project"]
    with tempfile.TemporaryDirectory(prefix="wheel-") as tmp:
        wheel = build_wheel(course, notebooks, Path(tmp))
        target = out / wheel.name
        write_atomically(target, wheel.read_bytes())
    rules = house_rules(course.root / "book" / "how_to_use.md")
    write_atomically(out / PAGE, page(project, target.name, notebooks, rules))
    return [out / PAGE, target, *notebooks]


def build_wheel(course: Course, notebooks: Sequence[Path], folder: Path) -> Path:
    """The wheel of the course with the released ``notebooks`` in it; no network is used."""
    if importlib.util.find_spec("hatchling") is None:
        raise CourseError(f"the wheel needs hatchling: {advice('book')}")
    tree = folder / "course"
    try:
        package = tree / "src" / "course_utils"
        shutil.copytree(course.root / "src" / "course_utils", package, ignore=PASSING)
        for part in PARTS:
            _copy(course.root / part, tree / part)
        for notebook in notebooks:
            _copy(notebook, package / "released" / notebook.name)
    except OSError as error:
        raise CourseError(f"the wheel cannot be made: {error}") from None
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise CourseError(f"the wheel cannot be made: {done.stderr.strip()[-500:]}")
    return wheels[0]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=PASSING)
    else:
        shutil.copyfile(source, target)


def house_rules(how_to_use: Path) -> str:
    """What holds in every exercise, as HTML: that page's section, which exercises refer to."""
    text = how_to_use.read_text("utf-8") if how_to_use.is_file() else ""
    _, heading, after = text.partition("## House rules\n")
    return MarkdownIt().render(heading + after.partition("\n## ")[0])


def page(
    project: dict[str, Any], wheel: str, notebooks: Sequence[Path], rules: str = ""
) -> str:
    """The page that tells a student the three commands, and what holds in every exercise."""
    torch = [d for d in project["dependencies"] if d.startswith("torch")]
    paths = [f"{NOTEBOOKS}/{n.stem}/{n.name}" for n in notebooks]
    weight = installed(project["dependencies"])
    return string.Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        python=escape(project["requires-python"].lstrip(">=")),
        wheel=escape(wheel),
        torch=escape(" ".join(f'"{requirement}"' for requirement in torch)),
        weight=escape(said(weight)),
        rules=rules,
        first=escape(paths[0]),
        notebooks="\n".join(f"<li><code>{escape(p)}</code></li>" for p in paths),
    )
