"""The definition of a beam search, and small networks for which it matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course_utils.checks.captioning_rnn.parts import END, START, Params, cell_params, stepped
from course_utils.checks.compare import number
from course_utils.checks.core import Draw


class Said(NamedTuple):
    """A caption: what it is compared by, its words, the sum of its log p."""

    worth: float
    words: list[int]
    log_p: float


class Next(NamedTuple):
    """A continuation of a running caption: its sum of log p, whose it is, and its word."""

    log_p: float
    row: int
    word: int


def continuations(sums: Tensor, log_p: Tensor) -> list[Next]:
    """The likeliest first."""
    total = sums[:, None] + log_p
    values, places = total.flatten().sort(descending=True)
    size = total.shape[1]
    pairs = zip(values.tolist(), places.tolist(), strict=True)
    return [Next(value, place // size, place % size) for value, place in pairs]


def cannot_pass(best: Said, sums: Tensor) -> bool:
    return best.log_p >= float(sums.max())


def the_best(best: Said, running: list[Said]) -> Said:
    return max(best, *running)


def searched(
    h: Tensor,
    params: Params,
    width: int,
    length: int,
    *,
    valid: Callable = lambda width, length: width >= 1 and length >= 1,
    keeps: Callable = lambda width: width,
    steps: Callable = lambda length: length,
    adds: Callable = lambda sums: sums,
    counts: Callable = lambda order, width: order[:width],
    runs: Callable = lambda word: word != END,
    room: Callable = lambda width, done: width,
    follows: Callable = lambda h, rows: h[rows],
    worth: Callable = lambda log_p, n: log_p,
    stops: Callable = cannot_pass,
    cut: Callable = the_best,
    gives: Callable = lambda words: words,
) -> tuple[list[int], float]:
    """The likeliest caption that a beam of ``width`` finds, and its log p."""
    if not valid(width, length):
        raise ValueError("width and length are 1 or larger")
    width, done = keeps(width), 0
    said, sums, best = [[START]], h.new_zeros(1), Said(-torch.inf, [], -torch.inf)
    for _ in range(steps(length)):
        h = stepped(params["words"][torch.tensor([words[-1] for words in said])], h, params)
        log_p = (h @ params["out"].T + params["bias"]).log_softmax(-1)
        order = continuations(adds(sums), log_p)
        ended = [n for n in counts(order, width) if n.word == END]
        for n in ended:
            words = [*said[n.row], END]
            best = max(best, Said(worth(n.log_p, len(words) - 1), words, n.log_p))
        done += len(ended)
        order = [n for n in order if runs(n.word)][: room(width, done)]
        said = [[*said[n.row], n.word] for n in order]
        sums, h = h.new_tensor([n.log_p for n in order]), follows(h, [n.row for n in order])
        if not order or stops(best, sums):
            return gives(best.words[1:]), best.log_p
    values = zip(said, sums.tolist(), strict=True)
    running = [Said(worth(v, max(1, len(words) - 1)), words, v) for words, v in values]
    found = cut(best, running)
    return gives(found.words[1:]), found.log_p


def network(draw: Draw, v: int, e: int, n: int, ends: float) -> tuple[Tensor, Params]:
    """h (1, n) and a network of v words; ``ends``: how much it wants to end."""
    params = cell_params(draw, e, n) | {
        "words": 2 * draw.normal(v, e),
        "out": 3 * draw.normal(v, n) / n**0.5,
        "bias": draw.normal(v) / 2,
    }
    params["weight_hh"] *= 2
    params["bias"][END] += ends
    return draw.normal(1, n), params


def telling(
    draw: Draw,
    size: tuple[int, int, int],
    width: int,
    length: int,
    *changes: Mapping[str, Any],
    ends: float = 0.0,
    when: Callable = lambda words: True,
) -> tuple[Tensor, Params, int, int]:
    """A network for which each of these changes finds another caption.

    None of its decisions is a close one: rounding to float32 and more changes nothing.
    """
    for _ in range(3000):
        h, params = network(draw, *size, ends)
        words, _ = searched(h, params, width, length)
        others = (searched(h, params, width, length, **change)[0] for change in changes)
        if not when(words) or any(words == other for other in others):
            continue
        noise = [{k: x + 2e-4 * draw.normal(*x.shape) for k, x in params.items()} for _ in "ab"]
        if all(searched(h, near, width, length)[0] == words for near in noise):
            return h, params, width, length
    raise RuntimeError("no such network was drawn")


def told(got: Any) -> Any:
    """A reader: words, from a list or a tensor, as text, for the message; log p as a number."""
    if not (isinstance(got, tuple | list) and len(got) == 2):
        return got
    words, log_p = got
    if isinstance(words, Tensor):
        words = words.tolist()
    if isinstance(words, tuple | list):
        words = str([number(word) for word in words])
    return words, number(log_p)
