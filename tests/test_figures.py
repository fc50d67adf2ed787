"""Seeds are drawn as dots: one for each, and none is lost in a mean."""

from __future__ import annotations

import pytest
import torch

from course_utils import figures

ALT = "Something is drawn here, and says what in a sentence of some words."


@pytest.fixture
def axis(monkeypatch):
    """The axes of the last figure, kept before it is closed."""
    kept = []
    monkeypatch.setattr(figures, "show", lambda figure, alt: kept.append(figure.axes[0]))
    return lambda: kept[-1]


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
