"""Configuration of the stock ``nbgrader`` program for this course.

Works from this folder (``cd autograder && nbgrader autograde 02_convolution``) or from
anywhere with ``JUPYTER_CONFIG_PATH=<course>/autograder``. The sources are ``notebooks/``,
everything that nbgrader writes goes under ``autograder/``. ``course grade`` does not read
this file: it writes its own beside the gradebook that it fills.
"""

# mypy: ignore-errors
from pathlib import Path

from autograder.gradebook.settings import configure, find_alembic

ROOT = Path(__file__).resolve().parent.parent

c = get_config()  # noqa: F821 (traitlets defines it)
find_alembic()
configure(c, root=ROOT, gradebook=f"sqlite:///{ROOT}/autograder/grades/gradebook.db")
c.CourseDirectory.source_directory = "notebooks"
for step in ("release", "source_with_tests", "submitted", "autograded", "feedback", "solution"):
    setattr(c.CourseDirectory, f"{step}_directory", f"autograder/grades/{step}")
