"""Right and wrong answers to the exercises of chapter 1, naive Bayes."""

from __future__ import annotations

import math

import torch

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong
ANSWERS = bank.answers

# -- 1.1 binarise -------------------------------------------------------------------------

BRIGHT = "bright is 1 and dark is 0, one row a picture"
BYTES = "bytes go up to 255"


@right("compare")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) > limit).float()


@right("to-floats-first")
def binarise(images, threshold=0.5):
    if images.dtype == torch.uint8:
        images = images.double() / 255
    N = images.shape[0]
    return torch.where(images > threshold, 1.0, 0.0).reshape(N, -1).to(torch.float32)


@right("loop")
def binarise(images, threshold=0.5):
    rows = []
    for image in images:
        if not image.is_floating_point():
            image = image / 255
        rows.append((image > threshold).to(torch.float32).flatten())
    return torch.stack(rows)


@wrong("inverted", BRIGHT, "the other way round")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) <= limit).float()


@wrong("keeps-rows", BRIGHT, "keeps its rows")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images > limit).float()


@wrong("one-long-row", BRIGHT, "one long row")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten() > limit).float()


@wrong("keeps-grey", BRIGHT, "keep their grey")
def binarise(images, threshold=0.5):
    x = images.flatten(1) if images.is_floating_point() else images.flatten(1) / 255
    return torch.where(x > threshold, x, torch.zeros_like(x)).float()


@wrong("bytes-as-floats", BYTES, "every byte but 0")
def binarise(images, threshold=0.5):
    return (images.flatten(1) > threshold).float()


@wrong("divides-by-256", BYTES, "not by 256")
def binarise(images, threshold=0.5):
    x = images if images.is_floating_point() else images / 256
    return (x.flatten(1) > threshold).float()


@wrong("truth-values", "gives float32 and leaves its input alone", "torch.bool came out")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return images.flatten(1) > limit


@wrong("writes-into-its-input", "gives float32 and leaves its input alone", "changed in place")
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    on = images > limit
    images[on], images[~on] = 1, 0
    return images.flatten(1).float()


@wrong(
    "at-the-threshold",
    "other thresholds, three channels, a pixel at the threshold",
    "strictly brighter",
)
def binarise(images, threshold=0.5):
    limit = threshold if images.is_floating_point() else 255 * threshold
    return (images.flatten(1) >= limit).float()


@wrong(
    "threshold-ignored",
    "other thresholds, three channels, a pixel at the threshold",
    "the threshold is ignored",
)
def binarise(images, threshold=0.5):
    limit = 0.5 if images.is_floating_point() else 127.5
    return (images.flatten(1) > limit).float()


# -- 1.2 prior ----------------------------------------------------------------------------

SHARE = "the logarithm of each class's share"


@right("bincount")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@right("loop")
def log_prior(y, classes):
    logs = []
    for k in range(classes):
        count = int((y == k).sum())
        if count == 0:
            raise ValueError(f"no picture of class {k}")
        logs.append(math.log(count) - math.log(len(y)))
    return torch.tensor(logs, dtype=torch.float64)


@right("mean-of-one-hot")
def log_prior(y, classes):
    share = (y[:, None] == torch.arange(classes)).double().mean(0)
    if share.min() == 0:
        raise ValueError("each class needs a picture")
    return share.log()


@wrong("no-logarithm", SHARE, "without their logarithm")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return n / len(y)


@wrong("counts", SHARE, "the logarithm of the counts")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return n.log()


@wrong("uniform", SHARE, "the same prior")
def log_prior(y, classes):
    if len(y.unique()) < classes:
        raise ValueError("a class has no picture")
    return torch.full((classes,), 1 / classes, dtype=torch.float64).log()


@wrong("base-2", SHARE, "base 2")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log2(n / n.sum())


@wrong("order-of-appearance", SHARE, "the order in which they appear")
def log_prior(y, classes):
    seen = list(dict.fromkeys(y.tolist()))
    if len(seen) < classes:
        raise ValueError("a class has no picture")
    return torch.stack([(y == k).double().mean() for k in seen]).log()


@wrong("smoothed", SHARE, "only pixels need that")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return ((n + 1) / (len(y) + classes)).log()


@wrong("float32", "gives float64 and leaves its input alone", "torch.float32 came out")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes)
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@wrong("log-of-0", "refuses a class without pictures", "should raise a ValueError")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    return torch.log(n / n.sum())


@wrong("labels-alone", "refuses a class without pictures", "should raise a ValueError")
def log_prior(y, classes):
    n = torch.bincount(y).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return torch.log(n / n.sum())


@wrong("share-of-the-largest", SHARE, "the shares have to sum to one")
def log_prior(y, classes):
    n = torch.bincount(y, minlength=classes).double()
    if (n == 0).any():
        raise ValueError("a class has no picture")
    return (n / n.max()).log()


# -- 1.3 likelihood -----------------------------------------------------------------------

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


# -- 1.4 joint ----------------------------------------------------------------------------

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


# -- 1.5 posterior ------------------------------------------------------------------------

SHARES = "shares that sum to one, picture by picture"
FAR = "works for logs of −2000"
EVERY_FAR = "pictures whose logs lie far apart"


@right("subtract-largest")
def posterior(log_joint):
    shifted = log_joint - log_joint.max(dim=1, keepdim=True).values
    shares = shifted.exp()
    return shares / shares.sum(dim=1, keepdim=True)


@right("loop")
def posterior(log_joint):
    rows = []
    for row in log_joint:
        shares = torch.exp(row - row.max())
        rows.append(shares / shares.sum())
    return torch.stack(rows)


@right("ratios")
def posterior(log_joint):
    difference = log_joint[:, None, :] - log_joint[:, :, None]
    return 1 / difference.exp().sum(2)


@wrong("underflows", FAR, "subtract the largest log")
def posterior(log_joint):
    shares = log_joint.exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("tiny-number", FAR, "all zero")
def posterior(log_joint):
    shares = log_joint.exp()
    return shares / (shares.sum(1, keepdim=True) + 1e-12)


@wrong("not-normalised", SHARES, "scaled by the largest share")
def posterior(log_joint):
    return (log_joint - log_joint.amax(1, keepdim=True)).exp()


@wrong("over-pictures", SHARES, "normalised over the pictures")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum(0)


@wrong("whole-table", SHARES, "normalised over the whole table")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum()


@wrong("logs-divided", SHARES, "take exp first")
def posterior(log_joint):
    return log_joint / log_joint.sum(1, keepdim=True)


@wrong("log-posterior", SHARES, "take exp at the end")
def posterior(log_joint):
    shifted = log_joint - log_joint.amax(1, keepdim=True)
    return shifted - shifted.exp().sum(1, keepdim=True).log()


@wrong("library", SHARES, "is not allowed here")
def posterior(log_joint):
    return log_joint.softmax(1)


@wrong("double", "keeps the dtype and leaves its input alone", "torch.float64 came out")
def posterior(log_joint):
    shares = (log_joint.double() - log_joint.double().amax(1, keepdim=True)).exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("largest-of-the-table", EVERY_FAR, "the largest log of each picture")
def posterior(log_joint):
    shares = (log_joint - log_joint.max()).exp()
    return shares / shares.sum(1, keepdim=True)


@wrong("mean-of-the-row", EVERY_FAR, "so that none is positive")
def posterior(log_joint):
    shares = (log_joint - log_joint.mean(1, keepdim=True)).exp()
    return shares / shares.sum(1, keepdim=True)


# -- 1.6 evidence -------------------------------------------------------------------------

PIXEL_ON = "what a pixel that is on says for a against b"
PIXEL_OFF = "a pixel that is off is evidence too"


@right("two-terms")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@right("where")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a] - log_on[b], log_off[a] - log_off[b])


@right("two-classes")
def evidence(x, log_on, log_off, a, b):
    def said(k):
        return torch.lerp(log_off[k].expand_as(x), log_on[k].expand_as(x), x)

    return said(a) - said(b)


@wrong("b-against-a", PIXEL_ON, "positive has to speak for a")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[b] - log_on[a]) + (1 - x) * (log_off[b] - log_off[a])


@wrong("summed", PIXEL_ON, "summed over the pixels")
def evidence(x, log_on, log_off, a, b):
    return x @ (log_on[a] - log_on[b]) + (1 - x) @ (log_off[a] - log_off[b])


@wrong("probabilities", PIXEL_ON, "the difference of probabilities")
def evidence(x, log_on, log_off, a, b):
    p = log_on.exp()
    return torch.where(x > 0.5, p[a] - p[b], p[b] - p[a])


@wrong("quotient", PIXEL_ON, "a quotient of logarithms")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a] / log_on[b], log_off[a] / log_off[b])


@wrong("one-class", PIXEL_ON, "only class a is counted")
def evidence(x, log_on, log_off, a, b):
    return torch.where(x > 0.5, log_on[a], log_off[a])


@wrong("on-pixels-only", PIXEL_OFF, "a pixel that is off says nothing")
def evidence(x, log_on, log_off, a, b):
    return x * (log_on[a] - log_on[b])


@wrong("opposite", PIXEL_OFF, "the opposite of one that is on")
def evidence(x, log_on, log_off, a, b):
    return (2 * x - 1) * (log_on[a] - log_on[b])


@wrong("double", "keeps the dtype and leaves its inputs alone", "torch.float64 came out")
def evidence(x, log_on, log_off, a, b):
    x, on, off = x.double(), log_on.double(), log_off.double()
    return x * (on[a] - on[b]) + (1 - x) * (off[a] - off[b])


@wrong("sorted-classes", "any two classes in any order", "positive has to speak for a")
def evidence(x, log_on, log_off, a, b):
    a, b = min(a, b), max(a, b)
    return x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])


@wrong("squeeze", "a single picture keeps its row", "shape")
def evidence(x, log_on, log_off, a, b):
    return (x * (log_on[a] - log_on[b]) + (1 - x) * (log_off[a] - log_off[b])).squeeze()
