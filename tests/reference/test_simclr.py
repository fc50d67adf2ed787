"""NT-Xent by the letter of algorithm 1, in strips, and by two processes."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor, nn

from course_utils.reference import simclr
from course_utils.training import distributed
from tests.largest import Largest
from tests.training.two_processes import joined, started


def pairs(n: int, d: int = 5, close: float = 0.7, dtype=torch.float64) -> list[Tensor]:
    """Two views of n images, of all lengths; one pair far apart."""
    generator = Generator().manual_seed(n)
    a, noise = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    b = (close * a + (1 - close) * noise) * (1 + torch.arange(n)[:, None])
    b[-1] = -a[-1]
    return [t.to(dtype).requires_grad_() for t in (a, b)]


def algorithm_1(z: Tensor, temperature: float) -> Tensor:
    """Loops over i and j as the paper writes them, from 1; views 2k − 1 and 2k are partners."""
    n = len(z) // 2
    s = [
        [z[i] @ z[j] / (z[i].norm() * z[j].norm()) for j in range(2 * n)] for i in range(2 * n)
    ]

    def loss(i: int, j: int) -> Tensor:
        e = [(s[i - 1][k] / temperature).exp() for k in range(2 * n)]
        return -(e[j - 1] / sum(e[k] for k in range(2 * n) if k != i - 1)).log()

    total = sum(loss(2 * k - 1, 2 * k) + loss(2 * k, 2 * k - 1) for k in range(1, n + 1))
    return total / (2 * n)


def both(loss: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("n", [1, 2, 6])
def test_it_is_algorithm_1_value_and_gradient(n: int, temperature: float) -> None:
    views = pairs(n)
    want = both(algorithm_1(simclr.interleave(*views), temperature), views)
    for ours in (simclr.nt_xent, simclr.nt_xent_tiled, simclr.nt_xent_gathered):
        torch.testing.assert_close(both(ours(*views, temperature), views), want)


def test_partners_lie_where_the_orders_say() -> None:
    a, b = pairs(3)
    z = simclr.interleave(a, b)
    assert torch.equal(z[0::2], a)
    assert torch.equal(z[1::2], b)
    y = simclr.concatenated(a, b)
    assert torch.equal(y[:3], a)
    assert torch.equal(y[3:], b)


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_it_is_pytorch_metric_learnings(temperature: float) -> None:
    # Here, because the two processes of the last test need not load it.
    from pytorch_metric_learning.losses import NTXentLoss, SelfSupervisedLoss

    views = pairs(12)
    want = both(SelfSupervisedLoss(NTXentLoss(temperature))(*views), views)
    for ours in (simclr.nt_xent, simclr.nt_xent_tiled):
        torch.testing.assert_close(both(ours(*views, temperature), views), want)


def test_what_can_be_said_without_computing() -> None:
    """All alike: nothing to go by. Orthogonal pairs: e^(1/τ) against 2N − 2 ones."""
    one = torch.ones(5, 3).double()
    orthogonal = torch.eye(4).double()
    want = math.log(1 + 6 * math.exp(-1 / 0.3))
    for loss in (simclr.nt_xent, simclr.nt_xent_tiled):
        assert loss(one, 2 * one, 0.3).item() == pytest.approx(math.log(9))
        assert loss(orthogonal, 3 * orthogonal, 0.3).item() == pytest.approx(want)
        assert loss(one[:1], -one[:1], 0.3).item() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("tile", [1, 3, 7, 14, 100, None])
def test_strips_change_nothing(tile: int | None) -> None:
    views = pairs(7)
    want = both(simclr.nt_xent(*views, 0.2), views)
    got = both(simclr.nt_xent_tiled(*views, 0.2, tile), views)
    torch.testing.assert_close(got, want)


@pytest.mark.parametrize("temperature", [0.5, 0.005])
def test_gradients_of_strips_by_differences(temperature: float) -> None:
    a, b = pairs(4, 3)
    scale = 1 if temperature > 0.1 else 1e-2  # a steep function wants small steps
    assert torch.autograd.gradcheck(
        lambda a, b: temperature * simclr.nt_xent_tiled(a, b, temperature, 3),
        (a, b),
        eps=1e-6 * scale,
        rtol=1e-4,
    )


@pytest.mark.parametrize("close", [0.0, 0.95])
@pytest.mark.parametrize("temperature", [0.5, 0.05, 1 / 75, 0.01, 0.002])
def test_float32_is_near_float64_at_low_temperatures(temperature: float, close: float) -> None:
    """In float32 e^(−2/τ) underflows below τ = 0.023, e^(1/τ) overflows below 0.0113."""
    exact = pairs(150, 16, close)
    views = [t.detach().float().requires_grad_() for t in exact]
    value, *gradients = both(simclr.nt_xent(*exact, temperature), exact)
    got, *mine = both(simclr.nt_xent_tiled(*views, temperature, 64), views)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(value.item(), rel=1e-6, abs=2e-6 / temperature)
    for a, b in zip(mine, gradients, strict=True):
        assert (a - b).norm() < 2e-6 / temperature * b.norm()


def test_a_view_far_from_all_others_is_counted() -> None:
    """Its every logit is near −1/τ: with the maximum 1/τ subtracted its row sums to 0."""
    a = torch.tensor([[1.0, 0], [1, 0.01], [-1, 0]])
    b = torch.tensor([[1.0, 0.02], [1, -0.01], [1, 0]])
    for temperature in (0.05, 0.01):
        want = simclr.nt_xent(a.double(), b.double(), temperature)
        got = simclr.nt_xent_tiled(a, b, temperature)
        torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=0)


@pytest.mark.parametrize("loss", [simclr.nt_xent, simclr.nt_xent_tiled])
def test_order_and_length_do_not_count(loss) -> None:
    a, b = pairs(6)
    want = loss(a, b)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(loss(a[order], b[order]), want)
    torch.testing.assert_close(loss(b, a), want)
    torch.testing.assert_close(loss(7 * a, b / 3), want)
    assert not torch.isclose(loss(a, b[order]), want)


def test_no_matrix_of_all_similarities() -> None:
    views = pairs(128, 4)
    found = []
    for loss in (simclr.nt_xent, lambda a, b: simclr.nt_xent_tiled(a, b, tile=16)):
        with Largest() as largest:
            loss(*views).backward()
        found.append(largest.numbers)
    assert found == [256**2, 16 * 256]


@pytest.mark.parametrize("loss", [simclr.nt_xent, simclr.nt_xent_tiled])
def test_halves_are_computed_in_float32(loss) -> None:
    a, b = pairs(6, dtype=torch.bfloat16)
    got = loss(a, b)
    assert got.dtype == torch.float32
    want = loss(a.detach().float(), b.detach().float())
    torch.testing.assert_close(got, want)
    got.backward()
    assert a.grad.dtype == torch.bfloat16


def test_autocast_does_not_reach_the_strips() -> None:
    views = pairs(20, 16, dtype=torch.float32)
    want = both(simclr.nt_xent_tiled(*views, 0.05), views)
    with torch.autocast("cpu", torch.bfloat16):
        got = both(simclr.nt_xent_tiled(*views, 0.05), views)
    torch.testing.assert_close(got, want)


def test_it_is_differentiated_once() -> None:
    views = pairs(3)
    loss = simclr.nt_xent_tiled(*views)
    with pytest.raises(RuntimeError, match="differentiated once"):
        torch.autograd.grad(loss, views, create_graph=True)


@pytest.mark.parametrize(
    "loss", [simclr.nt_xent, simclr.nt_xent_tiled, simclr.nt_xent_gathered]
)
def test_errors_say_what_is_wanted(loss) -> None:
    for shapes in (((3, 2), (4, 2)), ((3, 2), (3, 1)), ((3,), (3,)), ((0, 2), (0, 2))):
        with pytest.raises(ValueError, match=r"are \(N, D\) each, not"):
            loss(*(torch.zeros(s) for s in shapes))
    for temperature in (0, -0.5):
        with pytest.raises(ValueError, match="a temperature is positive"):
            loss(torch.ones(2, 2), torch.ones(2, 2), temperature)


def test_errors_of_strips() -> None:
    one = torch.ones(2, 2)
    with pytest.raises(ValueError, match="one row or more, not 0"):
        simclr.nt_xent_tiled(one, one, tile=0)
    with pytest.raises(ValueError, match=r"too large for float64; use nt_xent"):
        simclr.nt_xent_tiled(one, one, 0.001)
    assert simclr.nt_xent(one, one, 0.001).item() == pytest.approx(math.log(3))


def test_the_head_is_its_equation() -> None:
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Conv2d(3, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model = simclr.SimCLR(encoder, 6, 4)
    x = torch.rand(5, 3, 8, 8)
    h, z = model(x)
    assert torch.equal(h, encoder(x))
    first, _, second = model.head.layers
    assert first.weight.shape == (6, 6)
    want = (h @ first.weight.T + first.bias).relu() @ second.weight.T + second.bias
    torch.testing.assert_close(z, want)
    assert simclr.SimCLR(encoder, 6)(x)[1].shape == (5, 128)
    simclr.nt_xent(z, z.roll(1, 0)).backward()
    assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def of_a_batch() -> dict[str, object]:
    """Loss and gradients of 7 pairs (4 and 3 images for two processes)."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), simclr.Projection(8, 5))
    batch = torch.randn(7, 2, 6), torch.arange(7)
    x, _ = distributed.shard(batch)  # (n, 2, 6): both views of its images
    wrapped = distributed.wrap(copy.deepcopy(model))  # averages as long as it lives
    a, b = wrapped(x).unbind(1)
    loss = simclr.nt_xent_gathered(a, b, 0.1)
    loss.backward()
    return {"loss": loss.detach(), "gradients": [p.grad for p in wrapped.parameters()]}


def test_two_processes_are_as_one(tmp_path: Path) -> None:
    want = of_a_batch()
    for got in started(__file__, tmp_path):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


if __name__ == "__main__":
    joined(of_a_batch)
