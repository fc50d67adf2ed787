"""CLIP's loss by the letter of figure 3, by two processes; recall; a classifier of texts."""

from __future__ import annotations

import copy
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from course_utils.reference import clip
from course_utils.training import distributed
from tests.training.two_processes import joined, started


def pairs(n: int, d: int = 5, seed: int = 0) -> list[Tensor]:
    """Features of n images and texts, of all lengths; one pair far apart; s = 7."""
    generator = Generator().manual_seed(seed)
    x, noise = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    y = (0.7 * x + noise) * (1 + torch.arange(n)[:, None])
    y[-1] = -x[-1]
    return [t.requires_grad_() for t in (x, y, torch.tensor(7.0, dtype=torch.float64))]


def figure_3(x: Tensor, y: Tensor, s: Tensor) -> Tensor:
    """With sums over single numbers in place of a cross entropy."""
    n = len(x)
    e = [[(s * (x[i] @ y[j]) / (x[i].norm() * y[j].norm())).exp() for j in range(n)]
         for i in range(n)]  # fmt: skip
    of_images = sum(-(e[i][i] / sum(e[i])).log() for i in range(n)) / n
    of_texts = sum(-(e[i][i] / sum(e[j][i] for j in range(n))).log() for i in range(n)) / n
    return (of_images + of_texts) / 2


def all_of(loss: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


# -- the loss ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 6])
def test_it_is_figure_3_value_and_gradient(n: int) -> None:
    given = pairs(n)
    want = all_of(figure_3(*given), given)
    torch.testing.assert_close(all_of(clip.contrastive_loss(*given), given), want)
    torch.testing.assert_close(all_of(clip.gathered_loss(*given), given), want)
    different = clip.multi_positive_loss(*given, torch.arange(n))
    torch.testing.assert_close(all_of(different, given), want)


def test_what_can_be_said_without_computing() -> None:
    """All alike: ln N. Orthogonal pairs: e^s against N − 1 ones. The length does not count."""
    alike, orthogonal = torch.ones(8, 3), torch.eye(4)
    assert clip.contrastive_loss(alike, 5 * alike, 100).item() == pytest.approx(math.log(8))
    want = math.log(1 + 3 * math.exp(-2))
    assert clip.contrastive_loss(3 * orthogonal, orthogonal / 9, 2.0).item() == pytest.approx(
        want
    )


def test_halves_are_computed_in_float32() -> None:
    x, y, _ = (t.detach() for t in pairs(6))
    half = clip.contrastive_loss(x.bfloat16(), y.bfloat16(), 100.0)
    assert half.dtype == torch.float32
    want = clip.contrastive_loss(x.bfloat16().float(), y.bfloat16().float(), 100.0)
    assert torch.equal(half, want)
    torch.testing.assert_close(clip.unit(x).norm(dim=1), torch.ones(6, dtype=torch.float64))


def test_pairs_of_one_meaning_are_no_negatives() -> None:
    """Equal texts: the least loss is ln 2, and its gradient is 0; as negatives they push."""
    x = torch.eye(2).repeat_interleave(2, 0).double().requires_grad_()  # a, a, b, b
    labels = torch.tensor([4, 4, 9, 9])
    loss = clip.multi_positive_loss(x, x.detach(), 60.0, labels)
    assert loss.item() == pytest.approx(math.log(2))
    assert torch.autograd.grad(loss, x)[0].abs().max() < 1e-9
    given = pairs(5)
    labels = torch.tensor([0, 1, 0, 2, 0])
    logits = 7 * F.normalize(given[0], dim=1) @ F.normalize(given[1], dim=1).T
    want = torch.zeros((), dtype=torch.float64)
    for scores in (logits, logits.T):
        for i in range(5):
            mates = [j for j in range(5) if labels[j] == labels[i]]
            own = sum(scores[i].logsumexp(0) - scores[i, j] for j in mates) / len(mates)
            want = want + own / 10
    torch.testing.assert_close(clip.multi_positive_loss(*given, labels), want)


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((0, 2), (0, 2)), ((3,), (3,))])
@pytest.mark.parametrize("loss", [clip.contrastive_loss, clip.gathered_loss])
def test_pairs_that_are_none_are_refused(loss, shapes) -> None:
    with pytest.raises(ValueError, match="images and texts must be"):
        loss(*(torch.zeros(s) for s in shapes), 1.0)


@pytest.mark.parametrize(
    ("scale", "said"),
    [(0.0, "positive"), (-2.66, r"give exp\(t\), not t"), (torch.ones(2), "one number")],
)
def test_scales_that_are_none_are_refused(scale, said: str) -> None:
    with pytest.raises(ValueError, match=f"logit_scale must be .*{said}"):
        clip.contrastive_loss(torch.ones(2, 2), torch.ones(2, 2), scale)


def test_labels_of_other_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"labels must be \(2,\)"):
        clip.multi_positive_loss(torch.ones(2, 2), torch.ones(2, 2), 1.0, torch.arange(3))


def test_the_scale_is_learned_and_limited() -> None:
    scale = clip.LogitScale()
    assert scale().item() == pytest.approx(1 / 0.07)
    (slope,) = torch.autograd.grad(scale(), scale.t)
    assert slope.item() == pytest.approx(1 / 0.07)  # of exp(t) by t
    for t, want in ((9.0, 100.0), (-1.0, 1.0), (2.0, math.exp(2))):
        with torch.no_grad():
            scale.t.fill_(t)
        scale.limit()
        assert scale().item() == pytest.approx(want)
    with pytest.raises(ValueError, match="start must be from 1 to 100"):
        clip.LogitScale(0.07)


# -- several processes ------------------------------------------------------------------------


def of_a_batch() -> dict[str, object]:
    """Loss and gradients of 7 pairs (4 and 3 for two processes), the scale's among them."""
    torch.manual_seed(0)
    towers = nn.ModuleDict({"x": nn.Linear(6, 5), "y": nn.Linear(4, 5)})
    model = _Towers(towers)
    batch = torch.randn(7, 10), torch.arange(7)
    x, _ = distributed.shard(batch)
    wrapped = distributed.wrap(copy.deepcopy(model))  # averages as long as it lives
    loss = clip.gathered_loss(*wrapped(x))
    loss.backward()
    return {"loss": loss.detach(), "gradients": [p.grad for p in wrapped.parameters()]}


class _Towers(nn.Module):
    def __init__(self, towers: nn.ModuleDict) -> None:
        super().__init__()
        self.towers, self.scale = towers, clip.LogitScale()

    def forward(self, both: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, y = both.split([6, 4], 1)
        return self.towers["x"](x), self.towers["y"](y), self.scale()


def test_two_processes_are_as_one(tmp_path: Path) -> None:
    want = of_a_batch()
    assert all(gradient.abs().max() > 0 for gradient in want["gradients"])
    for got in started(__file__, tmp_path):
        torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)


# -- retrieval --------------------------------------------------------------------------------


def test_recall_with_several_right_answers() -> None:
    similarity = torch.tensor([[0.9, 0.8, 0.7, 0.1], [0.1, 0.2, 0.3, 0.4]])
    right = torch.tensor([[False, False, True, True], [False, True, True, False]])
    found = [clip.hits_at_k(similarity, right, k).tolist() for k in (1, 2, 3, 4)]
    assert found == [[False, False], [False, True], [True, True], [True, True]]
    assert clip.recall_at_k(similarity, right, 2) == 0.5


def test_a_tie_with_a_wrong_answer_is_a_miss_and_with_a_right_one_none() -> None:
    similarity = torch.tensor([[0.5, 0.5, 0.5, 0.1]])
    one = torch.tensor([[True, False, False, False]])
    assert [clip.recall_at_k(similarity, one, k) for k in (1, 2, 3)] == [0, 0, 1]
    two = torch.tensor([[True, True, False, False]])
    assert [clip.recall_at_k(similarity, two, k) for k in (1, 2)] == [0, 1]
    near = similarity - torch.tensor([0, 3e-7, 3e-7, 0])  # rounding, not knowledge
    assert clip.recall_at_k(near, one, 1) == 0
    assert clip.recall_at_k(near, one, 1, tie=0) == 1


def test_recall_is_that_of_a_sorted_list() -> None:
    generator = Generator().manual_seed(0)
    similarity = torch.rand(40, 9, generator=generator)
    right = torch.rand(40, 9, generator=generator) < 0.2
    right[:, 3] = True
    for k in (1, 4, 9):
        first = similarity.argsort(1, descending=True)[:, :k]
        assert torch.equal(clip.hits_at_k(similarity, right, k), right.gather(1, first).any(1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"right": torch.ones(2, 2, dtype=torch.bool)}, "similarity and right must be"),
        ({"right": torch.ones(2, 3)}, "right must be bool"),
        ({"right": torch.tensor([[True, False, False], [False] * 3])}, "one right answer"),
        ({"k": 0}, "k must be from 1 to 3"),
        ({"k": 4}, "k must be from 1 to 3"),
        ({"similarity": torch.full((2, 3), math.nan)}, "similarity must be finite"),
        ({"similarity": torch.zeros(0, 3), "right": torch.zeros(0, 3).bool()}, "not empty"),
    ],
)  # fmt: skip
def test_questions_that_are_none_are_refused(change, said: str) -> None:
    given = {"similarity": torch.rand(2, 3), "right": torch.eye(2, 3, dtype=torch.bool)}
    with pytest.raises(ValueError, match=said):
        clip.recall_at_k(**(given | change))


# -- a classifier made of texts ----------------------------------------------------------------


def test_an_ensemble_is_normalised_before_and_after() -> None:
    """Without the first a long prompt decides; without the second a mixed class loses."""
    prompts = [torch.tensor([[9.0, 0], [0, 1]]), torch.tensor([[0.6, -0.8]])]
    head = clip.zero_shot_head(prompts)
    torch.testing.assert_close(head, torch.tensor([[0.5**0.5, 0.5**0.5], [0.6, -0.8]]))
    same = torch.stack([p.expand(2, 2) for p in prompts])
    torch.testing.assert_close(clip.zero_shot_head(same), head)


def test_classes_share_each_images_probability() -> None:
    head = torch.eye(3)
    images = 7 * torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    p = clip.classify(images, head, 2.0)
    e = math.exp(2)
    want = torch.tensor([[e, 1, 1], [1, e, 1]]) / (e + 2)
    torch.testing.assert_close(p, want)


@pytest.mark.parametrize(
    "prompts",
    [[], [torch.ones(0, 2)], [torch.ones(2, 2), torch.ones(1, 3)], torch.ones(3, 2)],
)
def test_prompts_that_are_none_are_refused(prompts) -> None:
    with pytest.raises(ValueError, match="prompts must be"):
        clip.zero_shot_head(prompts)


@pytest.mark.parametrize("shapes", [((2, 3), (4, 2)), ((2, 3), (0, 3)), ((3,), (4, 3))])
def test_images_that_do_not_fit_the_head_are_refused(shapes) -> None:
    with pytest.raises(ValueError, match="images must be"):
        clip.classify(*(torch.ones(s) for s in shapes))


if __name__ == "__main__":
    joined(of_a_batch)
