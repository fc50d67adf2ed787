"""What a student reads where the source says MyST, which JupyterLab does not show."""

from __future__ import annotations

import re

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from course_utils.course import CourseError
from course_utils.publish.cite import FILE, bibliography, readable
from course_utils.publish.release import released_text
from tests.conftest import ROOT

SOURCES = r"""
@article{many, author = {Qu, X and Zeng, Y and Ott, Z}, title = {Of {CNNs} \& care},
  journal = {Journal of Tests}, year = {2019}}
@book{one, author = {L{\"o}we, Ada}, title = {Alone}, publisher = {Press}, year = {2001}}
@misc{two, author = {van der Berg, A and Li, B}, title = {Both}, year = {2020}}
@misc{nobody, title = {Lost}}
"""


@pytest.fixture
def sources(tmp_path):
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text(SOURCES, encoding="utf-8")
    assert bibliography(tmp_path / "notebooks" / "x" / "x.ipynb") == file
    return file


def read(text, sources):
    cells = readable(new_notebook(cells=[new_markdown_cell(text)]), sources).cells
    return cells[0].source, cells[-1].source if len(cells) > 1 else ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as was found {cite}`many`.", "as was found (Qu et al., 2019)."),
        ("Qu et al. {cite}`many` show", "Qu et al. (2019) show"),
        ("Qu, Zeng and Ott {cite:p}`many`", "Qu, Zeng and Ott (2019)"),
        ("Quite sure {cite}`many`", "Quite sure (Qu et al., 2019)"),
        ("Löwe was first. Then {cite}`one`", "Löwe was first. Then (Löwe, 2001)"),
        ("{cite}`two`", "(van der Berg and Li, 2020)"),
        ("{cite}`many, one`", "(Qu et al., 2019; Löwe, 2001)"),
        ("{cite:t}`two` say", "van der Berg and Li (2020) say"),
    ],
)
def test_a_citation_names_authors_and_year(text, shown, sources):
    assert read(text, sources)[0] == shown


def test_what_was_cited_ends_the_notebook(sources):
    _, references = read("{cite}`two` {cite}`many` {cite}`two`", sources)
    assert references == (
        "## References\n\n"
        "- X Qu, Y Zeng, and Z Ott. Of CNNs &amp; care. *Journal of Tests*, 2019.\n"
        "- A van der Berg and B Li. Both. 2020."
    )
    assert read("nothing", sources)[1] == ""


@pytest.mark.parametrize(
    "text",
    ["`{cite}` and $\\hat{x}$", "```python\n{cite}`many`\n```", "``{ref}`a` ``", "{0: `a`}"],
)
def test_code_stays_as_it_is(text, sources):
    assert read(text, sources) == (text, "")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("see {numref}`figure`", "{numref}`figure`"),
        ("see {doc}`../book/data`", "{doc}"),
        ("```{note}\nA note.\n```", "```{note}"),
        (":::{tip}\nA tip.\n:::", ":::{tip}"),
        ("(here)=\n# Head", "(here)="),
        ("{cite}`missing`", "'missing' is not in"),
        ("{cite}`nobody`", "lacks its authors"),
    ],
)
def test_what_would_be_shown_raw_is_refused(text, named, sources):
    with pytest.raises(CourseError, match=re.escape(named)) as refused:
        read(text, sources)
    assert str(refused.value).startswith("cell ")


def test_no_notebook_of_the_course_shows_myst(course):
    for source in [*map(course.source, course.chapters()), *course.pages()]:
        if "{cite" in source.read_text(encoding="utf-8"):
            assert re.search(r'"## References\\n"', released_text(source)), source
    assert ROOT in bibliography(source).parents
