"""Take out of a notebook what its readers must not see.

``public_notebook`` makes the book's page, ``release_notebook`` the student's copy. Both use
nbgrader's own preprocessors, so that the result is what ``nbgrader generate_assignment``
would make, and both look afterwards whether anything is left.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.nbgraderformat import ValidationError
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import is_solution

from course_utils.checks.report import MIME, Report
from course_utils.course import CourseError
from course_utils.publish.alt_text import with_alt_text
from course_utils.publish.cite import readable
from course_utils.publish.marks import is_test

PUBLIC = (ClearSolutions, ClearHiddenTests, ClearMarkScheme)
# In the order of nbgrader's GenerateAssignment, without what needs its database.
RELEASE = (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, *PUBLIC[1:])
RELEASE_LAST = (ComputeChecksums, CheckCellMetadata)

SOLUTION_MARK = re.compile(r"^ *### (BEGIN|END) SOLUTION *\n?", re.MULTILINE)
MARK_SCHEME = re.compile(r"### BEGIN MARK SCHEME\n.*?### END MARK SCHEME\s*", re.DOTALL)
BEGIN_HIDDEN = "BEGIN HIDDEN TESTS"
NOTHING_LEFT = "# This cell does its work at grading."
SHOWN = "**What you should see**"

# What no reader may find: a marker that was misspelt and so was not cut, or an import of the
# package that students do not have.
LEFT_OVER = re.compile(
    r"^\s*#+ *(BEGIN|END) +[A-Z]+"
    r"|(?i:\b(BEGIN|END) +(SOLUTION|HIDDEN|MARK SCHEME))"
    r"|\b(import|from) +autograder\b",
    re.MULTILINE,
)


def public_notebook(nb: NotebookNode) -> NotebookNode:
    """The book's version of an executed notebook.

    Solutions become stubs, and below them stands what a right solution shows. Reports of
    test cells keep their visible half. Nothing of nbgrader's metadata is left.

    Raises:
        CourseError: a marker has no partner, an image has no alt text.
    """
    nb = _cut(nb, *PUBLIC)
    cells: list[NotebookNode] = []
    for cell in nb.cells:
        if cell.cell_type == "code":
            cells += with_alt_text(_public_code(cell))
        else:
            cells.append(cell)
        _forget_grading(cells)
    nb.cells = cells
    keep = ("kernelspec", "language_info", "widgets")
    nb.metadata = NotebookNode({k: nb.metadata[k] for k in keep if k in nb.metadata})
    return nb


def release_notebook(nb: NotebookNode, bibliography: Path | None = None) -> NotebookNode:
    """The student's version of an instructor's notebook: nbgrader's metadata, no outputs.

    The cells that raise until they are solved are tagged ``raises-exception``: *Run All*
    goes on to the end. Citations are put into words.

    Args:
        bibliography: where the cited sources are described.

    Raises:
        CourseError: a marker has no partner, nbgrader's metadata is broken.
    """
    nb = readable(_cut(nb, *RELEASE), bibliography)
    for cell in nb.cells:
        if cell.cell_type == "code" and (is_solution(cell) or is_test(cell)):
            _tag(cell, "raises-exception")
    for key in ("widgets", "course"):
        nb.metadata.pop(key, None)
    return _preprocess(nb, *RELEASE_LAST)


def solved_notebook(nb: NotebookNode, bibliography: Path | None = None) -> NotebookNode:
    """An instructor's notebook with its solutions, for students after the due date.

    No hidden test, no mark scheme, no outputs, nothing of nbgrader's: it is not handed in.

    Raises:
        CourseError: a marker has no partner.
    """
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        cell.source = SOLUTION_MARK.sub("", MARK_SCHEME.sub("", cell.source))
    nb = readable(_cut(nb, ClearHiddenTests, ClearOutput), bibliography)
    _forget_grading(nb.cells)
    for key in ("widgets", "course"):
        nb.metadata.pop(key, None)
    return nb


def _cut(nb: NotebookNode, *steps: type) -> NotebookNode:
    nb = copy.deepcopy(nb)
    with_hidden = [cell for cell in nb.cells if BEGIN_HIDDEN in cell.source]
    nb = _preprocess(nb, *steps)
    for cell in with_hidden:
        _close_gap(cell)
    for cell in nb.cells:
        if left := LEFT_OVER.search(cell.source):
            raise CourseError(
                f"cell {cell.get('id', '?')}: {left.group()!r} would be published; "
                "is its marker spelt '### BEGIN …' and '### END …' as nbgrader wants it?"
            )
    return nb


def _preprocess(nb: NotebookNode, *steps: type) -> NotebookNode:
    for step in steps:
        try:
            nb, _ = step().preprocess(nb, {})
        except (RuntimeError, ValueError, KeyError, ValidationError) as error:
            raise CourseError(f"nbgrader's {step.__name__}: {error}") from error
    return nb


def _close_gap(cell: NotebookNode) -> None:
    """Remove the empty lines that cut hidden tests leave behind."""
    cell.source = re.sub(r"\n\s*\n(\s*\n)+", "\n\n", cell.source).strip("\n")
    cell.source = cell.source or NOTHING_LEFT


def _public_code(cell: NotebookNode) -> list[NotebookNode]:
    """A code cell with the outputs that readers may see, and what a solution shows."""
    if is_test(cell):
        cell.outputs = [_visible(output) for output in cell.outputs if _is_report(output)]
        _tag(cell, "hide-input")
        cell.metadata["mystnb"] = {
            "code_prompt_show": "Show the check",
            "code_prompt_hide": "Hide the check",
        }
        return [cell]
    cell.outputs = [output for output in cell.outputs if _is_harmless(output)]
    if not is_solution(cell) or not cell.outputs:
        return [cell]
    shown, cell.outputs = cell.outputs, []
    # myst-nb drops a cell without source, outputs and all (MyST-NB#386): hence the comment.
    below = new_code_cell(f"# {SHOWN.strip('*')}", outputs=shown, id=f"{cell.id[:56]}-shown")
    below.metadata = copy.deepcopy(cell.metadata)
    _tag(below, "remove-input")
    return [cell, new_markdown_cell(SHOWN, id=f"{cell.id[:56]}-head"), below]


def _is_harmless(output: NotebookNode) -> bool:
    """Warnings and tracebacks quote the line that they come from: of a solution, perhaps."""
    return not (
        output.output_type == "error"
        or (output.output_type == "stream" and output.name == "stderr")
    )


def _is_report(output: NotebookNode) -> bool:
    return MIME in output.get("data", {})


def _visible(output: NotebookNode) -> NotebookNode:
    """The report without its hidden properties, made anew from its data.

    The stored HTML and number are of the whole report; they are not used.
    """
    try:
        report = Report.from_data(output.data[MIME]).visible()
    except ValueError as error:
        raise CourseError(f"the output of a test cell is {error}") from None
    bundle = report.bundle()
    page = f'<div class="course-report">{bundle["text/html"]}</div>'  # book.css knows the class
    data = {"text/html": page, "text/plain": bundle["text/plain"]}
    return new_output("display_data", data=data)


def _tag(cell: NotebookNode, tag: str) -> None:
    tags = cell.metadata.setdefault("tags", [])
    if tag not in tags:
        tags.append(tag)


def _forget_grading(cells: list[NotebookNode]) -> None:
    for cell in cells:
        cell.metadata.pop("nbgrader", None)
