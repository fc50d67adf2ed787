"""Generative adversarial networks: two losses, one step, what a perfect rival would say.

Sources: I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014 (equation 1,
algorithm 1, proposition 1, theorem 1); for the penalty, I. Gulrajani et al., "Improved training
of Wasserstein GANs", NeurIPS 2017 (equation 3). The networks are in ``dcgan``, the counting of
modes in ``modes``.

Symbols: z is noise, x = G(z) a fake, in −1 to 1; D(x) the probability that x is real, given
here by its logit l, D = σ(l), so that log D and log(1 − D) are exact at any l.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from course_utils.reference import autoencoders
from course_utils.reference.dcgan import Discriminator, Generator, has_batch_norm
from course_utils.reference.modes import modes, nearby

__all__ = [
    "Discriminator", "Generator", "discriminator_loss", "frozen", "generator_loss",
    "gradient_penalty", "modes", "nearby", "optimal_discriminator", "step", "value",
]  # fmt: skip


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """−V(D, G) of equation 1: −mean log D(x) − mean log(1 − D(G(z))), in nats.

    Args:
        real_logits, fake_logits: (B,) and (B',), of D on real images and on fakes.

    Returns:
        A scalar; 2 log 2 where all logits are 0. Finite for all finite logits.

    Raises:
        ValueError: there are no logits.
    """
    _require_logits("real_logits", real_logits)
    _require_logits("fake_logits", fake_logits)
    return -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()


def generator_loss(fake_logits: Tensor, saturating: bool = False) -> Tensor:
    """What G minimises: −mean log D(G(z)), or equation 1's mean log(1 − D(G(z))).

    Both fall as D(G(z)) rises. Where D is sure of a fake, l → −∞, the gradient by l goes to
    −1 / B in the first and to 0 in the second, which "saturates" (section 3).

    Args:
        fake_logits: (B,).
        saturating: the loss as equation 1 has it.

    Raises:
        ValueError: there are none.
    """
    _require_logits("fake_logits", fake_logits)
    if saturating:
        return F.logsigmoid(-fake_logits).mean()
    return -F.logsigmoid(fake_logits).mean()


def _require_logits(name: str, logits: Tensor) -> None:
    if not logits.numel():
        raise ValueError(f"{name} must hold one logit or more; it is empty")


def step(
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor,
    z: Tensor,
    optimisers: tuple[Optimizer, Optimizer],
    saturating: bool = False,
) -> tuple[Tensor, Tensor]:
    """One round of the game; real images and both networks are steps 1 and 2 of the slide.

    G runs once: its fakes serve both halves. In the second they meet the new D, whose weights
    are frozen: no gradient of them is computed, and D keeps those of its own half.

    Args:
        generator: (B, Z) -> (B, …).
        discriminator: (B, …) -> logits (B,).
        real: (B, …), of the shape of a fake.
        z: (B, Z), one fake each.
        optimisers: of the generator and of the discriminator.
        saturating: for ``generator_loss``.

    Returns:
        The discriminator's and the generator's loss, each before its own update.

    Raises:
        ValueError: real images and fakes differ in shape, or a loss or a gradient is not
            finite. Networks and optimisers are then as they were before the step.
    """
    of_generator, of_discriminator = optimisers
    # G's optimiser moves last, when all is known to be finite.
    with _as_before_on_error(generator, discriminator, of_discriminator):
        fake = generator(z)  # step 3: a "false" data set
        if real.shape[1:] != fake.shape[1:]:
            shapes = f"{tuple(real.shape)} and {tuple(fake.shape)}"
            raise ValueError(f"real must have the shape of the fakes, not {shapes}")
        # Step 4: D learns to tell them apart. detach: G is not to learn to help it.
        d_loss = discriminator_loss(discriminator(real), discriminator(fake.detach()))
        _update("discriminator", d_loss, of_discriminator)
        # Step 5: G learns from what the new D says of the same fakes.
        with frozen(discriminator):
            g_loss = generator_loss(discriminator(fake), saturating)
        _update("generator", g_loss, of_generator)
    return d_loss.detach(), g_loss.detach()


def _update(name: str, loss: Tensor, optimiser: Optimizer) -> None:
    """One step down the loss, if it and its gradients are finite."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    weights = [p for group in optimiser.param_groups for p in group["params"]]
    length = nn.utils.get_total_norm([p.grad for p in weights if p.grad is not None])
    if not autoencoders.holds((loss + length).isfinite()):
        raise ValueError(
            f"the {name}'s loss is {loss.item():g}, its gradient's length {length.item():g}; "
            "both must be finite. Nothing was changed: try a lower learning rate"
        )
    optimiser.step()


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """No gradient for the network's weights inside; then each flag as it was, after errors too.

    Gradients still flow through the network to its input.
    """
    learned = [p for p in network.parameters() if p.requires_grad]
    try:
        network.requires_grad_(False)
        yield
    finally:
        for p in learned:
            p.requires_grad_()


@contextmanager
def _as_before_on_error(*parts: nn.Module | Optimizer) -> Iterator[None]:
    """Weights, batch norms' statistics and optimisers' moments come back if an error passes."""
    before = [_copied(part.state_dict()) for part in parts]
    try:
        yield
    except BaseException:
        for part, state in zip(parts, before, strict=True):
            part.load_state_dict(state)
            part.zero_grad(set_to_none=True)
        raise


def _copied(state: Any) -> Any:
    """A state with tensors of its own; ``deepcopy`` takes four times as long."""
    if isinstance(state, dict):
        return {key: _copied(value) for key, value in state.items()}
    if isinstance(state, list):
        return [_copied(value) for value in state]
    return state.clone() if isinstance(state, Tensor) else state


def optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    """D* = p / (p + q), the best answer to fixed densities (proposition 1); ½ where both are 0.

    Args:
        p, q: of real data and of fakes, 0 or more, of one shape.

    Returns:
        Probabilities that x is real, in the shape of p.

    Raises:
        ValueError: the shapes differ, or a density is negative or not finite.
    """
    _require_densities(p, q)
    nowhere = p + q == 0
    return (p / (p + q).masked_fill(nowhere, 1)).masked_fill(nowhere, 0.5)


def value(p: Tensor, q: Tensor) -> Tensor:
    """V(D*, G) = −log 4 + 2 JSD(p ‖ q), what is left to the generator (theorem 1), in nats.

    Args:
        p, q: (…, K) probabilities of K places, each row sums to 1.

    Returns:
        (…); −log 4 where p = q, the least, and 0 where no place has both, the most.

    Raises:
        ValueError: as ``optimal_discriminator``, or a row does not sum to 1.
    """
    _require_densities(p, q)
    for name, rows in (("p", p), ("q", q)):
        if not autoencoders.holds((rows.sum(-1) - 1).abs() <= 1e-3):
            raise ValueError(f"{name} must sum to 1; multiply a density by the grid's step")
    m = (p + q) / 2
    divergence = (_kl(p, m) + _kl(q, m)) / 2
    return 2 * divergence - math.log(4)


def _kl(p: Tensor, m: Tensor) -> Tensor:
    """KL(p ‖ m) along the last axis, 0 log 0 = 0; m is 0 nowhere where p is not."""
    ratio = p.masked_fill(p == 0, 1) / m.masked_fill(p == 0, 1)
    return (p * ratio.log()).sum(-1)


def _require_densities(p: Tensor, q: Tensor) -> None:
    if p.shape != q.shape:
        raise ValueError(f"p and q must have one shape, not {(*p.shape,)} and {(*q.shape,)}")
    for name, density in (("p", p), ("q", q)):
        if not autoencoders.holds((density >= 0) & density.isfinite()):
            raise ValueError(f"{name} must be finite and 0 or more everywhere")


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, u: Tensor
) -> Tensor:
    """Mean of (‖∇critic(x̂)‖ − 1)² at x̂ = u·real + (1 − u)·fake, without λ (equation 3).

    It can be differentiated by the critic's weights; real and fake get no gradient.

    Args:
        critic: (B, …) -> (B,), each number from its own image alone: no batch norm.
        real, fake: (B, …) each.
        u: (B,) in 0 to 1, one for each pair.

    Returns:
        A scalar; norms are over all numbers of an image.

    Raises:
        ValueError: the shapes do not fit, nothing is in them, or the critic has a batch norm.
    """
    if real.shape != fake.shape or not len(real):
        shapes = f"{tuple(real.shape)} and {tuple(fake.shape)}"
        raise ValueError(f"real and fake must be of one shape (B, …), B > 0, not {shapes}")
    if u.shape != real.shape[:1]:
        raise ValueError(f"u must be ({len(real)},), one number a pair, not {tuple(u.shape)}")
    if isinstance(critic, nn.Module) and has_batch_norm(critic):
        raise ValueError("critic has a batch norm, which mixes the images: use another norm")
    share = u.reshape(-1, *[1] * (real.ndim - 1))
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()  # flatten: of a whole image
