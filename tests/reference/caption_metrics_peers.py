"""What sacrebleu and pycocoevalcap say of small corpora, kept for machines without them.

    python -m tests.reference.caption_metrics_peers

writes ``caption_metrics.json``; the peers are in the extra ``bench``.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("caption_metrics.json")
WORDS = ["a", "the", "dog", "cat", "two", "on", "sand", ",", "and", "big", "red"]

Corpus = tuple[list[str], list[list[str]]]

CASES: dict[str, Corpus] = {
    "Papineni's example": (
        ["the the the the the the the"],
        [["the cat is on the mat", "there is a cat on the mat"]],
    ),
    "two equally close lengths": (
        ["a b c d e f g h i j k l"],
        [["a b c d e f g h i j k", "a b c d e f g h i j k l m"]],
    ),
    "corpus, not the mean of sentences": (
        ["a big dog on the sand", "dog"],
        [["a big dog on the sand"], ["a small dog on the grass"]],
    ),
    "an empty caption": (
        ["a big dog on the sand", ""],
        [["a big dog on the sand"], ["two cats"]],
    ),
    "nothing but an empty caption": ([""], [["a dog on the sand"]]),
    "one image": (["a dog on the sand"], [["a dog on the sand", "a dog"]]),
    "one word": (["dog", "cat"], [["dog"], ["cat", "a cat"]]),
    "three words": (["a red dog", "two cats here"], [["a red dog"], ["two cats here"]]),
    "an n-gram too often": (
        ["a dog a dog a dog a dog", "two cats on sand"],
        [["a dog a dog", "a dog a dog a"], ["two cats on the sand"]],
    ),
    "no reference has it": (["x y z w", "a b c d"], [["a b c d"], ["a b c d", "a b"]]),
}  # fmt: skip


def some_corpus(seed: int, images: int = 12) -> Corpus:
    """Captions that share runs with their references, whose number differs."""
    dice = random.Random(seed)

    def sentence() -> list[str]:
        return [dice.choice(WORDS) for _ in range(dice.randint(1, 14))]

    captions, references = [], []
    for _ in range(images):
        others = [sentence() for _ in range(dice.randint(1, 5))]
        start = dice.choice(others)
        cut = dice.randint(0, len(start))
        captions.append(" ".join(start[:cut] + sentence()[: dice.randint(0, 6)]))
        references.append([" ".join(words) for words in others])
    return captions, references


def corpora() -> dict[str, Corpus]:
    return CASES | {f"random {seed}": some_corpus(seed) for seed in range(8)}


def said_by_peers(captions: list[str], references: list[list[str]]) -> dict[str, Any]:
    """BLEU-1 to BLEU-4 of both, CIDEr-D of every caption."""
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from sacrebleu.metrics import BLEU

    most = max(map(len, references))
    streams = [[r[n] if n < len(r) else None for r in references] for n in range(most)]
    theirs = dict(enumerate(references)), {n: [c] for n, c in enumerate(captions)}
    settings = {"smooth_method": "none", "tokenize": "none", "force": True}
    return {
        "sacrebleu": [
            BLEU(max_ngram_order=n, **settings).corpus_score(captions, streams).score / 100
            for n in range(1, 5)
        ],
        "pycocoevalcap": [float(b) for b in Bleu(4).compute_score(*theirs, verbose=0)[0]],
        "cider_d": [float(score) for score in Cider().compute_score(*theirs)[1]],
    }


def main() -> None:
    import sacrebleu

    kept = {
        "made by": "python -m tests.reference.caption_metrics_peers",
        "peers": f"sacrebleu {sacrebleu.__version__}, pycocoevalcap 1.2",
        "cases": [
            {"name": name, "captions": c, "references": r, **said_by_peers(c, r)}
            for name, (c, r) in corpora().items()
        ],
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(KEPT)


if __name__ == "__main__":
    main()
