"""Right and wrong answers to exercise `positives`."""

from __future__ import annotations

import numpy as np
import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

NEIGHBOURS = "interleaved: views 2k and 2k + 1 are partners"


BLOCKS = "in two blocks: rows k and k + n are partners"


WHICH = "interleaved says which of the two orders it is"


ROWS = "a row for each of the 2n views, counted from 0"


INT64 = "gives int64: an index and a target"


ANY = "any number of pictures"


@right("arithmetic")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@right("loop")
def positives(n, interleaved):
    out = []
    for i in range(2 * n):
        if interleaved:
            out.append(i + 1 if i % 2 == 0 else i - 1)
        else:
            out.append(i + n if i < n else i - n)
    return torch.tensor(out)


@right("reshape-and-flip")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i.view(n, 2).flip(1).flatten() if interleaved else i.view(2, n).flip(0).flatten()


@right("by-labels")
def positives(n, interleaved):
    picture = torch.arange(n)
    picture = picture.repeat_interleave(2) if interleaved else picture.repeat(2)
    alike = (picture[:, None] == picture).float()
    return alike.fill_diagonal_(0).argmax(1)


@right("numpy")
def positives(n, interleaved):
    i = np.arange(2 * n)
    j = np.where(i % 2 == 0, i + 1, i - 1) if interleaved else np.roll(i, n)
    return torch.from_numpy(j)


@wrong("itself-interleaved", NEIGHBOURS, "each row is its own positive")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i if interleaved else (i + n) % (2 * n)


@wrong("always-blocks", NEIGHBOURS, "rows k and k + n: here")
def positives(n, interleaved):
    return torch.arange(2 * n).roll(n)


@wrong("chain", NEIGHBOURS, "every row's positive is the next one")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i + 1) % (2 * n) if interleaved else (i + n) % (2 * n)


@wrong("always-one-more", NEIGHBOURS, "always i + 1")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i + 1 if interleaved else (i + n) % (2 * n)


@wrong("second-half-of-blocks", BLOCKS, "always i + n")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i + n


@wrong("picture-in-blocks", BLOCKS, "the number of the picture")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else torch.cat([torch.arange(n), torch.arange(n)])


@wrong("reversed-blocks", BLOCKS, "in reverse order")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i.flip(0)


@wrong("swapped", WHICH, "the two orders are swapped")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i + n) % (2 * n) if interleaved else i ^ 1


@wrong("first-n", ROWS, "only the first n rows")
def positives(n, interleaved):
    return torch.arange(n) ^ 1 if interleaved else torch.arange(n, 2 * n)


@wrong("from-one", ROWS, "counted from 1")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i ^ 1) + 1 if interleaved else (i + n) % (2 * n) + 1


@wrong("floats", INT64, "torch.float32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return (i ^ 1).float() if interleaved else i.roll(n).float()


@wrong("int32", INT64, "torch.int32 came out")
def positives(n, interleaved):
    i = torch.arange(2 * n, dtype=torch.int32)
    return i ^ 1 if interleaved else (i + n) % (2 * n)


@wrong("a-list", INT64, "returned a list")
def positives(n, interleaved):
    return [i ^ 1 if interleaved else (i + n) % (2 * n) for i in range(2 * n)]


@wrong("power-of-two", ANY, "at index")
def positives(n, interleaved):
    i = torch.arange(2 * n)
    return i ^ 1 if interleaved else i ^ n
