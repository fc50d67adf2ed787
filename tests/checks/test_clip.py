"""Chapter 14's definitions against the reference, closed forms and the tasks' own examples."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from course_utils.checks.answer import Answer
from course_utils.checks.clip import calibration_error, part_of_loss, recall_at_k, zero_shot
from course_utils.checks.clip import clip_loss as loss_check
from course_utils.checks.clip import text_features as text_check
from course_utils.checks.clip.calibration_error import guesses, off
from course_utils.checks.clip.clip_loss import log, symmetric
from course_utils.checks.clip.part_of_loss import pairs, shared
from course_utils.checks.clip.parts import rows, scalar, unit
from course_utils.checks.clip.recall_at_k import found, search
from course_utils.checks.clip.text_features import features, texts
from course_utils.checks.clip.zero_shot import classes, classified
from course_utils.checks.core import Draw
from course_utils.checks.exercise import Exercise
from course_utils.reference import clip as reference


def numbers(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


# -- the examples of the texts ------------------------------------------------------------


def test_the_loss_of_the_example():
    images, of_texts = numbers([[3, 0], [0, 1]]), numbers([[1, 0], [1, 0]])
    each = symmetric(images, of_texts, log(1), joins=lambda *both: torch.stack(both))
    assert each.tolist() == pytest.approx([0.693, 0.813], abs=5e-4)
    assert symmetric(images, of_texts, log(1)).item() == pytest.approx(0.753, abs=5e-4)


def test_the_positions_of_the_example():
    states = Draw(0).normal(2, 3, 4)
    got = features(states, torch.tensor([[5, 9, 0], [7, 7, 9]]), 9, torch.eye(4).double())
    torch.testing.assert_close(got, unit(torch.stack([states[0, 1], states[1, 2]])))


def test_the_probabilities_of_the_example():
    prompts = [numbers([[1, 0], [0, 3]]), numbers([[0, 1]])]
    got = classified(numbers([[2, 0]]), prompts, 1)
    assert got.tolist() == [pytest.approx([0.670, 0.330], abs=5e-4)]


def test_the_queries_of_the_example():
    similarity = numbers([[0.9, 0.8, 0.1], [0.5, 0.5, 0.2]])
    right = torch.tensor([[False, True, False]] * 2)
    assert [found(similarity, right, k) for k in (1, 2)] == [0, 1]


def test_the_parts_of_the_example():
    one = numbers([[1, 0]])
    for first in (0, 1):
        part = shared(one, one, one.expand(2, 2), one.expand(2, 2), first, numbers(1))
        assert part.item() == pytest.approx(0.347, abs=5e-4)


def test_the_calibration_of_the_example():
    sure = numbers([0.9, 0.9, 0.6, 0.6])
    p, labels = torch.stack([sure, 1 - sure], 1), torch.tensor([0, 1, 0, 0])
    assert off(p, labels, 2) == pytest.approx(0, abs=1e-12)
    assert off(p, labels) == pytest.approx(0.4)


# -- the reference ------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.3, 1.0, 14.0, 100.0])
def test_the_loss_is_that_of_the_reference(scale):
    images, of_texts = rows(Draw(0), 6, 4), rows(Draw(1), 6, 4)
    want = reference.contrastive_loss(images, of_texts, scale)
    torch.testing.assert_close(symmetric(images, of_texts, log(scale)), want)


def test_the_classifier_is_that_of_the_reference():
    images, prompts = classes(Draw(0), 5, 4, 2, 3, 1)
    want = reference.classify(images, reference.zero_shot_head(prompts), 12.0)
    torch.testing.assert_close(classified(images, prompts, 12.0), want)


@pytest.mark.parametrize("alike", [1, 3])
def test_the_recall_is_that_of_the_reference(alike):
    similarity, right = search(Draw(0), 9, 5, alike)
    for k in range(1, 10):
        want = reference.recall_at_k(similarity, right, k)
        assert found(similarity, right, k) == pytest.approx(want)


# -- closed forms -------------------------------------------------------------------------


def test_where_nothing_is_known_the_loss_is_ln_n():
    one = rows(Draw(0), 1, 5).expand(7, 5)
    assert symmetric(one, one, log(30)).item() == pytest.approx(math.log(7))


def test_orthogonal_pairs_have_one_term_of_n():
    eye = torch.eye(5).double()
    want = math.log(1 + 4 * math.exp(-3))
    assert symmetric(2 * eye, eye, log(3)).item() == pytest.approx(want)


@pytest.mark.parametrize("sizes", [(6,), (2, 2, 2), (1, 3, 2), (1,) * 6])
def test_the_parts_add_up_to_the_loss(sizes):
    *_, x, y, _, s = pairs(Draw(0), 6, 4, 0, 6, 5.0)
    total, first = 0.0, 0
    for n in sizes:
        mine = slice(first, first + n)
        total += shared(x[mine], y[mine], x, y, first, s).item()
        first += n
    assert total == pytest.approx(symmetric(x, y, s.log()).item())


def test_what_stands_behind_the_first_end_does_not_matter():
    states, tokens, end, projection = texts(Draw(0), (6, 4, 3), 5, "zeros", 2, 4)
    want = features(states, tokens, end, projection)
    behind = torch.arange(6) > torch.tensor([[2], [4]])
    for word in (5, 7, 1000):
        padded = torch.where(behind, word, tokens)
        torch.testing.assert_close(features(states, padded, end, projection), want)


def test_a_text_counts_alike_however_long_and_often():
    images, prompts = classes(Draw(0), 4, 3, 2, 3)
    longer = [prompts[0] * numbers([[2], [9]]), prompts[1].repeat(3, 1)]
    want = classified(images, prompts, 3.0)
    torch.testing.assert_close(classified(7 * images, longer, 3.0), want)


def test_all_alike_is_found_only_where_all_are_looked_at():
    right = torch.eye(5).bool()
    similarity = torch.zeros(5, 5)
    assert [found(similarity, right, k) for k in range(1, 6)] == [0, 0, 0, 0, 1]


def test_by_chance_k_of_c_are_found():
    similarity = Draw(0).normal(4000, 10)
    right = F.one_hot(torch.arange(4000) % 10, 10).bool()
    assert found(similarity, right, 3) == pytest.approx(0.3, abs=0.03)


def test_who_is_sure_and_right_is_calibrated_and_who_is_wrong_is_not():
    p, labels = torch.eye(4).double(), torch.arange(4)
    assert off(p, labels) == 0
    assert off(p, labels.flip(0)) == 1


def test_one_part_compares_accuracy_and_confidence():
    p, labels = guesses(Draw(0), 40, 4)
    right = (p.argmax(1) == labels).double().mean()
    assert off(p, labels, 1) == pytest.approx(abs(right - p.amax(1).mean()).item())


# -- what the probes hold -----------------------------------------------------------------


def whole(exercise: Exercise) -> list[dict]:
    probes = [p for p in exercise.probes(Exercise.WHOLE) if not p.about]
    return [p.named(exercise.signature) for p in probes]


def aspect(exercise: Exercise, start: str) -> list:
    (name,) = (p.name for p in exercise.properties if p.name.startswith(start))
    return exercise.probes(name)


def test_scales_below_and_above_1_and_no_rows_of_length_1():
    given = whole(loss_check)
    assert min(g["t"].item() for g in given) < 0 < max(g["t"].item() for g in given)
    for g in given:
        assert (g["images"].norm(dim=1) - 1).abs().max() > 0.05


def test_at_scale_100_the_shares_leave_float32():
    for probe in aspect(loss_check, "right at s = 100"):
        images, of_texts, t = probe.args
        logits = t.exp() * unit(images) @ unit(of_texts).T
        assert t.exp().item() == pytest.approx(100, rel=1e-5)
        assert logits.float().exp().isinf().any()


def test_a_largest_of_all_does_not_do_at_scale_100():
    """Some row lies so far below it that all of its shares would be 0."""
    inputs = [probe.args for probe in aspect(loss_check, "right at s = 100")]
    highest = [(t.exp() * unit(x) @ unit(y).T).amax(1) for x, y, t in inputs]
    assert min(row.min() for row in highest) < -90 < 90 < max(row.max() for row in highest)


def test_every_text_has_its_end_word_where_it_is_said():
    for end, behind in ((5, "zeros"), (5, "others"), (0, "end"), (0, "others"), (49, "both")):
        _, tokens, _, _ = texts(Draw(0), (6, 3, 3), end, behind, 2, 0, 5, 3)
        firsts = [row.index(end) for row in tokens.tolist()]
        assert firsts == [2, 0, 5, 3]


def test_the_end_word_is_the_largest_number_or_not():
    larger = [bool((g["tokens"] > g["end"]).any()) for g in whole(text_check)]
    assert {True, False} == set(larger)


def test_classes_have_equal_and_different_numbers_of_texts():
    counts = [[len(p) for p in g["prompts"]] for g in whole(zero_shot)]
    assert any(len(set(n)) == 1 and n[0] == len(n) > 1 for n in counts)
    assert any(len(set(n)) > 2 for n in counts)


@pytest.mark.parametrize("c", [6, 9])
def test_the_best_right_answer_stands_at_each_of_the_first_places(c):
    similarity, right = search(Draw(0), c, 4)
    best = similarity.masked_fill(~right, -math.inf).amax(1, keepdim=True)
    place = (similarity > best).sum(1)
    assert [int((place == n).sum()) for n in range(5)] == [8, 8, 8, 8, 0]
    assert similarity.min() < 0 < similarity.max()
    assert all(len(row.unique()) == c for row in similarity)


def test_ties_change_what_is_found():
    for probe in aspect(recall_at_k, "a wrong answer"):
        similarity, right, k = probe.args
        loose = found(similarity, right, k, stands=torch.gt)
        assert loose - found(similarity, right, k) > 0.05


def test_topk_is_more_than_what_can_be_told_apart():
    for probe in aspect(recall_at_k, "a wrong answer"):
        similarity, right, k = probe.args
        hits = right.gather(1, similarity.topk(k).indices).any(1).double().mean()
        assert hits > found(similarity, right, k)


def test_all_with_all_is_noticed_however_it_is_written():
    *_, x, y, _, _ = pairs(Draw(0), 128, 8, 60, 4, 2.0)
    ways = (
        lambda: x @ y.T,
        lambda: torch.einsum("nd,md->nm", x, y),
        lambda: F.cosine_similarity(x[:, None], y, dim=2),
        lambda: (x[:, None] * y).sum(2),
    )
    assert all(Answer(way).trace().multiplications > 128 * 128 * 8 / 2 for way in ways)


def test_own_rows_lie_at_the_start_in_the_middle_and_at_the_end():
    where = [(g["first"], len(g["images"]), len(g["every_image"])) for g in whole(part_of_loss)]
    assert any(first == 0 and n < total for first, n, total in where)
    assert any(0 < first < total - n for first, n, total in where)
    assert any(0 < first == total - n for first, n, total in where)
    assert any(n == total for _, n, total in where)


def test_confidences_lie_on_edges_in_one_aspect_and_nowhere_else():
    def on_edges(p: torch.Tensor, bins: int) -> int:
        return int((p.amax(1) * bins == (p.amax(1) * bins).round()).sum())

    for probe in aspect(calibration_error, "an edge"):
        p, _, bins = probe.args
        assert on_edges(p, bins) > 1
        torch.testing.assert_close(p.sum(1), torch.ones(8).double())
    assert all(on_edges(g["probabilities"], g["bins"]) == 0 for g in whole(calibration_error))


def test_some_parts_are_empty():
    for g in whole(calibration_error)[:1]:
        part = (g["probabilities"].amax(1) * g["bins"]).ceil()
        assert len(part.unique()) < g["bins"]


@pytest.mark.parametrize(
    "got", [0.5, torch.tensor(0.5), torch.tensor([0.5]), numbers(0.5).numpy()]
)
def test_a_number_is_read_however_it_is_wrapped(got):
    assert scalar(got).shape == ()
    assert float(scalar(got)) == 0.5


def test_true_is_no_number():
    assert scalar(True) is True
    assert scalar(None) is None
