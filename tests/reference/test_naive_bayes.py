"""Naive Bayes against counting by hand, and against MNIST."""

from __future__ import annotations

import pytest
import torch

from course_utils import data, training
from course_utils.reference.cnn import LeNet
from course_utils.reference.naive_bayes import NaiveBayes, binarise, fit


def test_counts_of_a_few_images() -> None:
    x = torch.tensor([[1.0, 0], [1, 1], [0, 0], [0, 1], [0, 1]])
    model = fit(x, torch.tensor([0, 0, 1, 1, 1]), classes=2)
    assert torch.allclose(model.log_prior.exp(), torch.tensor([2 / 5, 3 / 5]))
    on = torch.tensor([[3 / 4, 2 / 4], [1 / 5, 3 / 5]])  # (count + 1) / (n + 2)
    assert torch.allclose(model.log_on.exp(), on)
    assert torch.allclose(model.log_off.exp(), 1 - on)
    joint = model.joint(torch.tensor([[1.0, 0]])).exp()
    assert torch.allclose(joint, torch.tensor([[2 / 5 * 3 / 4 * 1 / 2, 3 / 5 / 5 * 2 / 5]]))


def test_it_is_a_linear_classifier() -> None:
    torch.manual_seed(0)
    x = (torch.rand(40, 12) > 0.5).float()
    model = fit(x, torch.arange(40) % 4, classes=4)
    weights, bias = model.linear()
    assert weights.shape == (4, 12)
    assert torch.allclose(x @ weights.T + bias, model.joint(x), atol=1e-5)


def test_posteriors_sum_to_one_however_many_pixels() -> None:
    torch.manual_seed(0)
    x = (torch.rand(60, 3000) > 0.5).float()
    model = fit(x, torch.arange(60) % 3, classes=3, smoothing=0.5)
    posterior = model.posterior(x)
    assert torch.isfinite(posterior).all()
    assert torch.allclose(posterior.sum(1), torch.ones(60))
    assert (posterior.argmax(1) == model.predict(x)).all()


def test_bytes_and_floats_are_binarised_alike() -> None:
    images = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert (binarise(images) == binarise(images.float() / 255)).all()
    assert binarise(images).sum() == 128  # 128 … 255


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="binarise them first"):
        fit(torch.tensor([[0.5]]), torch.tensor([0]), 1)
    with pytest.raises(ValueError, match="no image of class 1"):
        fit(torch.tensor([[1.0]]), torch.tensor([0]), 2)


def test_mnist_is_recalled_as_the_literature_says() -> None:
    """84 % to 85 %, and the shipped counts are those of the reference."""
    train, test = data.digits("train"), data.digits("test")
    model = fit(binarise(train.images), train.labels, 10)
    right = model.predict(binarise(test.images)) == test.labels
    assert 0.84 < right.float().mean().item() < 0.85
    shipped = NaiveBayes(**training.load("naive_bayes"))
    assert torch.allclose(shipped.log_on, model.log_on, atol=0.01)
    again = shipped.predict(binarise(test.images)) == test.labels
    assert abs(again.float().mean() - right.float().mean()) < 0.002


@torch.no_grad()
def test_the_shipped_lenet_reads_digits() -> None:
    model = LeNet()
    assert sum(p.numel() for p in model.parameters()) == 61_706
    model.load_state_dict(training.load("lenet"))
    test = data.digits("test")
    right = model.eval()(test.images[:2000].float() / 255).argmax(1) == test.labels[:2000]
    assert right.float().mean() > 0.985
    assert LeNet(channels=3, classes=7)(torch.zeros(2, 3, 28, 28)).shape == (2, 7)
