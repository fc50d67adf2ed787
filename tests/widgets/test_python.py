"""What Python sees of the widgets: defaults, state and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from traitlets import TraitError

from course_utils.reference.convolution import KERNELS, gaussian_filter
from course_utils.widgets import (
    STATIC_LOADER,
    FilterExplorer1D,
    FilterExplorer2D,
    FrameSlider,
    Milestones,
    RivalCurves,
)
from course_utils.widgets.base import BookWidget

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)


def test_loader_is_a_classic_script() -> None:
    text = STATIC_LOADER.read_text()
    assert "\nimport " not in text
    assert "\nexport " not in text


@pytest.mark.parametrize("widget", [FilterExplorer1D, FilterExplorer2D])
def test_module_stands_alone(widget: type[BookWidget]) -> None:
    module = str(widget._esm)
    assert "export default { render }" in module
    assert "\nimport " not in module
    assert "function slider" in module
    assert ".ptp-controls" in widget._css
    assert repr(widget()) == f"{widget.__name__}()"


@pytest.mark.parametrize("widget", [FilterExplorer1D, FilterExplorer2D])
def test_viewers_without_widgets_show_its_sentence(widget: type[BookWidget]) -> None:
    bundle, _ = widget()._repr_mimebundle_() or ({}, {})
    assert bundle["text/plain"] == widget().describe()
    assert widget().describe().endswith(".")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_widget_brings_the_styles_of_the_parts_that_it_uses() -> None:
    assert ".ptp-player" in FrameSlider._css
    assert ".ptp-player" not in FilterExplorer1D._css
    assert FrameSlider._css.count(".ptp-controls {") == FilterExplorer1D._css.count(
        ".ptp-controls {"
    )


def test_signals_are_the_same_every_time() -> None:
    first, second = FilterExplorer1D(), FilterExplorer1D()
    assert first.signals == second.signals
    assert list(first.signals) == ["step", "noisy sine", "impulse", "scan line of a photo"]
    assert {len(values) for values in first.signals.values()} == {64}
    assert (first.signal_name, first.filter, first.radius, first.sigma) == (
        "step",
        "box",
        2,
        1.0,
    )


@pytest.mark.parametrize("make", [np.array, torch.tensor, list])
def test_signal_of_any_kind(make) -> None:
    values = [0.5, -1, 2, 0, 0, 1, 1, 3]
    assert FilterExplorer1D(make(values)).signals == {"signal": values}
    assert FilterExplorer1D({"mine": make(values)}).signal_name == "mine"


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        ({}, "no signal"),
        ([], "8 to 256"),
        (np.zeros(7), "8 to 256"),
        (np.zeros(257), "8 to 256"),
        (np.zeros((8, 8)), "one dimension"),
        ([0.0] * 8 + [np.nan], "finite"),
    ],
)
def test_signal_refused(signal, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FilterExplorer1D(signal)


def test_state_of_1d_is_checked() -> None:
    widget = FilterExplorer1D(filter="gaussian", sigma=2.5, position=10)
    assert (widget.filter, widget.sigma, widget.position) == ("gaussian", 2.5, 10)
    for name, value in [
        ("filter", "median"),
        ("radius", 9),
        ("sigma", 0),
        ("signal_name", "?"),
    ]:
        with pytest.raises(TraitError):
            setattr(widget, name, value)


def test_presets_are_the_reference() -> None:
    widget = FilterExplorer2D()
    assert list(widget.presets) == list(KERNELS)
    for name, kernel in KERNELS.items():
        assert torch.equal(torch.tensor(widget.presets[name]), kernel)


def test_gaussian_starts_as_the_preset() -> None:
    line = gaussian_filter(1, FilterExplorer2D().sigma)
    assert torch.allclose(torch.outer(line, line), KERNELS["gaussian"].double())


@pytest.mark.parametrize("make", [np.array, torch.tensor])
def test_photo_of_any_kind(make) -> None:
    widget = FilterExplorer2D({"ramp": make(GREY), "other": GREY[:5, ::-1]})
    assert widget.photo_name == "ramp"
    assert widget.photos["ramp"] == {"height": 6, "width": 8, "pixels": GREY.tobytes()}
    assert widget.photos["other"]["pixels"] == GREY[:5, ::-1].tobytes()  # strided, yet in order


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        ({}, "no photo"),
        (np.zeros((3, 8, 8), np.uint8), "grey image"),
        (np.zeros((8, 8)), "uint8"),
        (torch.zeros(8, 8), "uint8"),
        (np.zeros((0, 0), np.uint8), "5 to 256"),
        (np.zeros((4, 9), np.uint8), "5 to 256"),
        (np.zeros((9, 257), np.uint8), "5 to 256"),
    ],
)
def test_photo_refused(photo, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FilterExplorer2D(photo)


def test_kernel_of_ones_own() -> None:
    widget = FilterExplorer2D(GREY, kernel=torch.eye(5))
    assert widget.kernel_name == "custom"
    assert widget.kernel == torch.eye(5).tolist()
    widget.kernel = np.ones((3, 3))
    assert widget.kernel == [[1.0] * 3] * 3
    for wrong in (torch.eye(4), torch.ones(3, 5), torch.full((3, 3), torch.inf)):
        with pytest.raises(ValueError, match="3×3 or 5×5"):
            FilterExplorer2D(GREY, kernel=wrong)


def test_state_of_2d_is_checked() -> None:
    widget = FilterExplorer2D(GREY)
    wrong = {"kernel_name": "median", "size": 4, "stride": 0, "padding": 5, "photo_name": "?"}
    for name, value in {**wrong, "kernel": [[1.0, 2.0], [3.0, 4.0]]}.items():
        with pytest.raises((TraitError, ValueError)):
            setattr(widget, name, value)


def result(name: str = "a net", **more) -> dict:
    """A point of ``Milestones``."""
    return {
        "name": name, "when": 2012, "value": 16.4, "kind": "network", "note": "", "source": "",
    } | more  # fmt: skip


def test_milestones_are_sorted_by_time() -> None:
    widget = Milestones([result("late", when=2015.9), result("early", when=2010.1)], "error")
    assert [point["name"] for point in widget.points] == ["early", "late"]
    assert widget.line == []


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "0 kinds"),
        ([{"name": "bare"}], "bare lacks kind, note, source, value, when"),
        ([result(value=0)], "not above 0"),
        ([result(kind=kind) for kind in "abcd"], "4 kinds"),
    ],
)
def test_milestones_refuse(points: list, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Milestones(points, "error")


def test_cases_keep_their_order_in_a_notebook_whose_keys_are_sorted():
    widget = RivalCurves()
    state = json.loads(json.dumps(widget.get_state()["presets"], sort_keys=True))
    assert [name for name, _ in state] == list(widget.presets)
    assert list(widget.presets) != sorted(widget.presets)
    assert dict(state) == widget.presets
