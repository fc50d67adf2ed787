"""kit/blocks.js computes what torch computes: tensors, codes, recurrent and residual steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.widgets.kit import Cases, half_weights, javascript, normal


def test_tensors(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cases = Cases("blocks.js")
    x, y = normal(3, 5, 2), normal(3, 5, 2)
    cases.add("add", x, y, expect=x + y)
    for parts in ([x], [x, normal(1, 5, 2), y], [normal(4, 2), normal(1, 2)]):
        cases.add("concat", *parts, expect=torch.cat(parts))
    cases.add("part", x, 1, 2, expect=x[1:3])
    table = normal(7, 3)
    cases.add("embed", table, [6, 0, 6], expect=F.embedding(torch.tensor([6, 0, 6]), table))
    cases.check(tmp_path, 1e-12)


def test_time_embedding(tmp_path: Path) -> None:
    cases = Cases("blocks.js")
    for time, d in ((0, 2), (0.5, 8), (999, 64)):
        frequencies = torch.logspace(0, -4 * (1 - 2 / d), d // 2, dtype=torch.float64)
        angles = time * frequencies
        cases.add(
            "timeEmbedding", time, d, expect=torch.cat([angles.sin(), angles.cos()])[None]
        )
    cases.check(tmp_path, 1e-10)


def test_nearest_code(tmp_path: Path) -> None:
    """Of equals the first; elsewhere the nearest is nearer than the next by a margin."""
    torch.manual_seed(0)
    codes, x = normal(9, 4), normal(50, 4)
    distances = torch.cdist(x, codes)
    two = distances.sort(1).values[:, :2]
    clear = two[:, 1] - two[:, 0] > 1e-3
    double = torch.cat([codes, codes])
    far, twice = javascript(
        tmp_path,
        "blocks.js",
        [("nearestCode", [x[clear], codes]), ("nearestCode", [codes.flip(0), double])],
    )
    assert clear.sum() > 40
    assert far == distances[clear].argmin(1).tolist()
    assert twice == list(range(9))[::-1]


@torch.no_grad()
def test_gru_cell(tmp_path: Path) -> None:
    """For a batch of one and of several, through steps that hand on their state."""
    torch.manual_seed(0)
    cell = nn.GRUCell(5, 7).double()
    cell.load_state_dict(weights := half_weights(cell.state_dict()))
    cases = Cases("blocks.js")
    for batch in (1, 3):
        h = normal(batch, 7)
        for _ in range(4):
            x = 2 * normal(batch, 5)
            new = cell(x, h)
            cases.add("gruCell", x, h, weights, expect=new)
            h = new
    cases.check(tmp_path, 1e-10)


class ResBlock(nn.Module):
    """The block of P. Dhariwal and A. Nichol, NeurIPS 2021, with gain and shift by time."""

    def __init__(self, channels: int, outputs: int, embedding: int | None) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(2, channels)
        self.conv1 = nn.Conv2d(channels, outputs, 3, padding=1)
        self.time = nn.Linear(embedding, 2 * outputs) if embedding else None
        self.norm2 = nn.GroupNorm(2, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(channels, outputs, 1) if channels != outputs else nn.Identity()

    def forward(self, x: Tensor, embedding: Tensor | None) -> Tensor:
        h = self.norm2(self.conv1(F.silu(self.norm1(x))))
        if self.time:
            gain, shift = self.time(F.silu(embedding))[..., None, None].chunk(2, 1)
            h = h * (1 + gain) + shift
        return self.skip(x) + self.conv2(F.silu(h))


@torch.no_grad()
@pytest.mark.parametrize(("channels", "outputs"), [(4, 4), (4, 6), (6, 2)])
@pytest.mark.parametrize("embedding", [None, 10])
def test_res_block(tmp_path: Path, channels: int, outputs: int, embedding: int | None) -> None:
    torch.manual_seed(0)
    block = ResBlock(channels, outputs, embedding).double()
    state = {
        name: value + 0.3 * normal(*value.shape) for name, value in block.state_dict().items()
    }
    block.load_state_dict(weights := half_weights(state))
    x = normal(1, channels, 7, 5)
    options: dict[str, Any] = {"groups": 2}
    told = normal(1, embedding) if embedding else None
    if told is not None:
        options["embedding"] = told
    cases = Cases("blocks.js")
    cases.add("resBlock", x[0], weights, options, expect=block(x, told)[0])
    cases.check(tmp_path, 1e-10)
