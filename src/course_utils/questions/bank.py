"""Reads the questions of a topic from its YAML file, and refuses what makes no sense."""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
KINDS = ("predict", "quiz")
KEYS = {"question", "kind", "choices", "answer", "tolerance", "unit", "explain"}
OF_A_CHOICE = {"text", "why", "right"}


@dataclass(frozen=True)
class Question:
    """A question whose texts are filled in: either ``choices`` or a number to type.

    Attributes:
        choices: each answer with what to say to whoever chooses it.
        right: the right one; "" where a number is typed.
    """

    name: str
    kind: str
    question: str
    choices: Mapping[str, str]
    right: str = ""
    answer: float = 0.0
    tolerance: float = 0.0
    unit: str = ""
    explain: str = ""


def topics() -> list[str]:
    """The topics that have questions."""
    return sorted(path.stem for path in FOLDER.glob("*.yml"))


def entries(topic: str) -> dict[str, dict[str, Any]]:
    """What the file of a topic says, by the names of its questions.

    Raises:
        ValueError: there is no such file, or it is no mapping of names to questions.
    """
    path = FOLDER / f"{topic}.yml"
    if not path.is_file():
        raise ValueError(f"no questions about {topic!r}{_near(topic, topics())}")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not YAML: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(e, dict) for e in found.values()):
        raise ValueError(f"{path.name} must map names to questions")
    return found


def read(name: str, values: Mapping[str, object]) -> Question:
    """The question ``topic.name`` with ``values`` in the place of ``{…}``.

    Raises:
        ValueError: there is none of that name, its entry makes no sense, or the values are
            not those that it asks for.
    """
    topic, _, short = name.partition(".")
    known = entries(topic)
    if short not in known:
        near = _near(name, [f"{topic}.{key}" for key in known])
        raise ValueError(f"no question {name!r}{near}")
    entry = known[short]
    if wrong := "; ".join(problems(entry)):
        raise ValueError(f"question {name}: {wrong}")
    needed = placeholders(entry)
    if needed != set(values):
        raise ValueError(
            f"question {name} asks for the values {sorted(needed)}, not {sorted(values)}"
        )
    return _filled(name, entry, values)


def problems(entry: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong with an entry, in words for its author."""
    if unknown := set(entry) - KEYS:
        yield f"unknown keys {sorted(unknown)}; there are {sorted(KEYS)}"
    if entry.get("kind") not in KINDS:
        yield f"kind must be one of {KINDS}"
    if not _is_text(entry.get("question")):
        yield "question must be a text"
    if ("choices" in entry) == ("answer" in entry):
        yield "either choices or an answer is needed"
    elif "choices" in entry:
        yield from _problems_of_choices(entry)
    else:
        yield from _problems_of_number(entry)


def placeholders(entry: Mapping[str, Any]) -> set[str]:
    """The names of the values that an entry wants filled in."""
    return {
        field.partition(".")[0].partition("[")[0]
        for text in _texts(entry)
        for _, field, _, _ in string.Formatter().parse(text)
        if field is not None
    }


def _problems_of_choices(entry: Mapping[str, Any]) -> Iterable[str]:
    if extra := set(entry) & {"tolerance", "unit", "explain"}:
        yield f"{sorted(extra)} belong to a number; a choice has its why"
    choices = entry["choices"]
    if not isinstance(choices, list) or not all(isinstance(c, dict) for c in choices):
        yield "choices must be a list of text, why and right"
        return
    if len({c.get("text") for c in choices}) < max(2, len(choices)):
        yield "two different choices or more are needed"
    if [c.get("right", False) for c in choices].count(True) != 1:
        yield "exactly one choice must be right: true"
    for choice in choices:
        if not _is_text(choice.get("text")) or not _is_text(choice.get("why")):
            yield f"a choice needs a text and a why, in quotes if it is a number: {choice}"
        elif choice["text"].endswith("."):
            yield f"a choice ends without a full stop, as its why follows: {choice['text']!r}"
        if unknown := set(choice) - OF_A_CHOICE:
            yield f"a choice with unknown keys {sorted(unknown)}"


def _problems_of_number(entry: Mapping[str, Any]) -> Iterable[str]:
    answer = entry["answer"]
    if isinstance(answer, bool) or not isinstance(answer, int | float | str):
        yield "answer must be a number, or a text such as '{drop:.1f}'"
    if not _is_text(entry.get("explain")):
        yield "a number needs an explain"


def _filled(name: str, entry: Mapping[str, Any], values: Mapping[str, object]) -> Question:
    def fill(text: str) -> str:
        return " ".join(text.format(**values).split())

    choices = entry.get("choices", [])
    right = next((c["text"] for c in choices if c.get("right")), "")
    return Question(
        name=name,
        kind=entry["kind"],
        question=fill(entry["question"]),
        choices={fill(c["text"]): fill(c["why"]) for c in choices},
        right=fill(right),
        answer=float(fill(str(entry.get("answer", 0)))),
        tolerance=float(entry.get("tolerance", 0)),
        unit=entry.get("unit", ""),
        explain=fill(entry.get("explain", "")),
    )


def _texts(entry: Mapping[str, Any]) -> list[str]:
    own = [str(entry.get(key, "")) for key in ("question", "answer", "explain")]
    return own + [c[key] for c in entry.get("choices", []) for key in ("text", "why")]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known) or known
    return f"; there are {', '.join(close)}" if close else ""
