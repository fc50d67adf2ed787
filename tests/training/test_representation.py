"""Every recipe without labels takes a step, and is judged against itself untrained."""

from __future__ import annotations

import pytest
import torch

from course_utils.data import Pictures
from course_utils.reference.cpc import patches
from course_utils.reference.simclr import SimCLR, nt_xent
from course_utils.training import fit, recipes, representation
from course_utils.training.recipes import pretext

CPU = torch.device("cpu")


def noise(split: str) -> Pictures:
    """Images of one batch in place of CIFAR-10."""
    images = torch.randint(0, 256, (256 if split == "train" else 20, 3, 32, 32)).byte()
    labels = torch.arange(len(images)) % 10
    return Pictures(split, images, labels, [str(n) for n in range(10)])


def few(split: str) -> Pictures:
    """Two images of each class."""
    return noise("test")


@pytest.mark.parametrize(
    "name", ["rotation_small", "cpc_small", "cpc_recoloured", "simclr_small"]
)
def test_a_recipe_takes_a_step(name: str, monkeypatch) -> None:
    monkeypatch.setattr(representation.data, "cifar10", noise)
    one = lambda model, batches, epochs, **options: fit(model, batches, 1, **options)  # noqa: E731
    monkeypatch.setattr(representation, "fit", one)
    trained, record = recipes.train(name, recipes.Run(CPU))
    assert record["command"] == f"course train {name}"
    assert len(trained.curve) == 1
    row = trained.row
    for key in ("linear probe", "nearest neighbours", "untrained, probe"):
        assert 0 <= row[key] <= 1
    assert row["images without labels"] == 256


def test_views_lie_as_the_loss_wants_them() -> None:
    """First views before second ones; a hit is a view whose partner is nearest."""
    torch.manual_seed(0)
    images = torch.rand(6, 3, 32, 32)
    views = torch.stack([images, images], 1)
    model = SimCLR(representation.small_encoder(), 128, 64).eval()
    loss, hits = representation.agreement(model, views, torch.arange(6))
    z = model(images)[1]
    torch.testing.assert_close(loss, nt_xent(z, z, 0.5))
    assert hits == 6


def test_two_views_of_each_picture() -> None:
    images = torch.rand(4, 3, 32, 32)
    views = representation.paired(seed=1)(images)
    assert views.shape == (4, 2, 3, 32, 32)
    assert not torch.equal(views[:, 0], views[:, 1])
    assert torch.equal(representation.paired(seed=1)(images), views)


def test_patches_have_colours_of_their_own_and_lie_where_they_lay() -> None:
    images = torch.rand(2, 3, 32, 32)
    grid = representation.recoloured(seed=3)(images)
    assert grid.shape == (2, 7, 7, 3, 8, 8)
    assert 0 <= grid.min() < grid.max() <= 1
    plain = [patches(x, 8).double().mean(3) for x in (images, images.flip(3))]
    light = grid.double().mean(3)
    # Where a patch was left in its place its light follows that of the image or its mirror.
    for image in range(2):
        follows = [_correlation(light[image], p[image]) for p in plain]
        assert max(follows) > 0.6 > 0.2 > min(follows)
    even = torch.full((1, 3, 32, 32), 0.5)
    changed = representation.recoloured(seed=3)(even)
    assert changed.shape == patches(even, 8).shape
    assert len(changed[..., 0, 0, 0].unique()) > 20


def _correlation(a: torch.Tensor, b: torch.Tensor) -> float:
    """Of pixels within their patches, means taken away."""
    a, b = (t.flatten(2) - t.flatten(2).mean(-1, keepdim=True) for t in (a, b))
    return torch.nn.functional.cosine_similarity(a, b, dim=-1).mean().item()


def test_the_head_of_the_rotation_network_is_fitted_to_frozen_features(monkeypatch) -> None:
    """Noise has no up: a quarter of the turns is told, give or take."""
    monkeypatch.setattr(pretext.data, "cifar10", few)
    trained, _ = recipes.train("rotation_head", recipes.Run(CPU))
    assert {name: tuple(t.shape) for name, t in trained.tensors.items()} == {
        "weight": (4, 128),
        "bias": (4,),
    }
    assert trained.row["images"] == 20
    assert 0 < trained.row["turns told"] < 0.6
