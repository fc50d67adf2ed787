"""Search a built site for what its readers must not find.

What is secret is read off the markers in the sources, not off what ``strip`` leaves over:
a fault in the stripping cannot hide itself here.
"""

from __future__ import annotations

import ast
import builtins
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import snowballstemmer
import yaml
from nbformat import NotebookNode

from course_utils.publish.execute import read

FILLED_IN = re.compile(r"\{[^}]*\}")
LINE_LENGTH = 12  # of a line without its blanks; shorter ones stand everywhere
WORD = re.compile(r"\w{8,}")
TELLING = re.compile(r"_|\d|[a-z][A-Z]")  # in names that no prose has: zebra_sum, conv2dFast
BEGIN = re.compile(r"BEGIN (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
END = re.compile(r"END (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
BINARY = {".png", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".woff", ".woff2", ".ttf", ".eot"}


@dataclass(frozen=True)
class Secret:
    """A line, a sentence or a name, and where it comes from."""

    text: str
    source: Path
    is_word: bool = False


@dataclass(frozen=True)
class Leak:
    """A secret that a file of the site shows."""

    file: Path
    secret: Secret

    def __str__(self) -> str:
        kind = "the name" if self.secret.is_word else "the line"
        return f"{self.file}: {kind} {self.secret.text!r} of {self.secret.source}"


def find_leaks(site: Path, sources: Iterable[Path], public: Iterable[Path] = ()) -> list[Leak]:
    """All secrets of ``sources`` that can be found in the files of ``site``.

    Pages are searched as text, as HTML and as JSON; search index and downloads too.

    Args:
        sources: instructor notebooks (solutions, hidden tests, mark schemes), modules of
            hidden tests (the names and messages of their properties), and the questions of a
            topic (what is said to the right answer).
        public: files that readers have anyway; what stands in them is no secret.
    """
    lines, words = secrets_of(sources, public)
    leaks = []
    for file in sorted(site.rglob("*")):
        if not file.is_file() or file.suffix in BINARY:
            continue
        raw = _decoded(file)
        text = _squeezed_renderings(raw)
        where = file.relative_to(site)
        leaks += [Leak(where, secret) for key, secret in lines.items() if key in text]
        if where.parts[0] != "_static":  # other people's programs, with names of their own
            found = set(WORD.findall(raw.lower()))
            leaks += [Leak(where, secret) for key, secret in words.items() if key & found]
    return leaks


def secrets_of(
    sources: Iterable[Path], public: Iterable[Path] = ()
) -> tuple[dict[str, Secret], dict[frozenset[str], Secret]]:
    """Secret lines by their text without blanks, secret names by the forms they appear in."""
    hidden: list[Secret] = []
    shown = [file.read_text(encoding="utf-8", errors="ignore") for file in public]
    for source in sources:
        if source.suffix == ".py":
            hidden += [Secret(text, source) for text in _sentences(source)]
        elif source.suffix == ".yml":
            hidden += [Secret(text, source) for text in _explanations(source)]
        else:
            kept_back, rest = split(read(source))
            hidden += [Secret(line.strip(), source) for line in kept_back]
            shown += rest
    known = "\n".join(_squeezed(line) for text in shown for line in text.splitlines())
    keys = {_squeezed(secret.text): secret for secret in hidden}
    lines = {k: s for k, s in keys.items() if len(k) >= LINE_LENGTH and k not in known}
    known_words = set(WORD.findall("\n".join(shown).lower()))
    words = {}
    for secret in lines.values():
        for word in WORD.findall(secret.text) if secret.source.suffix == ".ipynb" else []:
            own = not hasattr(builtins, word)  # ValueError tells nothing
            if own and TELLING.search(word) and word.lower() not in known_words:
                words[_forms(word)] = Secret(word, secret.source, is_word=True)
    return lines, words


def split(nb: NotebookNode) -> tuple[list[str], list[str]]:
    """The secret and the other lines of an instructor's notebook, by its markers."""
    secret: list[str] = []
    public: list[str] = []
    for cell in nb.cells:
        lines = cell.source.splitlines()
        grading = cell.metadata.get("nbgrader", {})
        if grading.get("solution") and "BEGIN SOLUTION" not in cell.source:
            secret += lines  # an answer without markers is cut as a whole
            continue
        inside = False
        for line in lines:
            if BEGIN.search(line):
                inside = True
            elif END.search(line):
                inside = False
            else:
                (secret if inside else public).append(line)
    return secret, public


def _sentences(module: Path) -> Iterator[str]:
    """String literals of a module: the names and messages of its properties."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (line.strip() for line in node.value.splitlines() if " " in line.strip())


def _explanations(questions: Path) -> Iterator[str]:
    """What only the right answer to a question is told, between the values filled in."""
    for entry in yaml.safe_load(questions.read_text(encoding="utf-8")).values():
        right = [choice["why"] for choice in entry.get("choices", []) if choice.get("right")]
        for text in [*right, entry.get("explain", "")]:
            yield from (" ".join(part.split()) for part in FILLED_IN.split(text))


def _decoded(file: Path) -> str:
    data = file.read_bytes()
    if file.suffix == ".inv":  # Sphinx's inventory: four lines of text, then zlib
        head = data.split(b"\n", 4)
        data = b"\n".join(head[:4]) + zlib.decompress(head[4])
    return data.decode("utf-8", "ignore")


def _squeezed_renderings(raw: str) -> str:
    """A file as its reader sees it, as it is, and as what its JSON strings say.

    Pygments puts every word of a program into a tag of its own, hence the first.
    """
    seen = html.unescape(re.sub(r"<[^>]+>", "", raw))
    said = raw.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
    return "\n".join(map(_squeezed, (seen, raw, said)))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _forms(word: str) -> frozenset[str]:
    """A name as it stands in a text and in Sphinx's search index, which keeps its stem."""
    small = word.lower()
    return frozenset((small, snowballstemmer.stemmer("porter").stemWord(small)))
