"""Right and wrong answers to exercise `gradient_norms`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from autograder.answers.bank import Bank
from course_utils.checks.exercise import Exercise

bank = Bank()
right, wrong = bank.right, bank.wrong


@right("autograd")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    gradients = torch.autograd.grad(F.cross_entropy(h, y), weights)
    return torch.stack([g.norm() for g in gradients])


@right("backward")
def gradient_norms(x, y, weights, residual):
    layers = nn.ModuleList()
    for w in weights:
        layer = nn.Linear(*w.shape, bias=False, dtype=w.dtype)
        with torch.no_grad():
            layer.weight.copy_(w)
        layers.append(layer)
    h = x.detach()
    for layer in layers:
        h = residual * h + F.relu(layer(h))
    loss = -F.log_softmax(h, dim=-1)[torch.arange(len(y)), y].mean()
    loss.backward()
    norms = torch.zeros(len(weights), dtype=x.dtype)
    for n, layer in enumerate(layers):
        norms[n] = layer.weight.grad.pow(2).sum().sqrt()
    return norms


@right("by-hand")
def gradient_norms(x, y, weights, residual):
    hidden, active = [x.detach()], []
    weights = [w.detach() for w in weights]
    for w in weights:
        z = hidden[-1] @ w.T
        active.append(z > 0)
        hidden.append(z.clamp(min=0) + (hidden[-1] if residual else 0))
    d = hidden[-1].softmax(1)
    d = (d - F.one_hot(y, d.shape[1])) / len(y)
    norms = []
    for w, h, on in zip(weights[::-1], hidden[-2::-1], active[::-1], strict=True):
        dz = d * on
        norms.insert(0, torch.linalg.matrix_norm(dz.T @ h))
        d = dz @ w + (d if residual else 0)
    return torch.stack(norms)


@right("functional")
def gradient_norms(x, y, weights, residual):
    def loss(weights):
        h = x
        for w in weights:
            h = F.linear(h, w).relu() + (h if residual else 0.0)
        return torch.nn.CrossEntropyLoss()(h, y)

    gradients = torch.func.grad(loss)(tuple(weights))
    return torch.tensor([g.square().sum().sqrt().item() for g in gradients], dtype=x.dtype)


@wrong("mean-size", Exercise.WHOLE, "values differ")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.abs().mean() for g in gradients])


@wrong("float32", "keeps the dtype and leaves its inputs alone", "torch.float32 came out")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights)
    return torch.tensor([g.norm().item() for g in gradients])


@wrong("with-graph", "the result carries no graph", "the norms have a graph")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    loss = F.cross_entropy(h, y)
    gradients = torch.autograd.grad(loss, weights, create_graph=True)
    return torch.stack([g.norm() for g in gradients])


@wrong("overflows", "logits of several thousand", "NaN or infinity")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    shares = h.exp() / h.exp().sum(1, keepdim=True)
    loss = -shares[torch.arange(len(y)), y].log().mean()
    gradients = torch.autograd.grad(loss, weights)
    return torch.stack([g.norm() for g in gradients])


@wrong("list", "keeps the dtype and leaves its inputs alone", "expected a torch.Tensor")
def gradient_norms(x, y, weights, residual):
    weights = [w.detach().clone().requires_grad_() for w in weights]
    h = x
    for w in weights:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    gradients = torch.autograd.grad(F.cross_entropy(h, y), weights)
    return [g.norm() for g in gradients]


@wrong("cleans-up", "keeps the dtype and leaves its inputs alone", "has another requires_grad")
def gradient_norms(x, y, weights, residual):
    h = x.detach()
    for w in weights:
        w.requires_grad_(True)
        w.grad = None
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    F.cross_entropy(h, y).backward()
    norms = torch.stack([w.grad.norm() for w in weights])
    for w in weights:
        w.grad = None
        w.requires_grad_(False)
    return norms


@wrong(
    "reaches-x", "keeps the dtype and leaves its inputs alone", "argument 1 has another .grad"
)
def gradient_norms(x, y, weights, residual):
    own, h = [w.detach().requires_grad_() for w in weights], x
    for w in own:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    F.cross_entropy(h, y).backward()
    return torch.stack([w.grad.norm() for w in own])


@wrong("clones-of-the-callers", Exercise.WHOLE, "'NoneType' object has no attribute 'norm'")
def gradient_norms(x, y, weights, residual):
    own, h = [w.clone().requires_grad_() for w in weights], x
    for w in own:
        out = torch.relu(h @ w.T)
        h = h + out if residual else out
    F.cross_entropy(h, y).backward()
    return torch.stack([w.grad.norm() for w in own])
