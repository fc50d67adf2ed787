"""Chapter 11: what its sentences, questions and tables say is what was measured."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import data, results, training
from course_utils.reference import autoencoders as reference
from course_utils.training import autoencoders as learning


def rows(name: str, key: str = "what was done") -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in results.table(name).record["rows"]}


def seeds(row: dict[str, Any], key: str) -> list[float]:
    found = row[f"seeds of {key}"]
    assert len(found) >= 3
    return found


@pytest.fixture(scope="module")
def images() -> Tensor:
    return data.digits("test").images.float() / 255


def test_a_bent_plane_comes_nearer_than_a_flat_one(images: Tensor) -> None:
    plane = reference.Autoencoder(2)
    plane.load_state_dict(training.load("ae_plane"))
    x = images.flatten(1)
    mean, v = reference.pca(data.digits("train").images[::30].flatten(1).float() / 255, 2)
    with torch.no_grad():
        bent = plane.eval()(images).sigmoid().flatten(1)

    def error(y: Tensor) -> float:
        return (x - y).square().sum(1).mean().item()

    flat, none = error(reference.reconstruct(x, mean, v)), error(mean.expand_as(x))
    assert error(bent) < 0.85 * flat < 0.85 * none


def test_an_empty_image_becomes_no_digit(images: Tensor) -> None:
    """Question ``empty``: little ink, and LeNet is sure of nothing."""
    network = reference.Denoiser()
    network.load_state_dict(training.load("denoiser"))
    noise = 0.8 * torch.randn(500, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        nothing, digits = (
            network.eval()(x + noise).clamp(0, 1)
            for x in (torch.zeros_like(noise), images[:500])
        )
    assert nothing.sum() < 0.5 * digits.sum()
    sure = learning.probabilities(learning.judge(), nothing).amax(1) > learning.SURE
    assert sure.float().mean() < 0.02
    # The formula's answer: a mean over images that are all digits.
    known = data.digits("train").images[::6].flatten(1).float() / 255
    best = reference.posterior_mean(noise[:5].flatten(1), known, 0.8)
    assert (best.amax(1) > 0.75).all()
    assert (nothing[:5].flatten(1).sum(1) < best.sum(1) + 40).all()


def test_what_beta_does_to_both_terms_and_to_the_bound() -> None:
    study = rows("vae_study")
    by_beta = [row for name, row in study.items() if "β" in name]
    for seed in range(3):
        kl, kept, bound = (
            [seeds(row, f"{key} (nats)")[seed] for row in by_beta]
            for key in ("KL", "reconstruction", "ELBO")
        )
        assert kl == sorted(kl, reverse=True)  # over β = ¼, 1, 4, 16
        assert kept == sorted(kept, reverse=True)
        assert abs(bound[0] - bound[1]) < 2.5  # about even
        assert bound[1] > bound[2] + 20 > bound[3] + 25  # and far more is lost than saved


def test_a_beta_of_sixteen_leaves_one_or_two_units_and_of_four_about_half_in_the_mean() -> None:
    """Question ``beta``."""
    study = rows("vae_study")
    assert set(seeds(study["β = 16"], "active units")) <= {1, 2}
    assert 4 <= sum(seeds(study["β = 4"], "active units")) / 3 <= 7
    assert set(seeds(study["β = 1"], "active units")) == {10}


def test_a_likelihood_that_is_averaged_collapses() -> None:
    study = rows("vae_study")
    wrong, right = study["averaged over pixels"], study["β = 1"]
    assert max(seeds(wrong, "KL (nats)")) < 0.1
    assert max(seeds(wrong, "active units")) == 0
    assert max(seeds(wrong, "spread")) < 0.05 * min(seeds(right, "spread"))


def test_between_two_classes_a_vae_is_no_better_but_its_codes_can_be_drawn() -> None:
    walk = rows("latent_walk", "codes")
    ae, vae = walk["ae_digits"], walk["vae_digits"]
    halfway = [seeds(row, "middle: sure") for row in (ae, vae)]
    assert all(abs(a - v) < 0.05 for a, v in zip(*halfway, strict=True))  # question ``halfway``
    assert max(halfway[0] + halfway[1]) < walk["pixels"]["middle: sure"] + 0.15
    assert all(0.6 < share < 0.72 for share in seeds(vae, "N(0, I): sure"))
    assert max(seeds(ae, "N(0, I): sure")) < 0.3
    fitted = seeds(ae, "fitted: sure")
    assert all(
        abs(a - v) < 0.06 for a, v in zip(fitted, seeds(vae, "N(0, I): sure"), strict=True)
    )


def test_more_draws_give_a_tighter_bound() -> None:
    for row in results.table("vae_bound").record["rows"]:
        bounds = [row["ELBO"], *(row[f"L_{k}"] for k in (5, 50, 500, 5000))]
        assert bounds == sorted(bounds)
        assert row["L_5000 − L_1"] > 10 * row["± 5000"]
