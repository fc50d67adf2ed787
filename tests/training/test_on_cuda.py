"""Steps of training on a CUDA device that need not be there, see ``tests/on_device.py``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from course_utils.reference import (
    autoencoders,
    cnn,
    cpc,
    dcgan,
    gan,
    resnet,
    simclr,
    vae,
)
from course_utils.training import autoencoders as codes
from course_utils.training import captioning as captions
from course_utils.training import optimise, representation
from course_utils.training.captioners import CAPTIONERS, untrained
from course_utils.training.fit import classify
from tests import on_device
from tests.on_device import labels, made, tensors, x

STEPS = {
    "classify": (classify, cnn.LeNet, (4, 1, 28, 28)),
    "rotation": (
        representation.rotation,
        lambda: resnet.cifar_resnet(8, classes=4),
        (4, 3, 32, 32),
    ),
    "autoencoder": (codes.reconstruction, autoencoders.Autoencoder, (4, 1, 28, 28)),
    "denoiser": (codes.denoising, autoencoders.Denoiser, (4, 2, 1, 12, 16)),
    "vae": (codes.negative_elbo, vae.VAE, (4, 1, 28, 28)),
    "vae, binary": (codes.negative_elbo, lambda: vae.MLPVAE(3, 8), (4, 1, 28, 28)),
    "cpc": (representation.prediction, lambda: cpc.CPC(3, 8, 4, 16, 12, 2), (4, 3, 32, 32)),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_training_step_off_the_cpu(
    name: str, optimiser: str, elsewhere: None, unseen: None
) -> None:
    objective, make, shape = STEPS[name]
    with torch.device(on_device.DEVICE):
        model = make()
    steps = optimise.optimiser(optimiser, model, lr=0.1, weight_decay=1e-4)
    loss, _ = objective(model, x(*shape), labels(4, 4))
    loss.backward()
    steps.step()
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}


def test_a_step_of_two_networks_off_the_cpu(elsewhere: None, unseen: None) -> None:
    networks = made(dcgan.Generator), made(dcgan.Discriminator)
    rules = [torch.optim.Adam(network.parameters()) for network in networks]
    losses = gan.step(*networks, x(4, 1, 28, 28), x(4, 32), (rules[0], rules[1]))
    assert {loss.device.type for loss in losses} == {"meta"}
    for network in networks:
        assert {p.grad.device.type for p in network.parameters()} == {"meta"}


@pytest.mark.parametrize("name", [name for name in STEPS if name != "cpc"])
def test_objectives_on_cuda(name: str, unseen: None) -> None:
    objective, make, shape = STEPS[name]
    with FakeTensorMode(), torch.no_grad():
        with torch.device("cuda"):
            model = make()
        loss, hits = objective(model, x(*shape), labels(4, 4))
    assert {loss.device.type, hits.device.type} == {"cuda"}


def test_two_views_agree_on_cuda() -> None:
    with FakeTensorMode(), torch.no_grad():
        with torch.device("cuda"):
            model = simclr.SimCLR(nn.Flatten(), 48, 4)
        loss, hits = representation.agreement(model, x(3, 2, 3, 4, 4), labels(3, 3))
    assert {loss.device.type, hits.device.type} == {"cuda"}


def scenes_with_words() -> dict[str, Tensor]:
    """A batch as the recipes of captions have it."""
    cells = {name: labels(4, 2)[:, None].expand(4, 64) for name in ("thing", "size", "colour")}
    images = torch.zeros(4, 3, 64, 64, dtype=torch.uint8, device=on_device.DEVICE)
    words = torch.ones(4, 7, dtype=torch.uint8, device=on_device.DEVICE)
    return {"images": images, "words": words, "ground": labels(4, 2), **cells}


def caption_tasks(name: str) -> list[tuple[nn.Module, Callable]]:
    """A captioner before its encoder's dense task and before its own."""
    with torch.device(on_device.DEVICE):
        network = untrained(name)
        dense = captions.Dense(network.encoder, network.encoder.size)
    return [(dense, captions.dense_loss), (network, captions.caption_loss)]


@pytest.mark.parametrize("name", CAPTIONERS)
def test_a_training_step_of_captions_off_the_cpu(name: str, elsewhere: None) -> None:
    for network, objective in caption_tasks(name):
        steps = torch.optim.AdamW(network.parameters(), 1e-3)
        loss, right = objective(network, scenes_with_words())
        loss.backward()
        steps.step()
        assert {t.device.type for t in (loss, right)} == {"meta"}
        assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize("name", CAPTIONERS)
def test_captions_on_cuda(name: str) -> None:
    """Both objectives, and a decoder that goes on word by word from other rows."""
    with FakeTensorMode(), torch.no_grad():
        made = [objective(net, scenes_with_words()) for net, objective in caption_tasks(name)]
        with torch.device("cuda"):
            network = untrained(name).eval()
        decoder: Any = network.decoder
        state = decoder.start(network.encoder(scenes_with_words()["images"]))
        for _ in range(2):
            logits, state = decoder.step(labels(4, 9), state)
            state = decoder.reorder(state, labels(4, 4))
            made += [logits, *tensors(state)]
    assert {t.device.type for t in tensors(made)} == {"cuda"}
