"""The form of a chapter: short enough to be read, and no question stands beside its answer."""

from __future__ import annotations

import ast
import itertools
import re

import nbformat
import pytest

from course_utils.course import Course
from course_utils.publish.form import form, is_visible
from course_utils.questions import bank
from tests.conftest import ROOT

WORDS = 3500
HOURS = 4
WAITING = 3  # cells of code below a question that quiz/widget.css covers, questions counted
LINES = 10  # of code that a reader sees in a cell that is no exercise
TIME = re.compile(r"^\| \*\*Time\*\* \| about (\d+)(½|\.5)? hours?\b", re.MULTILINE)
ASKED = re.compile(r"questions\.ask\(\s*\"([\w.]+)\"")
COURSE = Course(ROOT)
PATHS = {path.stem: path for path in [*map(COURSE.source, COURSE.chapters()), *COURSE.pages()]}


@pytest.fixture(params=PATHS)
def source(request):
    """A chapter, or a page that is a notebook."""
    return nbformat.read(PATHS[request.param], as_version=4)


@pytest.fixture(params=COURSE.chapters())
def chapter(request):
    return nbformat.read(PATHS[request.param], as_version=4)


def code(nb):
    """Cell and what it calls, of all cells of code."""
    for cell in nb.cells:
        if cell.cell_type == "code":
            yield cell, [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)]


def test_no_cell_holds_the_answer_to_a_question(source):
    for cell, calls in code(source):
        called = {ast.unparse(call.func) for call in calls}
        assert not called & {"Quiz", "Quiz.choose", "Quiz.number"}, f"cell {cell.id}"


def test_no_prediction_can_be_unfolded_beside_its_question(source):
    for cell in source.cells:
        if cell.cell_type == "markdown" and "predict first" in cell.source.lower():
            assert "<details>" not in cell.source, f"cell {cell.id}"


def predictions(nb):
    """Each cell that asks for a prediction, with the cells of code below it, up to a text."""
    for n, cell in enumerate(nb.cells):
        for name in ASKED.findall(cell.source if cell.cell_type == "code" else ""):
            topic, _, short = name.partition(".")
            if bank.entries(topic)[short]["kind"] == "predict":
                code = itertools.takewhile(lambda c: c.cell_type == "code", nb.cells[n + 1 :])
                yield cell, list(code)


def shows(cell) -> bool:
    """Whether it has an output that a reader sees: it prints, or ends in no assignment."""
    silent = (ast.Assign, ast.FunctionDef, ast.Import, ast.ImportFrom)
    ends = "print(" in cell.source or not isinstance(ast.parse(cell.source).body[-1], silent)
    return ends and not {"remove-output", "remove-cell"} & set(cell.metadata.get("tags", []))


def test_what_answers_a_prediction_stands_directly_below_it_and_waits(source):
    """A text between them would leave the answer uncovered; so would a fourth cell."""
    for cell, below in predictions(source):
        answers = [c for c in below if not ASKED.search(c.source)]
        assert any(map(shows, answers)), f"nothing directly below cell {cell.id} shows a truth"
        assert len(below) <= WAITING, f"{below[WAITING].id} does not wait for cell {cell.id}"
        mine = [c.id for c in below if "nbgrader" in c.metadata]
        assert not mine, f"{mine}: what a student's own code says does not wait for an answer"


def test_cells_that_only_ask_are_hidden(source):
    for cell, calls in code(source):
        if any(ast.unparse(call.func).startswith("questions.") for call in calls):
            assert "remove-input" in cell.metadata.get("tags", []), f"cell {cell.id}"


def test_cells_that_draw_are_hidden(source):
    """Their texts for those who do not see the figure would tell it to those who do."""
    for cell, calls in code(source):
        draws = any(keyword.arg == "alt" for call in calls for keyword in call.keywords)
        assert not (draws and is_visible(cell)), f"cell {cell.id}"


def test_a_chapter_predicts_and_counts(chapter):
    names = [ast.unparse(call.func) for _, calls in code(chapter) for call in calls]
    assert names.count("questions.ask") >= 4
    assert names.count("questions.tally") == 1
    assert names[::-1].index("questions.tally") < names[::-1].index("questions.ask")


def test_a_chapter_is_short_enough(chapter):
    found = form(chapter)
    assert found.words <= WORDS
    assert found.hours <= HOURS


def test_the_opening_card_is_honest_about_the_hours(chapter):
    time = TIME.search(chapter.cells[0].source)
    assert time, "the card says '| **Time** | about 2½ hours …'"
    said = int(time[1]) + 0.5 * bool(time[2])
    assert abs(said - form(chapter).hours) <= 0.5


def test_the_first_row_of_the_opening_card_is_no_head(chapter):
    """It would be set in bold, sentence and all; a page hides a head that is empty."""
    assert re.search(
        r"^\| +\| +\|\n\|-+\|-+\|\n\| \*\*You will be able to\*\* \|",
        chapter.cells[0].source,
        re.MULTILINE,
    )


def test_code_that_is_seen_is_short(source):
    long = {cell: lines for cell, lines in form(source).code.items() if lines > LINES}
    assert not long, f"lines by cell: {long}; hide what only draws or formats"


def bound(tree: ast.Module) -> set[str]:
    """Names that a cell binds for the cells below it."""
    inner = (
        ast.FunctionDef,
        ast.Lambda,
        ast.ListComp,
        ast.SetComp,
        ast.DictComp,
        ast.GeneratorExp,
    )
    found, open_nodes = set(), list(tree.body)
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        if not isinstance(node, inner):  # names inside stay inside
            open_nodes.extend(ast.iter_child_nodes(node))
    return found


def test_no_cell_takes_the_name_of_a_function_that_an_answer_needs(chapter):
    """A check that is run again, further up, would meet the other thing of that name."""
    cells = [(cell, ast.parse(cell.source)) for cell, _ in code(chapter)]
    answers = {
        node.name: cell.id
        for cell, tree in cells
        if cell.metadata.get("nbgrader", {}).get("solution")
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    for cell, tree in cells:
        taken = {name for name in bound(tree) & answers.keys() if answers[name] != cell.id}
        assert not taken, f"cell {cell.id} binds {taken}"
