"""Autoencoders: principal components, small convolutional networks, denoising (chapter 11).

Sources: for denoising autoencoders, P. Vincent, H. Larochelle, I. Lajoie, Y. Bengio and
P.-A. Manzagol, "Stacked denoising autoencoders", JMLR 11, 2010; for what a denoiser's arrows
mean, P. Vincent, "A connection between score matching and denoising autoencoders", Neural
Computation 23, 2011.

Symbols: x an image, x̃ the same with noise, z its code; B images, d numbers in a code, D pixels.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

SIDE = 28  # pixels; the encoder halves it twice
CORRUPTIONS = ("gaussian", "masking", "salt and pepper")


def holds(condition: Tensor) -> bool:
    """Whether a condition on values is met: here the program waits for a GPU."""
    return bool(condition.all())


def require_sizes(**sizes: int) -> None:
    """Refuse a size below 1, by its name."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} must be at least 1, not {size}")


def require_floats(name: str, x: Tensor, asked: str, *sizes: int) -> None:
    """Refuse what is not B ≥ 1 times ``sizes``, floating point numbers."""
    if x.ndim != 1 + len(sizes) or tuple(x.shape[1:]) != sizes or len(x) == 0:
        raise ValueError(f"{name} must be {asked}, B ≥ 1, not {tuple(x.shape)}")
    if not x.is_floating_point():
        raise ValueError(f"{name} must be of floating point numbers, not {x.dtype}")


def require_pixels(x: Tensor) -> None:
    """Refuse pixels outside 0 to 1, and what is no number."""
    if x.numel() == 0 or not x.is_floating_point() or not holds((x >= 0) & (x <= 1)):
        raise ValueError("x must hold pixels from 0 to 1, one or more: divide bytes by 255")


def pca(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The mean and the k directions of largest variance.

    Args:
        x: (N, D), one image a row.
        k: 0 to the smaller of N and D.

    Returns:
        mean (D,), and components (k, D): orthonormal rows, largest variance first. The sign of
        each is arbitrary.

    Raises:
        ValueError: x is no (N, D) of finite floating point numbers, or k is out of range.
    """
    if x.ndim != 2 or x.numel() == 0 or not x.is_floating_point():
        raise ValueError(f"x must be (N, D) of floating point numbers, not {tuple(x.shape)}")
    if not 0 <= k <= min(x.shape):
        raise ValueError(f"k must be from 0 to min(N, D) = {min(x.shape)}, not {k}")
    if not holds(x.isfinite()):
        raise ValueError("x must hold finite numbers alone")
    mean = x.mean(0)
    return mean, torch.linalg.svd(x - mean, full_matrices=False).Vh[:k]


def reconstruct(x: Tensor, mean: Tensor, components: Tensor) -> Tensor:
    """x̂ = m + (x − m) Vᵀ V: the nearest point of the plane that PCA found, (N, D) -> (N, D).

    Raises:
        ValueError: the lengths of the rows differ.
    """
    if x.ndim != 2 or x.shape[1:] != mean.shape or components.shape[1:] != mean.shape:
        shapes = f"{tuple(x.shape)}, {tuple(mean.shape)}, {tuple(components.shape)}"
        raise ValueError(f"x, mean, components must be (N, D), (D,), (k, D), not {shapes}")
    return mean + (x - mean) @ components.T @ components


def corrupt(
    x: Tensor, kind: str, strength: float | Tensor, generator: Generator | None = None
) -> Tensor:
    """Images with noise, x̃ (B, …): the input of a denoiser, whose target is x itself.

    ``gaussian`` adds noise of standard deviation σ = strength to each pixel; the result leaves
    0 to 1. ``masking`` sets the share ν = strength of all pixels to 0; unlike dropout it does
    not enlarge the others. ``salt and pepper`` sets that share to 0 or 1, by a fair coin
    (Vincent et al., 2010).

    Args:
        x: (B, …) in 0 to 1.
        strength: one number, or one for each image (B,).
        generator: on the CPU, where the numbers are drawn: the same on every device.

    Raises:
        ValueError: pixels outside 0 to 1, another kind, a negative strength, a share above 1.
    """
    require_pixels(x)
    if kind not in CORRUPTIONS:
        raise ValueError(f"kind must be one of {', '.join(CORRUPTIONS)}, not {kind!r}")
    s = torch.as_tensor(strength, dtype=x.dtype).to(x.device)
    if s.ndim and s.shape != x.shape[:1]:
        raise ValueError(f"strength must be a number or (B,), not {tuple(s.shape)}")
    most = torch.inf if kind == "gaussian" else 1
    if not holds((s >= 0) & (s <= most) & s.isfinite()):
        raise ValueError(f"strength must be from 0 to {most} and finite for {kind}")
    s = s.reshape(-1, *[1] * (x.ndim - 1))
    draw = torch.randn if kind == "gaussian" else torch.rand
    noise = draw(x.shape, generator=generator, dtype=x.dtype).to(x.device)
    if kind == "gaussian":
        return x + s * noise
    if kind == "masking":
        return torch.where(noise < s, 0, x)
    return torch.where(noise < s, (noise < s / 2).to(x.dtype), x)


def posterior_mean(
    x: Tensor, means: Tensor, sigma: float, spread: float = 0.0, weights: Tensor | None = None
) -> Tensor:
    """E[x | x̃]: the best denoiser that squared errors know, in closed form.

    The data are Σ_k w_k N(m_k, s² I), for s = 0 the points m_k themselves; the noise is
    N(0, σ² I). With r_k(x̃) ∝ w_k N(x̃; m_k, (s² + σ²) I):

        D(x̃) = Σ_k r_k (m_k + s² / (s² + σ²) · (x̃ − m_k)),   D(x̃) − x̃ = σ² ∇ log p_σ(x̃)

    where p_σ is the density of the noisy data: the arrows of a perfect denoiser point uphill
    (Vincent, 2011, by way of the score that denoising matches).

    Args:
        x: x̃ (B, D).
        means: m (K, D), K ≥ 1.
        sigma: σ > 0.
        spread: s ≥ 0.
        weights: w (K,), positive, of any sum; None: all alike.

    Returns:
        (B, D); in float64 where x is.

    Raises:
        ValueError: shapes that do not fit, σ not positive, s negative, weights not positive.
    """
    if means.ndim != 2 or len(means) == 0 or x.ndim != 2 or x.shape[1:] != means.shape[1:]:
        shapes = f"{tuple(x.shape)} and {tuple(means.shape)}"
        raise ValueError(f"x and means must be (B, D) and (K, D), K ≥ 1, not {shapes}")
    if not sigma > 0 or not spread >= 0:
        raise ValueError(f"sigma must be > 0, spread ≥ 0, not {sigma} and {spread}")
    variance = sigma**2 + spread**2
    distance = (x[:, None] - means).square().sum(-1)  # (B, K): not cdist, which rounds more
    logits = -distance / (2 * variance)
    if weights is not None:
        if weights.shape != means.shape[:1] or not holds(weights > 0):
            raise ValueError(f"weights must be (K,) = ({len(means)},) and positive")
        logits = logits + weights.log()
    centre = logits.softmax(1) @ means  # Σ r_k m_k
    return centre + spread**2 / variance * (x - centre)


class Encoder(nn.Sequential):
    """Images (B, 1, 28, 28) in 0 to 1 to ``outputs`` numbers each: two halvings, two layers.

    The tensors are named by their place, ``0.weight`` and so on; ``hidden`` and ``outputs``
    stand in the shape of the last one.
    """

    def __init__(self, outputs: int, hidden: int = 32) -> None:
        require_sizes(outputs=outputs, hidden=hidden)
        super().__init__(
            nn.Conv2d(1, 8, 3, 2, 1), nn.ReLU(),  # (B, 8, 14, 14)
            nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),  # (B, 16, 7, 7)
            nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, outputs),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        require_floats("x", x, f"(B, 1, {SIDE}, {SIDE})", 1, SIDE, SIDE)
        return super().forward(x)


class Decoder(nn.Sequential):
    """Codes (B, d) to logits (B, 1, 28, 28): their sigmoid is the image."""

    def __init__(self, latent: int, hidden: int = 32) -> None:
        require_sizes(latent=latent, hidden=hidden)
        super().__init__(
            nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, 784),
            nn.Unflatten(1, (16, 7, 7)), nn.ReLU(),
            nn.Upsample(scale_factor=2), nn.Conv2d(16, 8, 3, 1, 1), nn.ReLU(),  # 14 × 14
            nn.Upsample(scale_factor=2), nn.Conv2d(8, 1, 3, 1, 1),
        )  # fmt: skip
        self.latent = latent

    def forward(self, z: Tensor) -> Tensor:
        require_floats("z", z, f"(B, {self.latent})", self.latent)
        return super().forward(z)


class Autoencoder(nn.Module):
    """An encoder and a decoder, d = ``latent`` numbers between them; no noise, no prior.

    ``hidden`` is the width of the layer beside the code, in both networks.
    """

    def __init__(self, latent: int = 2, hidden: int = 32) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(latent, hidden), Decoder(latent, hidden)

    def encode(self, x: Tensor) -> Tensor:
        """(B, 1, 28, 28) in 0 to 1 -> codes (B, d)."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, d) -> logits (B, 1, 28, 28)."""
        return self.decoder(z)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 28, 28) in 0 to 1 -> logits of the same shape."""
        return self.decode(self.encode(x))


class Denoiser(nn.Module):
    """x̂ = x̃ + f(x̃) for noise of any strength, which it is not told.

    f is a chain of ``depth`` convolutions 3 × 3 at half the resolution; it learns what is to
    be taken away.
    """

    def __init__(self, channels: int = 24, depth: int = 5) -> None:
        require_sizes(channels=channels, depth=depth)
        super().__init__()
        inner = [(nn.Conv2d(channels, channels, 3, 1, 1), nn.ReLU()) for _ in range(depth)]
        self.layers = nn.Sequential(
            nn.Conv2d(1, channels, 4, 2, 1), nn.ReLU(),
            *(layer for pair in inner for layer in pair),
            nn.ConvTranspose2d(channels, 1, 4, 2, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) with H and W even, any numbers -> (B, 1, H, W), not cut to 0 to 1.

        Raises:
            ValueError: another shape or dtype.
        """
        even = x.ndim == 4 and x.shape[1] == 1 and not (x.shape[2] % 2 or x.shape[3] % 2)
        if not even or 0 in x.shape or not x.is_floating_point():
            asked = "(B, 1, H, W) of floating point numbers, not empty, H and W even"
            raise ValueError(f"x must be {asked}, not {tuple(x.shape)} {x.dtype}")
        return x + self.layers(x)
