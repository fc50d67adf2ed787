"""Right and wrong answers to exercise `gan_step`; each brings the given helper along."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong

ALONE = "each half moves its own network alone"
D_HALF = "D's half: down its loss on real images and on fakes"
GRAPH = "the new weights carry no graph"
G_HALF = "G's half: down −mean log σ of what the new D says"
KEEPS = "gives the dtype that came in; inputs stay as they are"
SURE = "stable: a D that is sure, logits of thousands"


@right("optimisers")
def gan_step(generator, discriminator, real, z, rate):
    def network(weights):
        sizes = [weights[0].shape[1], weights[0].shape[0], weights[2].shape[0]]
        layers = nn.Linear(*sizes[:2]), nn.Tanh(), nn.Linear(*sizes[1:])
        model = nn.Sequential(*layers).to(weights[0].dtype)
        with torch.no_grad():
            for own, given in zip(model.parameters(), weights, strict=True):
                own.copy_(given)
        return model

    G, D = network(generator), network(discriminator)
    g_optimiser = torch.optim.SGD(G.parameters(), lr=rate)
    d_optimiser = torch.optim.SGD(D.parameters(), lr=rate)
    fake = G(z)
    d_optimiser.zero_grad()
    d_loss = -F.logsigmoid(D(real)).mean() - F.logsigmoid(-D(fake.detach())).mean()
    d_loss.backward()
    d_optimiser.step()
    g_optimiser.zero_grad()
    g_loss = -F.logsigmoid(D(fake)).mean()
    g_loss.backward()
    g_optimiser.step()
    return list(G.parameters()), list(D.parameters())


@right("labels-and-no-grad")
def gan_step(generator, discriminator, real, z, rate):
    def network(weights):
        a, b, c, d = (nn.Parameter(w.detach().clone()) for w in weights)
        return (a, b, c, d), lambda x: F.linear(torch.tanh(F.linear(x, a, b)), c, d)

    theta, G = network(generator)
    phi, D = network(discriminator)
    loss = nn.BCEWithLogitsLoss()
    with torch.no_grad():
        fake = G(z)
    real_says, fake_says = D(real), D(fake)
    total = loss(real_says, torch.ones_like(real_says))
    total = total + loss(fake_says, torch.zeros_like(fake_says))
    total.backward()
    with torch.no_grad():
        for w in phi:
            w -= rate * w.grad
            w.grad = None
    says = D(G(z))
    loss(says, torch.ones_like(says)).backward()
    with torch.no_grad():
        for w in theta:
            w -= rate * w.grad
    return [w.detach() for w in theta], [w.detach() for w in phi]


@right("autograd-grad")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().requires_grad_() for w in generator]
    phi = [w.detach().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_loss = F.softplus(-run(phi, real)).mean() + F.softplus(run(phi, fake)).mean()
    slopes = torch.autograd.grad(d_loss, phi, retain_graph=True)
    phi = [(w - rate * s).detach() for w, s in zip(phi, slopes, strict=True)]
    slopes = torch.autograd.grad(F.softplus(-run(phi, fake)).mean(), theta)
    return [(w - rate * s).detach() for w, s in zip(theta, slopes, strict=True)], phi


@right("functional")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        hidden = torch.tanh(F.linear(x, weights[0], weights[1]))
        return F.linear(hidden, weights[2], weights[3])

    def d_loss(phi, theta):
        return F.softplus(-run(phi, real)).mean() + F.softplus(run(phi, run(theta, z))).mean()

    def g_loss(theta, phi):
        return F.softplus(-run(phi, run(theta, z))).mean()

    theta = tuple(w.detach() for w in generator)
    phi = tuple(w.detach() for w in discriminator)
    slopes = torch.func.grad(d_loss)(phi, theta)
    phi = tuple(w - rate * s for w, s in zip(phi, slopes, strict=True))
    slopes = torch.func.grad(g_loss)(theta, phi)
    return tuple(w - rate * s for w, s in zip(theta, slopes, strict=True)), phi


@right("frozen-rival")
def gan_step(generator, discriminator, real, z, rate):
    def network(weights):
        w, _, v, _ = weights
        model = nn.Sequential(
            nn.Linear(*w.shape[::-1], dtype=w.dtype),
            nn.Tanh(),
            nn.Linear(*v.shape[::-1], dtype=w.dtype),
        )
        names = "0.weight", "0.bias", "2.weight", "2.bias"
        model.load_state_dict(dict(zip(names, weights, strict=True)))
        return model

    G, D = network(generator), network(discriminator)
    fake = G(z)
    says = D(torch.cat([real, fake.detach()])).squeeze(1)
    log_p = F.logsigmoid(torch.cat([says[: len(real)], -says[len(real) :]]))
    share = [torch.full((len(x),), 1 / len(x), dtype=x.dtype) for x in (real, z)]
    (-log_p * torch.cat(share)).sum().backward()
    torch.optim.SGD(D.parameters(), rate).step()
    D.requires_grad_(False)
    (-F.logsigmoid(D(fake)).mean()).backward()
    torch.optim.SGD(G.parameters(), rate).step()
    return list(G.state_dict().values()), list(D.state_dict().values())


@wrong("one-backward-for-both", G_HALF, "G meets the old D")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    says = run(phi, run(theta, z))
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-says).mean()
    d_slopes = torch.autograd.grad(d_loss, phi, retain_graph=True)
    g_slopes = torch.autograd.grad(-F.logsigmoid(says).mean(), theta)
    with torch.no_grad():
        theta = [w - rate * s for w, s in zip(theta, g_slopes, strict=True)]
        return theta, [w - rate * s for w, s in zip(phi, d_slopes, strict=True)]


@wrong("detached-in-g's-half", G_HALF, "the call raised")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    fake = run(theta, z).detach()
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-run(phi, fake)).mean()
    d_loss.backward()
    with torch.no_grad():
        phi = [w - rate * w.grad for w in phi]
        (-F.logsigmoid(run(phi, fake)).mean()).backward()
        return [w - rate * w.grad for w in theta], phi


@wrong("g-never-learns", G_HALF, "expected")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    fake = run(theta, z).detach()
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-run(phi, fake)).mean()
    slopes = torch.autograd.grad(d_loss, phi)
    return theta, [(w - rate * s).detach() for w, s in zip(phi, slopes, strict=True)]


@wrong("nothing-cleared", ALONE, "D's loss moves G, too")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    g_optimiser, d_optimiser = torch.optim.SGD(theta, rate), torch.optim.SGD(phi, rate)
    d_says = run(phi, run(theta, z))
    (-F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()).backward()
    d_optimiser.step()
    d_optimiser.zero_grad()
    (-F.logsigmoid(run(phi, run(theta, z))).mean()).backward()
    g_optimiser.step()
    return [w.detach() for w in theta], [w.detach() for w in phi]


@wrong("adam", Exercise.WHOLE, "expected")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    g_optimiser, d_optimiser = torch.optim.Adam(theta, rate), torch.optim.Adam(phi, rate)
    fake = run(theta, z)
    d_says = run(phi, fake.detach())
    (-F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()).backward()
    d_optimiser.step()
    (-F.logsigmoid(run(phi, fake)).mean()).backward()
    g_optimiser.step()
    return [w.detach() for w in theta], [w.detach() for w in phi]


@wrong("sigmoid-then-log", SURE, "NaN or infinity")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_real, d_fake = run(phi, real).sigmoid(), run(phi, fake.detach()).sigmoid()
    slopes = torch.autograd.grad(-d_real.log().mean() - (1 - d_fake).log().mean(), phi)
    phi = [(w - rate * s).detach() for w, s in zip(phi, slopes, strict=True)]
    slopes = torch.autograd.grad(-run(phi, fake).sigmoid().log().mean(), theta)
    return [(w - rate * s).detach() for w, s in zip(theta, slopes, strict=True)], phi


@wrong("with-graph", GRAPH, "the new weights have a graph")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_says = run(phi, fake.detach())
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()
    slopes = torch.autograd.grad(d_loss, phi)
    phi = [w - rate * s for w, s in zip(phi, slopes, strict=True)]
    slopes = torch.autograd.grad(-F.logsigmoid(run(phi, fake)).mean(), theta)
    return [w - rate * s for w, s in zip(theta, slopes, strict=True)], phi


@wrong("in-place", KEEPS, "changed in place")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().requires_grad_() for w in generator]
    phi = [w.detach().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_says = run(phi, fake.detach())
    (-F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()).backward()
    torch.optim.SGD(phi, rate).step()
    (-F.logsigmoid(run(phi, fake)).mean()).backward()
    torch.optim.SGD(theta, rate).step()
    return theta, phi


@wrong("float32", KEEPS, "torch.float32 came out")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    real, z = real.float(), z.float()
    theta = [w.detach().float().requires_grad_() for w in generator]
    phi = [w.detach().float().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_says = run(phi, fake.detach())
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()
    slopes = torch.autograd.grad(d_loss, phi)
    phi = [(w - rate * s).detach() for w, s in zip(phi, slopes, strict=True)]
    slopes = torch.autograd.grad(-F.logsigmoid(run(phi, fake)).mean(), theta)
    return [(w - rate * s).detach() for w, s in zip(theta, slopes, strict=True)], phi


@wrong("discriminator-first", D_HALF, "expected")
def gan_step(generator, discriminator, real, z, rate):
    def run(weights, x):
        w, b, v, c = weights
        return torch.tanh(x @ w.T + b) @ v.T + c

    theta = [w.detach().clone().requires_grad_() for w in generator]
    phi = [w.detach().clone().requires_grad_() for w in discriminator]
    fake = run(theta, z)
    d_says = run(phi, fake.detach())
    d_loss = -F.logsigmoid(run(phi, real)).mean() - F.logsigmoid(-d_says).mean()
    slopes = torch.autograd.grad(d_loss, phi)
    phi = [(w - rate * s).detach() for w, s in zip(phi, slopes, strict=True)]
    slopes = torch.autograd.grad(-F.logsigmoid(run(phi, fake)).mean(), theta)
    return phi, [(w - rate * s).detach() for w, s in zip(theta, slopes, strict=True)]
