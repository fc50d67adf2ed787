"""Every recipe of a residual network takes a step; what does not ship lies in the cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from course_utils import cli, data
from course_utils.course import Course
from course_utils.data import Pictures
from course_utils.training import checkpoints, classifier, fit, load, recipes

CPU = torch.device("cpu")


def tiny(channels: int):
    """Twelve small pictures in place of a data set."""

    def pictures(split: str) -> Pictures:
        images = torch.randint(0, 256, (12, channels, 8, 8)).byte()
        return Pictures(split, images, torch.arange(12) % 10, [str(n) for n in range(10)])

    return pictures


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    for name, channels in (("digits", 1), ("fashion", 1), ("cifar10", 3)):
        monkeypatch.setattr(data, name, tiny(channels))
    one = lambda model, batches, epochs, **options: fit(model, batches, 1, **options)  # noqa: E731
    monkeypatch.setattr(classifier, "fit", one)


@pytest.mark.parametrize(
    ("name", "parameters", "ships"),
    [
        ("resnet20_fashion", 272_186, True),
        ("resnet18_fashion", 11_172_810, False),
        ("resnet18_cifar10", 11_173_962, False),
    ],
)
def test_a_recipe_takes_a_step(name: str, parameters: int, ships: bool) -> None:
    told: list = []
    trained, record = recipes.train(name, recipes.Run(CPU, watch=told.append))
    assert trained.row["parameters"] == parameters
    assert trained.ships == ships
    assert trained.curve == told
    assert record["command"] == f"course train {name}"
    assert record["rows"] == [trained.row]


def test_recipes_are_found():
    """One of every module, and one of every checkpoint that ships."""
    modules = {file.stem for file in Path(recipes.__file__).parent.glob("[a-z]*.py")}
    found = recipes.RECIPES
    assert {recipe.__module__.rpartition(".")[2] for recipe in found.values()} == modules
    assert {file.stem for file in checkpoints.FOLDER.glob("*.safetensors")} <= found.keys()
    assert all(recipe.__doc__ for recipe in found.values())


@pytest.mark.parametrize("ships", [True, False])
def test_where_course_train_writes(ships: bool, monkeypatch, tmp_path, capsys) -> None:
    def recipe(run):
        """A recipe."""
        tensors = {"w": torch.randn(3), "count": torch.tensor(70_000)}
        return recipes.Trained(tensors, {"test accuracy": 0.5}, [], ships)

    monkeypatch.setitem(recipes.RECIPES, "large", recipe)
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path / "package")
    monkeypatch.setattr(checkpoints, "LARGEST", 1 << 20 if ships else 1)
    monkeypatch.setattr(Course, "find", lambda: Course(tmp_path))
    assert cli.main(["train", "large", "--device", "cpu"]) == 0
    folder = tmp_path / "package" if ships else tmp_path / ".cache" / "checkpoints"
    said = capsys.readouterr().out
    assert str(folder / "large.safetensors") in said
    assert ("does not ship" in said) != ships
    assert load("large", folder)["count"] == 70_000  # not through float16
    assert json.loads((tmp_path / "results" / "large.json").read_text())["seed"] == 0
    assert (tmp_path / "package").exists() == ships


def test_an_interrupted_recipe_goes_on(monkeypatch, tmp_path, capsys) -> None:
    """The second command passes the state of the first to the fit loop, and says so."""
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path / "package")
    monkeypatch.setattr(Course, "find", lambda: Course(tmp_path))
    state = tmp_path / ".cache" / "training" / "resnet20_fashion-3.pt"

    def stops(model, batches, epochs, watch=None, **options):
        def interrupted(epoch):
            watch(epoch)
            raise KeyboardInterrupt

        return fit(model, batches, 2, watch=interrupted, **options)

    command = ["train", "resnet20_fashion", "--device", "cpu", "--seed", "3"]
    monkeypatch.setattr(classifier, "fit", stops)
    assert cli.main(command) == 1
    assert "the same command goes on" in capsys.readouterr().err
    assert state.is_file()
    two = lambda model, batches, epochs, **options: fit(model, batches, 2, **options)  # noqa: E731
    monkeypatch.setattr(classifier, "fit", two)
    assert cli.main(command) == 0
    record = json.loads((tmp_path / "results" / "resnet20_fashion.json").read_text())
    assert [epoch["number"] for epoch in record["curve"]] == [1, 2]
    assert "interrupted" in record
    assert not state.exists()
