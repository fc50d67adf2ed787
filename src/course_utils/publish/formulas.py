"""Formulas in running text keep the punctuation that touches them on their line."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

UNBROKEN = "unbroken"  # book.css forbids a new line in it

_BEFORE = re.compile(r"[^\w\s]+\Z")
_AFTER = re.compile(r"\A[^\w\s]+")


def keep_punctuation(app: Sphinx, tree: nodes.document) -> None:
    """Put each inline formula and the full stop behind it, or the bracket before, in one.

    MathJax makes a box of a formula, and a browser may begin a new line on both of its sides.
    """
    for formula in list(tree.findall(nodes.math)):
        parent, at = formula.parent, formula.parent.index(formula)
        before = _touching(parent, at - 1, _BEFORE)
        after = _touching(parent, at + 1, _AFTER)
        if before or after:
            whole = nodes.inline("", "", classes=[UNBROKEN])
            parent.replace(formula, whole)
            whole += [nodes.Text(before), formula, nodes.Text(after)]


def _touching(parent: nodes.Element, at: int, pattern: re.Pattern[str]) -> str:
    """Take what touches the formula out of the text at ``at``; "" if nothing does."""
    text = parent[at] if 0 <= at < len(parent) else None
    found = pattern.search(text.astext()) if isinstance(text, nodes.Text) else None
    if text is None or found is None:
        return ""
    parent[at] = nodes.Text(pattern.sub("", text.astext()))
    return found[0]
