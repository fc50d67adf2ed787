"""Every recipe without labels takes a step, and is judged against itself untrained."""

from __future__ import annotations

import pytest
import torch

from course_utils.data import Pictures
from course_utils.reference.simclr import SimCLR, nt_xent
from course_utils.training import fit, recipes, representation

CPU = torch.device("cpu")


def noise(split: str) -> Pictures:
    """Pictures of one batch in place of CIFAR-10."""
    images = torch.randint(0, 256, (256 if split == "train" else 20, 3, 32, 32)).byte()
    labels = torch.arange(len(images)) % 10
    return Pictures(split, images, labels, [str(n) for n in range(10)])


@pytest.mark.parametrize("name", ["rotation_small", "cpc_small", "simclr_small"])
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
    assert row["pictures without labels"] == 256


def test_views_lie_as_the_loss_wants_them() -> None:
    """First views before second ones; a hit is a view whose partner is nearest."""
    torch.manual_seed(0)
    pictures = torch.rand(6, 3, 32, 32)
    views = torch.stack([pictures, pictures], 1)
    model = SimCLR(representation.small_encoder(), 128, 64).eval()
    loss, hits = representation.agreement(model, views, torch.arange(6))
    z = model(pictures)[1]
    torch.testing.assert_close(loss, nt_xent(z, z, 0.5))
    assert hits == 6


def test_two_views_of_each_picture() -> None:
    pictures = torch.rand(4, 3, 32, 32)
    views = representation.paired(seed=1)(pictures)
    assert views.shape == (4, 2, 3, 32, 32)
    assert not torch.equal(views[:, 0], views[:, 1])
    assert torch.equal(representation.paired(seed=1)(pictures), views)
