"""How well does a guesser do that reads the questions of the scenes and sees no picture?

    python -m benchmarks.blind

It learns the commonest answer to every question text on the training split, and falls back on
the kind's commonest answer for a text it never met. If the answers are balanced it cannot beat
chance by more than its standard error. Writes ``results/blind.json``.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict

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


def questions(scenes: Scenes) -> list[Question]:
    return [question for scene in scenes for question in scene.questions]


def commonest(asked: list[Question]) -> tuple[dict[str, str], dict[str, str]]:
    """The commonest answer to each text, and of each kind."""
    by_text: dict[str, Counter] = defaultdict(Counter)
    by_kind: dict[str, Counter] = defaultdict(Counter)
    for question in asked:
        by_text[question.text][question.answer] += 1
        by_kind[question.kind][question.answer] += 1
    return (
        {text: answers.most_common(1)[0][0] for text, answers in by_text.items()},
        {kind: answers.most_common(1)[0][0] for kind, answers in by_kind.items()},
    )


def choices(question: Question) -> int:
    """How many answers its words leave open."""
    if question.kind == "colour":
        shape = question.text.removesuffix("?").rpartition(" ")[2]
        return len(shape_colours(held_out=False)[shape])
    return {"existence": 2, "count": 4, "size": 2, "relation": 2, "ground": len(GROUNDS)}.get(
        question.kind, len(THINGS) - 1
    )


def row(kind: str, test: list[Question], guess: tuple) -> dict:
    """Chance, the guesser's accuracy and its standard error for one kind of question."""
    by_text, by_kind = guess
    asked = [q for q in test if q.kind == kind]
    right = sum(by_text.get(q.text, by_kind[kind]) == q.answer for q in asked) / len(asked)
    chance = sum(1 / choices(q) for q in asked) / len(asked)
    answers = Counter(q.answer for q in asked)
    error = (chance * (1 - chance) / len(asked)) ** 0.5
    top, times = answers.most_common(1)[0]
    return {
        "kind": kind,
        "questions": len(asked),
        "different answers": len(answers),
        "commonest answer": f"{top} ({100 * times / len(asked):.1f} %)",
        "chance": f"{100 * chance:.1f} %",
        "text-only guesser": f"{100 * right:.1f} %",
        "above chance in standard errors": round((right - chance) / error, 1),
    }


def main() -> None:
    start = time.perf_counter()
    train = questions(data.scenes("train", size=64, length=TRAIN, seed=SEED))
    test = questions(data.scenes("test", size=64, length=TEST, seed=SEED))
    guess = commonest(train)
    rows = [row(kind, test, guess) for kind in KINDS]
    caption = (
        f"A guesser that sees only the question: learned on the questions of {TRAIN} scenes, "
        f"asked those of {TEST} others"
    )
    seconds = time.perf_counter() - start
    print(record.write("blind", rows, caption=caption, seed=SEED, seconds=seconds))
    for line in rows:
        print(line)


if __name__ == "__main__":
    main()
