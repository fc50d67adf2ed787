"""How well does a guesser do that reads the questions of the scenes and sees no image?

    python -m benchmarks.blind

Two guessers learn on the training split. One knows the commonest answer to every question
text. The other is naive Bayes over the words at their places, which also notices that answers
to questions about horses are a little different. If the answers are balanced neither beats
chance by more than its standard error. Writes ``results/blind.json``.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable

from benchmarks import record
from course_utils import data
from course_utils.data.scenes import (
    GROUNDS,
    KINDS,
    THINGS,
    Question,
    Scenes,
    shape_colours,
)

SEED, TRAIN, TEST = 0, 20_000, 8_000
SPLITS = ("test", "style", "combinations")


def questions(scenes: Scenes) -> list[Question]:
    return [question for scene in scenes for question in scene.questions]


class ByText:
    """The commonest answer to a text, or to its kind where the text is new."""

    def __init__(self, asked: Iterable[Question]) -> None:
        self._counts: dict[str, Counter] = defaultdict(Counter)
        for question in asked:
            for key in (question.text, question.kind):
                self._counts[key][question.answer] += 1

    def __call__(self, question: Question) -> str:
        counts = self._counts.get(question.text) or self._counts[question.kind]
        return counts.most_common(1)[0][0]


class ByWords:
    """Naive Bayes: each word at its place speaks for or against each answer."""

    def __init__(self, asked: Iterable[Question]) -> None:
        self._answers: dict[str, Counter] = defaultdict(Counter)
        self._words: dict[tuple, Counter] = defaultdict(Counter)
        for question in asked:
            self._answers[question.kind][question.answer] += 1
            self._words[question.kind, question.answer].update(words(question))

    def __call__(self, question: Question) -> str:
        answers = self._answers[question.kind]

        def score(answer: str) -> float:
            seen, total = self._words[question.kind, answer], answers[answer]
            return math.log(total) + sum(
                math.log((seen[word] + 1) / (total + 30)) for word in words(question)
            )

        return max(answers, key=score)


def words(question: Question) -> list[tuple[int, str]]:
    return list(enumerate(question.text.removesuffix("?").split()))


def choices(question: Question, held_out: bool) -> int:
    """How many answers its words leave open."""
    if question.kind == "colour":
        shape = question.text.removesuffix("?").rpartition(" ")[2]
        return len(shape_colours(held_out)[shape])
    return {"existence": 2, "count": 4, "size": 2, "relation": 2, "ground": len(GROUNDS)}.get(
        question.kind, len(THINGS) - 1
    )


def row(kind: str, split: str, asked: list[Question], guessers: tuple) -> dict:
    """Chance, the accuracy of both guessers, and z: standard errors of the better above it."""
    held_out = split == "combinations"  # colours there are others than the guessers know
    chance = sum(1 / choices(q, held_out) for q in asked) / len(asked)
    right = [sum(guess(q) == q.answer for q in asked) / len(asked) for guess in guessers]
    error = (chance * (1 - chance) / len(asked)) ** 0.5
    answers = Counter(q.answer for q in asked)
    top, often = answers.most_common(1)[0]
    return {
        "kind": kind,
        "split": split,
        "questions": len(asked),
        "commonest answer": f"{top} ({100 * often / len(asked):.1f}\u00a0%)",
        "chance": f"{100 * chance:.1f}\u00a0%",
        "by text": f"{100 * right[0]:.1f}\u00a0%",
        "by words": f"{100 * right[1]:.1f}\u00a0%",
        "z of the better": round((max(right) - chance) / error, 1),
    }


def main() -> None:
    start = time.perf_counter()
    train = questions(data.scenes("train", size=48, length=TRAIN, seed=SEED))
    guessers = ByText(train), ByWords(train)
    rows = []
    for split in SPLITS:
        asked = questions(data.scenes(split, size=48, length=TEST, seed=SEED))
        by_kind = {kind: [q for q in asked if q.kind == kind] for kind in KINDS}
        rows += [row(kind, split, by_kind[kind], guessers) for kind in KINDS if by_kind[kind]]
    caption = (
        f"Two guessers that see only the question: they learned on the questions of {TRAIN} "
        f"scenes and are asked those of {TEST} others of each split"
    )
    seconds = time.perf_counter() - start
    print(record.write("blind", rows, caption=caption, seed=SEED, seconds=seconds))
    for line in rows:
        print(line)


if __name__ == "__main__":
    main()
