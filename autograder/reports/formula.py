"""Formulas as MathML, which browsers lay out by themselves: no script, no fonts, no network."""

from __future__ import annotations

import re
from functools import cache

import nh3
from markupsafe import Markup
from math_core import LatexError, LatexToMathML

MAX_FORMULA = 2000  # characters; the longest in the book has 200
# A page of pieces has no numbers of equations that anything could refer to.
NUMBERED = re.compile(r"(\\(?:begin|end)\{(?:align|equation|gather|multline))\}")

TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mstyle", "mpadded"),
    *("mfrac", "msqrt", "mroot", "mphantom", "merror", "semantics", "menclose"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts"),
    *("mprescripts", "mtable", "mtr", "mtd"),
}
# What shapes a formula; no link, no identifier, no style.
ATTRIBUTES = {
    *("display", "mathvariant", "stretchy", "symmetric", "largeop", "movablelimits", "form"),
    *("fence", "separator", "lspace", "rspace", "minsize", "maxsize", "accent", "accentunder"),
    *("linethickness", "width", "height", "depth", "columnalign", "displaystyle"),
    *("scriptlevel", "columnspan", "rowspan", "notation"),
}


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML()


def mathml(latex: str, *, display: bool) -> Markup:
    """``latex`` as a formula; as its source where it is too long or cannot be read."""
    if len(latex) <= MAX_FORMULA:
        try:
            made = _converter().convert_with_local_state(
                NUMBERED.sub(r"\1*}", latex), displaystyle=display
            )
        except LatexError:
            pass
        else:
            return Markup(nh3.clean(made, tags=TAGS, attributes={"*": ATTRIBUTES}))
    return Markup("<code>{}</code>").format(latex[:MAX_FORMULA])
