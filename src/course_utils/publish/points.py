"""Points in one place: an exercise's check says them, and its test cell must agree.

nbgrader keeps a maximum for each test cell, the check has ``points=`` and properties that add
up to them, visible and hidden. ``course format`` writes the check's points into the notebook;
``course release`` and ``course grade`` refuse a notebook that disagrees.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from nbformat import NotebookNode

from course_utils.course import Course, CourseError
from course_utils.files import CannotWrite, write_atomically
from course_utils.publish import imports
from course_utils.publish.execute import read
from course_utils.publish.fingerprint import companions
from course_utils.publish.marks import is_test

HIDDEN = "autograder.hidden"
MARK = "points: "
HELP = "the check is right: `course format` writes its points into the notebook"


def require_agreement(course: Course, chapters: Iterable[str]) -> None:
    """Refuse chapters whose test cells give other points than their checks.

    Raises:
        CourseError: naming chapter, cell and both numbers.
    """
    wrong = []
    for chapter in chapters:
        nb, of_checks = read(course.source(chapter)), totals(course, chapter)
        for cell in filter(is_test, nb.cells):
            meta = cell.metadata.nbgrader
            found = of_checks.get(meta.grade_id)
            where = f"{chapter}: the test cell {meta.grade_id}"
            if found is None:
                continue
            said, visible, hidden = found
            parts = f"{visible:g} visible and {hidden:g} hidden"
            if abs(visible + hidden - said) > 1e-6:
                wrong.append(
                    f"{where}: the check says {said:g} points, its properties add up to "
                    f"{visible + hidden:g} ({parts})"
                )
            elif abs(said - float(meta.get("points") or 0)) > 1e-6:
                wrong.append(
                    f"{where} gives {float(meta.get('points', 0)):g} points, its check "
                    f"{said:g} ({parts}); {HELP}"
                )
    if wrong:
        raise CourseError("\n".join(wrong))


def write_points(course: Course, chapter: str) -> bool:
    """Write the points of the checks into the chapter's test cells; whether any changed."""
    path = course.source(chapter)
    raw = json.loads(path.read_text("utf-8"))
    changed, of_checks = False, totals(course, chapter)
    for cell in raw["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        found = of_checks.get(meta.get("grade_id", ""))
        if found and meta.get("points") != found[0]:
            meta["points"], changed = found[0], True
    if changed:
        write_atomically(path, json.dumps(raw, indent=1, ensure_ascii=False) + "\n")
    return changed


def totals(course: Course, chapter: str) -> dict[str, tuple[float, float, float]]:
    """Of each test cell with a check: its points, and what visible and hidden parts add up to.

    Cells without a check are not in it. The checks are imported in a process of their own and
    what they say is kept: they need torch.

    Raises:
        CourseError: a check cannot be imported.
    """
    source = course.source(chapter)
    digest = _digest(course, source)
    kept = course.cache / "points" / f"{chapter}-{digest}.json"
    try:
        return json.loads(kept.read_text("utf-8"))
    except (OSError, ValueError):
        pass
    command = [sys.executable, "-P", "-m", __name__, str(source), str(course.root)]
    package = str(Path(__file__).parents[2])
    paths = [package, os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CourseError(f"{chapter}: the points of its checks cannot be read: {last}")
    lines = [x for x in done.stdout.splitlines() if x.startswith(MARK)]
    if not lines:
        raise CourseError(f"{chapter}: its checks end Python when they are imported")
    found = json.loads(lines[-1].removeprefix(MARK))
    with contextlib.suppress(CannotWrite):  # the checkout may be another's
        write_atomically(kept, json.dumps(found))
    return found


def _digest(course: Course, source: Path) -> str:
    """Of what the points depend on: test cells and the checks that they reach."""
    nb = read(source)
    package, hidden = Path(__file__).parents[1], course.root / "autograder" / "hidden"
    known = imports.modules({"course_utils": package, HIDDEN: hidden})
    names = imports.used_by_tests(nb)
    files = [*imports.reached(known, imports.beginnings(names)).values(), *companions(source)]
    digest = hashlib.sha256("\0".join(sorted(names)).encode())
    for cell in filter(is_test, nb.cells):
        digest.update(cell.source.encode() + b"\0")
    for file in sorted(files):
        digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:20]


# -- in a process of its own ---------------------------------------------------------------


def _found(nb: NotebookNode) -> dict[str, tuple[float, float, float]]:
    from course_utils.checks.core import Check

    code = [c for c in nb.cells if c.cell_type == "code"]
    bound = imports.bound_by(code)
    found = {}
    for cell in filter(is_test, nb.cells):
        objects = map(_object, sorted(imports.names_in(cell, bound)))
        checks = {id(o): o for o in objects if isinstance(o, Check)}.values()
        if not any(not check.is_hidden for check in checks):
            continue
        said = sum(check.points for check in checks if not check.is_hidden)
        visible = sum(p.points for c in checks if not c.is_hidden for p in c.properties)
        hidden = sum(p.points for c in checks if c.is_hidden for p in c.properties)
        found[cell.metadata.nbgrader.grade_id] = said, visible, hidden
    return found


def _object(dotted: str) -> Any:
    """What a dotted name means; None where it is no name, or begins with a value's own parts.

    Raises:
        Exception: it cannot be imported. What cannot be looked at cannot be compared.
    """
    first, *rest = dotted.split(".")
    if not all(name.isidentifier() for name in (first, *rest)):
        return None
    try:
        value, place = importlib.import_module(first), first
    except ModuleNotFoundError as error:
        if error.name == first:  # the notebook itself finds it, by a path of its own
            return None
        raise
    for name in rest:
        place = f"{place}.{name}"
        if hasattr(value, name):
            value = getattr(value, name)
        elif isinstance(value, ModuleType):
            value = importlib.import_module(place)
        else:
            return None
    return value


def main(source: Path, root: Path) -> None:
    sys.path[:0] = [str(source.parent), str(root)]
    try:
        import autograder

        autograder.__path__.insert(0, str(root / "autograder"))
    except ImportError:
        pass  # there are no hidden checks
    nb = read(source)
    print(f"\n{MARK}{json.dumps(_found(nb))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
