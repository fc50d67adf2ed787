"""Fingerprints of answers: copydetect's, over the tokens of ``tokens``.

The method is that of MOSS: S. Schleimer, D. S. Wilkerson and A. Aiken, "Winnowing: local
algorithms for document fingerprinting", SIGMOD 2003. Every run of ``RUN`` tokens is hashed.
Answers are short, so all hashes are kept (a window of 1): winnowing would thin them, and
which ones it keeps would change with Python's hash seed.

copydetect's own tokens are not used. They drop the names of methods, which are much of what
differs in ten lines, and they keep commas and numbers as they were typed, so that a formatter
hides a copy (``benchmarks/integrity.py`` measures both).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable
from functools import lru_cache

from copydetect import CodeFingerprint
from copydetect.utils import get_token_coverage

from autograder.integrity import tokens
from autograder.integrity.tokens import Token

RUN = 8  # tokens; shorter matches are noise


@lru_cache(maxsize=4096)
def _tokens(source: str, prose: bool) -> tuple[Token, ...]:
    return tuple(tokens.of_prose(source) if prose else tokens.of_code(source))


def spell(found: Iterable[Token]) -> str:
    """One character for each token, so that a run of tokens is a run of characters."""
    sums = (zlib.crc32(token.text.encode("utf-8", "surrogatepass")) for token in found)
    return "".join(chr(256 + number % 0x10F000) for number in sums)


class Fingerprint:
    """The fingerprint of one answer.

    Attributes:
        tokens: of the whole source.
        own: how many of them are neither boilerplate nor in passages that many share.
    """

    def __init__(self, source: str, prose: bool = False) -> None:
        self.tokens = _tokens(source, prose)
        text = io.StringIO(spell(self.tokens), newline="")
        self.copydetect = CodeFingerprint("answer", RUN, 1, filter=False, fp=text)

    @property
    def hashes(self) -> set[int]:
        return self.copydetect.hashes

    def ignore(self, hashes: set[int]) -> None:
        """Forget runs of tokens that prove nothing.

        copydetect's own ``boilerplate`` argument takes them for unique, which they are not.
        """
        for known in self.hashes & hashes:
            del self.copydetect.hash_idx[known]
        self.copydetect.hashes = self.hashes - hashes
        self.own = self._count()

    def _count(self) -> int:
        found = self.copydetect
        found.token_coverage = get_token_coverage(found.hash_idx, RUN, len(found.filtered_code))
        return int(found.token_coverage)

    def own_span(self) -> tuple[int, int]:
        """Where in the source its own tokens begin and end."""
        places = [i for where in self.copydetect.hash_idx.values() for i in where]
        if not places:
            return 0, 0
        return self.tokens[min(places)].start, self.tokens[max(places) + RUN - 1].end


def ignore(print_: CodeFingerprint, hashes: set[int]) -> None:
    """Take ``hashes`` out of a fingerprint and of what it counts.

    copydetect's own ``boilerplate`` argument fails where a hash occurs twice in an answer: it
    asks numpy to assume that it does not.
    """
    for known in print_.hashes & hashes:
        del print_.hash_idx[known]
    print_.hashes = print_.hashes - hashes
    length = len(print_.filtered_code)
    print_.token_coverage = get_token_coverage(print_.hash_idx, print_.k, length)


def boilerplate(sources: Iterable[tuple[str, bool]]) -> set[int]:
    """Hashes of what everybody was given; each source with whether it is prose."""
    return set().union(*(Fingerprint(source, prose).hashes for source, prose in sources))
