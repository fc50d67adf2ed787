"""How every nbgrader of this course is configured: ours, the stock program, formgrader."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COURSE_ID = "pixels-to-prompts"


def configure(
    c: Any, root: Path, gradebook: str, policies: Mapping[str, str] | None = None
) -> None:
    """Fill the traitlets config ``c`` for a course folder at ``root``.

    Names of classes are strings: a config file must load without importing torch or nbconvert.

    Args:
        policies: what late submissions cost, by chapter (see ``late``).
    """
    c.CourseDirectory.course_id = COURSE_ID
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.db_url = gradebook
    c.Autograde.autograde_preprocessors = [
        "autograder.execution.execute.SandboxedExecute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.AssignLatePenalties.plugin_class = "autograder.gradebook.late.LatePolicy"
    c.LatePolicy.policies = dict(policies or {})
    c.SandboxedExecute.source = str(root / "notebooks" / "{assignment}" / "{notebook}.ipynb")
    c.SandboxedExecute.modules = str(Path(__file__).parents[2])
    c.GenerateFeedback.exporter_class = "autograder.reports.feedback.Page"
    c.GenerateFeedback.preprocessors = []
    # Formgrader's page, which nbconvert's exporter makes.
    c.HTMLExporter.preprocessors = ["autograder.reports.reading.ForReading"]
    c.HTMLExporter.template_file = "reading.html.j2"
    c.HTMLExporter.extra_template_paths = [str(Path(__file__).parents[1] / "reports" / "looks")]


def find_alembic() -> None:
    """Put this Python's programs on PATH.

    nbgrader starts ``alembic`` by name when it makes a gradebook; called from a virtual
    environment that is not activated it fails and leaves a gradebook without a version.
    """
    programs = str(Path(sys.executable).parent)
    if programs not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = programs + os.pathsep + os.environ.get("PATH", "")
