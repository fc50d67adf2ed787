"""The book's widgets: they compute in the browser, so a page needs no kernel and no network."""

from pathlib import Path

from .digit_pad import DigitPad
from .filter_explorer_1d import FilterExplorer1D
from .filter_explorer_2d import FilterExplorer2D
from .frame_slider import FrameSlider
from .milestones import Milestones
from .quiz import Quiz

# The script that runs widgets in a built page; the book adds it to every page that has one.
STATIC_LOADER = Path(__file__).parent / "static_page" / "static-widgets.js"

__all__ = [
    "STATIC_LOADER", "DigitPad", "FilterExplorer1D", "FilterExplorer2D", "FrameSlider",
    "Milestones", "Quiz",
]  # fmt: skip
