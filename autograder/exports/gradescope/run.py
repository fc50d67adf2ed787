"""Grades the one submission under /autograder, on Gradescope's machine.

``run_autograder`` starts it. AUTOGRADER_ROOT names another folder, for tests.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import nbformat

from autograder.exports.gradescope import SETTINGS
from autograder.exports.gradescope.results import exercises, failure, of_result
from autograder.gradebook import store
from autograder.gradebook.converters import STUDENT
from autograder.pipeline import grade_class
from autograder.sandbox.launch import best
from course_utils.course import Course
from course_utils.publish.release import released_text

NOT_OURS = ("__MACOSX", "__pycache__")
MAX_FILES = 200
FAILED = (
    "The autograder itself failed, so nothing is graded. Your instructor can see why in the "
    "autograder's output."
)


def main(root: Path) -> None:
    """Write ``results/results.json``, whatever lies in ``submission``."""
    try:
        results = grade(root)
    except Exception:
        traceback.print_exc()  # Gradescope shows it to instructors alone
        results = failure(FAILED)
    store.write(root / "results" / "results.json", json.dumps(results, indent=1))


def grade(root: Path) -> dict:
    """The results of the submission."""
    settings = json.loads((root / "source" / SETTINGS).read_text("utf-8"))
    course, chapter = Course(root / "source" / "course"), settings["chapter"]
    with tempfile.TemporaryDirectory(prefix="gradescope-") as tmp:
        submissions, out = Path(tmp) / "submissions", Path(tmp) / "grades"
        lay_out(root / "submission", submissions / STUDENT / chapter, f"{chapter}.ipynb")
        print(
            grade_class(
                course,
                submissions,
                out,
                workers=1,
                cell_timeout=settings["cell_timeout"],
                wall_timeout=settings["wall_timeout"],
                sandbox=best(),
                integrity=False,  # there is one student
                progress=False,
            )
        )
        (result,) = store.Results(out).all()
    release = nbformat.reads(released_text(course.source(chapter)), as_version=4)
    return of_result(result, exercises(release), settings["hidden"])


def lay_out(submission: Path, folder: Path, wanted: str) -> None:
    """Copy what was handed in to where the graders look for it.

    The only notebook is the one that is meant, whatever its name and in whatever folder;
    modules beside it come along.
    """
    folder.mkdir(parents=True)
    files = sorted(_files(submission), key=lambda f: (len(f.parts), f))[:MAX_FILES]
    notebooks = [f for f in files if f.suffix.lower() == ".ipynb"]
    if len(notebooks) == 1:
        shutil.copyfile(notebooks[0], folder / wanted)
        files = [f for f in files if f.parent == notebooks[0].parent and f.suffix == ".py"]
    for file in files:
        if not (folder / file.name).exists():
            shutil.copyfile(file, folder / file.name)


def _files(folder: Path) -> Iterator[Path]:
    """Files that were handed in. A link may point at the solutions: it is left alone."""
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders[:] = [f for f in folders if f not in NOT_OURS and not f.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink() and not name.startswith("."):
                yield path


if __name__ == "__main__":
    main(Path(os.environ.get("AUTOGRADER_ROOT", "/autograder")))
