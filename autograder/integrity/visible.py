"""Text of students as it is, with nothing in it that cannot be seen.

Control characters, marks that turn the direction of writing and lone surrogates would make a
page show something else than is there, or could not be written at all.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_LAYOUT = {"\n", "\t"}


def visible(text: str) -> str:
    """``text`` with each invisible character as its escape: ``\\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in _LAYOUT or not _is_hidden(c) else _escape(c) for c in text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
