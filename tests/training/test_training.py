"""The fit loop learns, repeats itself by seed, and its checkpoints come back."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from course_utils import cli, results
from course_utils.course import CourseError, UsageError
from course_utils.data import Pictures
from course_utils.training import accuracy, checkpoints, fit, load, recipes
from course_utils.training.fit import shifted

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def halves() -> Pictures:
    """Pictures that are bright on the left (0) or on the right (1)."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(256) % 2
    images = torch.randint(0, 90, (256, 1, 6, 8), generator=generator)
    images[labels == 0, :, :, :4] += 120
    images[labels == 1, :, :, 4:] += 120
    return Pictures("halves", images.byte(), labels, ("left", "right"))


def trained(pictures: Pictures, seed: int = 0):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    history = fit(model, pictures.batches(32, seed=seed), 4, lr=0.05)
    return model, history


def test_it_learns_and_says_how(halves: Pictures) -> None:
    model, history = trained(halves)
    assert [epoch.number for epoch in history] == [1, 2, 3, 4]
    assert history[-1].loss < history[0].loss / 3
    assert history[-1].accuracy == 1
    assert accuracy(model, halves.batches(100, shuffle=False)) == 1
    assert not model.training


def test_a_seed_is_a_training(halves: Pictures) -> None:
    one, two, other = (trained(halves, seed) for seed in (3, 3, 4))
    assert one[1] == two[1] != other[1]
    for a, b in zip(one[0].parameters(), two[0].parameters(), strict=True):
        assert torch.equal(a, b)


def test_each_epoch_is_told(halves: Pictures) -> None:
    told = []
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    history = fit(model, halves.batches(64), 2, watch=told.append)
    assert told == history


@pytest.mark.parametrize("bfloat16", [None, True])
def test_on_a_cpu_mixed_precision_is_asked_for(halves: Pictures, bfloat16) -> None:
    seen = set()

    def objective(model, x, y):
        logits = model(x)
        seen.add(logits.dtype)
        return nn.functional.cross_entropy(logits.float(), y), (logits.argmax(1) == y).sum()

    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 2))
    options = {"lr": 0.05, "objective": objective, "bfloat16": bfloat16}
    history = fit(model, halves.batches(32, seed=0), 4, **options)
    assert history[-1].accuracy == 1
    assert seen == {torch.bfloat16 if bfloat16 else torch.float32}
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_pictures_are_moved_whole() -> None:
    x = torch.zeros(200, 2, 9, 7)
    x[:, :, 4, 3] = torch.tensor([1.0, 2.0])
    y = shifted(2, seed=1)(x)
    assert y.shape == x.shape
    assert torch.equal(y.sum((2, 3)), x.sum((2, 3)))  # nothing is lost, channels go together
    places = (y[:, 0] == 1).nonzero()[:, 1:]
    assert set(map(tuple, places.tolist())) == {
        (r, c) for r in range(2, 7) for c in range(1, 6)
    }
    assert torch.equal(shifted(2, seed=1)(x), y)


def test_a_checkpoint_comes_back(tmp_path) -> None:
    tensors = {"w": torch.randn(3, 4), "b": torch.zeros(4)}
    path = checkpoints.save_checkpoint("small", tensors, {"seed": 0}, tmp_path)
    back = load("small", tmp_path)
    assert {k: v.dtype for k, v in back.items()} == dict.fromkeys(tensors, torch.float32)
    assert torch.allclose(back["w"], tensors["w"], atol=1e-2)
    assert json.loads(path.with_suffix(".json").read_text()) == {"seed": 0}
    with pytest.raises(CourseError, match=r"no checkpoint 'none' \(there is: small\)"):
        load("none", tmp_path)
    with pytest.raises(CourseError, match="at most 4 ship"):
        checkpoints.save_checkpoint("big", {"w": torch.zeros(3 << 20)}, {}, tmp_path)


def test_an_unknown_recipe_is_named(capsys) -> None:
    with pytest.raises(UsageError, match=r"no recipe 'lenett'; there are: .*\blenet\b"):
        recipes.train("lenett", recipes.Run(CPU))
    assert cli.main(["train", "lenett", "--device", "cpu"]) == 2
    assert "no recipe 'lenett'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["lenet", "naive_bayes"])
def test_what_ships_says_where_it_comes_from(name: str) -> None:
    """Checkpoint, provenance and result are of one training."""
    record = json.loads((checkpoints.FOLDER / f"{name}.json").read_text())
    assert record["command"] == f"course train {name}"
    assert not record["commit"].endswith("-dirty")
    assert {"seed", "seconds", "date", "hardware", "software"} <= set(record)
    assert results.table(name).record == record
