"""Autoencoders and VAEs: what is learned, with which noise, and how it is judged (chapter 11).

Objectives are those of ``fit``; no hits are counted. LeNet, which ships, names what is drawn:
a judge of its own kind, right for 99 of 100 real digits and never asked whether one is a digit.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from course_utils import data
from course_utils.data import Pictures
from course_utils.reference import vae
from course_utils.reference.autoencoders import Autoencoder, corrupt
from course_utils.reference.cnn import LeNet
from course_utils.training import checkpoints
from course_utils.training.augment import Augmentation, seeded

Codes = Autoencoder | vae.VAE
SURE = 0.8  # from this probability on LeNet is called sure
BINARY_SEED = 1  # of the one drawing that makes the test images binary

# -- objectives of ``fit`` ------------------------------------------------------------------


def reconstruction(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Minus log p(x | z) with the code z of x: an autoencoder's loss, in nats an image."""
    return -vae.bernoulli_log_likelihood(x, model(x)).mean(), y.new_zeros(())


def negative_elbo(
    model: nn.Module, x: Tensor, y: Tensor, beta: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Minus the ELBO from one sample of each code, in nats an image."""
    logits, mean, log_variance = model(x)
    return -vae.elbo(x, logits, mean, log_variance, beta).mean(), y.new_zeros(())


def denoising(model: nn.Module, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Squared error against the clean image, summed; x (B, 2, C, H, W) is clean, noisy."""
    clean, noisy = x.unbind(1)
    error = (model(noisy).float() - clean).square()
    return error.flatten(1).sum(1).mean(), y.new_zeros(())


# -- noise -----------------------------------------------------------------------------------


def noisy(seed: int, most: float = 1.0) -> Augmentation:
    """Each image, and the same with Gaussian noise of σ from 0 to ``most``: (B, 2, C, H, W)."""

    def change(x: Tensor, generator: Generator) -> Tensor:
        sigma = most * torch.rand(len(x), generator=generator)
        return torch.stack([x, corrupt(x, "gaussian", sigma, generator)], 1)

    return seeded(change, seed)


def binary(x: Tensor, generator: Generator) -> Tensor:
    """Pixels drawn as 0 or 1, with their grey value as the probability of a 1."""
    return (torch.rand(x.shape, generator=generator).to(x.device) < x).to(x.dtype)


def binarised(seed: int) -> Augmentation:
    """Images made binary anew each time they are seen: dynamic binarisation."""
    return seeded(binary, seed)


def binary_test(test: Pictures | None = None) -> Tensor:
    """The 10 000 test digits, (N, 1, 28, 28), made binary once and for all by a fixed seed."""
    test = data.digits("test") if test is None else test
    return binary(test.images.float() / 255, Generator().manual_seed(BINARY_SEED))


# -- judging ---------------------------------------------------------------------------------


def judge() -> LeNet:
    """The trained LeNet that ships.

    Raises:
        CourseError: its checkpoint is missing.
    """
    network = LeNet()
    checkpoints.restore(network, "lenet")
    return network.eval()


@torch.no_grad()
def probabilities(network: nn.Module, images: Tensor) -> Tensor:
    """What LeNet sees in images (N, 1, 28, 28) in 0 to 1: (N, 10)."""
    return torch.cat([network(part).softmax(1) for part in images.split(500)])


@torch.no_grad()
def terms(model: vae.VAE, x: Tensor, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """log p(x | z) from one sample of each code, the KL, and the means: (N,), (N,), (N, d)."""
    generator, found = Generator().manual_seed(seed), []
    for part in x.split(500):
        mean, log_variance = model.encode(part)
        noise = torch.randn(mean.shape, generator=generator).to(mean.device)
        logits = model.decode(vae.reparameterise(mean, log_variance, noise))
        likelihood = vae.bernoulli_log_likelihood(part, logits)
        found.append((likelihood, vae.gaussian_kl(mean, log_variance), mean))
    likelihoods, kls, means = (torch.cat(column) for column in zip(*found, strict=True))
    return likelihoods, kls, means


@torch.no_grad()
def bounds(
    model: vae.VAE, x: Tensor, ks: tuple[int, ...], samples: int = 5000, seed: int = 0
) -> Tensor:
    """L_k of each image for each k, from the same samples: (N, len(ks)), float64, in nats.

    The samples fall into groups of k; the mean over the groups is an estimate of the expected
    L_k. Paired: differences between columns have less noise than the columns.

    Raises:
        ValueError: a k that does not divide ``samples``.
    """
    if any(samples % k for k in ks):
        raise ValueError(f"each of ks must divide samples = {samples}, not {ks}")
    generator, rows = Generator().manual_seed(seed), []
    for image in x.split(1):
        mean, log_variance = model.encode(image)
        noise = torch.randn(samples, *mean.shape, generator=generator).to(mean.device)
        z = vae.reparameterise(mean, log_variance, noise)  # (samples, 1, d)
        logits = model.decode(z.flatten(0, 1)).unsqueeze(1)
        likelihood = vae.bernoulli_log_likelihood(image, logits).double()  # (samples, 1)
        rows.append([_mean_bound(likelihood, z.double(), mean, log_variance, k) for k in ks])
    return torch.tensor(rows, dtype=torch.float64)


def _mean_bound(
    likelihood: Tensor, z: Tensor, mean: Tensor, log_variance: Tensor, k: int
) -> float:
    groups = len(z) // k
    q = [t.double().expand(groups, -1) for t in (mean, log_variance)]
    found = vae.importance_bound(likelihood.view(k, groups), z.view(k, groups, -1), *q)
    return found.mean().item()


def codes(model: Codes, x: Tensor) -> Tensor:
    """One code an image: an autoencoder's, or the mean of q(z | x) of a VAE, (N, d)."""
    with torch.no_grad():
        found = [model.encode(part) for part in x.split(500)]
    return torch.cat([z[0] if isinstance(z, tuple) else z for z in found])


@torch.no_grad()
def decoded(model: Codes, z: Tensor) -> Tensor:
    """Images of codes: (N, d) -> (N, 1, 28, 28) in 0 to 1."""
    return torch.cat([model.decode(part).sigmoid() for part in z.split(500)])


def samples(model: Codes, x: Tensor, number: int = 1000, seed: int = 0) -> Tensor:
    """Decoded random codes, (number, 1, 28, 28): of a VAE from its prior N(0, I).

    An autoencoder has no prior; its codes are drawn from the Gaussian, with covariance, that
    fits the codes of the images x (N, 1, 28, 28).
    """
    z = codes(model, x)
    noise = torch.randn(number, z.shape[1], generator=Generator().manual_seed(seed)).to(z)
    if isinstance(model, Autoencoder):
        factor = torch.linalg.cholesky(z.T.cov() + 1e-6 * torch.eye(z.shape[1]).to(z))
        noise = z.mean(0) + noise @ factor.T
    return decoded(model, noise)


def judged(model: Codes, test: Pictures) -> dict[str, float]:
    """What reconstructions and samples are worth, by likelihood and by LeNet.

    ``named``: reconstructions that LeNet calls what the image is. Of 1000 samples, ``sure``:
    of how many it is surer than 0.8; ``kinds``: how many digits it names 10 times or more.
    """
    device = next(model.parameters()).device
    x, labels, network = (test.images.float() / 255).to(device), test.labels, judge().to(device)
    z = codes(model, x)
    named = probabilities(network, decoded(model, z)).argmax(1).cpu() == labels
    seen = probabilities(network, samples(model, x)).cpu()
    kinds = int((seen.argmax(1).bincount(minlength=10) >= 10).sum())
    row = {
        "named": named.float().mean().item(),
        "sure": (seen.amax(1) > SURE).float().mean().item(),
        "kinds": kinds,
    }
    if isinstance(model, vae.VAE):
        likelihood, kl, _ = terms(model, x)
        found = {"reconstruction": likelihood.mean(), "KL": kl.mean()}
        found["ELBO"] = (likelihood - kl).mean()
    else:
        logits = torch.cat([model.decode(part) for part in z.split(500)])
        found = {"reconstruction": vae.bernoulli_log_likelihood(x, logits).mean()}
    nats = {f"{name} (nats)": round(value.item(), 2) for name, value in found.items()}
    return nats | {name: round(value, 4) for name, value in row.items()}


def binary_row(model: vae.VAE, test: Pictures) -> dict[str, float]:
    """The terms of the ELBO on binary test images, one sample of each code; active units."""
    x = binary_test(test).to(next(model.parameters()).device)
    likelihood, kl, means = terms(model, x)
    elbo = likelihood - kl
    row = {"test ELBO (nats)": elbo.mean(), "standard error": elbo.std() / len(x) ** 0.5}
    row |= {"reconstruction (nats)": likelihood.mean(), "KL (nats)": kl.mean()}
    measured = {name: round(value.item(), 2) for name, value in row.items()}
    return measured | {"active units": int(vae.active_units(means).sum())}


@torch.no_grad()
def restored(model: nn.Module, test: Pictures) -> dict[str, float]:
    """Root mean squared error a pixel and share named by LeNet, by σ, before and after."""
    device = next(model.parameters()).device
    network, labels = judge().to(device), test.labels
    clean, row = (test.images.float() / 255).to(device), {}
    for sigma in (0.25, 0.5, 1.0):
        noise = corrupt(clean, "gaussian", sigma, Generator().manual_seed(0))
        found = torch.cat([model(part) for part in noise.split(500)])
        for name, images in (("noisy", noise), ("restored", found)):
            right = probabilities(network, images.clamp(0, 1)).argmax(1).cpu() == labels
            error = (images - clean).square().mean().sqrt().item()
            row[f"σ {sigma}, {name}: error"] = round(error, 4)
            row[f"σ {sigma}, {name}: named"] = round(right.float().mean().item(), 4)
    return row
