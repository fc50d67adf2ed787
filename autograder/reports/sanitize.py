"""What a student wrote as HTML that neither runs, nor loads, nor looks like ours.

No ``class``, ``id``, ``name`` or ``style`` of a student reaches a page, no address but that of
a link, no picture but one that is part of the page. What is long, deep or unreadable becomes
plain text: each function here takes time in proportion to ``MAX_RICH`` at most.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markupsafe import Markup, escape
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import Python3Lexer

from autograder.reports.formula import mathml
from autograder.reports.pictures import is_picture

MAX_RICH = 20_000  # characters; longer texts are shown plain
MAX_LINE = 2_000  # of code that is coloured
MAX_GROWTH = 8  # how many times longer than its source HTML may become
MAX_DEPTH = 100  # of elements: programs that read a page walk it recursively

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt"),
    *("em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img"),
    *("kbd", "li", "mark", "ol", "p", "pre", "s", "samp", "small", "span", "strong", "sub"),
    *("summary", "sup", "table", "caption", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
LINK = re.compile(r"(https?://|mailto:)", re.IGNORECASE)
FORMULAS = ("math_inline", "math_inline_double", "math_block", "math_block_label", "amsmath")
HEADING, HEADING_END = re.compile("<h[1-6]>"), re.compile("</h[1-6]>")
NO_PICTURE = re.compile(r'<img(?: (?:alt|title|width|height)="[^"]*")*>')
TAG = re.compile(r"<(/?)(?!br>|hr>|img )[a-z]")
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def html(text: str | bytes) -> Markup:
    """Someone's HTML without anything that runs, loads or can be taken for the page's own."""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return _or_plain(_clean, text)


def markdown(source: str) -> Markup:
    """A markdown text as HTML as harmless, with its formulas as MathML."""
    return _or_plain(_markdown, source)


def without_headings(page: Markup) -> Markup:
    """The same with headings as ordinary lines: a student's must not divide our page."""
    opened = HEADING.sub("<p><strong>", page)
    return Markup(HEADING_END.sub("</strong></p>", opened))


def code(source: str, metadata: Any = None) -> Markup:
    """Python source in colours."""
    if max(map(len, source.splitlines()), default=0) > MAX_LINE:
        return plain(source)
    return _or_plain(lambda text: highlight(text, Python3Lexer(), HtmlFormatter()), source)


def terminal(text: str) -> Markup:
    """What a program printed, without the codes that move the cursor or colour the text."""
    return escape(CONTROL.sub("", ESCAPES.sub("", text).replace("\r\n", "\n")))


def plain(text: str) -> Markup:
    """Any text as it is."""
    return Markup("<pre>{}</pre>").format(terminal(text))


def _or_plain(make: Callable[[str], str], text: str) -> Markup:
    """What ``make`` makes of ``text``, or the text itself where that would take too long."""
    if len(text) > MAX_RICH:
        return plain(text)
    try:
        made = make(text)
    except (ValueError, RecursionError, LookupError):
        return plain(text)
    if len(made) > MAX_GROWTH * MAX_RICH or _depth(made) > MAX_DEPTH:
        return plain(text)
    return Markup(made)


def _depth(page: str) -> int:
    """How deep the elements of well-formed HTML lie in each other."""
    deepest = depth = 0
    for tag in TAG.finditer(page):
        depth += -1 if tag[1] else 1
        deepest = max(deepest, depth)
    return deepest


def _clean(text: str) -> str:
    page = nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer nofollow",
    )
    return NO_PICTURE.sub("<em>(a picture that is not part of the page)</em>", page)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Addresses that are no request of the page: links out, pictures inside."""
    if name == "href":
        return value if LINK.match(value) else None
    if name == "src":
        return value if is_picture(value) else None
    return value


def _formula(
    self: RendererProtocol, tokens: list[Token], at: int, options: Any, env: dict
) -> str:
    """A word that stands for a formula until the rest of the page is clean."""
    token = tokens[at]
    display = token.type != "math_inline"
    env["formulas"].append(mathml(token.content, display=display))
    return f"{env['word']}{len(env['formulas']) - 1}."


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable(["table", "strikethrough"])
    parser.disable("reference")  # takes quadratic time, and nobody writes links so here
    parser.use(dollarmath_plugin, double_inline=True).use(amsmath_plugin)
    for kind in (
        "math_inline",
        "math_inline_double",
        "math_block",
        "math_block_label",
        "amsmath",
    ):
        parser.add_render_rule(kind, _formula)
    return parser


PARSER = _parser()


def _markdown(source: str) -> str:
    env: dict[str, Any] = {"formulas": [], "word": f"formula{secrets.token_hex(8)}n"}
    page = _clean(PARSER.render(source, env))
    return re.sub(rf"{env['word']}(\d+)\.", lambda m: env["formulas"][int(m[1])], page)
