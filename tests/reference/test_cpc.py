"""Patches, InfoNCE and its bound, and which patches a prediction has seen."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor, nn
from torch.distributions import Independent, Normal

from course_utils.reference import cpc


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def model(**options) -> cpc.CPC:
    torch.manual_seed(0)
    options = {"channels": 2, "size": 4, "dim": 6, "context": 5, "ahead": 2, **options}
    return cpc.CPC(**options).double()


@pytest.mark.parametrize(("size", "stride"), [(4, None), (4, 2), (5, 3), (3, 1), (6, 6)])
def test_patches_lie_where_they_are_cut(size: int, stride: int | None) -> None:
    x = normal(2, 3, 11, 14)
    grid = cpc.patches(x, size, stride)
    step = stride or size // 2
    rows, cols = (11 - size) // step + 1, (14 - size) // step + 1
    assert grid.shape == (2, rows, cols, 3, size, size)
    for i in range(rows):
        for j in range(cols):
            y, z = i * step, j * step
            assert torch.equal(grid[:, i, j], x[:, :, y : y + size, z : z + size])


def test_the_papers_grid_and_its_overlap() -> None:
    """256 pixels and patches of 64 give 7 × 7 (section 3.2), and so do 32 pixels and 8."""
    for side, size in ((256, 64), (32, 8)):
        grid = cpc.patches(torch.rand(1, 1, side, side), size)
        assert grid.shape[1:3] == (7, 7)
        half = size // 2
        assert torch.equal(grid[0, 2, 3, 0, half:], grid[0, 3, 3, 0, :half])
        assert torch.equal(grid[0, 2, 3, 0, :, half:], grid[0, 2, 4, 0, :, :half])


@pytest.mark.parametrize("temperature", [1.0, 0.2])
def test_info_nce_is_equation_4(temperature: float) -> None:
    p, t = normal(7, 3).requires_grad_(), normal(7, 3, seed=1).requires_grad_()
    total = torch.zeros((), dtype=torch.float64)
    for i in range(7):
        f = [(p[i] @ t[j] / temperature).exp() for j in range(7)]
        total = total - (f[i] / sum(f)).log()
    loss = cpc.info_nce(p, t, temperature)
    torch.testing.assert_close(loss, total / 7)
    mine, theirs = (torch.autograd.grad(v, (p, t)) for v in (loss, total / 7))
    torch.testing.assert_close(mine, theirs)
    assert not torch.isclose(loss, cpc.info_nce(t, p, temperature))  # not symmetric
    zero = torch.zeros(7, 3).double()
    assert cpc.info_nce(zero, t).item() == pytest.approx(math.log(7))
    assert cpc.info_nce(100 * torch.eye(4), torch.eye(4)).item() == pytest.approx(0, abs=1e-6)


def test_the_optimal_critic_is_the_log_density_ratio() -> None:
    rho = 0.7
    x, y = cpc.correlated(6, 3, rho, Generator().manual_seed(0))
    p, t = cpc.optimal_critic(x, y, rho)
    given = Independent(Normal(rho * x[:, None], math.sqrt(1 - rho**2)), 1)
    alone = Independent(Normal(torch.zeros(3).double(), 1.0), 1)
    ratio = given.log_prob(y) - alone.log_prob(y)  # (6, 6): row x, column y
    difference = ratio - p @ t.T
    torch.testing.assert_close(difference, difference[:, :1].expand(6, 6))  # r(x) alone


def test_pairs_are_standard_normal_and_correlated() -> None:
    x, y = cpc.correlated(50_000, 2, -0.6, Generator().manual_seed(0))
    both = torch.cat([x, y], 1)
    want = torch.eye(4).double()
    want[[0, 1, 2, 3], [2, 3, 0, 1]] = -0.6
    torch.testing.assert_close(both.T.cov(), want, rtol=0, atol=0.03)
    torch.testing.assert_close(both.mean(0), torch.zeros(4).double(), rtol=0, atol=0.03)
    again, _ = cpc.correlated(50_000, 2, -0.6, Generator().manual_seed(0))
    assert torch.equal(x, again)


def bounds(n: int, d: int, rho: float, draws: int, factor: float = 1.0) -> tuple[float, float]:
    """The bound's mean over draws of the optimal critic times a factor; its standard error."""
    generator, values = Generator().manual_seed(n), []
    for _ in range(draws):
        x, y = cpc.correlated(n, d, rho, generator)
        p, t = cpc.optimal_critic(x, y, rho)
        values.append(cpc.mutual_information_bound(cpc.info_nce(factor * p, t).item(), n))
    found = torch.tensor(values, dtype=torch.float64)
    return found.mean().item(), found.std().item() / math.sqrt(draws)


def test_the_bound_is_below_and_comes_close() -> None:
    true = cpc.gaussian_information(0.5, 4)
    assert true == pytest.approx(-2 * math.log(0.75))
    few, _ = bounds(4, 4, 0.5, 2000)
    more, error = bounds(2000, 4, 0.5, 10)
    assert few < true - 0.05
    assert few < more < true + 3 * error
    assert more == pytest.approx(true, abs=0.03)
    for factor in (0.3, 3.0):  # no other critic does better
        worse, _ = bounds(2000, 4, 0.5, 10, factor)
        assert worse < more - 0.03


def test_the_bound_ends_at_log_n() -> None:
    true = cpc.gaussian_information(0.99, 20)
    assert true > 39
    for n in (8, 128):
        bound, _ = bounds(n, 20, 0.99, 20)
        assert bound <= math.log(n)
        assert bound == pytest.approx(math.log(n), abs=1e-3)


def test_a_context_has_seen_its_column_down_to_its_row() -> None:
    z = normal(2, 5, 3, 6).requires_grad_()
    c = model().contexts(z)
    assert c.shape == (2, 5, 3, 5)
    (dz,) = torch.autograd.grad(c[1, 2, 0].sum(), z)
    seen = dz.abs().sum(-1) > 0
    want = torch.zeros(2, 5, 3, dtype=torch.bool)
    want[1, :3, 0] = True
    assert torch.equal(seen, want)


def test_a_code_has_seen_its_patch_alone() -> None:
    net = model()
    x = normal(2, 2, 10, 12).requires_grad_()
    z = net.encode(x)
    assert z.shape == (2, 4, 5, 6)
    (dx,) = torch.autograd.grad(z[1, 2, 3].sum(), x)
    seen = dx.abs().sum(1) > 0
    assert seen[1, 4:8, 6:10].all()
    assert seen.sum() == 16
    assert not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in net.modules())


def test_losses_compare_each_prediction_with_all_places_and_pictures() -> None:
    """By loops: W_k c of row i against the codes k rows ahead, of every image and column."""
    net, z = model(ahead=3), normal(2, 5, 3, 6)
    c, losses = net.contexts(z), net.losses(z)
    assert losses.shape == (3,)
    for k in (1, 2, 3):
        places = [(b, i, j) for b in range(2) for i in range(5 - k) for j in range(3)]
        total = 0.0
        for b, i, j in places:
            p = net.W[k - 1].weight @ c[b, i, j]
            scores = torch.stack([p @ z[e, f + k, g] for e, f, g in places])
            total += (scores.logsumexp(0) - p @ z[b, i + k, j]).item()
        assert losses[k - 1].item() == pytest.approx(total / len(places))


def test_everything_learns() -> None:
    """Images whose columns go on as they begin: the right codes are found, not their rows.

    A target is among the rows − k rows alike of its column; none can be told from the others.
    """
    net = model(dim=32, context=32).float()
    top = 3 * torch.rand(8, 2, 1, 12, generator=Generator().manual_seed(0))
    x = top.expand(-1, -1, 12, -1)
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    history = []
    for _ in range(60):
        adam.zero_grad()
        _, loss = net(x)
        loss.backward()
        assert all(p.grad is not None and p.grad.any() for p in net.parameters())
        adam.step()
        history.append(loss.item())
    nothing, best = ([math.log(m * (5 - k)) for k in (1, 2)] for m in (8 * 5, 1))
    assert history[0] == pytest.approx(sum(nothing) / 2, rel=0.02)
    assert sum(best) / 2 - 1e-3 < history[-1] < sum(best) / 2 + 0.3


def test_features_are_the_mean_of_the_codes() -> None:
    net, x = model(), normal(3, 2, 12, 12)
    features, loss = net(x)
    z = net.encode(x)
    torch.testing.assert_close(features, z.mean((1, 2)))
    torch.testing.assert_close(loss, net.losses(z).mean())
    assert torch.equal(net.encode(cpc.patches(x, net.size)), z)


def test_errors_say_what_does_not_fit() -> None:
    x = torch.rand(1, 2, 8, 6)
    with pytest.raises(ValueError, match="7"):
        cpc.patches(x, 7)
    with pytest.raises(ValueError, match="stride of 0"):
        cpc.patches(x, 1)
    for shapes in (((3, 2), (4, 2)), ((3, 2), (3, 3)), ((3,), (3,)), ((0, 2), (0, 2))):
        with pytest.raises(ValueError, match=r"\(N, D\) each"):
            cpc.info_nce(*(torch.zeros(s) for s in shapes))
    with pytest.raises(ValueError, match="temperature is positive"):
        cpc.info_nce(x[0, 0], x[0, 0], 0)
    for rho in (-1, 1, 1.5):
        with pytest.raises(ValueError, match="correlation lies between"):
            cpc.correlated(2, 2, rho)
    with pytest.raises(ValueError, match="one target or more"):
        cpc.mutual_information_bound(0.0, 0)
    with pytest.raises(ValueError, match="one row ahead or more, not 0"):
        model(ahead=0)
    with pytest.raises(ValueError, match="3 rows of patches: none is 3 rows ahead"):
        model(ahead=3)(normal(2, 2, 8, 8))
