"""Right and wrong answers to exercise `guided`; each brings the helper along."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank
from course_utils.checks.exercise import EVERY, Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches network"
KEEPS = "gives the dtype that came in; inputs stay as they are"
NOBODY = 'u is said of the class −1, "no class": a row whose class is −1 stays u'
ONE = "one row; no row with a class"
REFUSES = "refuses a scale below 0"
WAY = "u + scale · (c − u)"


@right("two-calls")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@right("one-call")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if not scale >= 0:
        raise ValueError("a negative scale leads away from the class")
    nobody = torch.full_like(classes, -1)
    said = predict(network, torch.cat([xt, xt]), torch.cat([classes, nobody]))
    c, u = said.chunk(2)
    return torch.lerp(u, c, float(scale))


@right("weights-that-add-up-to-1")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError
    u = predict(network, xt, torch.tensor([-1] * len(classes)))
    return (1 - scale) * u + scale * predict(network, xt, classes)


@right("rows-with-a-class-only")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0.0:
        raise ValueError("scale")
    u = predict(network, xt, torch.zeros_like(classes) - 1)
    out = u.clone()
    told = classes >= 0
    out[told] = u[told] + scale * (predict(network, xt[told], classes[told]) - u[told])
    return out


@right("row-by-row")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale")
    rows = []
    for x, k in zip(xt, classes.tolist(), strict=True):
        u, c = predict(network, torch.stack([x, x]), torch.tensor([-1, k]))
        rows.append(u + (c - u) * scale)
    return torch.stack(rows)


@right("interleaved")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale")
    pairs = torch.stack([classes, torch.empty_like(classes).fill_(-1)], dim=1)
    said = predict(network, xt.repeat_interleave(2, dim=0), pairs.flatten())
    said = said.view(len(xt), 2, -1)
    return said[:, 1] - scale * said.diff(dim=1)[:, 0]


@wrong("from-c-on", WAY, "starts at c, as for w = scale − 1")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return (1 + scale) * c - scale * u


@wrong("halves-mixed-up", WAY, "c and u have changed places")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    both = torch.cat([classes, torch.full_like(classes, -1)])
    u, c = predict(network, xt.repeat(2, 1), both).chunk(2)
    return u + scale * (c - u)


@wrong("class-0", NOBODY, 'class 0 stands for "no class"')
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.zeros_like(classes))
    return u + scale * (c - u)


@wrong("repeated-rows-side-by-side", Exercise.WHOLE, "expected")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    both = torch.cat([classes, torch.full_like(classes, -1)])
    c, u = predict(network, xt.repeat_interleave(2, dim=0), both).chunk(2)
    return u + scale * (c - u)


@wrong("u-without-gradient", GRADIENT, "no gradient through u")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    with torch.no_grad():
        u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@wrong("no-grad", GRADIENT, "no gradient of network[0]")
@torch.no_grad()
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@wrong("classes-overwritten", KEEPS, "changed in place")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    classes[:] = -1
    u = predict(network, xt, classes)
    return u + scale * (c - u)


@wrong("float32", KEEPS, "torch.float32 came out")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    network, xt = [w.float() for w in network], xt.float()
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@wrong("squeezed", ONE, "shape (3,), expected (1, 3)")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return (u + scale * (c - u)).squeeze(0)


@wrong("wants-a-class", ONE, "which the task allows")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 0 or (classes == -1).all():
        raise ValueError("a scale of 0 or more, and a class")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@wrong("rounded-first", REFUSES + EVERY, "a scale below 0 should raise a ValueError")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if int(scale) < 0:
        raise ValueError("scale must be 0 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)


@wrong("at-least-1", Exercise.WHOLE, "which the task allows")
def guided(network, xt, classes, scale):
    def predict(network, xt, classes):
        W, b, E = network
        return torch.tanh(xt @ W.T + b) + E[classes]

    if scale < 1:
        raise ValueError("scale must be 1 or more")
    c = predict(network, xt, classes)
    u = predict(network, xt, torch.full_like(classes, -1))
    return u + scale * (c - u)
