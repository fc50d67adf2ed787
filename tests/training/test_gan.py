"""A GAN learns, goes on where it was interrupted, and is judged by two classifiers."""

from __future__ import annotations

import copy

import pytest
import torch

from course_utils import data
from course_utils.course import CourseError
from course_utils.reference.gan import Discriminator, Generator, discriminator_loss
from course_utils.training import checkpoints, gan
from course_utils.training.gan import (
    Judges,
    drawn,
    falling,
    gallery,
    learn,
    symmetric,
    told_apart,
)
from course_utils.training.recipes import RECIPES
from course_utils.training.run import Run

CPU = torch.device("cpu")
NUMBER = 100


def players() -> tuple[Generator, Discriminator]:
    torch.manual_seed(0)
    return Generator(8, (4, 4, 4)), Discriminator((4, 4))


def batches(number: int = 96):
    images = data.fashion("test").select(torch.arange(number))
    return images.batches(32, seed=0, augment=symmetric, drop_last=True)


def brightness(generator: Generator) -> float:
    """In place of a distance: quick to tell, and another one after each step."""
    return gallery(generator, 4).mean().item()


@pytest.fixture(scope="module")
def judges() -> Judges:
    return Judges(data.fashion("test").select(torch.arange(400)), CPU)


# -- learning ---------------------------------------------------------------------------------


def test_it_learns_and_tells_each_epoch():
    told: list[gan.Round] = []
    generator, discriminator = players()
    first = copy.deepcopy(generator.state_dict())
    mean, curve = learn(generator, discriminator, batches(), 3, brightness, watch=told.append)
    assert told == curve
    assert [epoch.number for epoch in curve] == [1, 2, 3]
    assert all(0 <= epoch.accuracy <= 1 for epoch in curve)
    assert curve[-1].distance == brightness(mean)
    assert len({epoch.distance for epoch in curve}) == 3
    assert not mean.training
    for name, now in generator.state_dict().items():
        assert not torch.equal(now, first[name]), name
        assert name.endswith("num_batches_tracked") or not torch.equal(
            now, mean.state_dict()[name]
        )


def test_a_discriminator_that_learns_alone_tells_them_apart():
    """The share of right answers rises to 1; to ask leaves the discriminator as it was."""
    generator, discriminator = players()
    for p in generator.parameters():
        p.requires_grad_(False)
    before = told_apart(discriminator, *gan._some(generator, batches()))
    rule = torch.optim.Adam(discriminator.parameters(), 1e-2)
    real, fake = gan._some(generator, batches())
    for _ in range(20):
        loss = discriminator_loss(discriminator(real), discriminator(fake))
        rule.zero_grad()
        loss.backward()
        rule.step()
    state = copy.deepcopy(discriminator.state_dict())
    assert told_apart(discriminator, real, fake) == 1 > before
    for name, tensor in discriminator.state_dict().items():
        assert torch.equal(tensor, state[name])


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path, stop):
    def run(resume=None, watch=lambda _: None):
        networks = players()
        return learn(*networks, batches(), 3, brightness, resume=resume, watch=watch), networks

    def stops(epoch):
        if epoch.number == stop:
            raise KeyboardInterrupt

    (mean, curve), _ = run()
    path = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        run(path, stops)
    told: list = []
    (again, resumed), _ = run(path, told.append)
    assert resumed == curve == told
    assert all(map(torch.equal, mean.state_dict().values(), again.state_dict().values()))


def test_the_state_of_another_training_is_refused(tmp_path):
    path = tmp_path / "state.pt"
    learn(*players(), batches(), 1, brightness, resume=path)
    with pytest.raises(CourseError, match=r"of another training .*'lr': 0.001"):
        learn(*players(), batches(), 1, brightness, lr=1e-4, resume=path)


def test_the_rate_falls_from_half_time_on():
    assert [falling(at, 100) for at in (0, 50, 75, 100)] == [1, 1, 0.5, 0.05]


# -- judging ----------------------------------------------------------------------------------


def test_judged_images_come_from_the_same_noise():
    generator, _ = players()
    images = gallery(generator.eval(), 300)
    assert images.shape == (300, 1, 28, 28)
    assert ((images >= 0) & (images <= 1)).all()
    assert torch.equal(images, gallery(generator, 300))
    torch.testing.assert_close(images[:7], gallery(generator, 7), atol=1e-3, rtol=0)
    assert not drawn(torch.nn.Identity(), 3, 2, CPU).requires_grad


def test_real_images_are_near_and_noisy_ones_are_not(judges: Judges):
    real = data.fashion("test").images[400:800].float() / 255
    dice = torch.Generator().manual_seed(0)
    noisy = (real + 0.2 * torch.randn(real.shape, generator=dice)).clamp(0, 1)
    assert judges.distance(real) < 0.3 * judges.distance(noisy)
    assert judges.halves() < 0.5 * judges.distance(noisy)
    assert judges.distance(data.fashion("test").images[:400].float() / 255) == pytest.approx(
        0, abs=1e-9
    )


def test_the_second_judge_counts_classes(judges: Judges):
    test = data.fashion("test")
    row = judges.row(test.images[:1000].float() / 255)
    assert (row["images"], row["classes covered"]) == (1000, 10)
    assert row["its share"] <= 0.1 <= row["largest share"] < 0.15
    boots = test.select(test.labels == test.classes.index("Ankle boot"))
    collapsed = judges.row(boots.images[:200].float() / 255)
    assert collapsed["classes covered"] <= 3
    assert collapsed["largest share"] > 0.85
    assert collapsed["Fréchet distance"] > 3 * row["Fréchet distance"]


def test_a_trial_of_the_recipe_gives_a_generator_and_its_row():
    trained = RECIPES["gan_fashion"](Run(CPU, share=0.005))
    assert len(trained.curve) == 1
    assert {"Fréchet distance", "of two real halves", "of an untrained generator"} <= set(
        trained.row
    )
    assert trained.row["images"] == NUMBER
    Generator().load_state_dict(trained.tensors)
    assert sum(t.numel() for t in trained.tensors.values()) * 2 < 200_000  # bytes in a page
    assert trained.ships


def test_a_trial_of_the_twin_gives_its_row():
    """Its decoder has the generator's layers but the tanh: one network, learned otherwise."""
    trained = RECIPES["vae_fashion"](Run(CPU, share=0.005))
    assert not trained.ships
    assert trained.row["images"] == NUMBER
    assert trained.row["of reconstructions"] > 0
    twin, generator = gan.Twin(), Generator(16)
    assert [str(layer) for layer in twin.decoder] == [str(m) for m in generator.layers[:-1]]
    assert trained.row["parameters"] == sum(p.numel() for p in generator.parameters())


def test_the_generator_that_ships_draws_all_classes(judges: Judges):
    generator = Generator()
    checkpoints.restore(generator, "gan_fashion")
    row = judges.row(gallery(generator.eval(), 1000))
    assert row["classes covered"] == 10
    assert row["Fréchet distance"] < 0.2 * judges.distance(gallery(Generator(), 1000))
