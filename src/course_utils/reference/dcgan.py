"""DCGAN's two networks, for images of 28 × 28 pixels in −1 to 1.

Source: A. Radford, L. Metz and S. Chintala, "Unsupervised representation learning with deep
convolutional generative adversarial networks", ICLR 2016, section 3: strides in place of
pooling, batch norm everywhere but at the generator's output and the discriminator's input,
ReLU and tanh in one, slope 0.2 in the other, first weights N(0, 0.02²). Both are smaller here.
"""

from __future__ import annotations

from torch import Tensor, nn


def has_batch_norm(network: nn.Module) -> bool:
    """Whether there is a batch norm inside."""
    return any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules())


class _Rival(nn.Module):
    """What both networks share: layers, their first weights N(0, 0.02²), and one refusal."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        for layer in layers:
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.normal_(layer.weight, 0, 0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def _run(self, x: Tensor) -> Tensor:
        if self.training and len(x) < 2 and has_batch_norm(self):
            raise ValueError(
                "batch norm learns from two images or more: enlarge the batch, or call eval()"
            )
        return self.layers(x)


class Generator(_Rival):
    """DCGAN's generator for 28 × 28 images: noise becomes 7 × 7 maps, enlarged twice.

    Batch norm after every layer but the last, ReLU, tanh at the end; 91,713 parameters.

    Args:
        noise: Z.
        widths: maps at 7 × 7, 14 × 14 and 28 × 28.
    """

    def __init__(self, noise: int = 32, widths: tuple[int, int, int] = (40, 32, 16)) -> None:
        a, b, c = widths
        self.noise = noise
        super().__init__(
            nn.Linear(noise, a * 49, bias=False),
            nn.Unflatten(1, (a, 7, 7)),  # (B, a, 7, 7)
            nn.BatchNorm2d(a),
            nn.ReLU(),
            nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False),  # (B, b, 14, 14)
            nn.BatchNorm2d(b),
            nn.ReLU(),
            nn.ConvTranspose2d(b, c, 4, 2, 1, bias=False),  # (B, c, 28, 28)
            nn.BatchNorm2d(c),
            nn.ReLU(),
            nn.Conv2d(c, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        """(B, Z) -> (B, 1, 28, 28) in −1 to 1.

        Raises:
            ValueError: z has another shape, or one row while batch norm learns.
        """
        if z.ndim != 2 or z.shape[1] != self.noise:
            raise ValueError(f"z must be (B, {self.noise}), not {tuple(z.shape)}")
        return self._run(z)


class Discriminator(_Rival):
    """DCGAN's discriminator for 28 × 28 images: strides, slope 0.2, no norm at the input.

    Args:
        widths: maps at 14 × 14 and 7 × 7.
        batch_norm: False for a critic under ``gradient_penalty``.
    """

    def __init__(self, widths: tuple[int, int] = (32, 64), batch_norm: bool = True) -> None:
        a, b = widths
        super().__init__(
            nn.Conv2d(1, a, 4, 2, 1),  # (B, a, 14, 14)
            nn.LeakyReLU(0.2),
            nn.Conv2d(a, b, 4, 2, 1, bias=not batch_norm),  # (B, b, 7, 7)
            *([nn.BatchNorm2d(b)] if batch_norm else []),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(b * 49, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 28, 28) in −1 to 1 -> logits (B,), above 0 for "real".

        Raises:
            ValueError: x has another shape, or one image while batch norm learns.
        """
        if x.shape[1:] != (1, 28, 28):
            raise ValueError(f"x must be (B, 1, 28, 28), not {tuple(x.shape)}")
        return self._run(x).squeeze(1)
