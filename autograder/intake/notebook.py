"""Which of a student's files is the notebook of a chapter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.intake.folder import Parts, Seen


@dataclass(frozen=True)
class Choice:
    """A file, or the reason why there is none.

    Attributes:
        unclear: there are several, and it cannot be said which one is meant.
    """

    file: Parts | None
    reason: str = ""
    notes: tuple[str, ...] = ()
    unclear: bool = False


def chapter_in(name: str, known: Sequence[str]) -> str | None:
    """The chapter whose name is a part of ``name``: "Kopie von 02_convolution (1).ipynb"."""
    name = re.sub(r"[\s_+-]+", "_", unicodedata.normalize("NFC", name)).casefold()
    return max((c for c in known if c.casefold() in name), key=len, default=None)


def choose(seen: Seen, chapter: str, known: Sequence[str], *, alone: bool) -> Choice:
    """The notebook of ``chapter`` among the files of a student.

    Args:
        alone: the class has no other chapter, so that a notebook of any name may be it.
    """
    wanted = f"{chapter}.ipynb"
    notebooks = [f for f in seen.files if ".ipynb" in f[-1].lower()]
    ranked = {f: _rank(f, chapter, known, alone) for f in notebooks}
    ranks = {f: rank for f, rank in ranked.items() if rank is not None}
    best = [f for f in ranks if ranks[f] == min(ranks.values())]
    if len(best) > 1:
        names = _listed(best)
        reason = f"It cannot be said which file is {wanted}: {names}. Hand in one of them."
        return Choice(None, reason, unclear=True)
    if best:
        notes = []
        if best[0] != (chapter, wanted):
            notes.append(f"handed in as “{shown(best[0])}” instead of “{wanted}”")
        if rest := [f for f in ranks if f != best[0] and chapter_in(f[-1], known) == chapter]:
            notes.append(f"not read: {_listed(rest)}")
        return Choice(best[0], notes=tuple(notes))
    return Choice(None, _missing(seen, chapter, known))


def _rank(file: Parts, chapter: str, known: Sequence[str], alone: bool) -> int | None:
    """How sure it is that a file is meant, 0 the surest; None where it is not."""
    named = chapter_in(file[-1], known)
    inside = next((c for f in reversed(file[:-1]) if (c := chapter_in(f, known))), None)
    exact = file[-1] == f"{chapter}.ipynb"
    order = [
        file == (chapter, f"{chapter}.ipynb"),
        exact and inside == chapter,
        exact and inside is None,
        named == inside == chapter,
        named == chapter and inside is None,
        named is None and inside == chapter,
        named == chapter,
        inside == chapter,
        alone and named is None and len(file) == 1,
    ]
    return order.index(True) if True in order else None


def _missing(seen: Seen, chapter: str, known: Sequence[str]) -> str:
    sentence = f"No notebook {chapter}.ipynb was handed in"
    others = [f for f in seen.files if not f[:-1] or chapter_in(f[0], known) == chapter]
    bad = [f"“{shown(p)}” {why}" for p, why in seen.refused.items() if _near(p, chapter)]
    if bad:
        return f"{sentence}: {', '.join(bad)}."
    return f"{sentence}; there is only {_listed(others)}." if others else f"{sentence}."


def _near(path: Parts, chapter: str) -> bool:
    return any(chapter_in(part, [chapter]) for part in path)


def _listed(files: Sequence[Parts]) -> str:
    names = [f"“{shown(f)}”" for f in files[:6]]
    return ", ".join(names) + (f" and {len(files) - 6} more" if len(files) > 6 else "")


def shown(path: Parts) -> str:
    """A path that can be printed and kept, whatever its bytes."""
    return "/".join(path).encode(errors="backslashreplace").decode()[:300]
