"""GAN losses, the step in its order, the perfect discriminator, the penalty, modes."""

import copy
import math

import pytest
import torch
from torch import nn

from course_utils.reference import gan
from course_utils.reference.gan import Discriminator, Generator
from tests.reference.gradients import same_gradients


def logits(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def players(rate: float = 0.1) -> tuple[nn.Module, nn.Module, tuple]:
    """A generator and a discriminator of points in the plane, with gradient descent."""
    torch.manual_seed(0)
    g = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    d = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    d = nn.Sequential(d, nn.Flatten(0))
    optimisers = tuple(torch.optim.Adam(n.parameters(), rate, (0.5, 0.999)) for n in (g, d))
    return g, d, optimisers


def states(*parts) -> list:
    return [copy.deepcopy(part.state_dict()) for part in parts]


def same(a, b) -> bool:
    """Whether two states hold the same numbers."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


# -- losses -----------------------------------------------------------------------------------


def test_losses_are_the_cross_entropies_of_the_slide():
    real, fake = logits(0.3, -1.2, 2.0), logits(-0.4, 1.1)
    D = lambda l: l.sigmoid()  # noqa: E731, E741
    value = D(real).log().mean() + (1 - D(fake)).log().mean()
    torch.testing.assert_close(gan.discriminator_loss(real, fake), -value)
    torch.testing.assert_close(gan.generator_loss(fake), -D(fake).log().mean())
    saturating = gan.generator_loss(fake, saturating=True)
    torch.testing.assert_close(saturating, (1 - D(fake)).log().mean())
    undecided = gan.discriminator_loss(logits(0, 0), logits(0))
    assert undecided.item() == pytest.approx(2 * math.log(2), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_losses_hold_at_a_thousand(dtype):
    far = torch.tensor([-1000.0, 1000.0], dtype=dtype)
    assert gan.discriminator_loss(far[1:], far[:1]) == 0
    assert gan.discriminator_loss(far[:1], far[1:]) == 2000
    assert gan.generator_loss(far).item() == 500
    assert gan.generator_loss(far, saturating=True).item() == -500


@pytest.mark.parametrize(
    ("fake", "saturating", "wanted"),
    [(-1000.0, False, -1.0), (-1000.0, True, 0.0), (1000.0, False, 0.0), (1000.0, True, -1.0),
     (0.0, False, -0.5), (0.0, True, -0.5)],
)  # fmt: skip
def test_which_loss_saturates(fake, saturating, wanted):
    """The gradient by the logit: where D is sure of the fakes the slide's formula has none."""
    at = logits(fake)
    gan.generator_loss(at, saturating).backward()
    assert at.grad.item() == wanted


def test_losses_of_nothing_are_refused():
    nothing, some = torch.zeros(0), torch.zeros(2)
    with pytest.raises(ValueError, match="real_logits must hold one logit"):
        gan.discriminator_loss(nothing, some)
    for loss in (gan.generator_loss, lambda l: gan.discriminator_loss(some, l)):  # noqa: E741
        with pytest.raises(ValueError, match="fake_logits must hold one logit"):
            loss(nothing)


# -- the step ---------------------------------------------------------------------------------


@pytest.mark.parametrize("saturating", [False, True])
def test_a_step_is_the_plain_recipe_without_its_detours(saturating):
    """Two forward passes of G, D not frozen: the same losses, gradients of G and weights."""
    g, d, (of_g, of_d) = players()
    x, z = torch.randn(16, 2), torch.randn(16, 3)
    g2, d2 = copy.deepcopy((g, d))
    for slow, fast in ((g2, g), (d2, d)):
        assert slow[0] is not fast[0]
    plain_g, plain_d = (torch.optim.Adam(n.parameters(), 0.1, (0.5, 0.999)) for n in (g2, d2))
    for _ in range(3):
        d_loss, g_loss = gan.step(g, d, x, z, (of_g, of_d), saturating)
        of_half = {name: p.grad.clone() for name, p in d.named_parameters()}

        plain_d.zero_grad()
        slow_d = gan.discriminator_loss(d2(x), d2(g2(z).detach()))
        slow_d.backward()
        for name, p in d2.named_parameters():
            torch.testing.assert_close(of_half[name], p.grad)  # of D's half, not touched since
        plain_d.step()
        plain_g.zero_grad()
        slow_g = gan.generator_loss(d2(g2(z)), saturating)
        slow_g.backward()
        same_gradients(g, g2)
        plain_g.step()
        torch.testing.assert_close(torch.stack([d_loss, g_loss]), torch.stack([slow_d, slow_g]))
    for ours, theirs in ((g, g2), (d, d2)):
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(p, q)


def test_each_half_moves_one_network(monkeypatch):
    """After D's half G has no gradient and its old weights; G's half leaves D alone."""
    g, d, optimisers = players()
    seen, update = [], gan._update

    def told(name, loss, optimiser):
        update(name, loss, optimiser)
        grads = [[p.grad is not None for p in n.parameters()] for n in (g, d)]
        gradients = [p.grad.clone() for p in d.parameters()]
        seen.append((name, list(map(any, grads)), states(g, d), gradients))

    monkeypatch.setattr(gan, "_update", told)
    weights = [[p.detach().clone() for p in n.parameters()] for n in (g, d)]
    gan.step(g, d, torch.randn(8, 2), torch.randn(8, 3), optimisers)
    (first, has, after_d, of_d), (second, has_both, after_g, of_d_later) = seen
    assert (first, has) == ("discriminator", [False, True])
    assert (second, has_both) == ("generator", [True, True])
    for p, (name, _) in zip(weights[0], g.named_parameters(), strict=True):
        assert torch.equal(after_d[0][name], p)
        assert not torch.equal(after_g[0][name], p)
    for p, (name, _) in zip(weights[1], d.named_parameters(), strict=True):
        assert not torch.equal(after_d[1][name], p)
        assert torch.equal(after_d[1][name], after_g[1][name])
    assert all(map(torch.equal, of_d, of_d_later))


def test_the_generator_runs_once_and_meets_the_new_discriminator():
    g, d, optimisers = players()
    calls, before = [], copy.deepcopy(d)
    g.register_forward_hook(lambda *_: calls.append("G"))
    d.register_forward_hook(lambda _m, _x, y: calls.append(y.detach()))
    _, g_loss = gan.step(g, d, torch.randn(8, 2), torch.randn(8, 3), optimisers)
    assert [c if isinstance(c, str) else "D" for c in calls] == ["G", "D", "D", "D"]
    of_old, of_new = calls[2], calls[3]
    assert not torch.equal(of_old, of_new)
    torch.testing.assert_close(g_loss, gan.generator_loss(of_new))
    assert before[0][0].weight.ne(d[0][0].weight).any()


def poisons(network: nn.Module, at: int) -> None:
    """Its output is no number at the ``at``-th call."""
    calls = []

    def hook(_module, _x, y):
        calls.append(1)
        return y * float("nan") if len(calls) == at else y

    network.register_forward_hook(hook)


@pytest.mark.parametrize(
    ("at", "whose"), [(1, "discriminator"), (3, "generator")], ids=["first half", "second half"]
)
def test_a_loss_that_is_not_finite_leaves_everything_as_it_was(at, whose):
    g, d, optimisers = players()
    for n in range(2):  # with moments in the optimisers
        gan.step(g, d, torch.randn(8, 2) + n, torch.randn(8, 3), optimisers)
    d[0][0].bias.requires_grad_(False)
    before = states(g, d, *optimisers)
    poisons(d, at)
    with pytest.raises(ValueError, match=rf"the {whose}'s loss is nan.*Nothing was changed"):
        gan.step(g, d, torch.randn(8, 2), torch.randn(8, 3), optimisers)
    assert same(states(g, d, *optimisers), before)  # batch norms' statistics too
    flags = [p.requires_grad for p in d.parameters()]
    assert flags == [name != "0.0.bias" for name, _ in d.named_parameters()]
    gan.step(g, d, torch.randn(8, 2), torch.randn(8, 3), optimisers)  # and goes on
    assert not same(states(g, d, *optimisers), before)


def test_a_gradient_that_is_not_finite_is_stopped_too():
    """√0 has a value and no slope."""
    g, d, optimisers = players()
    root = nn.Sequential(d, Root())
    before = states(g, d, *optimisers)
    with pytest.raises(ValueError, match=r"gradient's length (nan|inf)"):
        gan.step(g, root, torch.randn(8, 2), torch.randn(8, 3), optimisers)
    assert same(states(g, d, *optimisers), before)


class Root(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (0 * x).sqrt()


def test_real_images_of_another_shape_are_refused():
    g, d, optimisers = players()
    with pytest.raises(ValueError, match=r"real must have the shape of the fakes"):
        gan.step(g, d, torch.randn(8, 5), torch.randn(8, 3), optimisers)


def test_frozen_lets_gradients_through_and_gives_flags_back():
    d = Discriminator((2, 3))
    d.layers[0].bias.requires_grad_(False)
    flags = [p.requires_grad for p in d.parameters()]
    x = torch.rand(2, 1, 28, 28, requires_grad=True)
    with gan.frozen(d):
        d(x).sum().backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad is None for p in d.parameters())
    assert [p.requires_grad for p in d.parameters()] == flags
    with pytest.raises(KeyError), gan.frozen(d):
        raise KeyError
    assert [p.requires_grad for p in d.parameters()] == flags


# -- the perfect discriminator ----------------------------------------------------------------


def two_tables(n: int) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    p, q = torch.rand(2, n, dtype=torch.float64).square()
    p[0] = q[1] = 0
    return p / p.sum(), q / q.sum()


def test_no_discriminator_beats_the_optimal_one():
    """Against all of a fine grid, place by place, and the value against its closed form."""
    p, q = two_tables(30)
    grid = torch.linspace(1e-6, 1 - 1e-6, 200_001, dtype=torch.float64)[:, None]
    payoff = p * grid.log() + q * (1 - grid).log()
    best = payoff.max(0)
    torch.testing.assert_close(gan.optimal_discriminator(p, q), grid[best.indices, 0],
                               atol=1e-5, rtol=0)  # fmt: skip
    assert gan.value(p, q).item() == pytest.approx(best.values.sum().item(), abs=1e-5)


def test_the_value_between_its_ends():
    p, q = two_tables(6)
    assert gan.value(p, p).item() == pytest.approx(-math.log(4), abs=1e-12)
    apart = torch.eye(2, dtype=torch.float64)
    assert gan.value(apart[0], apart[1]).item() == pytest.approx(0, abs=1e-12)
    rows = gan.value(torch.stack([p, p]), torch.stack([q, p]))
    assert -math.log(4) < rows[0] < 0
    assert rows[1].item() == pytest.approx(-math.log(4), abs=1e-12)


def test_a_generator_can_follow_the_value():
    """As if D* stood still, the slope by q is log(1 − D*), up to what all places share."""
    p, q = (t + 0.1 for t in two_tables(6))
    p, q = p / p.sum(), (q / q.sum()).requires_grad_()
    (slope,) = torch.autograd.grad(gan.value(p, q), q)
    wanted = (1 - gan.optimal_discriminator(p, q.detach())).log()
    torch.testing.assert_close(slope - slope.mean(), wanted - wanted.mean())


def test_where_nothing_lies_the_optimal_discriminator_guesses():
    p, q = torch.tensor([0.0, 0.0, 2.0]), torch.tensor([0.0, 3.0, 0.0])
    assert gan.optimal_discriminator(p, q).tolist() == [0.5, 0, 1]


@pytest.mark.parametrize("f", [gan.optimal_discriminator, gan.value])
def test_what_is_no_density_is_refused(f):
    good = torch.tensor([0.5, 0.5])
    with pytest.raises(ValueError, match="p and q must have one shape"):
        f(good, good[:1])
    for bad in (torch.tensor([1.5, -0.5]), torch.tensor([float("nan"), 1.0])):
        with pytest.raises(ValueError, match="p must be finite and 0 or more"):
            f(bad, good)
        with pytest.raises(ValueError, match="q must be finite and 0 or more"):
            f(good, bad)


def test_a_value_is_of_probabilities():
    with pytest.raises(ValueError, match="q must sum to 1"):
        gan.value(torch.tensor([0.5, 0.5]), torch.tensor([5.0, 5.0]))


# -- the penalty ------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 5, 7), (4, 3, 4, 4)])
def test_the_penalty_of_a_linear_critic_is_known(shape):
    """Its slope is w everywhere: (|w| − 1)², over all of an image, whatever u is."""
    torch.manual_seed(0)
    w = torch.randn(shape[1:], dtype=torch.float64, requires_grad=True)
    real, fake = torch.randn(2, *shape, dtype=torch.float64)
    u = torch.rand(4, dtype=torch.float64)
    penalty = gan.gradient_penalty(lambda x: (w * x).flatten(1).sum(1), real, fake, u)
    wanted = (w.norm() - 1).square()
    torch.testing.assert_close(penalty, wanted)
    (slope,) = torch.autograd.grad(penalty, w)
    torch.testing.assert_close(slope, torch.autograd.grad(wanted, w)[0])


def test_the_penalty_looks_between_real_and_fake_with_a_number_for_each_pair():
    """|x|² / 2 has the slope x: at u = 1 the real ones, at 0 the fakes."""
    torch.manual_seed(0)
    real, fake = torch.randn(2, 3, 1, 4, 4, dtype=torch.float64)
    u = torch.tensor([1.0, 0.0, 0.25], dtype=torch.float64)
    points = torch.stack([real[0], fake[1], 0.25 * real[2] + 0.75 * fake[2]])
    wanted = (points.flatten(1).norm(dim=1) - 1).square().mean()
    square = lambda x: x.square().flatten(1).sum(1) / 2  # noqa: E731
    torch.testing.assert_close(gan.gradient_penalty(square, real, fake, u), wanted)


def test_the_penalty_teaches_the_critic_alone():
    torch.manual_seed(0)
    critic = Discriminator((4, 6), batch_norm=False)
    real = torch.rand(5, 1, 28, 28)
    fake = torch.rand(5, 1, 28, 28, requires_grad=True)
    gan.gradient_penalty(critic, real, fake, torch.rand(5)).backward()
    assert fake.grad is None
    learned = {n for n, p in critic.named_parameters() if p.grad is not None and p.grad.any()}
    assert {"layers.0.weight", "layers.2.weight", "layers.5.weight"} <= learned


def test_penalties_of_what_does_not_fit_are_refused():
    x, u = torch.rand(2, 1, 28, 28), torch.rand(2)
    critic = lambda x: x.flatten(1).sum(1)  # noqa: E731
    with pytest.raises(ValueError, match="real and fake must be of one shape"):
        gan.gradient_penalty(critic, x, x[:1], u)
    with pytest.raises(ValueError, match="B > 0"):
        gan.gradient_penalty(critic, x[:0], x[:0], u[:0])
    with pytest.raises(ValueError, match=r"u must be \(2,\), one number a pair"):
        gan.gradient_penalty(critic, x, x, u[:, None, None, None])
    with pytest.raises(ValueError, match="critic has a batch norm"):
        gan.gradient_penalty(Discriminator(), x, x, u)


# -- modes ------------------------------------------------------------------------------------


def test_modes_are_counted():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
    near = torch.tensor([[0.1, 0.0], [0.2, 0.0], [0.3, 0.0], [0.9, 0.0], [5.0, 5.0]])
    assert gan.nearby(near, centres, 0.3).tolist() == [3, 1, 0]
    assert gan.nearby(near, centres, 0.15).tolist() == [1, 1, 0]
    assert [gan.modes(near, centres, 0.3, least).item() for least in (1, 2, 3, 4)] == [
        2, 1, 1, 0,
    ]  # fmt: skip
    assert gan.modes(near[:0], centres, 1, 1) == 0


def test_a_sample_between_two_centres_counts_once():
    centres = torch.tensor([[0.0], [1.0]])
    assert gan.nearby(torch.tensor([[0.4], [0.6], [0.5]]), centres, 5.0).tolist() == [2, 1]


def test_modes_that_cannot_be_counted_are_refused():
    points = torch.zeros(4, 2)
    for samples, centres in (
        (points, points[:, :1]),
        (points[0], points),
        (points, points[:0]),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            gan.nearby(samples, centres, 1)
    with pytest.raises(ValueError, match="radius must be positive"):
        gan.modes(points, points, 0, 1)
    with pytest.raises(ValueError, match="least must be 1 or more"):
        gan.modes(points, points, 1, 0)


# -- the networks -----------------------------------------------------------------------------


def test_the_networks_are_what_dcgan_says():
    torch.manual_seed(0)
    g, d = Generator(), Discriminator()
    images = g(torch.randn(64, 32))
    assert images.shape == (64, 1, 28, 28)
    assert images.abs().max() <= 1
    assert d(images).shape == (64,)
    kinds = [[type(m).__name__ for m in n.layers] for n in (g, d)]
    assert kinds[0][-2:] == ["Conv2d", "Tanh"]  # no norm at the output
    assert kinds[1][:2] == ["Conv2d", "LeakyReLU"]  # nor at the input
    assert [m.negative_slope for m in d.layers if isinstance(m, nn.LeakyReLU)] == [0.2, 0.2]
    assert [kind.count("BatchNorm2d") for kind in kinds] == [3, 1]
    for network in (g, d):
        for m in network.layers:
            if (
                isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)
                and m.weight.numel() > 999
            ):
                assert m.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert sum(p.numel() for p in g.parameters()) * 2 < 200_000  # bytes in a page


def test_one_image_alone_is_refused_while_batch_norm_learns():
    g, d = Generator(), Discriminator()
    with pytest.raises(ValueError, match="two images or more"):
        g(torch.randn(1, 32))
    with pytest.raises(ValueError, match="two images or more"):
        d(torch.zeros(1, 1, 28, 28))
    assert g.eval()(torch.randn(1, 32)).shape == (1, 1, 28, 28)
    assert d.eval()(torch.zeros(1, 1, 28, 28)).shape == (1,)
    assert Discriminator(batch_norm=False)(torch.zeros(1, 1, 28, 28)).shape == (1,)


def test_networks_refuse_other_shapes():
    with pytest.raises(ValueError, match=r"z must be \(B, 32\)"):
        Generator()(torch.randn(4, 31))
    with pytest.raises(ValueError, match=r"x must be \(B, 1, 28, 28\)"):
        Discriminator()(torch.zeros(4, 28, 28))


def test_a_step_of_dcgan_takes_batches_of_two_and_not_of_one():
    g, d = Generator(widths=(2, 3, 4)), Discriminator((2, 3))
    optimisers = tuple(torch.optim.SGD(n.parameters(), 0.1) for n in (g, d))
    real, z = torch.zeros(2, 1, 28, 28), torch.randn(2, 32)
    before = states(g, d)
    with pytest.raises(ValueError, match="two images or more"):
        gan.step(g, d, real[:1], z, optimisers)  # G has run by then
    assert same(states(g, d), before)
    losses = gan.step(g, d, real, z, optimisers)
    assert all(loss.isfinite() and not loss.requires_grad for loss in losses)
