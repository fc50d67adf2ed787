"""Contrastive predictive coding on images, and what its loss says of information.

Source: A. van den Oord, Y. Li and O. Vinyals, "Representation learning with contrastive
predictive coding", 2018: equations 3 and 4 (InfoNCE), section 2.3 and appendix A.1 (the bound),
section 3.2 (images).

Symbols: B images of rows × cols patches; z (B, rows, cols, D) a patch's code, c
(B, rows, cols, G) its context, the codes up to it; W_k (D, G) predicts k rows ahead.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_utils.reference.convolution import output_size


def patches(x: Tensor, size: int, stride: int | None = None) -> Tensor:
    """Square patches on a grid; with half a side as the stride neighbours share a half.

    Args:
        x: (B, C, H, W).
        size: side of a patch.
        stride: step between patches; ``size // 2``, the paper's, when it is left out.

    Returns:
        (B, rows, cols, C, size, size) with rows = floor((H − size) / stride) + 1, cols alike;
        what is left at the bottom and on the right is in no patch.

    Raises:
        ValueError: a patch does not fit into the images, or the stride is below 1.
    """
    stride = size // 2 if stride is None else stride
    if stride < 1:
        raise ValueError(f"a stride of {stride} gives no grid: 1 pixel or more")
    for n in x.shape[2:]:
        output_size(n, size, stride)
    grid = x.unfold(2, size, stride).unfold(3, size, stride)  # (B, C, rows, cols, size, size)
    return grid.permute(0, 2, 3, 1, 4, 5)


def info_nce(predictions: Tensor, targets: Tensor, temperature: float = 1.0) -> Tensor:
    """Mean of −log f(i, i) / Σ_j f(i, j), f = exp(prediction · target / τ) (equation 4).

    Each of N predictions is to find its target, in the same row, among all N targets; those of
    the others are its N − 1 negatives. It is not symmetric: nobody looks for a prediction.

    Args:
        predictions, targets: (N, D) each, taken as they are, not normalised.
        temperature: τ > 0; 1 in the paper.

    Returns:
        A scalar in nats; log N where nothing is known.

    Raises:
        ValueError: the two are not of one shape (N, D), or τ is not positive.
    """
    if predictions.shape != targets.shape or predictions.ndim != 2 or not len(targets):
        shapes = f"{tuple(predictions.shape)} and {tuple(targets.shape)}"
        raise ValueError(f"predictions and targets are (N, D) each, not {shapes}")
    if not temperature > 0:
        raise ValueError(f"a temperature is positive, not {temperature}")
    scores = predictions @ targets.T / temperature  # (N, N)
    return F.cross_entropy(scores, torch.arange(len(scores), device=scores.device))


def mutual_information_bound(loss: float, n: int) -> float:
    """log N − L <= I in nats, for L the expected InfoNCE loss with N targets (section 2.3).

    It cannot say more than log N, however much the two share.

    Raises:
        ValueError: n below 1.
    """
    if n < 1:
        raise ValueError(f"a prediction chooses among one target or more, not {n}")
    return math.log(n) - loss


def gaussian_information(rho: float, d: int) -> float:
    """I(x; y) = −d/2 · log(1 − ρ²) in nats for the pairs of ``correlated``.

    Raises:
        ValueError: ρ is not between −1 and 1.
    """
    if not -1 < rho < 1:
        raise ValueError(f"a correlation lies between -1 and 1, not {rho}")
    return -d / 2 * math.log1p(-(rho**2))


def correlated(
    n: int, d: int, rho: float, generator: Generator | None = None
) -> tuple[Tensor, Tensor]:
    """n pairs of standard normal vectors x and y with E[x_i y_i] = ρ, (n, d) float64 each.

    Raises:
        ValueError: ρ is not between −1 and 1.
    """
    gaussian_information(rho, d)
    x, noise = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def optimal_critic(x: Tensor, y: Tensor, rho: float) -> tuple[Tensor, Tensor]:
    """Predictions and targets whose products are log p(y | x) / p(y), for ``info_nce``.

    Section 2.3: no f does better than the density ratio. For the pairs of ``correlated``
    it is ρ x·y / (1 − ρ²) − ρ² ‖y‖² / (2 (1 − ρ²)) + r(x), and r(x) falls out of the softmax.

    Args:
        x, y: (N, d) each.

    Returns:
        (N, d + 1) twice: the last column of the predictions is 1, that of the targets the
        second term.
    """
    share = 1 - rho**2
    own = -(rho**2) / (2 * share) * y.square().sum(1, keepdim=True)
    return torch.cat([rho / share * x, torch.ones_like(own)], 1), torch.cat([y, own], 1)


class PatchEncoder(nn.Sequential):
    """A small CNN on patches, the mean over the places: (N, C, size, size) -> (N, D).

    Without batch norm, as in section 3.2: statistics over all patches would let a code carry
    traces of those that it must not have seen.
    """

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__(
            nn.Conv2d(channels, dim // 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(dim // 2, dim, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(dim, dim, 3, padding=1),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


class CPC(nn.Module):
    """Codes of patches that can be predicted from the rows above.

    The context is a GRU that runs down each column of the grid on its own. The paper's is a
    PixelCNN: a patch's context there holds the columns beside it, too; here the recurrence is
    the one the paper has for sound. Row i + 1 shares pixels with row i where patches overlap:
    k = 1 is the easiest task.

    Args:
        channels: of the images.
        size, stride: of ``patches``; stride None: half the size.
        dim: D, even.
        context: G.
        ahead: K, rows to predict.

    Raises:
        ValueError: nothing to predict: K below 1.
    """

    def __init__(
        self,
        channels: int = 3,
        size: int = 8,
        stride: int | None = None,
        dim: int = 128,
        context: int = 128,
        ahead: int = 3,
    ) -> None:
        super().__init__()
        if ahead < 1:
            raise ValueError(f"CPC predicts one row ahead or more, not {ahead}")
        self.size, self.stride = size, stride
        self.encoder = PatchEncoder(channels, dim)
        self.gru = nn.GRU(dim, context, batch_first=True)
        self.W = nn.ModuleList(nn.Linear(context, dim, bias=False) for _ in range(ahead))

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W) -> z (B, rows, cols, D).

        Or their ``patches``, (B, rows, cols, C, size, size), each changed on its own perhaps.
        """
        grid = x if x.ndim == 6 else patches(x, self.size, self.stride)
        z = self.encoder(grid.flatten(0, 2))  # (B·rows·cols, D)
        return z.unflatten(0, grid.shape[:3])

    def contexts(self, z: Tensor) -> Tensor:
        """z (B, rows, cols, D) -> c (B, rows, cols, G); c of row i has seen rows 0 to i."""
        down = z.transpose(1, 2)  # (B, cols, rows, D): the rows are the GRU's time
        c, _ = self.gru(down.flatten(0, 1))
        return c.unflatten(0, down.shape[:2]).transpose(1, 2)

    def losses(self, z: Tensor) -> Tensor:
        """InfoNCE of each k = 1 … K: codes z (B, rows, cols, D) -> (K,).

        W_k c of row i predicts z of row i + k, in the same column. The negatives are the codes
        of all other places and images that are predicted k rows ahead: N = B (rows − k) cols.

        Raises:
            ValueError: fewer than K + 1 rows.
        """
        rows = z.shape[1]
        if rows <= len(self.W):
            raise ValueError(f"{rows} rows of patches: none is {len(self.W)} rows ahead")
        c, losses = self.contexts(z), []
        for k, W in enumerate(self.W, 1):
            predictions, targets = W(c[:, :-k]), z[:, k:]
            losses.append(info_nce(predictions.flatten(0, 2), targets.flatten(0, 2)))
        return torch.stack(losses)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As ``encode`` -> features (B, D), the codes' mean over all patches; the mean loss."""
        z = self.encode(x)
        return z.mean((1, 2)), self.losses(z).mean()
