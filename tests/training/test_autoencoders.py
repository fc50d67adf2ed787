"""Training of chapter 11: noise is what it says, recipes learn, judges count right."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor, nn

from benchmarks import latent_walk, networks, vae_study
from course_utils import data
from course_utils.course import Course
from course_utils.data import Pictures
from course_utils.reference import vae
from course_utils.reference.autoencoders import Autoencoder, Denoiser
from course_utils.training import autoencoders, checkpoints, recipes
from course_utils.training import vae_study as study
from course_utils.training.recipes import RECIPES
from course_utils.training.run import Run

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def test_digits() -> Pictures:
    return data.digits("test").select(torch.arange(200))


# -- noise and objectives ----------------------------------------------------------------------


def test_a_noisy_image_lies_beside_its_clean_one() -> None:
    x = torch.rand(400, 1, 8, 8)
    found = autoencoders.noisy(seed=1, most=0.5)(x)
    assert found.shape == (400, 2, 1, 8, 8)
    assert torch.equal(found[:, 0], x)
    sigma = (found[:, 1] - x).flatten(1).std(1)
    assert sigma.min() < 0.05
    assert 0.2 < sigma.mean() < 0.3  # half of 0.5
    assert sigma.max() < 0.65
    assert torch.equal(autoencoders.noisy(seed=1, most=0.5)(x), found)


def test_pixels_are_drawn_anew_with_their_grey_value_as_probability() -> None:
    x = torch.tensor([0.0, 0.3, 1.0])[:, None].expand(3, 20_000)
    draw = autoencoders.binarised(seed=2)
    first, second = draw(x), draw(x)
    assert set(first.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(first.mean(1), x[:, 0], rtol=0, atol=0.02)
    assert not torch.equal(first, second)


def test_the_binary_test_set_is_drawn_once_and_for_all(test_digits: Pictures) -> None:
    x = autoencoders.binary_test(test_digits)
    assert torch.equal(x, autoencoders.binary_test(test_digits))
    assert set(x.unique().tolist()) == {0.0, 1.0}
    grey = test_digits.images.float() / 255
    assert torch.equal(x[grey == 0], grey[grey == 0])
    assert torch.equal(x[grey == 1], grey[grey == 1])


def test_objectives_are_the_definitions() -> None:
    torch.manual_seed(0)
    x, y = torch.rand(4, 1, 28, 28), torch.zeros(4, dtype=torch.int64)
    autoencoder, model = Autoencoder(2, 4), vae.VAE(2, 4)
    loss, hits = autoencoders.reconstruction(autoencoder, x, y)
    want = nn.functional.binary_cross_entropy(autoencoder(x).sigmoid(), x, reduction="sum") / 4
    torch.testing.assert_close(loss, want)
    assert hits == 0
    for beta in (1.0, 4.0):
        torch.manual_seed(1)
        loss, _ = autoencoders.negative_elbo(model, x, y, beta)
        torch.manual_seed(1)
        torch.testing.assert_close(loss, -vae.elbo(x, *model(x), beta).mean())
    denoiser, both = Denoiser(4, 1), torch.rand(3, 2, 1, 8, 8)
    loss, _ = autoencoders.denoising(denoiser, both, y)
    error = (denoiser(both[:, 1]) - both[:, 0]).square()  # towards the clean image
    torch.testing.assert_close(loss, error.sum() / 3)


# -- judging -----------------------------------------------------------------------------------


class Known(nn.Module):
    """z ~ N(0, I), one number; pixels are on with probability ½ whatever z."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return torch.full((len(x), 1), 0.3), torch.full((len(x), 1), -0.2)

    def decode(self, z: Tensor) -> Tensor:
        return torch.zeros(len(z), 1, 28, 28)


def test_bounds_rise_to_a_known_likelihood() -> None:
    x = torch.ones(3, 1, 28, 28)
    found = autoencoders.bounds(Known(), x, (1, 10, 1000), samples=1000)
    truth = -784 * math.log(2)
    kl = vae.gaussian_kl(*Known().encode(x)).double()
    torch.testing.assert_close(found[:, 0], truth - kl, rtol=0, atol=0.05)
    assert (found.diff(dim=1) > 0).all()
    torch.testing.assert_close(found[:, 2], torch.full((3,), truth).double(), rtol=0, atol=0.05)
    likelihood, kl, means = autoencoders.terms(Known(), x)
    torch.testing.assert_close(likelihood, torch.full((3,), truth))
    torch.testing.assert_close(kl, vae.gaussian_kl(*Known().encode(x)))
    assert means.shape == (3, 1)


def test_bounds_refuse_groups_that_leave_a_rest() -> None:
    with pytest.raises(ValueError, match="each of ks must divide samples = 10"):
        autoencoders.bounds(Known(), torch.ones(1, 1, 28, 28), (3,), samples=10)


def test_terms_of_a_network_are_those_of_its_elbo(test_digits: Pictures) -> None:
    torch.manual_seed(0)
    model, x = vae.VAE(2, 8), test_digits.images.float() / 255
    likelihood, kl, means = autoencoders.terms(model, x, seed=5)
    noise = torch.randn(200, 2, generator=Generator().manual_seed(5))
    torch.testing.assert_close(likelihood - kl, vae.elbo(x, *model(x, noise)))
    torch.testing.assert_close(autoencoders.codes(model, x), means)


def test_samples_of_an_autoencoder_have_the_mean_and_the_covariance_of_its_codes() -> None:
    """Its decoder shows the code itself."""
    torch.manual_seed(0)
    model, x = Autoencoder(2, 8), torch.rand(300, 1, 28, 28)
    model.encode = lambda part: part[:, 0, 0, :2] @ torch.tensor([[1.0, 2.0], [0.0, 0.5]]) + 3  # type: ignore[method-assign]
    model.decode = lambda z: z[:, None, None]  # type: ignore[method-assign]
    z = autoencoders.codes(model, x)
    found = autoencoders.samples(model, x, number=50_000)[:, 0, 0].logit()
    torch.testing.assert_close(found.mean(0), z.mean(0), rtol=0, atol=0.02)
    torch.testing.assert_close(found.T.cov(), z.T.cov(), rtol=0.05, atol=0.01)


def test_lenet_names_real_digits(test_digits: Pictures) -> None:
    x = test_digits.images.float() / 255
    p = autoencoders.probabilities(autoencoders.judge(), x)
    assert (p.argmax(1) == test_digits.labels).float().mean() > 0.97
    torch.testing.assert_close(p.sum(1), torch.ones(200))


# -- recipes -----------------------------------------------------------------------------------

SIZES = {"ae_plane": 120, "vae_plane": 120, "denoiser": 70, "ae_digits": 220, "vae_digits": 220}


@pytest.mark.parametrize("name", [*SIZES, "vae_binary"])
def test_a_trial_of_each_recipe_gives_a_network_and_its_row(name: str) -> None:
    told: list = []
    trained, record = recipes.train(name, Run(CPU, watch=told.append, share=0.005))
    assert trained.curve == told
    assert record["rows"] == [trained.row]
    assert trained.ships == (name in SIZES)
    assert all(t.isfinite().all() for t in trained.tensors.values())
    if trained.ships:
        assert sum(t.numel() for t in trained.tensors.values()) * 2 <= SIZES[name] * 1000
    if name == "vae_binary":
        assert trained.row["test ELBO (nats)"] > -600  # an untrained one has −784 log 2
        assert trained.row["parameters"] == 1_361_884
    elif name != "denoiser":
        assert 0 <= trained.row["named"] <= 1
        assert 1 <= trained.row["kinds"] <= 10


@pytest.mark.parametrize("name", SIZES)
def test_checkpoints_fit_into_the_networks_of_the_reference(
    name: str, test_digits: Pictures
) -> None:
    """And they do what their row says, on a few images."""
    network = {
        "ae_plane": lambda: Autoencoder(2, 32),
        "vae_plane": lambda: vae.VAE(2, 32),
        "denoiser": Denoiser,
    }.get(name, latent_walk.NETWORKS.get(name))
    assert network is not None
    model = network()
    checkpoints.restore(model, name)
    row = networks.trained(name, 0)[1]["rows"][0]
    if name == "denoiser":
        found = autoencoders.restored(model.eval(), test_digits)
        for key in ("σ 0.5, restored: error", "σ 1.0, restored: error"):
            assert abs(found[key] - row[key]) < 0.02
        assert found["σ 0.5, restored: named"] > found["σ 0.5, noisy: named"]
    else:
        found = autoencoders.judged(model.eval(), test_digits)
        assert abs(found["reconstruction (nats)"] - row["reconstruction (nats)"]) < 12
        assert abs(found["named"] - row["named"]) < 0.12


# -- studies -----------------------------------------------------------------------------------


def test_a_mean_over_pixels_is_a_beta_of_784() -> None:
    torch.manual_seed(0)
    x, y, model = torch.rand(4, 1, 28, 28), torch.zeros(4), vae.VAE(2, 4)
    torch.manual_seed(1)
    wrong, _ = study.averaged_over_pixels(model, x, y)
    torch.manual_seed(1)
    loss, _ = autoencoders.negative_elbo(model, x, y, 784.0)
    torch.testing.assert_close(wrong, loss / 784)


def test_the_study_measures_what_it_trained(test_digits: Pictures) -> None:
    images = data.digits("train").select(torch.arange(600))
    model = study.learned(images, study.TRIES["averaged over pixels"], epochs=20)
    found = study.measured(model, test_digits)
    assert found["KL (nats)"] < 0.1
    assert found["spread"] < 0.02
    assert found["ELBO (nats)"] == pytest.approx(
        found["reconstruction (nats)"] - found["KL (nats)"], abs=0.02
    )
    assert vae_study.vae_study is study


def test_pairs_are_of_different_classes() -> None:
    labels = torch.arange(50) % 10
    pictures = Pictures("", torch.zeros(50, 1, 1, 1).byte(), labels, list("0123456789"))
    a, b = latent_walk.pairs(pictures)
    assert len(a) == len(b) == latent_walk.PAIRS
    assert (labels[a] != labels[b]).all()


def test_a_walk_begins_and_ends_at_real_images(test_digits: Pictures) -> None:
    x = test_digits.images[:40].float() / 255
    labels = torch.stack([test_digits.labels[:20], test_digits.labels[20:40]], 1)
    found = latent_walk.walk(lambda images: images, x[:20], x[20:], labels)
    assert len(found["sure by step"]) == 11
    assert found["an end by step"][0] > 0.9 < found["an end by step"][-1]
    assert found["middle: sure"] < found["sure by step"][0]


def test_a_seed_that_is_not_kept_is_trained_once(monkeypatch, tmp_path) -> None:
    trained: list[int] = []

    def recipe(run: Run) -> recipes.Trained:
        """A recipe."""
        trained.append(run.seed)
        assert run.resume is not None
        run.resume.parent.mkdir(parents=True, exist_ok=True)
        run.resume.touch()
        return recipes.Trained({"w": torch.full((2,), float(run.seed))}, {"seed": run.seed}, [])

    monkeypatch.setitem(RECIPES, "tiny", recipe)
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path / "package")
    monkeypatch.setattr(Course, "find", lambda: Course(tmp_path))
    model = nn.Module()
    model.w = nn.Parameter(torch.zeros(2))
    for seed in (2, 2, 0):
        assert networks.restored(model, "tiny", seed).w.tolist() == [seed, seed]
    assert trained == [2, 0]
    assert list((Course(tmp_path).cache / "training").iterdir()) == []
