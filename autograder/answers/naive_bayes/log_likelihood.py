"""Right and wrong answers to exercise `log_likelihood`."""

from __future__ import annotations

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

ON = "smoothed shares of the pictures whose pixel is on"


NEVER = "a pixel never seen on stays possible"


OFF = "log_off is log(1 − p), not 1 − log p"


@right("loop-over-classes")
def log_likelihood(x, y, classes, smoothing=1.0):
    x = x.double()
    p = torch.stack(
        [
            (x[y == k].sum(0) + smoothing) / ((y == k).sum() + 2 * smoothing)
            for k in range(classes)
        ]
    )
    return p.log(), (1 - p).log()


@right("matrix-product")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0).unsqueeze(1)
    on = torch.einsum("nk,nd->kd", members, x.double())
    return [
        torch.log(on + smoothing) - torch.log(n + 2 * smoothing),
        torch.log(n - on + smoothing) - torch.log(n + 2 * smoothing),
    ]


@right("stacked")
def log_likelihood(x, y, classes, smoothing=1.0):
    on = torch.zeros(classes, x.shape[1], dtype=torch.float64).index_add(0, y, x.double())
    n = torch.bincount(y, minlength=classes)[:, None]
    phi = (on + smoothing) / (n + 2 * smoothing)
    return torch.stack([phi.log(), torch.log1p(-phi)])


@right("pretend-pictures")
def log_likelihood(x, y, classes, smoothing=1.0):
    on = torch.full((classes, x.shape[1]), float(smoothing), dtype=torch.float64)
    off = torch.full_like(on, smoothing)
    for picture, label in zip(x.double(), y.tolist(), strict=True):
        on[label] += picture
        off[label] += 1 - picture
    return (on / (on + off)).log(), (off / (on + off)).log()


@wrong("denominator-n-plus-1", ON, "divided by n + 1")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0)[:, None]
    p = (members.T @ x.double() + smoothing) / (n + smoothing)
    return p.log(), (1 - p).log()


@wrong("denominator-pixels", ON, "grows by the number of pixels")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0)[:, None]
    p = (members.T @ x.double() + smoothing) / (n + smoothing * x.shape[1])
    return p.log(), (1 - p).log()


@wrong("all-pictures", ON, "divide by those of the class")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (len(x) + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("multinomial", ON, "each pixel is a coin of its own")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    on = members.T @ x.double() + smoothing
    p = on / on.sum(1, keepdim=True)
    return p.log(), (1 - p).log()


@wrong("posterior-of-a-pixel", ON, "not p(k | x)")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    on = members.T @ x.double() + smoothing
    p = on / on.sum(0)
    return p.log(), (1 - p).log()


@wrong("half-a-count", ON, "each of the two values gets a whole one")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0)[:, None]
    p = (members.T @ x.double() + smoothing / 2) / (n + smoothing)
    return p.log(), (1 - p).log()


@wrong("with-prior", ON, "not p(x, k)")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = members.sum(0)[:, None]
    p = (members.T @ x.double() + smoothing) / (n + 2 * smoothing)
    prior = (n / len(y)).log()
    return p.log() + prior, (1 - p).log() + prior


@wrong("swapped", ON, "log_on and log_off are swapped")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return (1 - p).log(), p.log()


@wrong("not-smoothed", NEVER, "rules the class out for ever")
def log_likelihood(x, y, classes, smoothing=1.0):
    p = torch.stack([x[y == k].double().mean(0) for k in range(classes)])
    return p.log(), (1 - p).log()


@wrong("tiny-number", NEVER, "a tiny number in place of a pseudo-count")
def log_likelihood(x, y, classes, smoothing=1.0):
    p = torch.stack([x[y == k].double().mean(0) for k in range(classes)])
    return (p + 1e-9).log(), (1 - p + 1e-9).log()


@wrong("one-minus-log", OFF, "take 1 − p first")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log(), 1 - p.log()


@wrong("minus-log", OFF, "not 1 / p")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log(), -p.log()


@wrong("float32", "gives float64 and leaves its inputs alone", "torch.float32 came out")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).float()
    p = (members.T @ x.float() + smoothing) / (members.sum(0)[:, None] + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("equal-classes", "classes of unequal size", "every class is taken to have N / K")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    n = len(x) / classes
    p = (members.T @ x.double() + smoothing) / (n + 2 * smoothing)
    return p.log(), (1 - p).log()


@wrong("always-1", "any strength of smoothing", "whatever is asked for")
def log_likelihood(x, y, classes, smoothing=1.0):
    members = torch.nn.functional.one_hot(y, classes).double()
    p = (members.T @ x.double() + 1) / (members.sum(0)[:, None] + 2)
    return p.log(), (1 - p).log()
