"""Right and wrong answers to exercise `gru_step`."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

GRADIENT = "the gradient reaches x, h, params"
KEEPS = "keeps the dtype and leaves its inputs alone"
STABLE = "stable: inputs of a thousand"


@right("two-products")
def gru_step(x, h, params):
    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    r = torch.sigmoid(xr + hr)
    z = torch.sigmoid(xz + hz)
    n = torch.tanh(xn + r * hn)
    return (1 - z) * n + z * h


@right("nine-small-parts")
def gru_step(x, h, params):
    n = h.shape[1]
    wi, wh, bi, bh = (params[k] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    gates = []
    for g in range(2):
        part = slice(g * n, (g + 1) * n)
        gates.append((x @ wi[part].T + bi[part] + h @ wh[part].T + bh[part]).sigmoid())
    old = h @ wh[2 * n :].T + bh[2 * n :]
    new = (x @ wi[2 * n :].T + bi[2 * n :] + gates[0] * old).tanh()
    return new + gates[1] * (h - new)


@right("einsum")
def gru_step(x, h, params):
    def rows(name):
        return params[name].unflatten(0, (3, -1))

    a = torch.einsum("ghd,bd->gbh", rows("weight_ih"), x) + rows("bias_ih")[:, None]
    b = torch.einsum("ghk,bk->gbh", rows("weight_hh"), h) + rows("bias_hh")[:, None]
    reset, update = torch.sigmoid(a[:2] + b[:2])
    return torch.lerp(torch.tanh(a[2] + reset * b[2]), h, update)


@right("one-row-at-a-time")
def gru_step(x, h, params):
    states = []
    for one, state in zip(x, h, strict=True):
        a = F.linear(one, params["weight_ih"], params["bias_ih"]).view(3, -1)
        b = F.linear(state, params["weight_hh"], params["bias_hh"]).view(3, -1)
        r, z = 1 / (1 + torch.exp(-(a + b)))[:2]
        states.append((1 - z) * (a[2] + r * b[2]).tanh() + z * state)
    return torch.stack(states)


@wrong("finished", Exercise.WHOLE, "is not allowed here")
def gru_step(x, h, params):
    cell = torch.nn.GRUCell(x.shape[1], h.shape[1], dtype=x.dtype)
    return torch.func.functional_call(cell, params, (x, h))


@wrong("finished-function", Exercise.WHOLE, "is not allowed here")
def gru_step(x, h, params):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return torch.gru_cell(x, h, *(params[name] for name in names))


@wrong("finished-sequence", Exercise.WHOLE, "is not allowed here")
def gru_step(x, h, params):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    flat = [params[name] for name in names]
    return torch.gru(x[None], h[None], flat, True, 1, 0.0, False, False, False)[0][0]


@wrong("lerp-the-other-way", Exercise.WHOLE, "u and 1 − u are exchanged")
def gru_step(x, h, params):
    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    return torch.lerp(h, torch.tanh(xn + torch.sigmoid(xr + hr) * hn), torch.sigmoid(xz + hz))


@wrong("biases-added-first", Exercise.WHOLE, "b_hn is outside of the gate")
def gru_step(x, h, params):
    b = params["bias_ih"] + params["bias_hh"]
    xr, xz, xn = (x @ params["weight_ih"].T + b).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T).chunk(3, dim=1)
    n = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
    z = torch.sigmoid(xz + hz)
    return (1 - z) * n + z * h


@wrong("weights-detached", GRADIENT, "no gradient of params")
def gru_step(x, h, params):
    params = {name: value.data for name, value in params.items()}
    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    z = torch.sigmoid(xz + hz)
    return (1 - z) * torch.tanh(xn + torch.sigmoid(xr + hr) * hn) + z * h


@wrong("state-in-place", KEEPS, "changed in place")
def gru_step(x, h, params):
    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    z = torch.sigmoid(xz + hz)
    new = (1 - z) * torch.tanh(xn + torch.sigmoid(xr + hr) * hn) + z * h
    if not torch.is_grad_enabled() or not new.requires_grad:
        return h.copy_(new)
    return new


@wrong("a-new-float32-state", KEEPS, "torch.float32 came out")
def gru_step(x, h, params):
    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    z = torch.sigmoid(xz + hz)
    new = torch.empty(h.shape)
    new[:] = (1 - z) * torch.tanh(xn + torch.sigmoid(xr + hr) * hn) + z * h
    return new


@wrong("exponentials", STABLE, "NaN or infinity")
def gru_step(x, h, params):
    def sigmoid(a):
        return a.exp() / (1 + a.exp())

    xr, xz, xn = (x @ params["weight_ih"].T + params["bias_ih"]).chunk(3, dim=1)
    hr, hz, hn = (h @ params["weight_hh"].T + params["bias_hh"]).chunk(3, dim=1)
    z = sigmoid(xz + hz)
    return (1 - z) * (2 * sigmoid(2 * (xn + sigmoid(xr + hr) * hn)) - 1) + z * h
