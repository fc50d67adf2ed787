"""The book's widgets: they compute in the browser, so a page needs no kernel and no network."""

from pathlib import Path

from .augmentation_gallery import AugmentationGallery
from .digit_pad import DigitPad
from .feature_map import FeatureMap
from .filter_explorer_1d import FilterExplorer1D
from .filter_explorer_2d import FilterExplorer2D
from .frame_slider import FrameSlider
from .milestones import Milestones
from .quiz import Quiz
from .similarity_matrix import SimilarityMatrix

# The script that runs widgets in a built page; the book adds it to every page that has one.
STATIC_LOADER = Path(__file__).parent / "static_page" / "static-widgets.js"

__all__ = [
    "STATIC_LOADER", "AugmentationGallery", "DigitPad", "FeatureMap", "FilterExplorer1D",
    "FilterExplorer2D", "FrameSlider", "Milestones", "Quiz", "SimilarityMatrix",
]  # fmt: skip
