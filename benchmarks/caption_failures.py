"""What BLEU and CIDEr-D give to captions whose worth is known without them.

    python -m benchmarks.caption_failures

Scenes know what is true of them, so here the metrics are judged, not the captions: a sentence
that never looks at the image, a perfect one in another order, the same with one word made
wrong, and each sentence of a scene against its other four, as one person is held against the
others. Writes ``results/caption_failures.json``.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable

from benchmarks import record
from course_utils import data
from course_utils.data.scenes import COLOURS, GROUNDS, SIZES, THING_NAMES, THINGS
from course_utils.data.scenes.judged import Told, judge, rates, target, told
from course_utils.data.scenes.vocabulary import NUMBERS, with_article
from course_utils.reference.caption_metrics import apart, bleu, cider_d

SEED, TRAIN, TEST, SIZE = 0, 5_000, 2_000, 64
PLURALS = tuple(thing.many for thing in THINGS)
COUNTS = NUMBERS[2:4]
KINDS = (COUNTS, COLOURS, SIZES, GROUNDS, THING_NAMES, PLURALS)
FORMS = ("list", "list without sizes", "pair, or a picture of a list", "one group", "number")

References = list[list[str]]


def split(name: str, length: int) -> list[Told]:
    scenes = data.scenes(name, size=SIZE, length=length, seed=SEED)
    return [told(scene) for scene in scenes]


def wrong_word(caption: str, dice: random.Random) -> str:
    """One word in place of another of its kind, with the article that it takes."""
    words = apart(caption).split()
    # After a number "fish" is a plural.
    kinds = [
        next((k for k in KINDS if word in k and (k is PLURALS) == (before in COUNTS)), ())
        for before, word in zip(["", *words], words, strict=False)
    ]
    at = dice.choice([n for n, kind in enumerate(kinds) if kind])
    words[at] = dice.choice([word for word in kinds[at] if word != words[at]])
    joined = re.sub(r"\ban? (\w+)", lambda m: with_article(m[1]), " ".join(words))
    return joined.replace(" ,", ",")


def row(name: str, captions: list[str], references: References, scenes: list[Told]) -> dict:
    """The metrics of the captions and what is true of them."""
    rated = rates(judge(c, s) for c, s in zip(captions, scenes, strict=True))
    said = [apart(caption) for caption in captions]
    others = [[apart(caption) for caption in image] for image in references]
    return {
        "captions": name,
        "references": len(references[0]),
        "BLEU-4": round(bleu(said, others), 3),
        "CIDEr-D": round(cider_d(said, others), 2),
        "true": round(rated["true"], 3),
        "full": round(rated["full"], 3),
    }


def against_all(train: list[Told], test: list[Told]) -> list[dict]:
    """Rows with all five references."""
    dice = random.Random(SEED)
    common = Counter(caption for scene in train for caption in scene.captions)
    constant = common.most_common(1)[0][0]
    ways: dict[str, Callable[[int], str]] = {
        f"always “{constant}”": lambda n: constant,
        "that of the scene before": lambda n: test[n - 1].captions[0],
        "perfect, from left to right": lambda n: target(test[n]),
        "the same, one word wrong": lambda n: wrong_word(target(test[n]), dice),
        "perfect, in the order of a reference": lambda n: target(test[n], "random"),
        "the same, one word wrong, in that order": lambda n: wrong_word(
            target(test[n], "random"), dice
        ),
        "the number of things": lambda n: test[n].captions[4],
    }
    references = [list(scene.captions) for scene in test]
    return [
        row(name, [way(n) for n in range(len(test))], references, test)
        for name, way in ways.items()
    ]


def against_others(test: list[Told], constant: str) -> list[dict]:
    """Each reference against the other four, and a constant with as many."""
    rows = []
    for left_out, form in enumerate(FORMS):
        others = [list(s.captions[:left_out] + s.captions[left_out + 1 :]) for s in test]
        captions = [scene.captions[left_out] for scene in test]
        rows.append(row(f"a reference: {form}", captions, others, test))
    dice = random.Random(SEED)
    drawn = [dice.randrange(len(FORMS)) for _ in test]
    others = [
        [c for k, c in enumerate(s.captions) if k != n]
        for n, s in zip(drawn, test, strict=True)
    ]
    one = [scene.captions[n] for n, scene in zip(drawn, test, strict=True)]
    rows.append(row("a reference: any", one, others, test))
    rows.append(row(f"always “{constant}”", [constant] * len(test), others, test))
    return rows


def main() -> None:
    start = time.perf_counter()
    train, test = split("train", TRAIN), split("test", TEST)
    rows = against_all(train, test)
    constant = rows[0]["captions"].removeprefix("always “").removesuffix("”")
    rows += against_others(test, constant)
    caption = (
        f"Captions of {TEST} scenes whose worth is known. The constant is the commonest "
        f"caption of {TRAIN} scenes of the training split. true: nothing in it is wrong; full: "
        "everything is said, with number, size and colour"
    )
    seconds = time.perf_counter() - start
    print(record.write("caption_failures", rows, caption=caption, seed=SEED, seconds=seconds))
    for line in rows:
        print(line)


if __name__ == "__main__":
    main()
