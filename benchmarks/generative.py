"""Steps of a VAE and of a GAN, and the Fréchet distance, beside other ways, interleaved.

    python -m benchmarks.generative [--rounds 15] [--batch 64]

The peers pythae and torchmetrics are in the extra ``bench``: ``make bench NAMES=generative``.
Each comparison first asks that both give the same, then takes the median of the rounds' ratios.
Writes ``results/generative.json``.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam

from benchmarks.match import Match, play
from course_utils import data
from course_utils.reference import gan
from course_utils.reference.cnn import LeNet
from course_utils.reference.frechet import Moments, gaussian_distance, lenet_features, moments
from course_utils.reference.vae import elbo, reparameterise
from course_utils.training import checkpoints
from course_utils.training.fit import device as choose_device

SEED, NUMBER, MANY = 188, 5_000, 512
LATENT, HIDDEN = 20, 512  # of pythae's own networks
DIGITS = 1e-10  # of two distances, relative
LACKING = "pythae and torchmetrics are needed: make bench NAMES=generative installs them"


class PlainVAE(nn.Module):
    """pythae's own networks, one hidden layer of ReLU each, written as ours are."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(784, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2 * LATENT)
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 784),
            nn.Unflatten(1, (1, 28, 28)),
        )  # fmt: skip

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return self.decoder(reparameterise(mean, log_variance, noise)), mean, log_variance


def weights_of(theirs: nn.Module) -> dict[str, Tensor]:
    """pythae's weights by our names; mean and log variance are two layers there, one here."""
    had = theirs.state_dict()
    made = {}
    for kind in ("weight", "bias"):
        made[f"encoder.1.{kind}"] = had[f"encoder.layers.0.0.{kind}"]
        both = [had[f"encoder.{part}.{kind}"] for part in ("embedding", "log_var")]
        made[f"encoder.3.{kind}"] = torch.cat(both)
        made[f"decoder.0.{kind}"] = had[f"decoder.layers.0.0.{kind}"]
        made[f"decoder.2.{kind}"] = had[f"decoder.layers.1.0.{kind}"]
    return made


def vae_step(batch: int, device: torch.device) -> Match:
    """A training step beside pythae's, whose trainer takes Adam as torch has it."""
    from pythae.models import VAE, VAEConfig

    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=LATENT, reconstruction_loss="bce")
    theirs, ours = VAE(config).to(device), PlainVAE().to(device)
    ours.load_state_dict(weights_of(theirs))
    x = (data.fashion("train").images[:batch].float() / 255).to(device)
    fused, plain = Adam(ours.parameters(), fused=True), Adam(theirs.parameters())

    def mine() -> Tensor:
        fused.zero_grad()
        noise = torch.randn(batch, LATENT, device=device)
        loss = -elbo(x, *ours(x, noise)).mean()
        loss.backward()
        return loss.detach()

    def other() -> Tensor:
        plain.zero_grad()
        loss = theirs({"data": x}).loss
        loss.backward()
        return loss.detach()

    losses = []
    for way in (mine, other):
        torch.manual_seed(SEED)
        losses.append(way())
    same_numbers("loss of pythae", *losses)
    gradients = weights_of(_gradients(theirs))
    for name, p in ours.named_parameters():
        same_numbers(f"gradient of {name}", p.grad, gradients[name])
    work = f"VAE 784-{HIDDEN}-{LATENT}, training step, {batch} images"
    steps = [lambda: (mine(), fused.step()), lambda: (other(), plain.step())]
    return Match(work, "pythae", 0.75, *map(many, steps))


def many(step: Callable[[], object], times: int = 5) -> Callable[[], None]:
    """Several steps as one work: one alone is short beside a busy machine's pauses."""

    def work() -> None:
        for _ in range(times):
            step()

    return work


def _gradients(network: nn.Module) -> nn.Module:
    """A copy whose weights are the gradients."""
    made = copy.deepcopy(network)
    with torch.no_grad():
        for p, q in zip(made.parameters(), network.parameters(), strict=True):
            p.copy_(q.grad)
    return made


def same_numbers(what: str, ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(
        ours, theirs, rtol=2e-4, atol=2e-6, msg=lambda m: f"{what} differs: {m}"
    )


class Game:
    """Two networks and their optimisers; all begin alike."""

    def __init__(self, device: torch.device) -> None:
        torch.manual_seed(SEED)
        self.g, self.d = gan.Generator().to(device), gan.Discriminator().to(device)
        self.of_g, self.of_d = (
            Adam(n.parameters(), 5e-4, (0.5, 0.999), fused=True) for n in (self.g, self.d)
        )

    def step(self, x: Tensor, z: Tensor) -> None:
        gan.step(self.g, self.d, x, z, (self.of_g, self.of_d))

    def plain(self, x: Tensor, z: Tensor) -> None:
        """As algorithm 1 is written: G draws for each half, all weights get gradients."""
        self.of_d.zero_grad()
        gan.discriminator_loss(self.d(x), self.d(self.g(z))).backward()
        self.of_d.step()
        self.of_g.zero_grad()
        gan.generator_loss(self.d(self.g(z))).backward()
        self.of_g.step()

    def detached(self, x: Tensor, z: Tensor) -> None:
        """``plain`` with fakes detached in the first half."""
        self.of_d.zero_grad()
        gan.discriminator_loss(self.d(x), self.d(self.g(z).detach())).backward()
        self.of_d.step()
        self.of_g.zero_grad()
        gan.generator_loss(self.d(self.g(z))).backward()
        self.of_g.step()

    def example(self, x: Tensor, z: Tensor) -> None:
        """As torch's own example of DCGAN: fakes are reused, D is not frozen."""
        self.of_d.zero_grad()
        label = torch.ones(len(x), device=x.device)
        F.binary_cross_entropy_with_logits(self.d(x), label).backward()
        fake = self.g(z)
        F.binary_cross_entropy_with_logits(self.d(fake.detach()), 0 * label).backward()
        self.of_d.step()
        self.of_g.zero_grad()
        F.binary_cross_entropy_with_logits(self.d(fake), label).backward()
        self.of_g.step()


WAYS = {"plain recipe": ("plain", 0.8), "plain recipe, detached": ("detached", 0.8),
        "torch's example": ("example", 1.0)}  # fmt: skip


def gan_steps(batch: int, device: torch.device) -> list[Match]:
    """A step of DCGAN beside other ways to the same gradients."""
    x = (2 * data.fashion("train").images[:batch].float() / 255 - 1).to(device)
    z = torch.randn(batch, 32, device=device)
    matches = []
    for peer, (way, share) in WAYS.items():
        ours, theirs = Game(device), Game(device)
        ours.step(x, z)
        getattr(theirs, way)(x, z)
        for p, q in zip(ours.g.parameters(), theirs.g.parameters(), strict=True):
            same_numbers(f"gradient of G by the {peer}", p.grad, q.grad)
        for p, q in zip(ours.d.parameters(), theirs.d.parameters(), strict=True):
            same_numbers(f"D's weights by the {peer}", p, q)
        work = f"DCGAN, training step, {batch} images"
        one = lambda ours=ours: ours.step(x, z)  # noqa: E731
        other = lambda theirs=theirs, way=way: getattr(theirs, way)(x, z)  # noqa: E731
        matches.append(Match(work, peer, share, one, other))
    return matches


def by_scipy(first: Moments, second: Moments) -> float:
    """The root of a product, as FID's first program has it."""
    from scipy.linalg import sqrtm

    (m, C), (n, K) = ([t.cpu().numpy() for t in pair] for pair in (first, second))
    root = sqrtm(C @ K).real
    return float(np.square(m - n).sum() + np.trace(C) + np.trace(K) - 2 * np.trace(root))


def of_images(device: torch.device) -> tuple[Moments, Moments]:
    """Of LeNet's features of real images, one set mirrored: a distance worth measuring."""
    network = LeNet().to(device)
    checkpoints.restore(network, "lenet_fashion")
    train, test = (data.fashion(s).images[:NUMBER].float() / 255 for s in ("train", "test"))
    sets = [lenet_features(network, images.to(device)) for images in (train.flip(3), test)]
    return moments(sets[0]), moments(sets[1])


def made(device: torch.device) -> tuple[Moments, Moments]:
    """Of features that are drawn, as many as some networks have."""
    x, y, mix = (torch.randn(n, MANY, device=device) for n in (NUMBER, NUMBER, MANY))
    return moments(x @ mix / MANY**0.5), moments(y + 0.1)


def distances(pair: tuple[Moments, Moments], times: int) -> list[Match]:
    """From the moments on, which all ways compute alike."""
    from torchmetrics.image.fid import _compute_fid

    first, second = pair
    ours = gaussian_distance(first, second).item()
    peers: dict[str, Callable[[], float]] = {
        "torchmetrics": lambda: _compute_fid(*first, *second).item(),
        "SciPy's sqrtm": lambda: by_scipy(first, second),
    }
    matches = []
    for peer, way in peers.items():
        if abs(ours - way()) > DIGITS * ours:
            raise AssertionError(f"Fréchet distance: {ours} here, {way()} by {peer}")
        mine = many(lambda: gaussian_distance(first, second).item(), times)
        work = f"Fréchet distance of {len(first[0])} features"
        matches.append(Match(work, peer, 0.4, mine, many(way, times)))
    return matches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=64, help="of a training step")
    args = parser.parse_args()
    torch.manual_seed(SEED)
    start, device = time.perf_counter(), choose_device()
    try:
        matches = [
            vae_step(args.batch, device),
            *gan_steps(args.batch, device),
            *distances(of_images(device), 10),
            *distances(made(device), 1),
        ]
    except ModuleNotFoundError as error:
        raise SystemExit(f"{error}. {LACKING}") from error
    print(play("generative", matches, args.rounds, seed=SEED, start=start))


if __name__ == "__main__":
    main()
