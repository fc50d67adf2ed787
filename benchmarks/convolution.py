"""Five ways to compute one convolutional layer, timed side by side.

    python -m benchmarks.convolution

The ways run interleaved in one process; the medians go to ``results/convolution.json``.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks import record
from course_utils.reference import convolution as reference

SEED = 188
ROUNDS = 7


def pixel_loop(x: Tensor, w: Tensor) -> Tensor:
    """One Python step for every output pixel."""
    kH, kW = w.shape[2:]
    H, W = x.shape[2] - kH + 1, x.shape[3] - kW + 1
    y = x.new_empty(len(x), len(w), H, W)
    for i in range(H):
        for j in range(W):
            y[:, :, i, j] = torch.einsum("bcmn,ocmn->bo", x[:, :, i : i + kH, j : j + kW], w)
    return y


def kernel_loop(x: Tensor, w: Tensor) -> Tensor:
    """One Python step for every position of the kernel."""
    kH, kW = w.shape[2:]
    H, W = x.shape[2] - kH + 1, x.shape[3] - kW + 1
    y = x.new_zeros(len(x), len(w), H, W)
    for m in range(kH):
        for n in range(kW):
            y += torch.einsum("bchw,oc->bohw", x[:, :, m : m + H, n : n + W], w[:, :, m, n])
    return y


def windows(x: Tensor, w: Tensor) -> Tensor:
    """All windows as a view, one einsum."""
    view = x.unfold(2, w.shape[2], 1).unfold(3, w.shape[3], 1)
    return torch.einsum("bchwmn,ocmn->bohw", view, w)


WAYS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "loop over pixels": pixel_loop,
    "loop over kernel positions": kernel_loop,
    "windows and einsum": windows,
    "im2col (the reference)": reference.conv2d,
    "library (F.conv2d)": F.conv2d,
}


def main() -> None:
    torch.manual_seed(SEED)
    x, w = torch.randn(8, 16, 64, 64), torch.randn(32, 16, 3, 3)
    start = time.perf_counter()
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    right = F.conv2d(x, w)
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            begin = time.perf_counter()
            y = way(x, w)
            times[name].append(time.perf_counter() - begin)
            torch.testing.assert_close(y, right, rtol=1e-3, atol=1e-3)
    median = {name: statistics.median(seconds) for name, seconds in times.items()}
    library = median["library (F.conv2d)"]
    rows = [
        {"way": name, "ms": round(1e3 * s, 2), "times the library": round(s / library, 1)}
        for name, s in median.items()
    ]
    shapes = f"x {tuple(x.shape)}, w {tuple(w.shape)}, float32"
    caption = f"{shapes}; median of {ROUNDS} interleaved rounds"
    seconds = time.perf_counter() - start
    print(record.write("convolution", rows, caption=caption, seed=SEED, seconds=seconds))


if __name__ == "__main__":
    main()
