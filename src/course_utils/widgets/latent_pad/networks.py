"""The networks of chapter 11's widgets, and the digits that they start from."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from ... import data, training
from ...reference.autoencoders import Autoencoder
from ...reference.cnn import LeNet
from ...reference.vae import VAE
from ..network import Network

PARTS = ("encoder", "decoder")
NAMES = {"ae": "ae_plane", "vae": "vae_plane"}


@functools.cache
def tensors(name: str) -> dict[str, Tensor]:
    """A checkpoint's tensors.

    Raises:
        CourseError: it is missing.
    """
    return training.load(name)


@functools.cache
def plane(kind: str) -> Autoencoder | VAE:
    """The "ae" or the "vae" with codes of two numbers; its weights say how wide it is."""
    state = tensors(NAMES[kind])
    hidden, latent = state["decoder.0.weight"].shape
    model = (VAE if kind == "vae" else Autoencoder)(latent, hidden)
    model.load_state_dict(state)
    return model.eval()


@functools.cache
def in_the_page(kind: str, part: str) -> Network:
    """Its "encoder" or its "decoder" for ``kit/nn.js``; a page holds each of them once."""
    return Network(getattr(plane(kind), part))


@functools.cache
def judge() -> LeNet:
    """The classifier that names what is drawn."""
    model = LeNet()
    model.load_state_dict(tensors("lenet"))
    return model.eval()


@functools.cache
def judge_in_the_page() -> Network:
    return Network(judge().layers)


@functools.cache
def digits(count: int) -> tuple[Tensor, Tensor]:
    """The first images of MNIST's test set, (count, 1, 28, 28) in 0 to 1, and their labels."""
    shown = data.digits("test")
    return shown.images[:count].float() / 255, shown.labels[:count]


@functools.cache
def first_of_each() -> Tensor:
    """Where the first of each class stands among them, (10,)."""
    labels = digits(100)[1]
    return torch.stack([(labels == digit).nonzero()[0, 0] for digit in range(10)])


@torch.no_grad()
def codes(kind: str, x: Tensor) -> Tensor:
    """The code of each image, of the VAE the mean of q(z|x): (B, 1, 28, 28) -> (B, 2)."""
    return plane(kind).encoder(x)[:, :2]


@torch.no_grad()
def decoded(kind: str, z: Tensor) -> Tensor:
    """(B, 2) -> images (B, 1, 28, 28) in 0 to 1."""
    return plane(kind).decode(z).sigmoid()


@torch.no_grad()
def shares(x: Tensor) -> Tensor:
    """What LeNet sees: (B, 1, 28, 28) -> (B, 10), shares of 1."""
    return judge()(x).softmax(1)
