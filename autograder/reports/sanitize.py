"""HTML that student work may put on a feedback page, where staff read it too.

nbconvert's own cleaner escapes even ``<p>`` and ``<th>``, and nbgrader's templates print
markdown cells without cleaning. These two functions replace its filters of the same names
(see ``settings``): ordinary formatting stays, scripts, frames, forms and handlers go.
"""

from __future__ import annotations

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbconvert.filters.markdown_mistune import markdown2html_mistune

TAGS = {
    *bleach.ALLOWED_TAGS,
    *("p", "br", "hr", "div", "span", "pre", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("del", "s", "sub", "sup", "kbd", "mark", "small", "dl", "dt", "dd"),
    *("details", "summary", "figure", "figcaption", "img"),
}
ATTRIBUTES = {
    **bleach.ALLOWED_ATTRIBUTES,
    "*": ["class", "id", "style", "title", "role", "aria-label"],
    "img": ["src", "alt", "width", "height"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}
# data: lets pictures be part of the page; a browser opens no page from a data: link.
PROTOCOLS = {*bleach.ALLOWED_PROTOCOLS, "data"}
STYLES = CSSSanitizer(
    allowed_css_properties=["text-align", "font-weight", "font-style", "color", "width"]
)


def html(text: str | bytes) -> str:
    """``text`` without anything that runs or loads."""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return bleach.clean(
        text, tags=TAGS, attributes=ATTRIBUTES, protocols=PROTOCOLS, css_sanitizer=STYLES
    )


def markdown(source: str) -> str:
    """A markdown cell as clean HTML."""
    return html(markdown2html_mistune(source))
