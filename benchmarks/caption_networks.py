"""Networks of captions beside those of the best-known libraries: what is asked and compared.

Whoever calls brings ours: two searches as functions of the memory, networks as modules. Each
function first asks that both sides give the same and hands back what can be timed.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.caption_peers import START, Plain, generate, generator
from benchmarks.match import Match
from benchmarks.race import Work

CACHED, SEARCH, STEP = 1 / 6, 0.9, 1.0  # shares of the peer's time that are asked for
ALIKE = 0.99  # share of captions
Search = Callable[[Tensor], Tensor]  # memory (B, S, d) to words (B, length)


def identical(ours: Tensor, theirs: Tensor, what: str) -> None:
    """All captions but a few: where two words are as likely, rounding chooses between them."""
    same = (ours == theirs).all(-1).float().mean().item() if ours.shape == theirs.shape else 0.0
    if same < ALIKE:
        raise AssertionError(f"{what}: only {same:.3f} of the captions are the same")


@torch.no_grad()
def uncached(network: nn.Module, memory: Tensor, length: int) -> Tensor:
    """Greedy search that reads all words again for each new one."""
    words = torch.full((len(memory), 1), START, device=memory.device)
    for _ in range(length):
        words = torch.cat([words, network(memory, words)[:, -1:].argmax(-1)], 1)
    return words[:, 1:]


def searches(
    ours: nn.Module, greedy: Search, beam: Search, plain: Plain, memory: Tensor, length: int
) -> list[Match]:
    """Cached beside uncached, greedy and a beam of 3 beside ``generate``.

    Args:
        ours: memory and words to logits, for the search without a cache.
        plain: the same weights; its end word must never come, so that all say ``length`` words.
    """
    model = generator(plain)
    nn.Module.to(model, memory.device)  # in place; the peer's own wrapper says no types
    said = greedy(memory)
    identical(said, uncached(ours, memory, length), "cached and uncached")
    identical(said, generate(model, memory, length), "greedy and generate")
    identical(beam(memory), generate(model, memory, length, width=3), "a beam and generate")
    size = f"{len(memory)} captions of {length} words"
    words = len(memory) * length
    one, three = f"greedy, {size}", f"a beam of 3, {size}"
    return [
        Match(one, "ours, uncached", CACHED, lambda: greedy(memory),
              lambda: uncached(ours, memory, length), words),
        Match(one, "transformers", SEARCH, lambda: greedy(memory),
              lambda: generate(model, memory, length), words),
        Match(three, "transformers", SEARCH, lambda: beam(memory),
              lambda: generate(model, memory, length, width=3), words),
    ]  # fmt: skip


def training_step(network: nn.Module, *inputs: Tensor, answers: Tensor) -> Work:
    """Loss, gradients and a step of AdamW."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-4, fused=True)

    def step() -> Tensor:
        optimiser.zero_grad()
        logits = network(*inputs)
        loss = F.cross_entropy(logits.flatten(0, -2), answers.flatten())
        loss.backward()
        optimiser.step()
        return loss.detach()

    return step


def steps(
    work: str, peer: str, ours: nn.Module, theirs: nn.Module, *inputs: Tensor, answers: Tensor
) -> Match:
    """A training step of each; both must have the same outputs and numbers of parameters."""
    sizes = [sum(p.numel() for p in network.parameters()) for network in (ours, theirs)]
    if sizes[0] != sizes[1]:
        raise AssertionError(f"{work}: {sizes[0]} parameters beside {sizes[1]}")
    torch.testing.assert_close(ours(*inputs), theirs(*inputs), rtol=1e-3, atol=1e-4)
    mine, other = (training_step(n, *inputs, answers=answers) for n in (ours, theirs))
    return Match(work, peer, STEP, mine, other)
