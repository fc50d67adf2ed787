"""What chapters 6 and 7 say of their networks beyond plain accuracy.

    python -m benchmarks.caption_study [--only caption_gru] [--seeds 0]

Of each network of ``caption_seeds`` that is trained: what it says after true, own and wrong
words; what is left of a noun when a part of the image is covered; numbers of things; full
captions by the number of things, with and without attention; shape and colour apart; and one
reference against the other four. What a network gave is kept in the cache until its weights or
this program change. ``results/caption_study.json``.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from benchmarks import caption_cover, caption_mistakes, caption_rates, caption_words, record
from benchmarks.caption_failures import split as without_pixels
from benchmarks.caption_mistakes import Row
from benchmarks.caption_seeds import NAMES, network
from course_utils.course import Course
from course_utils.data.scenes import Scene, scenes
from course_utils.data.scenes.judged import judge, target, told
from course_utils.reference.captioning import Captioner
from course_utils.training import checkpoints
from course_utils.training.captioning import LENGTH, said, vocabulary

SEEDS, JUDGED = 3, 1_000
WITHOUT, WITH = ("caption_gru_plain", "caption_gru_wide"), "caption_gru"
LISTS = ("words", "mistakes", "recovery", "cover", "attention", "counts", "shapes", "things")
PARTS = (caption_cover, caption_mistakes, caption_rates, caption_words)


def weights_of(name: str, seed: int) -> Path | None:
    """Where the trained weights lie, as ``caption_seeds`` has them; None: not trained yet."""
    kept = Course.find().cache / "captioners" / f"{name}-{seed}"
    paths = [checkpoints.FOLDER / name, kept] if seed == 0 else [kept]
    # The record is written last: without it the weights may be those of an unfinished run.
    whole = (path for path in paths if path.with_suffix(".json").is_file())
    return next((path.with_suffix(".safetensors") for path in whole), None)


@functools.cache
def judged(split: str) -> list[Scene]:
    source = scenes(split, size=64, length=JUDGED)
    return [source[i] for i in range(JUDGED)]


def studied(captioner: Captioner) -> dict[str, Any]:
    """All lists of one network, its captions of the test scenes and which of them are full."""
    known, test = vocabulary(), judged("test")
    images = torch.stack([scene.image for scene in test])
    with torch.no_grad():
        memory = torch.cat([captioner.encoder(part) for part in images.split(250)])
    about = [told(scene) for scene in test]
    found, own = caption_mistakes.exposure(captioner.decoder, memory, about, LENGTH, known)
    captions = [" ".join(words).replace(" ,", ",") for words in own]
    full = torch.tensor([judge(c, s).full for c, s in zip(captions, about, strict=True)])
    things = torch.tensor([len(s.objects) for s in about])
    chosen = caption_cover.nouns(test, random.Random(0))
    words = known.encode([target(s) for s in about])
    colours = torch.stack([caption_cover.ground_colour(scene) for scene in test])
    found |= caption_cover.covering(
        caption_cover.asked(captioner), images, words, colours, chosen, known.numbers
    )
    found["counts"] = caption_rates.counts(captions, about)
    found["things"] = caption_rates.by_things(full, things)
    found["shapes"] = [_shapes(captioner, split) for split in ("test", "style", "combinations")]
    return found | {"captions": captions, "full": full.tolist()}


def _shapes(captioner: Captioner, split: str) -> Row:
    seen = judged(split)
    captions = said(captioner, torch.stack([scene.image for scene in seen]))
    verdicts = [judge(c, s) for c, s in zip(captions, seen, strict=True)]
    return {"split": split} | caption_rates.shapes(verdicts)


def kept(name: str, seed: int, weights: Path) -> dict[str, Any]:
    """As ``studied``; from the cache where the same program has seen the same weights."""
    files = [Path(module.__file__ or "") for module in PARTS] + [Path(__file__), weights]
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    path = Course.find().cache / "caption_study" / f"{name}-{seed}-{key}.json"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        start = time.process_time()
        made = studied(network(name, seed))
        made["seconds"] = round(time.process_time() - start, 1)
        path.write_text(json.dumps(made))
    return json.loads(path.read_text())


def summary(found: dict[str, Any]) -> Row:
    """The row of the table: what is said of one network in a line."""
    full = found["full"]
    row: Row = {"full": round(sum(full) / len(full), 4)}
    for name in ("true words", "own words"):
        weights = [r["captions"] for r in found["words"]]
        shares = [r[name] for r in found["words"]]
        mean = sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
        row[f"right, {name}"] = round(mean, 4)
    for mistake in found["mistakes"]:
        if mistake["after"] == "a wrong word":
            row["lost after a wrong word"] = mistake["difference"]
            row["standard error"] = mistake["standard error"]
    for count in found["counts"]:
        if count["group"] > 1:
            row[f"{('two', 'three')[count['group'] - 2]} right"] = count["number right"]
    for look in found["attention"]:
        row["attention in the box"] = look["in the box"]
    return row


def bottleneck(full: dict[tuple[str, int], list[bool]]) -> list[Row]:
    """Each decoder without attention beside the one with it, of the same seed."""
    things = torch.tensor([len(scene.objects) for scene in judged("test")])
    pairs = [
        (name, seed)
        for seed in range(SEEDS)
        for name in WITHOUT
        if {(name, seed), (WITH, seed)} <= full.keys()
    ]
    return [
        {"network": name, "seed": seed} | row
        for name, seed in pairs
        for row in caption_rates.without_and_with(
            torch.tensor(full[name, seed]), torch.tensor(full[WITH, seed]), things
        )
    ]


def written(found: dict[tuple[str, int], dict[str, Any]]) -> dict[str, list[Row]]:
    """All lists of the result, from what each network and seed gave."""
    named: dict[tuple[str, int], Row] = {
        (name, seed): {"network": name, "seed": seed} for name, seed in found
    }
    lists = {"rows": [named[key] | summary(one) for key, one in found.items()]}
    for name in LISTS:
        lists[name] = [named[key] | row for key, one in found.items() for row in one[name]]
    lists["bottleneck"] = bottleneck({key: one["full"] for key, one in found.items()})
    train = Counter(c for s in without_pixels("train", 5_000) for c in s.captions)
    constant = train.most_common(1)[0][0]
    captions: dict[tuple[str, int | None], list[str]] = {
        (f"always “{constant}”", None): [constant] * JUDGED,
        **{key: one["captions"] for key, one in found.items()},
    }
    about = [told(scene) for scene in judged("test")]
    return lists | {"references": caption_rates.references(captions, about)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES, nargs="*", default=NAMES)
    parser.add_argument("--seeds", type=int, nargs="*", default=range(SEEDS))
    args = parser.parse_args()
    found = {}
    for seed in args.seeds:
        for name in args.only:
            weights = weights_of(name, seed)
            if weights is None:
                print(name, seed, "is not trained yet: left out", flush=True)
                continue
            found[name, seed] = kept(name, seed, weights)
            print(name, seed, summary(found[name, seed]), flush=True)
    if not found:
        raise SystemExit("no network is trained: python -m benchmarks.caption_seeds")
    lists = written(found)
    seconds = sum(one["seconds"] for one in found.values())
    caption = (
        f"What captioners say, of {JUDGED} scenes of the split test. Right: a full caption can "
        "go on with the word. Standard errors are those of scenes"
    )
    print(record.write("caption_study", lists.pop("rows"), caption=caption, seed=0,
                       seconds=seconds, **lists))  # fmt: skip


if __name__ == "__main__":
    main()
