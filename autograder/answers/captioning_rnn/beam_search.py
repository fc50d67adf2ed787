"""Right and wrong answers to exercise `beam_search`; each brings the given helper along."""

from __future__ import annotations

import heapq

import numpy as np
import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALL = "a width beyond all continuations: the best of all captions"
KEEPS = "leaves h and params as they are"
REFUSES = "refuses a width below 1" + EVERY
STEPS = "no more steps than it takes"


@right("lists")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length must be at least 1")
    running, finished = [([], 0.0, h)], []
    for _ in range(length):
        found = []
        for words, total, state in running:
            last = torch.tensor([words[-1] if words else 1])
            log_p, state = next_words(last, state, params)
            for word, p in enumerate(log_p[0].tolist()):
                found.append((words + [word], total + p, state))
        found.sort(key=lambda one: one[1], reverse=True)
        running = [one for one in found[:width] if one[0][-1] != 2]
        finished += [one for one in found[:width] if one[0][-1] == 2]
        best = max((one[1] for one in finished), default=-float("inf"))
        if not running or running[0][1] <= best:
            break
    words, total, _ = max(finished + running, key=lambda one: one[1])
    return words, total


@right("tensors-of-all-beams")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if min(width, length) < 1:
        raise ValueError("too small")
    size = len(params["bias"])
    said = torch.empty(1, 0, dtype=torch.int64)
    sums, last, state = h.new_zeros(1), torch.ones(1, dtype=torch.int64), h
    best, kept = h.new_tensor(-torch.inf), None
    for _ in range(length):
        log_p, state = next_words(last, state, params)
        total = (sums[:, None] + log_p).flatten()
        sums, places = total.topk(min(width, len(total)))
        rows, last = places.div(size, rounding_mode="floor"), places % size
        said = torch.cat([said[rows], last[:, None]], dim=1)
        ends = last == 2
        if ends.any() and sums[ends].max() > best:
            best, kept = sums[ends].max(), said[ends][sums[ends].argmax()]
        said, sums, last, state = said[~ends], sums[~ends], last[~ends], state[rows[~ends]]
        if len(sums) == 0 or best >= sums[0]:
            return kept, best
    return said[0], sums[0]


@right("heap")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width <= 0 or length <= 0:
        raise ValueError(f"width {width}, length {length}")
    beam, done = [(0.0, (), h[0])], (-float("inf"), ())
    while beam and len(beam[0][1]) < length and beam[0][0] > done[0]:
        last = torch.tensor([words[-1] if words else 1 for _, words, _ in beam])
        log_p, states = next_words(last, torch.stack([s for *_, s in beam]), params)
        options = [
            (score + p, i, word)
            for i, (score, _, _) in enumerate(beam)
            for word, p in enumerate(log_p[i].tolist())
        ]
        new = []
        for score, i, word in heapq.nlargest(width, options):
            words = (*beam[i][1], word)
            if word == 2:
                done = max(done, (score, words))
            else:
                new.append((score, words, states[i]))
        beam = new
    score, words = max([done] + [(score, words) for score, words, _ in beam])
    return list(words), score


@right("copies-from-the-start")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length: 1 or more")
    state, last = h.repeat(width, 1), np.ones(width, dtype=int)
    scores = np.full(width, -np.inf)
    scores[0] = 0
    said, best, kept = [[] for _ in range(width)], -np.inf, []
    for _ in range(length):
        log_p, state = next_words(torch.from_numpy(last), state, params)
        total = scores[:, None] + log_p.numpy()
        order = np.argsort(-total, axis=None)
        rows, words = np.unravel_index(order, total.shape)
        for row in rows[:width][words[:width] == 2]:
            if total[row, 2] > best:
                best, kept = float(total[row, 2]), [*said[row], 2]
        rows, words = rows[words != 2][:width], words[words != 2][:width]
        scores, last = total[rows, words], words
        said = [[*said[row], int(word)] for row, word in zip(rows, words, strict=True)]
        state = state[torch.from_numpy(rows)]
        if best >= scores[0]:
            break
    return (kept, best) if best >= scores[0] else (said[0], float(scores[0]))


@wrong("width-of-the-first-step", ALL, "raised")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length must be at least 1")
    size = len(params["bias"])
    said, sums = torch.empty(1, 0, dtype=torch.int64), h.new_zeros(1)
    last, best, kept = torch.tensor([1]), -torch.inf, None
    for _ in range(length):
        log_p, h = next_words(last, h, params)
        sums, places = (sums[:, None] + log_p).flatten().topk(width)
        rows, last = places // size, places % size
        said = torch.cat([said[rows], last[:, None]], dim=1)
        ends = last == 2
        if ends.any() and sums[ends].max() > best:
            best, kept = sums[ends].max().item(), said[ends][0]
        said, sums, last, h = said[~ends], sums[~ends], last[~ends], h[rows[~ends]]
        if len(sums) == 0 or best >= sums[0]:
            return kept, best
    return said[0], sums[0]


@wrong("a-caption-without-its-end", Exercise.WHOLE, "the words lack <end>")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length must be at least 1")
    running, finished = [([], 0.0, h)], []
    for _ in range(length):
        found = []
        for words, total, state in running:
            last = torch.tensor([words[-1] if words else 1])
            log_p, state = next_words(last, state, params)
            for word, p in enumerate(log_p[0].tolist()):
                found.append((words + [word], total + p, state))
        found = sorted(found, key=lambda one: -one[1])[:width]
        running = [one for one in found if one[0][-1] != 2]
        finished += [(one[0][:-1], *one[1:]) for one in found if one[0][-1] == 2]
        if not running:
            break
    return max(finished + running, key=lambda one: one[1])[:2]


@wrong("nothing-refused-but-the-width", REFUSES, "should raise a ValueError")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1:
        raise ValueError("width must be at least 1")
    running, finished = [([], 0.0, h)], []
    for _ in range(length):
        found = []
        for words, total, state in running:
            last = torch.tensor([words[-1] if words else 1])
            log_p, state = next_words(last, state, params)
            for word, p in enumerate(log_p[0].tolist()):
                found.append((words + [word], total + p, state))
        found = sorted(found, key=lambda one: -one[1])[:width]
        running = [one for one in found if one[0][-1] != 2]
        finished += [one for one in found if one[0][-1] == 2]
        if not running or max([one[1] for one in finished], default=-1e9) >= running[0][1]:
            break
    return max(finished + running, key=lambda one: one[1])[:2]


@wrong("always-to-the-last-step", STEPS, "goes on after")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length must be at least 1")
    running, finished = [([], 0.0, h)], []
    for _ in range(length):
        found = []
        for words, total, state in running:
            last = torch.tensor([words[-1] if words else 1])
            log_p, state = next_words(last, state, params)
            for word, p in enumerate(log_p[0].tolist()):
                found.append((words + [word], total + p, state))
        found.sort(key=lambda one: -one[1])
        finished += [one for one in found[:width] if one[0][-1] == 2]
        running = [one for one in found if one[0][-1] != 2][:width]
    return max(finished + running, key=lambda one: one[1])[:2]


@wrong("state-in-place", KEEPS, "changed in place")
def beam_search(h, params, width, length):
    def next_words(words, h, params):
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        h = torch.gru_cell(params["words"][words], h, *(params[k] for k in names))
        return F.log_softmax(h @ params["out"].T + params["bias"], -1), h

    if width < 1 or length < 1:
        raise ValueError("width and length must be at least 1")
    running, finished = [([], 0.0, h)], []
    for _ in range(length):
        found = []
        for words, total, state in running:
            last = torch.tensor([words[-1] if words else 1])
            log_p, new = next_words(last, state, params)
            state.copy_(new)
            for word, p in enumerate(log_p[0].tolist()):
                found.append((words + [word], total + p, new))
        found = sorted(found, key=lambda one: -one[1])[:width]
        running = [(w, t, s.clone()) for w, t, s in found if w[-1] != 2]
        finished += [one for one in found if one[0][-1] == 2]
        if not running or max([one[1] for one in finished], default=-1e9) >= running[0][1]:
            break
    return max(finished + running, key=lambda one: one[1])[:2]
