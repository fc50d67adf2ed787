"""Right and wrong answers to exercise `text_features`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "one text alone, of one word or more"
FIRST = "the state at the first end word"
GRADIENT = "the gradient reaches states, projection"
KEEPS = "gives the dtype that came in; inputs stay as they are"
PROJECTED = "multiplied by the projection, then made 1 long"
REFUSES = "refuses a row without its end word"


@right("argmax-of-a-mask")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(dim=1).all():
        raise ValueError("a text has no end")
    where = is_end.int().argmax(dim=1)
    return F.normalize(states[torch.arange(len(states)), where] @ projection, dim=-1)


@right("row-by-row")
def text_features(states, tokens, end, projection):
    out = []
    for state, row in zip(states, tokens.tolist(), strict=True):
        if end not in row:
            raise ValueError(f"no {end} in {row}")
        y = state[row.index(end)] @ projection
        out.append(y / y.norm())
    return torch.stack(out)


@right("gather-the-smallest-position")
def text_features(states, tokens, end, projection):
    b, n, d = states.shape
    places = torch.where(tokens == end, torch.arange(n), n)
    first = places.min(dim=1).values
    if (first == n).any():
        raise ValueError("end is missing")
    state = states.gather(1, first.view(b, 1, 1).expand(b, 1, d)).squeeze(1)
    y = state.mm(projection)
    return y / y.pow(2).sum(1, keepdim=True).sqrt()


@right("weights-of-one")
def text_features(states, tokens, end, projection):
    is_end = (tokens == end).long()
    if (is_end.sum(1) == 0).any():
        raise ValueError("end is missing")
    first = is_end * (is_end.cumsum(1) == 1)
    y = torch.einsum("bl,bld,de->be", first.to(states.dtype), states, projection)
    return y / torch.linalg.vector_norm(y, dim=1, keepdim=True)


@right("all-positions-projected")
def text_features(states, tokens, end, projection):
    everything = F.normalize(torch.matmul(states, projection), dim=2)
    rows = []
    for i in range(tokens.size(0)):
        (places,) = torch.nonzero(tokens[i] == end, as_tuple=True)
        if places.numel() == 0:
            raise ValueError("end is missing")
        rows.append(everything[i, places[0]])
    return torch.stack(rows)


@wrong("last-position", FIRST, "the last position")
def text_features(states, tokens, end, projection):
    if not (tokens == end).any(1).all():
        raise ValueError("end is missing")
    return F.normalize(states[:, -1] @ projection, dim=1)


@wrong("as-released", FIRST, "the largest number")
def text_features(states, tokens, end, projection):
    if not (tokens == end).any(1).all():
        raise ValueError("end is missing")
    return F.normalize(
        states[torch.arange(len(states)), tokens.argmax(dim=-1)] @ projection, dim=1
    )


@wrong("last-end", FIRST, "the last end word")
def text_features(states, tokens, end, projection):
    where = []
    for row in tokens:
        places = (row == end).nonzero().flatten()
        if not len(places):
            raise ValueError("end is missing")
        where.append(int(places[-1]))
    return F.normalize(states[range(len(where)), where] @ projection, dim=1)


@wrong("number-of-words", FIRST, "words that are not 0 are counted")
def text_features(states, tokens, end, projection):
    if not (tokens == end).any(1).all():
        raise ValueError("end is missing")
    lengths = (tokens != 0).sum(1)
    return F.normalize(states[torch.arange(len(states)), lengths - 1] @ projection, dim=1)


@wrong("mean-of-all", FIRST, "the mean over all positions")
def text_features(states, tokens, end, projection):
    if not (tokens == end).any(1).all():
        raise ValueError("end is missing")
    return F.normalize(states.mean(1) @ projection, dim=1)


@wrong("the-word-before", Exercise.WHOLE, "expected")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    where = (is_end.int().argmax(1) - 1).clamp(min=0)
    return F.normalize(states[torch.arange(len(states)), where] @ projection, dim=1)


@wrong("not-normalised", PROJECTED, "not normalised")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    return states[torch.arange(len(states)), is_end.int().argmax(1)] @ projection


@wrong("normalised-too-early", PROJECTED, "the state is made 1 long")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    state = states[torch.arange(len(states)), is_end.int().argmax(1)]
    return F.normalize(state, dim=1) @ projection


@wrong("as-a-linear-layer", PROJECTED, "the projection is transposed")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    state = states[torch.arange(len(states)), is_end.int().argmax(1)]
    return F.normalize(F.linear(state, projection), dim=1)


@wrong("squeezed", ALONE, "shape")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    state = states[torch.arange(len(states)), is_end.int().argmax(1)].squeeze()
    return F.normalize(state @ projection, dim=-1)


@wrong("states-held-constant", GRADIENT, "no gradient of states")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    state = states.detach()[torch.arange(len(states)), is_end.int().argmax(1)]
    return F.normalize(state @ projection, dim=1)


@wrong("float32", KEEPS, "torch.float32 came out")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if not is_end.any(1).all():
        raise ValueError("end is missing")
    state = states.float()[torch.arange(len(states)), is_end.int().argmax(1)]
    return F.normalize(state @ projection.float(), dim=1)


@wrong("in-place", KEEPS, "changed in place")
def text_features(states, tokens, end, projection):
    if not (tokens == end).any(1).all():
        raise ValueError("end is missing")
    tokens[tokens == end] = 100
    where = tokens.argmax(1)
    return F.normalize(states[torch.arange(len(states)), where] @ projection, dim=1)


@wrong("position-0-where-there-is-none", REFUSES, "such a row should raise")
def text_features(states, tokens, end, projection):
    where = (tokens == end).int().argmax(1)
    return F.normalize(states[torch.arange(len(states)), where] @ projection, dim=1)


@wrong("ends-are-counted", REFUSES + EVERY, "such a row should raise")
def text_features(states, tokens, end, projection):
    is_end = tokens == end
    if is_end.sum() < len(tokens):
        raise ValueError("end is missing")
    state = states[torch.arange(len(states)), is_end.int().argmax(1)]
    return F.normalize(state @ projection, dim=1)
