"""Code and prose as tokens that survive what a copier changes first.

Comments, docstrings, layout and the names of variables say nothing about who wrote an answer:
they are dropped or all look alike. Names after a dot stay, because ``x.unfold`` and
``x.cumsum`` are different ideas and nobody can rename them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Name, Number, String, Whitespace, _TokenType

_LEXER = PythonLexer()  # never fails: what is not Python becomes error tokens
_CHUNKS = re.compile(r"(?<=\n\n)(?=\S)")  # before what follows a function
_WORD = re.compile(r"\w+")
_CLOSING = (")", "]", "}")
_NAMES = (Name, Name.Function, Name.Class, Name.Namespace, Name.Variable)


class Token(NamedTuple):
    """``text`` stands for ``source[start:end]``."""

    text: str
    start: int
    end: int


def of_prose(source: str) -> list[Token]:
    """The words, in lower case."""
    return [Token(m.group().casefold(), *m.span()) for m in _WORD.finditer(source)]


def of_code(source: str) -> list[Token]:
    """The tokens of Python code, whether it can be parsed or not."""
    tokens: list[Token] = []
    for token in _plain(source):
        before = tokens[-1].text if tokens else ""
        if token.text == before == "S":  # the parts of one string
            tokens[-1] = tokens[-1]._replace(end=token.end)
            continue
        if before == "," and token.text in _CLOSING:  # a comma that a formatter adds
            tokens.pop()
        tokens.append(token)
    return tokens


def _plain(source: str) -> Iterator[Token]:
    start = 0
    for chunk in _CHUNKS.split(source):
        for text, left, right in _in_chunk(chunk):
            yield Token(text, start + left, start + right)
        start += len(chunk)


@lru_cache(maxsize=512)
def _in_chunk(source: str) -> tuple[Token, ...]:
    """Kept, because the cells of all students end with the same figure."""
    found = []
    after_dot = False
    for start, kind, text in _LEXER.get_tokens_unprocessed(source):
        if not text.strip() or kind in Whitespace or kind in Comment or kind in String.Doc:
            continue
        found.append(Token(_normal(kind, text, after_dot), start, start + len(text)))
        after_dot = text == "."
    return tuple(found)


def _normal(kind: _TokenType, text: str, after_dot: bool) -> str:
    if kind in String:
        return "S"
    if kind in Number:
        return _number(text)
    return "V" if kind in _NAMES and not after_dot else text


def _number(text: str) -> str:
    """2, 2.0 and 2. are one number."""
    try:
        return f"{float(text):g}"
    except ValueError:  # complex, hexadecimal
        return text
