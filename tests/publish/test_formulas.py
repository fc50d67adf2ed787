"""What touches a formula in running text does not begin or end a line alone."""

from __future__ import annotations

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx.application import Sphinx

from course_utils.publish import formulas
from course_utils.publish.sphinxext import STYLE


def page(*parts: str | nodes.Node) -> nodes.document:
    """A paragraph in which ``$x$`` stands for a formula."""
    document = new_document("page")
    texts = [nodes.Text(part) if isinstance(part, str) else part for part in parts]
    document += nodes.paragraph("", "", *texts)
    return document


def formula() -> nodes.math:
    return nodes.math("", "x")


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("Of ", ". Then", "x."),
        ("All (", "), and", "(x),"),
        ("The ", "-dimensional one", "x-"),
        ("", ":", "x:"),
    ],
)
def test_punctuation_stays_with_its_formula(sphinx, before, after, kept):
    tree = page(before, formula(), after)
    formulas.keep_punctuation(sphinx, tree)
    assert tree.astext() == f"{before}x{after}"
    (whole,) = tree.findall(nodes.inline)
    assert whole["classes"] == [formulas.UNBROKEN]
    assert whole.astext() == kept


def test_two_formulas_side_by_side_have_each_their_own(sphinx):
    tree = page("From ", formula(), ", ", formula(), nodes.emphasis("", "so"), formula(), " on")
    formulas.keep_punctuation(sphinx, tree)
    assert [whole.astext() for whole in tree.findall(nodes.inline)] == ["x,"]
    assert tree.astext() == "From x, xsox on"


def test_the_page_knows_the_class():
    assert f".{formulas.UNBROKEN} {{\n  white-space: nowrap;" in STYLE.read_text("utf-8")


@pytest.fixture
def sphinx() -> Sphinx:
    """Not asked for anything."""
    return Sphinx.__new__(Sphinx)
