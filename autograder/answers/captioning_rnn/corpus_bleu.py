"""Right and wrong answers to exercise `corpus_bleu`."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

EMPTY = "0 where some p is 0; empty candidates"
KEEPS = "gives a float and leaves the lists alone"
REFUSES = "refuses another number of references than candidates"


@right("counters")
def corpus_bleu(candidates, references):
    if len(candidates) == 0 or len(candidates) != len(references):
        raise ValueError("one list of references for each candidate")
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for candidate, others in zip(candidates, references, strict=True):
        if not others:
            raise ValueError("a candidate has no reference")
        words, others = candidate.split(), [other.split() for other in others]
        c += len(words)
        r += sorted((abs(len(o) - len(words)), len(o)) for o in others)[0][1]
        for n in range(1, 5):
            mine = Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
            most = Counter()
            for other in others:
                most |= Counter(tuple(other[i : i + n]) for i in range(len(other) - n + 1))
            right[n - 1] += (mine & most).total()
            total[n - 1] += mine.total()
    if 0 in right:
        return 0.0
    logs = [math.log(a / b) for a, b in zip(right, total, strict=True)]
    return math.exp(sum(logs) / 4 + min(0, 1 - r / c))


@right("plain-loops")
def corpus_bleu(candidates, references):
    if not candidates:
        raise ValueError("no candidates")
    if len(candidates) != len(references) or any(len(o) < 1 for o in references):
        raise ValueError("references do not fit")
    product = 1.0
    for n in (1, 2, 3, 4):
        good, all_of_them = 0, 0
        for candidate, others in zip(candidates, references, strict=True):
            words = candidate.split()
            mine = [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
            all_of_them += len(mine)
            for gram in set(mine):
                limit = 0
                for other in others:
                    theirs = other.split()
                    count = 0
                    for i in range(len(theirs) - n + 1):
                        if " ".join(theirs[i : i + n]) == gram:
                            count += 1
                    limit = max(limit, count)
                good += min(limit, mine.count(gram))
        if good == 0:
            return 0.0
        product *= good / all_of_them
    c = sum(len(x.split()) for x in candidates)
    r = 0
    for candidate, others in zip(candidates, references, strict=True):
        n = len(candidate.split())
        lengths = sorted(len(o.split()) for o in others)
        r += min(lengths, key=lambda m: abs(m - n))
    return product**0.25 * (1.0 if c > r else math.exp(1 - r / c))


@right("numpy")
def corpus_bleu(candidates, references):
    if len(candidates) != len(references) or len(candidates) < 1:
        raise ValueError("numbers differ, or nothing to score")
    counts, lengths = np.zeros((4, 2)), np.zeros(2)
    for candidate, others in zip(candidates, references, strict=True):
        if len(others) == 0:
            raise ValueError("no reference")
        split = [candidate.split(), *(o.split() for o in others)]
        sizes = np.array(sorted(len(s) for s in split[1:]))
        nearest = sizes[np.abs(sizes - len(split[0])).argmin()]
        lengths += [len(split[0]), nearest]
        for n in range(4):
            tables = []
            for s in split:
                table = defaultdict(int)
                for gram in zip(*(s[i:] for i in range(n + 1)), strict=False):
                    table[gram] += 1
                tables.append(table)
            for gram, k in tables[0].items():
                counts[n] += [min(k, max(t.get(gram, 0) for t in tables[1:])), k]
    if (counts[:, 0] == 0).any():
        return 0.0
    p = counts[:, 0] / counts[:, 1]
    c, r = lengths
    return float(np.exp(np.log(p).mean()) * min(1, np.exp(1 - r / c)))


@right("torch")
def corpus_bleu(candidates, references):
    pairs = list(zip(candidates, references, strict=True))  # raises where lengths differ
    if not pairs or not all(references):
        raise ValueError("nothing to compare")

    def ngrams(sentence, n):
        words = sentence.split()
        return Counter(tuple(words[i : i + n]) for i in range(max(0, len(words) - n + 1)))

    def hits(candidate, others, n):
        found = 0
        for gram, k in ngrams(candidate, n).items():
            found += min(k, max(ngrams(o, n)[gram] for o in others))
        return found

    right = torch.tensor([sum(hits(c, o, n) for c, o in pairs) for n in range(1, 5)]).double()
    total = torch.tensor(
        [sum(sum(ngrams(c, n).values()) for c, _ in pairs) for n in range(1, 5)]
    )
    c = sum(len(x.split()) for x, _ in pairs)
    r = sum(
        min((abs(len(o.split()) - len(x.split())), len(o.split())) for o in others)[1]
        for x, others in pairs
    )
    if c == 0:
        return 0.0
    p = (right / total.clamp(min=1)).log().mean().exp()
    return (p * min(1.0, math.exp(1 - r / c))).item()


@wrong("characters", Exercise.WHOLE, "got")
def corpus_bleu(candidates, references):
    if len(candidates) != len(references) or not candidates or not all(references):
        raise ValueError("candidates and references")
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for words, others in zip(candidates, references, strict=True):
        c += len(words)
        r += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, 5):
            mine = Counter(words[i : i + n] for i in range(len(words) - n + 1))
            most = Counter()
            for o in others:
                most |= Counter(o[i : i + n] for i in range(len(o) - n + 1))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if 0 in right:
        return 0.0
    logs = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / 4
    return math.exp(logs + min(0, 1 - r / c))


@wrong("log-of-zero", EMPTY, "raised")
def corpus_bleu(candidates, references):
    if len(candidates) != len(references) or not candidates or not all(references):
        raise ValueError("candidates and references")
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for candidate, others in zip(candidates, references, strict=True):
        words, others = candidate.split(), [o.split() for o in others]
        c += len(words)
        r += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, 5):
            mine = Counter(zip(*(words[i:] for i in range(n)), strict=False))
            most = Counter()
            for o in others:
                most |= Counter(zip(*(o[i:] for i in range(n)), strict=False))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    logs = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / 4
    return math.exp(logs + min(0, 1 - r / c))


@wrong("nothing-refused", REFUSES, "other numbers")
def corpus_bleu(candidates, references):
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for candidate, others in zip(candidates, references, strict=False):
        words, others = candidate.split(), [o.split() for o in others]
        c += len(words)
        r += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, 5):
            mine = Counter(zip(*(words[i:] for i in range(n)), strict=False))
            most = Counter()
            for o in others:
                most |= Counter(zip(*(o[i:] for i in range(n)), strict=False))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if 0 in right:
        return 0.0
    logs = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / 4
    return math.exp(logs + min(0, 1 - r / c))


@wrong("no-candidates-is-0", REFUSES + EVERY, "without candidates")
def corpus_bleu(candidates, references):
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for candidate, others in zip(candidates, references, strict=True):
        words, others = candidate.split(), [o.split() for o in others]
        c += len(words)
        r += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, 5):
            mine = Counter(zip(*(words[i:] for i in range(n)), strict=False))
            most = Counter()
            for o in others:
                most |= Counter(zip(*(o[i:] for i in range(n)), strict=False))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if 0 in right:
        return 0.0
    logs = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / 4
    return math.exp(logs + min(0, 1 - r / c))


@wrong("a-tensor", KEEPS, "returned a Tensor, expected a float")
def corpus_bleu(candidates, references):
    if len(candidates) != len(references) or not candidates or not all(references):
        raise ValueError("candidates and references")
    right, total, c, r = torch.zeros(4), torch.zeros(4), 0, 0
    for candidate, others in zip(candidates, references, strict=True):
        words, others = candidate.split(), [o.split() for o in others]
        c += len(words)
        r += min((abs(len(o) - len(words)), len(o)) for o in others)[1]
        for n in range(1, 5):
            mine = Counter(zip(*(words[i:] for i in range(n)), strict=False))
            most = Counter()
            for o in others:
                most |= Counter(zip(*(o[i:] for i in range(n)), strict=False))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if c == 0:
        return torch.zeros(())
    return (right / total.clamp(min=1)).log().mean().exp() * min(1, math.exp(1 - r / c))


@wrong("sorted-in-place", KEEPS, "changed in place")
def corpus_bleu(candidates, references):
    if len(candidates) != len(references) or not candidates or not all(references):
        raise ValueError("candidates and references")
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for candidate, others in zip(candidates, references, strict=True):
        words = candidate.split()
        others.sort(key=lambda o: (abs(len(o.split()) - len(words)), len(o.split())))
        c, r = c + len(words), r + len(others[0].split())
        for n in range(1, 5):
            mine = Counter(zip(*(words[i:] for i in range(n)), strict=False))
            most = Counter()
            for o in others:
                most |= Counter(zip(*(o.split()[i:] for i in range(n)), strict=False))
            right[n - 1] += sum((mine & most).values())
            total[n - 1] += sum(mine.values())
    if 0 in right:
        return 0.0
    logs = sum(math.log(a / b) for a, b in zip(right, total, strict=True)) / 4
    return math.exp(logs + min(0, 1 - r / c))
