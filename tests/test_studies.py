"""Studies of chapters 13 and 14 keep what they have measured, and change what they say."""

from __future__ import annotations

import pytest
import torch

from benchmarks import clip_failures, diffusion_study, diffusion_variants
from benchmarks.kept import kept
from course_utils import data
from course_utils.course import Course
from course_utils.reference.clip import contrastive_loss, multi_positive_loss
from course_utils.reference.unet import UNet
from course_utils.training.clip import small_clip


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(Course, "cache", property(lambda self: tmp_path))


def test_what_is_measured_once_is_not_measured_again():
    calls = []

    def measure():
        calls.append(1)
        return {"distance": 2.5}

    assert [kept("trial", "a, η = 0", measure) for _ in range(2)] == [{"distance": 2.5}] * 2
    assert len(calls) == 1
    kept("trial", "b", measure)
    assert len(calls) == 2


def test_a_variant_learns_from_what_it_says():
    few = next(v for v in diffusion_variants.VARIANTS if v.few)
    images = few.images(0.005).images
    assert len(images) == 300
    assert len(images.unique(dim=0)) == few.few == 100
    whole = diffusion_variants.VARIANTS[0].images(0.005).images
    assert len(whole.unique(dim=0)) == len(whole) == 300


def test_a_copy_is_nearer_than_test_images_are_to_theirs(monkeypatch):
    train = data.fashion("train").images[:100].float() / 255
    variant = diffusion_variants.Variant("trial", 1, few=100)
    drawn = {"copies": train + 0.01, "strangers": 1 - train}
    monkeypatch.setattr(diffusion_variants, "restored", lambda *_: None)
    for name, share in (("copies", 1.0), ("strangers", 0.0)):
        monkeypatch.setattr(
            diffusion_variants, "gallery", lambda *_, n=name, **__: (drawn[n], 0)
        )
        found = diffusion_variants.copies(variant, 0, 0.1)
        assert found["copies"] == share
        assert (found["nearest known"] < found["test images' nearest"]) == (share == 1)


def test_faults_of_sampling_are_worse_than_what_they_are_compared_with(monkeypatch):
    from course_utils.training import checkpoints

    network = UNet()
    checkpoints.restore(network, "diffusion_fashion")
    monkeypatch.setattr(diffusion_study, "DRAWN", 10)
    study = diffusion_study.Study(network.eval(), 100)
    right = study.steps(5, 1.0)
    assert right["named rightly"] > 0.7
    for wrong in (study.last_noise(5), study.too_short(600)):
        assert wrong["distance"] > 2 * right["distance"]
    assert study.guidance(5.0)["spread"] < study.guidance(1.0)["spread"]


def test_each_fault_of_clip_changes_one_thing():
    x, y = torch.randn(2, 6, 8, generator=torch.Generator().manual_seed(0))
    scale, labels = torch.tensor(10.0), torch.tensor([0, 1, 2, 3, 0, 1])
    right = multi_positive_loss(x, y, scale, labels)
    assert clip_failures.equal_are_negatives(x, y, scale, labels) == contrastive_loss(
        x, y, scale
    )
    there, back = (clip_failures.one_direction(*p, scale, labels) for p in ((x, y), (y, x)))
    torch.testing.assert_close((there + back) / 2, right)
    assert there != right
    model = small_clip()
    clip_failures.fixed_scale(model)
    assert model.scale().item() == 1
