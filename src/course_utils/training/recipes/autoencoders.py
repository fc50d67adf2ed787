"""Autoencoders, a denoiser and VAEs of digits, chapter 11."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_utils import data
from course_utils.reference.autoencoders import Autoencoder, Denoiser
from course_utils.reference.vae import MLPVAE, VAE
from course_utils.training import autoencoders as learning
from course_utils.training.augment import Augmentation
from course_utils.training.fit import Epoch, Objective, fit
from course_utils.training.run import Run, Trained

BATCH = 128
BINARY_EPOCHS = 130  # 26 minutes of one thread


def ae_plane(run: Run) -> Trained:
    """An autoencoder with two numbers a digit, MNIST."""
    return _codes(lambda: Autoencoder(2, 32), learning.reconstruction, run, 12)


def vae_plane(run: Run) -> Trained:
    """A VAE with two numbers a digit, MNIST."""
    return _codes(lambda: VAE(2, 32), learning.negative_elbo, run, 12)


def ae_digits(run: Run) -> Trained:
    """An autoencoder with 16 numbers a digit, MNIST."""
    return _codes(lambda: Autoencoder(16, 64), learning.reconstruction, run, 6)


def vae_digits(run: Run) -> Trained:
    """A VAE with 16 numbers a digit, MNIST."""
    return _codes(lambda: VAE(16, 64), learning.negative_elbo, run, 6)


def denoiser(run: Run) -> Trained:
    """A denoiser of digits for noise of σ from 0 to 1, which it is not told, MNIST."""
    torch.manual_seed(run.seed)
    network = Denoiser().to(run.device)
    curve = _fitted(network, learning.denoising, learning.noisy(run.seed), run, 4, lr=3e-3)
    return _kept(network, learning.restored(_rounded(network), _test(run)), curve)


def vae_binary(run: Run) -> Trained:
    """A VAE of 784-500-500-50 units on digits that are made binary anew each time, MNIST.

    As in Burda et al. (2016) pixels of the training images are drawn each time they are seen,
    with the grey value as the probability of a 1. The 10 000 test images are drawn once with a
    fixed seed (``learning.binary_test``). Too large for a page, it does not ship.
    """
    torch.manual_seed(run.seed)
    network, start = MLPVAE().to(run.device), time.process_time()
    curve = _fitted(
        network, learning.negative_elbo, learning.binarised(run.seed), run, BINARY_EPOCHS,
        lr=1e-3,
    )  # fmt: skip
    row: dict[str, Any] = {"CPU seconds": round(time.process_time() - start)}
    row |= learning.binary_row(_rounded(network), _test(run))
    return _kept(network, row, curve, ships=False)


def _test(run: Run) -> data.Pictures:
    return run.part(data.digits("test"))


def _rounded(network: nn.Module) -> Any:
    """With the float16 weights that are kept: what is measured is what ships."""
    return network.half().float().eval()


def _fitted(
    network: nn.Module,
    objective: Objective,
    augment: Augmentation | None,
    run: Run,
    epochs: int,
    **options: Any,
) -> list[Epoch]:
    train = run.part(data.digits("train"))
    batches = train.batches(
        min(BATCH, len(train)),
        seed=run.seed,
        device=run.device,
        augment=augment,
        drop_last=True,
    )
    return fit(
        network, batches, run.length(epochs), objective=objective, weight_decay=0.0,
        watch=run.watch, resume=run.resume, **options,
    )  # fmt: skip


def _codes(
    make: Callable[[], Autoencoder | VAE], objective: Objective, run: Run, epochs: int
) -> Trained:
    torch.manual_seed(run.seed)
    network = make().to(run.device)
    curve = _fitted(network, objective, None, run, epochs, lr=2e-3)
    return _kept(network, learning.judged(_rounded(network), _test(run)), curve)


def _kept(
    network: nn.Module, row: dict[str, Any], curve: list[Epoch], ships: bool = True
) -> Trained:
    row |= {"epochs": len(curve), "parameters": sum(p.numel() for p in network.parameters())}
    return Trained(network.state_dict(), row, curve, ships)
