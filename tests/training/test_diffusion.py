"""A diffusion model learns, goes on where it was interrupted, and two classifiers judge it."""

from __future__ import annotations

import copy

import pytest
import torch

from course_utils import data
from course_utils.course import CourseError
from course_utils.reference.diffusion import cosine_schedule, loss
from course_utils.reference.unet import UNet
from course_utils.training import diffusion
from course_utils.training.diffusion import gallery, learn, rate, spread_times
from course_utils.training.gan import Judges, symmetric
from course_utils.training.recipes import RECIPES
from course_utils.training.recipes import diffusion as recipe
from course_utils.training.run import Run

CPU = torch.device("cpu")
SCHEDULE = cosine_schedule(100)


def small() -> UNet:
    torch.manual_seed(0)
    return UNet(widths=(8, 8), condition=8)


def awake() -> UNet:
    """With weights that are 0 nowhere: its answer depends on all that it is told."""
    network = small()
    for p in network.parameters():
        torch.nn.init.normal_(p, 0, 0.2)
    return network


def batches(number: int = 96):
    images = data.fashion("test").select(torch.arange(number))
    return images.batches(32, seed=0, augment=symmetric, drop_last=True)


def brightness(network: UNet) -> tuple[float, float]:
    """In place of judges: quick to tell, and other numbers after each step."""
    images, _ = gallery(network, SCHEDULE, 4, 2.0, steps=2)
    return images.mean().item(), images.var().item()


@pytest.fixture(scope="module")
def judges() -> Judges:
    return Judges(data.fashion("test").select(torch.arange(200)), CPU)


# -- learning ---------------------------------------------------------------------------------


def test_it_learns_and_tells_each_epoch():
    told: list[diffusion.Round] = []
    network = small()
    first = copy.deepcopy(network.state_dict())
    mean, curve = learn(network, batches(), 4, SCHEDULE, brightness, lr=1e-2, watch=told.append)
    assert told == curve
    assert [epoch.number for epoch in curve] == [1, 2, 3, 4]
    assert curve[-1].loss < 0.8 * curve[0].loss
    assert (curve[-1].accuracy, curve[-1].distance) == brightness(mean)
    assert len({epoch.distance for epoch in curve}) == 4
    assert not mean.training
    for name, now in network.state_dict().items():
        assert not torch.equal(now, first[name]), name
        assert not torch.equal(now, mean.state_dict()[name]), name


@pytest.mark.parametrize("prediction", ["eps", "x0"])
def test_it_learns_what_it_is_asked_to_say(prediction):
    """Its answers become those of that kind: read as another kind they are further off."""
    network, images = small(), symmetric(data.fashion("test").images[:64].float() / 255)
    mean, curve = learn(
        network, batches(), 6, SCHEDULE, brightness, lr=1e-2, decay=0.5, prediction=prediction
    )
    assert curve[-1].loss < 0.8 * curve[0].loss
    t, noise = torch.full((64,), 50), torch.randn(images.shape)
    asked, other = (loss(mean, images, t, noise, SCHEDULE, name) for name in (prediction, "v"))
    assert asked < other


def test_a_stochastic_sampler_draws_something_else_from_the_same_start():
    network = awake()
    plain, again, noisy = (
        gallery(network, SCHEDULE, 4, steps=3, eta=eta)[0] for eta in (0.0, 0.0, 1.0)
    )
    assert torch.equal(plain, again)
    assert (noisy - plain).abs().max() > 1e-3


@pytest.mark.parametrize("stop", [1, 2])
def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path, stop):
    def run(resume=None, watch=lambda _: None):
        network = small()
        mean, curve = learn(
            network, batches(), 3, SCHEDULE, brightness, resume=resume, watch=watch
        )
        return {
            **network.state_dict(),
            **{f"mean {k}": t for k, t in mean.state_dict().items()},
        }, curve

    def stops(epoch):
        if epoch.number == stop:
            raise KeyboardInterrupt

    whole, curve = run()
    path = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        run(path, stops)
    told: list = []
    again, resumed = run(path, told.append)
    assert resumed == curve == told
    assert all(torch.equal(again[name], t) for name, t in whole.items())


@pytest.mark.parametrize(
    ("other", "said"),
    [({"lr": 1e-4}, "'lr': 0.002"), ({"drop": 0.2}, "'drop': 0.1"),
     ({"schedule": cosine_schedule(50)}, "'steps': 100")],
)  # fmt: skip
def test_the_state_of_another_training_is_refused(tmp_path, other, said):
    path, schedule = tmp_path / "state.pt", other.pop("schedule", SCHEDULE)
    learn(small(), batches(32), 1, SCHEDULE, brightness, resume=path)
    with pytest.raises(CourseError, match=rf"of another training .*{said}"):
        learn(small(), batches(32), 1, schedule, brightness, resume=path, **other)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_state(tmp_path):
    path = tmp_path / "state.pt"
    learn(small(), batches(32), 1, SCHEDULE, brightness, resume=path)
    kept = path.read_bytes()
    broken = small()
    torch.nn.init.constant_(broken.leave.bias, float("nan"))
    with pytest.raises(CourseError, match="the loss is nan in epoch 1: try a lower lr"):
        learn(broken, batches(32), 2, SCHEDULE, brightness)
    assert path.read_bytes() == kept


def test_labels_are_dropped_and_others_told(monkeypatch):
    seen: list[torch.Tensor] = []
    forward = UNet.forward

    def watched(self, x, t, classes=None):
        seen.append(classes)
        return forward(self, x, t, classes)

    monkeypatch.setattr(UNet, "forward", watched)
    for drop, wanted in ((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)):
        seen.clear()
        learn(small(), batches(192), 1, SCHEDULE, lambda _: (0.0, 0.0), drop=drop)
        labels = torch.cat(seen)
        assert (labels == -1).float().mean().item() == pytest.approx(wanted, abs=0.12)
        assert labels.max() == (9 if drop < 1 else -1)


def test_times_are_uniform_and_spread_over_the_batch():
    torch.manual_seed(0)
    t = torch.stack([spread_times(50, 1000) for _ in range(400)])
    assert (t.min(), t.max()) == (1, 1000)
    assert t.dtype == torch.int64
    for row, part in enumerate(t.T):  # one from each part of the schedule
        assert ((part > 20 * row) & (part <= 20 * (row + 1))).all()
    counts = (t - 1).flatten().bincount(minlength=1000)
    assert counts.min() > 0
    assert counts.float().std() < 6  # of 20 each: √20 by chance
    few = spread_times(8, 3)
    assert set(few.tolist()) == {1, 2, 3}


def test_the_rate_rises_stands_and_falls():
    rates = [rate(at, 1000) for at in range(1001)]
    assert rates[0] == pytest.approx(0.05)
    assert rates[9] == pytest.approx(0.5)
    assert set(rates[20:401]) == {1.0}
    assert rates[700] == pytest.approx(0.503)
    assert rates[1000] == pytest.approx(0.003)
    assert rate(0, 1) == 1.0


# -- drawing and judging ----------------------------------------------------------------------


def test_judged_images_come_from_the_same_noise():
    network = awake()
    images, classes = gallery(network, SCHEDULE, 260, steps=2)
    assert images.shape == (260, 1, 28, 28)
    assert ((images >= 0) & (images <= 1)).all()
    assert torch.equal(classes, torch.arange(260) % 10)
    again, _ = gallery(network, SCHEDULE, 260, steps=2)
    assert torch.equal(images, again)
    seven, _ = gallery(network, SCHEDULE, 7, steps=2)
    torch.testing.assert_close(images[:7], seven, atol=1e-3, rtol=0)


def test_guidance_and_no_class_draw_something_else():
    network = awake()
    plain, _ = gallery(network, SCHEDULE, 5, steps=2)
    alike, _ = gallery(network, SCHEDULE, 5, 1.0, steps=2)
    torch.testing.assert_close(alike, plain, atol=1e-4, rtol=0)
    for options in ({"guidance": 3.0}, {"told": False}):
        other, _ = gallery(network, SCHEDULE, 5, steps=2, **options)
        assert (other - plain).abs().max() > 1e-3
    forgot, _ = gallery(network, SCHEDULE, 5, 0.0, steps=2)
    untold, _ = gallery(network, SCHEDULE, 5, steps=2, told=False)
    torch.testing.assert_close(forgot, untold, atol=1e-4, rtol=0)


def test_the_second_judge_names_real_images(judges: Judges):
    test = data.fashion("test").select(torch.arange(300))
    images = test.images.float() / 255
    assert judges.named(images, test.labels) > 0.88
    assert judges.named(images, (test.labels + 1) % 10) < 0.1


def test_a_trial_of_the_recipe_gives_a_network_and_its_row(monkeypatch):
    monkeypatch.setattr(recipe, "DRAWN", 2)
    told: list = []
    trained = RECIPES["diffusion_fashion"](Run(CPU, share=0.005, watch=told.append))
    assert trained.curve == told
    assert len(told) == 1
    row = trained.row
    assert (row["images"], row["epochs"], row["parameters"]) == (100, 1, 166_580)
    assert {"Fréchet distance", "unguided", "no class told", "of two real halves"} <= row.keys()
    for name in ("named rightly", "unguided, named rightly", "real images named rightly"):
        assert 0 <= row[name] <= 1
    assert row["real images named rightly"] > 0.88
    UNet().load_state_dict(trained.tensors)
    assert sum(t.numel() for t in trained.tensors.values()) * 2 < 340_000  # bytes in a page
    assert trained.ships
    for tensor in trained.tensors.values():
        assert torch.equal(tensor, tensor.half().float())


def test_the_large_recipe_trains_a_network_of_its_own(monkeypatch):
    """A trial, with a small network in its place."""
    made: list = []

    def small(**options):
        made.append(UNet(**options))
        return UNet(widths=(8, 8), condition=8, patch=options["patch"])

    monkeypatch.setattr(recipe, "UNet", small)
    monkeypatch.setattr(recipe, "DRAWN", 2)
    trained = RECIPES["diffusion_fashion_large"](Run(CPU, share=0.005))
    assert sum(p.numel() for p in made[0].parameters()) == pytest.approx(3.8e6, rel=0.02)
    assert made[0].patch == 1
    assert not trained.ships
    assert trained.row["images"] == 100
