"""Right and wrong answers to exercise `gradient_penalty`; each brings the helper along."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.answers.bank import Bank

bank = Bank()
right, wrong = bank.right, bank.wrong

FLAT = "a flat critic: the penalty is 1, its gradient finite"
GRADIENT = "the gradient reaches critic"
KEEPS = "gives the dtype that came in; inputs stay as they are"
LOOP = "no Python loop over images"


@right("flatten-and-norm")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    x = (u * real + (1 - u) * fake).detach().requires_grad_(True)
    out = scores(critic, x)
    grad = torch.autograd.grad(out.sum(), x, create_graph=True)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


@right("grad-outputs")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    alpha = u.reshape(len(u), 1, 1, 1).expand_as(real)
    between = torch.lerp(fake, real, alpha)
    between = torch.autograd.Variable(between, requires_grad=True)
    out = scores(critic, between)
    gradients = torch.autograd.grad(
        outputs=out,
        inputs=between,
        grad_outputs=torch.ones(out.size(), dtype=out.dtype),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )[0]
    gradients = gradients.view(len(real), -1)
    return torch.sqrt(gradients.square().sum(dim=1) + 1e-12).sub(1).pow(2).mean()


@right("vector-norm-of-three-axes")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    x = fake + u[:, None, None, None] * (real - fake)
    if not x.requires_grad:
        x.requires_grad_()
    (grad,) = torch.autograd.grad(scores(critic, x), x, torch.ones_like(u), create_graph=True)
    norms = torch.linalg.vector_norm(grad, dim=(1, 2, 3))
    return F.mse_loss(norms, torch.ones_like(norms))


@right("torch-func")
def gradient_penalty(critic, real, fake, u):
    def total(x):
        filters, bias, weights = critic
        maps = torch.tanh(F.conv2d(x, filters, bias, padding=1))
        return (maps.sum((2, 3)) @ weights).sum()

    x = torch.einsum("b,bchw->bchw", u, real) + torch.einsum("b,bchw->bchw", 1 - u, fake)
    grad = torch.func.grad(total)(x)
    return (torch.linalg.norm(grad.reshape(len(x), -1), dim=1) - 1).square().sum() / len(x)


@wrong("one-by-one", LOOP, "the code loops over images")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    terms = []
    for a, b, t in zip(real, fake, u, strict=True):
        x = (t * a + (1 - t) * b).detach()[None].requires_grad_()
        (grad,) = torch.autograd.grad(scores(critic, x)[0], x, create_graph=True)
        terms.append((grad.norm() - 1) ** 2)
    return torch.stack(terms).mean()


@wrong("no-create-graph", GRADIENT, "needs create_graph=True")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    x = (u * real + (1 - u) * fake).detach().requires_grad_(True)
    grad = torch.autograd.grad(scores(critic, x).sum(), x)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


@wrong("root-at-0", FLAT, "the gradient is NaN")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    x = (u * real + (1 - u) * fake).detach().requires_grad_(True)
    grad = torch.autograd.grad(scores(critic, x).sum(), x, create_graph=True)[0]
    return ((grad.pow(2).sum((1, 2, 3)).sqrt() - 1) ** 2).mean()


@wrong("critic-detached", GRADIENT, "the critic learns nothing from it")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = (w.detach() for w in critic)
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    x = (u * real + (1 - u) * fake).detach().requires_grad_(True)
    grad = torch.autograd.grad(scores(critic, x).sum(), x, create_graph=True)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


@wrong("real-wants-a-gradient", KEEPS, "has another requires_grad")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    real.requires_grad_()
    x = u * real + (1 - u) * fake
    grad = torch.autograd.grad(scores(critic, x).sum(), x, create_graph=True)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


@wrong("float32", KEEPS, "torch.float32 came out")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    critic, u = [w.float() for w in critic], u.float().view(-1, 1, 1, 1)
    x = (u * real.float() + (1 - u) * fake.float()).detach().requires_grad_(True)
    grad = torch.autograd.grad(scores(critic, x).sum(), x, create_graph=True)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


@wrong("row-of-one", KEEPS, "shape (1,), expected ()")
def gradient_penalty(critic, real, fake, u):
    def scores(critic, x):
        filters, bias, weights = critic
        return torch.tanh(F.conv2d(x, filters, bias, padding=1)).sum((2, 3)) @ weights

    u = u.view(-1, 1, 1, 1)
    x = (u * real + (1 - u) * fake).detach().requires_grad_(True)
    grad = torch.autograd.grad(scores(critic, x).sum(), x, create_graph=True)[0]
    return ((grad.flatten(1).norm(2, dim=1) - 1) ** 2).mean(0, keepdim=True)
