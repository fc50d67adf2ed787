"""CLIP on emoji: boxes, variations, texts, learning and judging; the loss in strips."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from course_utils import data
from course_utils.course import CourseError
from course_utils.data import Pictures
from course_utils.data.boxing import boxed, pixel_similarity
from course_utils.data.emoji import concepts, on_ground
from course_utils.reference.clip import contrastive_loss, multi_positive_loss, recall_at_k
from course_utils.training import clip
from course_utils.training.clip import emoji_words, texts_of, vary
from course_utils.training.contrastive_tiled import contrastive_loss_tiled
from course_utils.training.recipes import RECIPES
from course_utils.training.recipes import clip as recipe
from course_utils.training.run import Run
from tests.largest import Largest

CPU = torch.device("cpu")


def drawing(side: int, top: int, left: int, high: int, wide: int) -> Tensor:
    """One opaque red rectangle, (1, 4, side, side)."""
    rgba = torch.zeros(1, 4, side, side, dtype=torch.uint8)
    rgba[:, [0, 3], top : top + high, left : left + wide] = 255
    return rgba


# -- boxes ------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [(0, 0, 8, 16), (40, 11, 20, 40), (3, 50, 14, 7)])
def test_a_drawing_fills_its_box_wherever_it_was(place) -> None:
    high, wide = place[2:]
    cut = boxed(drawing(64, *place), 32, fill=0.75)
    assert cut.shape == (1, 4, 32, 32)
    drawn = cut[0, 3] > 127
    rows, columns = drawn.any(1).nonzero(), drawn.any(0).nonzero()
    for along, length in ((rows, high), (columns, wide)):
        want = 24 * length / max(high, wide)
        assert len(along) == pytest.approx(want, abs=1)
        assert along.float().mean().item() == pytest.approx(15.5, abs=0.5)  # in the middle
    assert on_ground(cut)[0, :, 0, 0].tolist() == [255, 255, 255]


def test_a_box_of_a_drawing_that_fills_it_changes_nothing() -> None:
    rgba = torch.randint(0, 256, (3, 4, 16, 16), generator=Generator().manual_seed(0)).byte()
    rgba[:, 3] = 255
    assert torch.equal(boxed(rgba, fill=1.0), rgba)


def test_margins_of_two_styles_become_alike() -> None:
    def lengths(rgba: Tensor) -> Tensor:
        drawn = rgba[:, 3] > 127
        return torch.maximum(*(drawn.any(d).sum(1) for d in (1, 2))).float()

    near, far = (data.emoji("combinations", styles=[s]).rgba for s in ("twemoji", "openmoji"))
    assert lengths(near).median() - lengths(far).median() >= 3
    assert (lengths(boxed(near)).median() - lengths(boxed(far)).median()).abs() <= 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rgba": torch.zeros(1, 3, 8, 8).byte()}, "rgba must be"),
        ({"rgba": torch.zeros(1, 4, 8, 8)}, "rgba must be"),
        ({"rgba": drawing(8, 0, 0, 2, 2) * torch.tensor([1, 0])[:, None, None, None].byte()},
         r"rgba\[1\] shows nothing"),
        ({"size": 5}, "size must be 8"),
        ({"fill": 0.0}, "fill must be above 0"),
        ({"fill": 1.1}, "fill must be above 0"),
    ],
)  # fmt: skip
def test_boxes_that_cannot_be_are_refused(change, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        boxed(**({"rgba": drawing(8, 1, 1, 3, 3)} | change))


def test_the_floor_is_the_nearest_known_picture() -> None:
    generator = Generator().manual_seed(0)
    known, asked = (
        torch.rand(30, 12, generator=generator),
        torch.rand(7, 12, generator=generator),
    )
    labels, candidates = torch.arange(30) % 4 + 5, torch.tensor([8, 5, 6])
    shaped = known.unflatten(1, (3, 2, 2)), asked.unflatten(1, (3, 2, 2))
    got = pixel_similarity(shaped[0], labels, shaped[1], candidates)
    for q in range(7):
        for k, candidate in enumerate(candidates):
            apart = (known[labels == candidate] - asked[q]).square().mean(1).sqrt()
            assert got[q, k].item() == pytest.approx(-apart.min().item(), abs=1e-5)
    with pytest.raises(ValueError, match="candidates must be among the labels, and 9 is not"):
        pixel_similarity(shaped[0], labels, shaped[1], torch.tensor([5, 9]))
    with pytest.raises(ValueError, match="known, labels, pictures must be"):
        pixel_similarity(shaped[0], labels[:3], shaped[1], candidates)


def test_half_of_a_combination_can_be_right() -> None:
    pictures = data.emoji("combinations")
    cells = pictures.candidates()
    right = pictures.right(cells)
    meanings = [concepts()[n] for n in cells]
    for row in (0, 100, 200, 300):
        own = concepts()[int(pictures.labels[row])]
        want = [[m is own, m.base == own.base, m.trait == own.trait] for m in meanings]
        assert torch.stack(list(right.values()), 2)[row].tolist() == want
    assert (right["exact"].sum(1) == 1).all()
    # Who always names a cell of the right base, with the trait that it was trained on most,
    # is right about the base alone.
    guess = right["base"].float() * torch.tensor([m.split == "train" for m in meanings])
    guess += torch.linspace(0, 0.1, len(cells))
    assert recall_at_k(guess, right["base"]) == 1
    assert recall_at_k(guess, right["exact"]) == 0


# -- variations -------------------------------------------------------------------------------


def square() -> Tensor:
    return drawing(32, 8, 8, 16, 16).float().div(255).expand(400, -1, -1, -1)


def test_varied_images_are_images_and_differ() -> None:
    x = square()
    y = vary(x, Generator().manual_seed(0))
    assert y.shape == (400, 3, 32, 32)
    assert 0 <= y.min() <= y.max() <= 1
    assert len(y.flatten(1).unique(dim=0)) == 400
    assert torch.equal(y, vary(x, Generator().manual_seed(0)))
    corner = y[:, :, 0, 0]
    white, grey = (corner > 0.999).all(1), corner.amax(1) - corner.amin(1) < 1e-6
    assert white.float().mean().item() == pytest.approx(0.5, abs=0.1)
    assert (grey & ~white).float().mean().item() == pytest.approx(0.25, abs=0.08)


def test_drawings_move_turn_and_grow_within_their_bounds() -> None:
    opacity = clip._moved(square(), torch.rand(400, 4, generator=Generator().manual_seed(1)))[
        :, 3
    ]
    area = opacity.sum((1, 2)) / 16**2
    assert 1 / 1.25**2 - 0.02 < area.min() < 0.75
    assert 1.1 < area.max() < 1 / 0.9**2 + 0.02
    place = torch.arange(32) - 15.5
    middle = (opacity.sum(1) * place).sum(1) / opacity.sum((1, 2))
    assert 2 < middle.abs().max() < 0.09 * 32 / 0.9 + 0.5


def test_colours_change_by_less_where_they_may_be_faint() -> None:
    x = square()
    apart = []
    for faint in (True, False):
        y = vary(x, Generator().manual_seed(2), faint)
        apart.append((y[:, :, 16, 16] - torch.tensor([1.0, 0, 0])).abs().sum(1).mean())
    assert 0.05 < apart[0] < 0.7 * apart[1]


# -- texts ------------------------------------------------------------------------------------


def test_words_come_from_what_is_trained_on() -> None:
    words = emoji_words()
    for concept in concepts():
        if concept.split == "train":
            assert not words.unknown(concept.name)
    assert {"medium-light", "heart", "pilot"} <= set(words.words)
    assert any(words.unknown(c.name) for c in concepts() if c.split == "concepts")
    assert len(words.words) < 1700


def test_texts_are_names_keywords_or_both() -> None:
    words, (concept,) = emoji_words(), [c for c in concepts() if c.name == "banana"]
    texts = texts_of([concept], words, 200)[0]
    name, rows = words.numbers["banana"], texts.tolist()
    alone = sum(row == [name] + [0] * (len(row) - 1) for row in rows) / 200
    absent = sum(name not in row for row in rows) / 200
    assert alone == pytest.approx(0.5, abs=0.1)
    assert absent == pytest.approx(0.25, abs=0.1)
    own = {words.numbers[w] for t in concept.texts for w in t.split() if w in words.numbers}
    assert {n for row in rows for n in row} <= own | {0}
    assert texts.any(1).all()


# -- learning ---------------------------------------------------------------------------------


def few(number: int = 96) -> Pictures:
    val = data.emoji("val").select(torch.arange(number))
    return Pictures("few", boxed(val.rgba), val.labels, val.classes)


def learned(resume=None, watch=lambda _: None, blocks: int = 3, lr: float = 3e-3):
    torch.manual_seed(0)
    model = clip.small_clip()
    batches = few().batches(32, augment=clip.varied(0), drop_last=True)
    texts = texts_of(concepts(), emoji_words(), 2)
    curve = clip.learn(
        model, batches, texts, blocks, passes=2, lr=lr, resume=resume, watch=watch
    )
    return model, curve


def test_it_learns_and_tells_each_block() -> None:
    told: list[clip.Block] = []
    model, curve = learned(watch=told.append, blocks=6)
    assert told == curve
    assert [(b.number, b.passes) for b in curve] == [(n, 2 * n) for n in range(1, 7)]
    assert curve[-1].loss < 0.8 * curve[0].loss
    assert curve[-1].accuracy > 2 * curve[0].accuracy
    assert curve[-1].scale == pytest.approx(model.scale().item())


def test_an_interrupted_training_ends_as_one_that_was_not(tmp_path) -> None:
    def stops(block) -> None:
        if block.number == 1:
            raise KeyboardInterrupt

    model, curve = learned()
    path = tmp_path / "state.pt"
    with pytest.raises(KeyboardInterrupt):
        learned(path, stops)
    again, resumed = learned(path)
    assert resumed == curve
    assert all(map(torch.equal, model.state_dict().values(), again.state_dict().values()))
    with pytest.raises(CourseError, match=r"of another training .*'lr': 0.003"):
        learned(path, lr=1e-3)


def test_the_scale_never_leaves_its_limits() -> None:
    torch.manual_seed(0)
    model = clip.small_clip()
    training = clip._Training(
        model, texts_of(concepts(), emoji_words(), 1), 3e-3, 0.05, 20, multi_positive_loss
    )
    with torch.no_grad():
        model.scale.t.fill_(math.log(400))
    training.step(torch.rand(8, 3, 32, 32), few(8).labels)
    assert model.scale().item() == pytest.approx(100)


def test_the_rate_rises_and_falls() -> None:
    rates = [clip._share(at, 1000) for at in (0, 49, 99, 500, 1000)]
    assert rates == pytest.approx([0.01, 0.5, 0.976, 0.5, 0], abs=0.01)


# -- judging ----------------------------------------------------------------------------------


def test_a_trial_of_the_recipe_is_judged_beside_pixels(monkeypatch) -> None:
    monkeypatch.setattr(recipe, "BLOCKS", 1)
    trained = RECIPES["clip_emoji"](Run(CPU, share=0.05))
    row = trained.row
    assert row["parameters"] == 76_304 + 1_659 * 64 + 64 * 65 + 1
    assert row["gesture: candidates"] == 205
    assert row["unseen, own: candidates"] == 128
    for name in ("near", "far", "near, moved", "far, moved"):
        assert row[f"{name}: images"] > 5
        for beside in (name, f"{name}, pixels"):
            p, n = row[f"{beside}: top-1"], row[f"{name}: images"]
            error = math.sqrt(p * (1 - p) / n)
            assert row[f"{beside}: top-1 ±"] == pytest.approx(error, abs=2e-4)
            assert row[f"{beside}: top-5"] >= p
    for grid in ("gesture", "profession", "shape"):
        parts = [row[f"{grid}, near: {what}"] for what in ("exact", "base", "trait")]
        assert parts[0] <= min(parts[1:])
    assert trained.ships
    assert sum(2 * t.numel() for t in trained.tensors.values()) < 390_000


def test_a_trial_of_the_large_recipe_is_judged_and_does_not_ship(monkeypatch) -> None:
    monkeypatch.setattr(recipe, "BLOCKS", 1)
    trained = RECIPES["clip_emoji_large"](Run(CPU, share=0.05))
    assert trained.row["parameters"] == pytest.approx(2.6e6, rel=0.01)
    assert 0 <= trained.row["near: top-1"] <= 1
    assert not trained.ships


def test_texts_without_a_known_word_do_not_enter_an_ensemble() -> None:
    named = {concept.name: concept for concept in concepts()}
    words = emoji_words()
    for concept in named.values():
        texts = clip.known_texts(concept)
        assert texts
        assert set(texts) <= set(concept.texts)
        if len(texts) > 1:
            assert all(words.encode([text], skip=True).any() for text in texts)


# -- the loss in strips -----------------------------------------------------------------------


def features(n: int, d: int = 5, dtype=torch.float64, s: float = 7.0) -> list[Tensor]:
    generator = Generator().manual_seed(n)
    x, noise = torch.randn(2, n, d, generator=generator, dtype=torch.float64)
    y = x + 0.7 * noise
    y[-1] = -x[-1]
    return [t.to(dtype).requires_grad_() for t in (x, y, torch.tensor(s))]


def all_of(loss: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize("keep", [True, False, None])
@pytest.mark.parametrize("tile", [1, 3, 7, 100, None])
def test_strips_change_nothing(tile, keep) -> None:
    given = features(7)
    want = all_of(contrastive_loss(*given), given)
    torch.testing.assert_close(all_of(contrastive_loss_tiled(*given, tile, keep), given), want)


@pytest.mark.parametrize("s", [1.0, 14.3, 75.0, 76.0, 100.0])
def test_float32_is_near_float64_at_all_scales(s: float) -> None:
    exact, given = features(300, 16, s=s), features(300, 16, torch.float32, s)
    value, *want = all_of(contrastive_loss(*exact), exact)
    got, *mine = all_of(contrastive_loss_tiled(*given, 64), given)
    assert got.dtype == torch.float32
    assert got.item() == pytest.approx(value.item(), rel=1e-6)
    for a, b in zip(mine, want, strict=True):
        assert (a - b).norm() < 1e-6 * max(s, 10) * b.norm()


def test_gradients_of_strips_by_differences() -> None:
    given = features(4, 3)
    assert torch.autograd.gradcheck(lambda *g: contrastive_loss_tiled(*g, tile=3), given)


def test_no_matrix_of_all_pairs() -> None:
    given, found = features(128, 4), []
    for loss in (contrastive_loss, lambda *g: contrastive_loss_tiled(*g, tile=16)):
        with Largest() as largest:
            loss(*given).backward()
        found.append(largest.numbers)
    assert found == [128**2, 16 * 128]


def test_autocast_does_not_reach_the_strips() -> None:
    given = features(20, 16, torch.float32)
    want = all_of(contrastive_loss_tiled(*given), given)
    with torch.autocast("cpu", torch.bfloat16):
        got = all_of(contrastive_loss_tiled(*given), given)
    torch.testing.assert_close(got, want)


def test_strips_that_cannot_be_are_refused() -> None:
    given = features(3)
    with pytest.raises(ValueError, match="tile must be 1 or more"):
        contrastive_loss_tiled(*given, tile=0)
    with pytest.raises(ValueError, match="logit_scale must be at most 700"):
        contrastive_loss_tiled(*given[:2], 701.0)
    with pytest.raises(ValueError, match="images and texts must be"):
        contrastive_loss_tiled(given[0], given[1][:2], 1.0)
    with pytest.raises(RuntimeError, match="differentiated once"):
        torch.autograd.grad(contrastive_loss_tiled(*given), given, create_graph=True)
