"""kit/detection.js: overlaps and suppression as torchvision, precision by its definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torchvision import ops

from tests.widgets.kit import javascript

KIT = "detection.js"


def boxes(n: int) -> Tensor:
    first = 30 * torch.rand(n, 2).double()
    return torch.cat([first, first + 5 + 25 * torch.rand(n, 2).double()], 1)


def test_iou(tmp_path: Path) -> None:
    torch.manual_seed(0)
    a, b = boxes(8), boxes(9)
    pairs = [("iou", [x, y]) for x in a.tolist() for y in b.tolist()]
    answers = javascript(tmp_path, KIT, pairs)
    right = ops.box_iou(a, b)
    assert (right == 0).any()
    assert answers == pytest.approx(right.flatten().tolist(), abs=1e-12)


def test_overlaps_without_area(tmp_path: Path) -> None:
    """Boxes that touch, a point, a box turned inside out: nothing is shared, nothing is NaN."""
    box, beside, point = [0, 0, 4, 2], [4, 0, 8, 2], [1, 1, 1, 1]
    pairs = [(box, beside), (box, point), (point, point), (box, [3, 1, 1, 2]), (box, box)]
    answers = javascript(tmp_path, KIT, [("overlap", list(pair)) for pair in pairs])
    assert [answer["iou"] for answer in answers] == [0, 0, 0, 0, 1]
    assert answers[0] == {"iou": 0, "both": 0, "union": 16}


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.9])
def test_suppression(tmp_path: Path, threshold: float) -> None:
    torch.manual_seed(1)
    x, scores, labels = boxes(40), torch.randperm(40).double() / 40, torch.randint(3, (40,))
    overlaps = ops.box_iou(x, x).triu(1)
    assert ((overlaps - threshold).abs() > 1e-4)[overlaps > 0].all()
    given = [x.tolist(), scores.tolist(), threshold]
    plain, by_class = javascript(
        tmp_path, KIT, [("nms", given), ("nms", [*given, labels.tolist()])]
    )
    assert plain["kept"] == ops.nms(x, scores, threshold).tolist()
    assert by_class["kept"] == ops.batched_nms(x, scores, labels, threshold).tolist()
    for n, better in enumerate(by_class["by"]):
        assert (better == -1) == (n in by_class["kept"])
        if better >= 0:
            assert scores[better] > scores[n]
            assert labels[better] == labels[n]
            assert ops.box_iou(x[None, n], x[None, better]) > threshold


def test_ties_of_suppression(tmp_path: Path) -> None:
    """The first of equal scores stays; an overlap of exactly the threshold removes nothing."""
    box, half, other = [0, 0, 4, 2], [0, 0, 2, 2], [20, 20, 24, 22]
    equal, edge, none = javascript(
        tmp_path,
        KIT,
        [
            ("nms", [[other, box, box], [0.5, 0.5, 0.5], 0.5]),
            ("nms", [[box, half], [0.9, 0.8], 0.5]),
            ("nms", [[], [], 0.5]),
        ],
    )
    assert equal == {"kept": [0, 1], "by": [-1, -1, 1]}
    assert edge["kept"] == [0, 1]
    assert none == {"kept": [], "by": []}


def by_definition(hits: list[bool], truths: int) -> float:
    """The mean over the true boxes of the best precision at which so many are found."""
    points = [(sum(hits[: n + 1]), sum(hits[: n + 1]) / (n + 1)) for n in range(len(hits))]
    best = [
        max((p for found, p in points if found >= m), default=0.0) for m in range(1, truths + 1)
    ]
    return sum(best) / truths


def matches(found: list[dict[str, Any]], truths: list[dict[str, Any]], t: float) -> list[bool]:
    """In the order of scores, whether a free box of the image overlaps by the threshold."""
    free, hits = list(truths), []
    for detection in sorted(found, key=lambda d: -d["score"]):
        here = [truth for truth in free if truth["image"] == detection["image"]]
        overlaps = [iou(detection["box"], truth["box"]) for truth in here]
        hit = max(overlaps, default=0) >= t
        if hit:
            free.remove(here[overlaps.index(max(overlaps))])
        hits.append(hit)
    return hits


def iou(a: list[float], b: list[float]) -> float:
    return ops.box_iou(torch.tensor([a]).double(), torch.tensor([b]).double()).item()


def scenes(shift: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """True boxes of four images; each is found twice, nearly, beside detections of nothing."""
    truths = [{"image": n % 4, "box": box} for n, box in enumerate(boxes(14).tolist())]
    near = [
        {"image": t["image"], "box": (torch.tensor(t["box"]) + shift * torch.randn(4)).tolist()}
        for t in 2 * truths
    ]
    near += [{"image": n % 4, "box": box} for n, box in enumerate(boxes(9).tolist())]
    scores = torch.randperm(len(near)).tolist()
    return [d | {"score": s / 100} for d, s in zip(near, scores, strict=True)], truths


@pytest.mark.parametrize("shift", [0.5, 2.0, 3.5])
@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_average_precision(tmp_path: Path, shift: float, threshold: float) -> None:
    torch.manual_seed(2)
    found, truths = scenes(shift)
    got, curve = javascript(
        tmp_path,
        KIT,
        [
            (name, [found, truths, threshold])
            for name in ("averagePrecision", "precisionRecall")
        ],
    )
    hits = matches(found, truths, threshold)
    assert got == pytest.approx(by_definition(hits, len(truths)), abs=1e-12)
    assert 0 < got < 1
    assert curve[-1]["recall"] == pytest.approx(sum(hits) / len(truths))
    assert curve[-1]["precision"] == pytest.approx(sum(hits) / len(hits))


def test_average_precision_at_its_ends(tmp_path: Path) -> None:
    """All found: 1. Nothing found, or in another image: 0. A true box counts once."""
    box = [0, 0, 4, 4]
    truths = [{"image": 0, "box": box}, {"image": 1, "box": box}]
    perfect = [truth | {"score": 0.9} for truth in truths]
    elsewhere = [{"image": 2, "box": box, "score": 0.9}]
    twice = [truths[0] | {"score": score} for score in (0.9, 0.8)]
    answers = javascript(
        tmp_path,
        KIT,
        [("averagePrecision", [found, truths]) for found in (perfect, [], elsewhere, twice)],
    )
    assert answers == [1, 0, 0, 0.5]
    assert javascript(tmp_path, KIT, [("matched", [twice, truths, 0.5])]) == [[0, -1]]
