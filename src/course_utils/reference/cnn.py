"""Convolutional networks: LeNet.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", 1998, figure 2. As is usual today: ReLU in place of tanh, max pooling in place of
trained subsampling, full connections between the maps, a softmax in place of RBF units.
"""

from __future__ import annotations

from torch import Tensor, nn


class LeNet(nn.Module):
    """LeNet-5 for 28 × 28 pictures, as a list of layers: 61 706 parameters for one channel."""

    def __init__(self, channels: int = 1, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 6, 5, padding=2),  # (B, 6, 28, 28)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 6, 14, 14)
            nn.Conv2d(6, 16, 5),  # (B, 16, 10, 10)
            nn.ReLU(),
            nn.MaxPool2d(2),  # (B, 16, 5, 5)
            nn.Flatten(),
            nn.Linear(16 * 5 * 5, 120),
            nn.ReLU(),
            nn.Linear(120, 84),
            nn.ReLU(),
            nn.Linear(84, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 28, 28) in 0 to 1 -> logits (B, classes)."""
        return self.layers(x)
