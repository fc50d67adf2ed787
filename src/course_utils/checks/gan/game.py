"""The definition of a step of the game, and small networks that play it."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.core import Draw

Weights = list[Tensor]
Loss = Callable[[Weights, Weights], Tensor]  # of theta, G's weights, and phi, D's
Down = Callable[[Callable[[Weights], Tensor], Weights], Weights]
Both = tuple[Weights, Weights]


def weights(draw: Draw, *sizes: int) -> Weights:
    """W (h, n), b (h,), V (m, h), c (m,) of two layers; ``sizes`` are n, h, m."""
    n, h, m = sizes
    return [draw.normal(h, n) / n**0.5, draw.normal(h), draw.normal(m, h), draw.normal(m)]


def ran(at: Weights, x: Tensor) -> Tensor:
    """Two layers, tanh between them."""
    w, b, v, c = at
    return (x @ w.mT + b).tanh() @ v.mT + c


def d_first(theta: Weights, phi: Weights, d: Loss, g: Loss, down: Down) -> Both:
    new = down(lambda w: d(theta, w), phi)
    return down(lambda w: g(w, new), theta), new


def old_rival(theta: Weights, phi: Weights, d: Loss, g: Loss, down: Down) -> Both:
    return down(lambda w: g(w, phi), theta), down(lambda w: d(theta, w), phi)


def g_first(theta: Weights, phi: Weights, d: Loss, g: Loss, down: Down) -> Both:
    new = down(lambda w: g(w, phi), theta)
    return new, down(lambda w: d(new, w), phi)


def d_moves_g(theta: Weights, phi: Weights, d: Loss, g: Loss, down: Down) -> Both:
    new = down(lambda w: d(theta, w), phi)
    return down(lambda w: g(w, new) + d(w, phi), theta), new


def g_moves_d(theta: Weights, phi: Weights, d: Loss, g: Loss, down: Down) -> Both:
    new = down(lambda w: d(theta, w), phi)
    return down(lambda w: g(w, new), theta), down(lambda w: g(theta, w), new)


def stepped(
    generator: Weights,
    discriminator: Weights,
    real: Tensor,
    z: Tensor,
    rate: float,
    *,
    order: Callable = d_first,
    tells: Callable = lambda real, fake, over: (
        -over(F.logsigmoid(real)) - over(F.logsigmoid(-fake))
    ),
    fools: Callable = lambda fake, over: -over(F.logsigmoid(fake)),
    over: Callable = torch.mean,
    moves: Callable = lambda w, change: w - change,
) -> Both:
    """The weights of G and D after one step of each."""

    def d(theta: Weights, phi: Weights) -> Tensor:
        return tells(ran(phi, real), ran(phi, ran(theta, z)), over)

    def g(theta: Weights, phi: Weights) -> Tensor:
        return fools(ran(phi, ran(theta, z)), over)

    def down(loss: Callable[[Weights], Tensor], at: Weights) -> Weights:
        at = [w.detach().clone().requires_grad_() for w in at]
        slopes = torch.autograd.grad(loss(at), at)
        return [moves(w, rate * slope).detach() for w, slope in zip(at, slopes, strict=True)]

    return order(generator, discriminator, d, g, down)


def game(draw: Draw, n: int, m: int, sizes: tuple[int, int, int, int], rate: float) -> tuple:
    """n real points, m z; ``sizes``: of z, of G's layer, of a point and of D's layer."""
    of_z, of_g, of_x, of_d = sizes
    theta, phi = weights(draw, of_z, of_g, of_x), weights(draw, of_x, of_d, 1)
    return theta, phi, draw.normal(n, of_x) + 1, draw.normal(m, of_z), rate


def learning(inputs: tuple) -> tuple:
    """The same, in the middle of training: all weights hold gradients."""
    for w in (*inputs[0], *inputs[1]):
        w.requires_grad_().grad = torch.ones_like(w)
    return inputs
