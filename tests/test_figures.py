"""Seeds are drawn as dots: one for each, and none is lost in a mean."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from course_utils import figures

ALT = "Something is drawn here, and says what in a sentence of some words."


@pytest.fixture
def figure(monkeypatch):
    """The last figure, kept before it is closed."""
    kept = []
    monkeypatch.setattr(figures, "show", lambda figure, alt, kind="png": kept.append(figure))
    return lambda: kept[-1]


@pytest.fixture
def axis(figure):
    return lambda: figure().axes[0]


def test_a_row_of_dots_for_every_name(axis) -> None:
    figures.dots({"a": [1.0, 2.0, 4.0], "b": torch.tensor([3.0])}, ALT, xlabel="error")
    lines = axis().get_lines()
    assert [list(line.get_xdata()) for line in lines] == [[1.0, 2.0, 4.0], [3.0]]
    assert [line.get_ydata()[0] for line in lines] == ["a", "b"]
    assert axis().get_ylim()[0] > axis().get_ylim()[1]  # the first name is on top


def test_curves_show_every_seed_and_the_line_of_their_means(axis) -> None:
    seeds = torch.tensor([[1.0, 5.0], [3.0, 7.0], [2.0, 9.0]])
    figures.curves([1, 2], {"net": seeds}, ALT, xlabel="epoch", ylabel="error")
    line, *dots = axis().get_lines()
    assert list(line.get_ydata()) == [2.0, 7.0]
    assert [list(dot.get_ydata()) for dot in dots] == seeds.tolist()
    assert all(dot.get_marker() == "o" and dot.get_linestyle() == "None" for dot in dots)


def test_one_curve_is_a_line_with_markers(axis) -> None:
    figures.curves([1, 2, 3], {"net": [4.0, 2.0, 1.0]}, ALT, xlabel="epoch", ylabel="error")
    (line,) = axis().get_lines()
    assert list(line.get_ydata()) == [4.0, 2.0, 1.0]
    assert line.get_marker() == "o"


NAMES = ["MLP", "LeNet", "MLP, images moved", "LeNet, images moved", "MLP, as small as LeNet"]
PHONE = 358  # CSS pixels of a figure on a screen of 390


def extent(drawn, figure):
    return drawn.get_window_extent(figure.canvas.get_renderer())


def test_letters_are_legible_on_a_telephone(figure) -> None:
    """At least eight CSS pixels, where they were four and a half."""
    values = {name: torch.rand(3, 4) for name in NAMES}
    figures.curves(range(4), values, ALT, xlabel="epoch", ylabel="error")
    drawn = figure()
    texts = [*drawn.axes[0].get_xticklabels(), *drawn.legends[0].get_texts()]
    assert len(texts) > 4
    for text in texts:
        assert text.get_fontsize() / 72 / drawn.get_figwidth() * PHONE >= 8


@pytest.mark.parametrize("count", [2, 5])
def test_names_of_curves_stand_above_the_plot(figure, count) -> None:
    values = {name: [1.0, 2.0] for name in NAMES[:count]}
    figures.curves([0, 1], values, ALT, xlabel="epoch", ylabel="error")
    drawn = figure()
    drawn.canvas.draw()
    names, plot = extent(drawn.legends[0], drawn), extent(drawn.axes[0], drawn)
    assert names.y0 >= plot.y1
    assert 0 <= names.x0 < names.x1 <= drawn.bbox.x1
    assert plot.height > 2 * drawn.dpi  # inches


def test_titles_of_images_do_not_meet(figure) -> None:
    titles = ["1 moved", "2 dust", "3 smoothed away", "4 learned by heart", "5 inverted"]
    figures.pictures({title: torch.rand(4, 4) for title in titles}, ALT, columns=5)
    drawn = figure()
    drawn.canvas.draw()
    boxes = [extent(axis.title, drawn) for axis in drawn.axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_bar_says_three_digits(axis) -> None:
    figures.bars({"a": 53.96, "b": 2.0, "c": 100.0, "d": 0.3921}, ALT, xlabel="share (%)")
    assert [text.get_text() for text in axis().texts] == ["54.0", "2.00", "100", "0.392"]


def test_arrows_keep_their_length_and_stand_over_the_points(figure) -> None:
    places, points = torch.tensor([[0.0, 0.0], [1.0, 2.0]]), torch.tensor([[0.5, 0.5]])
    figures.arrows({"a": places + 1, "b": -places}, places, points, ALT)
    for axis, field in zip(figure().axes, (places + 1, -places), strict=True):
        (quiver,) = axis.collections
        assert torch.stack([torch.tensor(quiver.U), torch.tensor(quiver.V)], 1).tolist() == (
            field.tolist()
        )
        assert quiver.scale == 1
        assert quiver.scale_units == quiver.angles == "xy"
        assert axis.get_lines()[0].get_xydata().tolist() == points.tolist()
