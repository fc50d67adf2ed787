"""Both networks of the labelled GAN see the class, and the game is played as it is."""

from __future__ import annotations

import torch

from course_utils import data
from course_utils.training.gan import symmetric
from course_utils.training.labelled_gan import (
    LabelledDiscriminator,
    LabelledGenerator,
    classes_of,
    paired,
    pairs,
)
from course_utils.training.recipes import RECIPES
from course_utils.training.run import Run


def test_a_pair_keeps_image_and_label():
    pictures = data.fashion("test").select(torch.arange(40))
    both = symmetric(pairs(pictures).images.float() / 255)
    images = symmetric(pictures.images.float() / 255)
    assert torch.equal(both[:, :1], images)
    assert torch.equal(classes_of(both), pictures.labels)
    torch.testing.assert_close(both, paired(images, pictures.labels))


def test_the_generator_draws_for_the_class_that_its_noise_asks_for():
    generator = LabelledGenerator().eval()
    z = torch.randn(200, generator.noise, generator=torch.Generator().manual_seed(0))
    drawn = generator(z)
    assert torch.equal(classes_of(drawn), generator.asked(z))
    assert generator.asked(z).unique().tolist() == [*range(10)]
    other = z.clone()
    other[:, -10:] = z[:, -10:].roll(1, 1)  # another class, the same noise
    assert (generator(other)[:, 0] - drawn[:, 0]).abs().flatten(1).amax(1).min() > 0


def test_the_judge_sees_the_label():
    judge = LabelledDiscriminator().eval()
    torch.nn.init.normal_(judge.told.weight)
    images = torch.rand(1, 1, 28, 28).expand(10, -1, -1, -1)
    said = judge(paired(images, torch.arange(10)))
    assert len(said.unique()) == 10


def test_a_trial_of_the_recipe_gives_its_row():
    trained = RECIPES["gan_labelled"](Run(torch.device("cpu"), share=0.005))
    assert not trained.ships
    assert 0 <= trained.row["named rightly"] <= 1
    assert trained.row["images"] == 100
