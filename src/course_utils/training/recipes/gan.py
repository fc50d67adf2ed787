"""Clothes from noise, chapter 12."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import data
from course_utils.data import Batches
from course_utils.reference.gan import Discriminator, Generator
from course_utils.training.autoencoders import negative_elbo
from course_utils.training.fit import fit
from course_utils.training.gan import (
    DICE,
    NUMBER,
    Judges,
    Twin,
    drawn,
    gallery,
    learn,
    symmetric,
)
from course_utils.training.labelled_gan import (
    LabelledDiscriminator,
    LabelledGenerator,
    pairs,
)
from course_utils.training.run import Run, Trained

BATCH, EPOCHS, VAE_EPOCHS = 32, 6, 10  # in about the same time


def gan_fashion(run: Run) -> Trained:
    """A DCGAN, Fashion-MNIST; the moving average of its generator."""
    torch.manual_seed(run.seed)
    networks = Generator().to(run.device), Discriminator().to(run.device)
    number, judges = _judges(run)
    mean, curve = learn(
        *networks,
        _batches(run, symmetric),
        run.length(EPOCHS),
        lambda generator: judges.distance(gallery(generator, number)),
        resume=run.resume,
        watch=run.watch,
    )
    mean = mean.half().float()  # what is measured is what ships
    row = judges.row(gallery(mean, number)) | _beside(run, judges, number, mean)
    return Trained(mean.state_dict(), row | {"epochs": len(curve)}, list(curve))


def gan_labelled(run: Run) -> Trained:
    """The DCGAN of ``gan_fashion`` with labels for both networks.

    It is compared with ``diffusion_fashion`` and does not ship.
    """
    torch.manual_seed(run.seed)
    networks = LabelledGenerator().to(run.device), LabelledDiscriminator().to(run.device)
    number, judges = _judges(run)

    def images(generator: Generator) -> Tensor:
        return gallery(generator, number)[:, :1]

    start = time.process_time()
    mean, curve = learn(
        *networks, pairs(run.part(data.fashion("train"))).batches(
            BATCH, seed=run.seed, device=run.device, augment=symmetric, drop_last=True
        ),
        run.length(EPOCHS), lambda generator: judges.distance(images(generator)),
        resume=run.resume, watch=run.watch,
    )  # fmt: skip
    seconds = round(time.process_time() - start)
    z = torch.randn(number, mean.noise, generator=torch.Generator().manual_seed(DICE))
    shown = images(mean)
    row = judges.row(shown) | {
        "named rightly": round(judges.named(shown, networks[0].asked(z)), 4)
    }
    row |= _beside(run, judges, number, mean) | {"epochs": len(curve), "CPU seconds": seconds}
    return Trained(mean.state_dict(), row, list(curve), ships=False)


def vae_fashion(run: Run) -> Trained:
    """A VAE of the GAN's layers, Fashion-MNIST; drawn is the mean of each pixel.

    Pixels are taken for probabilities. It is compared with the GAN and does not ship.
    """
    torch.manual_seed(run.seed)
    network = Twin().to(run.device)
    number, judges = _judges(run)
    curve = fit(
        network, _batches(run, None), run.length(VAE_EPOCHS), lr=2e-3, weight_decay=0.0,
        objective=negative_elbo, watch=run.watch, resume=run.resume,
    )  # fmt: skip
    network.eval()

    def draw(z: Tensor) -> Tensor:
        return network.decode(z).sigmoid()

    row = judges.row(drawn(draw, network.latent, number, run.device))
    row["of reconstructions"] = round(judges.distance(_again(network, number, run.device)), 2)
    row |= _beside(run, judges, number, network.decoder) | {"epochs": len(curve)}
    return Trained(network.state_dict(), row, curve, ships=False)


def _judges(run: Run) -> tuple[int, Judges]:
    """How many images are judged, and by whom: twice as many real ones stand beside."""
    number = max(100, round(NUMBER * run.share))
    return number, Judges(data.fashion("test").select(torch.arange(2 * number)), run.device)


def _batches(run: Run, augment: Any) -> Batches:
    train = run.part(data.fashion("train"))
    return train.batches(
        BATCH, seed=run.seed, device=run.device, augment=augment, drop_last=True
    )


@torch.no_grad()
def _again(network: Twin, number: int, device: torch.device) -> Tensor:
    """Test images as the VAE gives them back, from the means of their codes."""
    images = data.fashion("test").images[:number].float() / 255
    parts = [network.decode(network.encode(x.to(device))[0]) for x in images.split(250)]
    return torch.cat(parts).sigmoid()


def _beside(run: Run, judges: Judges, number: int, drawing: nn.Module) -> dict[str, Any]:
    """What a distance is to be compared with; the parameters of what draws."""
    untrained = gallery(Generator().to(run.device), number)
    return {
        "of two real halves": round(judges.halves(), 2),
        "of an untrained generator": round(judges.distance(untrained), 2),
        "parameters": sum(p.numel() for p in drawing.parameters()),
    }
