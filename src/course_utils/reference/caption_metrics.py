"""BLEU and CIDEr-D: how much a caption has in common with what people said of the image.

Both count n-grams, so both are blind to what an n-gram means. Words are what stands between
white space; ``apart`` gives a comma a place of its own. COCO's evaluation first lowers the case
and drops punctuation; numbers of different tokenisers do not compare.

Sources: K. Papineni, S. Roukos, T. Ward and W.-J. Zhu, "BLEU: a method for automatic
evaluation of machine translation", ACL 2002; R. Vedantam, C. Zitnick and D. Parikh, "CIDEr:
consensus-based image description evaluation", CVPR 2015. What the field computes as CIDEr is
the code of COCO's evaluation server, and so is what is here.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

Words = list[str]
Gram = tuple[str, ...]
NGrams = dict[Gram, int]

CIDER_ORDER, SIGMA, SCALE = 4, 6.0, 10.0


def apart(caption: str) -> str:
    """Punctuation as words of its own: "a dog, a cat." becomes "a dog , a cat ."."""
    if not isinstance(caption, str):
        raise ValueError(f"caption is a sentence, not {caption!r}")
    return re.sub(r"\s*([,.;:!?])", r" \1", caption)


def ngrams(words: Sequence[str], n: int) -> NGrams:
    """Every run of n words and how often it occurs; none where there are fewer words."""
    if n < 1 or isinstance(words, str):
        raise ValueError(f"words is a list of them and n is 1 or larger, not {words!r}, {n}")
    counts: NGrams = {}  # a Counter takes longer to make than a sentence to count
    for gram in zip(*(words[i:] for i in range(n)), strict=False):
        counts[gram] = counts.get(gram, 0) + 1
    return counts


def bleu(captions: Sequence[str], references: Sequence[Sequence[str]], order: int = 4) -> float:
    """BLEU of a corpus, without smoothing.

        BLEU = BP · (p_1 · … · p_N)^(1/N),   BP = min(1, e^(1 − r/c))

    p_n is the share of the captions' n-grams that a reference has, each counted at most as
    often as in the reference that has it most often. The counts are summed over all captions
    before they are divided: the BLEU of a corpus is not the mean of its sentences'. c is the
    number of words in all captions, r that of the references closest in length, of two equally
    close ones the shorter.

    Args:
        captions: one for each image.
        references: for each image one or more; their number may differ.
        order: N, the longest n-gram.

    Returns:
        0 to 1; 0 where no n-gram of some order n ≤ N is right, so also where every caption
        has fewer than N words: a right caption of three words has BLEU-4 0. Of an empty caption
        only its reference's length counts. One image or one reference is no special case.

    Raises:
        ValueError: no captions, another number of references than captions, an image without a
            reference, a string where a list of them belongs, or ``order`` below 1.
    """
    _require(captions, references)
    if order < 1:
        raise ValueError(f"order is 1 or larger, not {order}")
    right, total = [0] * order, [0] * order
    c = r = 0
    for caption, others in zip(captions, references, strict=True):
        words, refs = caption.split(), [other.split() for other in others]
        c += len(words)
        r += min((abs(len(ref) - len(words)), len(ref)) for ref in refs)[1]
        for n in range(1, order + 1):
            right[n - 1] += clipped(words, refs, n)
            total[n - 1] += max(0, len(words) - n + 1)
    if not all(right):
        return 0.0
    logs = [math.log(a / b) for a, b in zip(right, total, strict=True)]
    return math.exp(sum(logs) / order + min(0.0, 1 - r / c))


def clipped(words: Words, references: Sequence[Words], n: int) -> int:
    """How many n-grams of the caption a reference has, none more often than it has it."""
    if not references:
        raise ValueError("references is a list with one sentence at least")
    most: NGrams = {}
    for reference in references:
        for gram, count in ngrams(reference, n).items():
            if count > most.get(gram, 0):
                most[gram] = count
    return sum(min(count, most.get(gram, 0)) for gram, count in ngrams(words, n).items())


def cider_d(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """CIDEr-D of a corpus, 0 to 10: the mean of ``cider_d_each``.

    Papers call it CIDEr, and their tables multiply it by 100: 85.5 is 0.855 here.
    """
    scores = cider_d_each(captions, references)
    return sum(scores) / len(scores)


def cider_d_each(captions: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """CIDEr-D of every caption.

        g(s)[w] = count of the n-gram w in s · log(M / number of images with w in a reference)
        CIDEr-D_n(c, r) = e^(−(l(c) − l(r))² / 2σ²) · min(g(c), g(r)) · g(r) / (‖g(c)‖ ‖g(r)‖)

    with the number of images M, lengths l in words and σ = 6; the mean over an image's
    references and over n = 1 … 4, times 10. What is said of every image weighs nothing. An
    n-gram that no reference has weighs as if one image had it.

    Args:
        captions: one for each image.
        references: for each image one or more; their number may differ.

    Returns:
        one number for each image, 0 to 10. An empty caption gets 0. **With one image every
        score is 0**, also that of a perfect caption, because log(1/1) is: weights come from the
        images that are scored together, so scores of two sets do not compare. A perfect caption
        of fewer than four words gets less than 10. One reference is no special case.

    Raises:
        ValueError: no captions, another number of references than captions, an image without a
            reference, or a string where a list of them belongs.
    """
    _require(captions, references)
    counted = [[_counts(reference) for reference in others] for others in references]
    images_with = Counter(
        chain.from_iterable(set(chain(*chain(*others))) for others in counted)
    )
    rarest = math.log(len(captions))
    weights = {gram: rarest - math.log(images) for gram, images in images_with.items()}
    scores = []
    for caption, others in zip(captions, counted, strict=True):
        ours = _vectors(_counts(caption), weights, rarest)
        total = sum(_similarity(ours, reference, weights) for reference in others)
        scores.append(SCALE * total / (CIDER_ORDER * len(others)))
    return scores


def _counts(sentence: str) -> list[NGrams]:
    """The n-grams of every order, 1 … 4."""
    words = sentence.split()
    return [ngrams(words, n) for n in range(1, CIDER_ORDER + 1)]


class _Vectors(NamedTuple):
    """A sentence as tf-idf vectors, one of each order, with their lengths."""

    words: int
    parts: list[dict[Gram, float]]
    norms: list[float]


def _vectors(counts: list[NGrams], weights: dict[Gram, float], unseen: float) -> _Vectors:
    parts = [{w: k * weights.get(w, unseen) for w, k in part.items()} for part in counts]
    norms = [math.hypot(*part.values()) for part in parts]
    return _Vectors(sum(counts[0].values()), parts, norms)


def _similarity(
    caption: _Vectors, reference: list[NGrams], weights: dict[Gram, float]
) -> float:
    """The sum over the orders; the reference's vectors are made on the way."""
    total = 0.0
    for ours, norm, counts in zip(caption.parts, caption.norms, reference, strict=True):
        common = square = 0.0
        for gram, count in counts.items():
            value = count * weights[gram]
            square += value * value
            if gram in ours:
                common += min(ours[gram], value) * value
        if common:
            total += common / (norm * math.sqrt(square))
    apart_by = caption.words - sum(reference[0].values())
    return total * math.exp(-(apart_by**2) / (2 * SIGMA**2))


def _require(captions: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    if isinstance(captions, str) or not len(captions):
        raise ValueError("captions is a list with one sentence at least")
    for n, caption in enumerate(captions):
        if not isinstance(caption, str):
            raise ValueError(f"captions[{n}] is a sentence, not {caption!r}")
    if isinstance(references, str) or len(references) != len(captions):
        raise ValueError(
            f"references has one list for each of the {len(captions)} captions, "
            f"not {len(references)}"
        )
    for n, others in enumerate(references):
        texts = not isinstance(others, str) and all(isinstance(one, str) for one in others)
        if not texts or not len(others):
            raise ValueError(
                f"references[{n}] is a list with one sentence at least, not {others!r}"
            )
