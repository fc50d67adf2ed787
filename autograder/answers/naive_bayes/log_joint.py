"""Right and wrong answers to exercise `log_joint`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

SAYS_ON = "adds what the pixels that are on say"


SAYS_OFF = "adds what the pixels that are off say"


PRIOR = "adds the prior"


@right("matrix-product")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T + (1 - x) @ log_off.T


@right("loop")
def log_joint(x, log_prior, log_on, log_off):
    columns = []
    for k in range(len(log_prior)):
        terms = torch.where(x == 1, log_on[k], log_off[k])
        columns.append(log_prior[k] + terms.sum(1))
    return torch.stack(columns, dim=1)


@right("base-and-difference")
def log_joint(x, log_prior, log_on, log_off):
    base = log_off.sum(dim=1) + log_prior
    return torch.einsum("nd,kd->nk", x, log_on - log_off) + base


@wrong("on-pixels-only", SAYS_OFF, "an off pixel is evidence too")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T


@wrong("one-minus-log-on", SAYS_OFF, "use log_off")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T + (1 - x) @ (1 - log_on).T


@wrong("subtracts-off", SAYS_OFF, "off pixels are subtracted")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T - (1 - x) @ log_off.T


@wrong("off-for-every-pixel", SAYS_ON, "off pixels are counted for all")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + x @ log_on.T + log_off.sum(1)


@wrong("mean", SAYS_ON, "averaged over the pixels")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior + torch.where(x[:, None] == 1, log_on, log_off).mean(2)


@wrong("classes-as-rows", SAYS_ON, "classes are rows")
def log_joint(x, log_prior, log_on, log_off):
    return (log_prior + x @ log_on.T + (1 - x) @ log_off.T).T


@wrong("no-prior", PRIOR, "the prior is left out")
def log_joint(x, log_prior, log_on, log_off):
    return x @ log_on.T + (1 - x) @ log_off.T


@wrong("prior-twice", PRIOR, "the prior is added twice")
def log_joint(x, log_prior, log_on, log_off):
    return 2 * log_prior + x @ log_on.T + (1 - x) @ log_off.T


@wrong("exp-of-prior", PRIOR, "it is a logarithm already")
def log_joint(x, log_prior, log_on, log_off):
    return log_prior.exp() + x @ log_on.T + (1 - x) @ log_off.T


@wrong("prior-a-pixel", PRIOR, "once a picture")
def log_joint(x, log_prior, log_on, log_off):
    return torch.where(x[:, None] == 1, log_on, log_off).add(log_prior[:, None]).sum(2)


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def log_joint(x, log_prior, log_on, log_off):
    x = x.double()
    return log_prior.double() + x @ log_on.double().T + (1 - x) @ log_off.double().T


@wrong(
    "writes-into-its-input", "keeps the dtype and leaves its inputs alone", "changed in place"
)
def log_joint(x, log_prior, log_on, log_off):
    joint = log_prior + x @ log_on.T
    x.neg_().add_(1)
    return joint + x @ log_off.T


@wrong("product", "three thousand pixels do not underflow", "add their logarithms")
def log_joint(x, log_prior, log_on, log_off):
    p = torch.where(x[:, None] == 1, log_on, log_off).exp()
    return (log_prior.exp() * p.prod(2)).log()


@wrong("squeeze", "one picture, one class", "shape")
def log_joint(x, log_prior, log_on, log_off):
    return (log_prior + x @ log_on.T + (1 - x) @ log_off.T).squeeze()
