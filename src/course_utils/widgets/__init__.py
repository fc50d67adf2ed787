"""The book's widgets: they compute in the browser, so a page needs no kernel and no network."""

from pathlib import Path

from .attention_grid import AttentionGrid
from .augmentation_gallery import AugmentationGallery
from .captioner import Captioner
from .denoise_pad import DenoisePad
from .denoise_player import DenoisePlayer
from .depth_explorer import DepthExplorer
from .digit_pad import DigitPad
from .feature_map import FeatureMap
from .filter_explorer_1d import FilterExplorer1D
from .filter_explorer_2d import FilterExplorer2D
from .frame_slider import FrameSlider
from .gan_lab import GanLab
from .generator_walk import GeneratorWalk
from .latent_pad import LatentPad
from .memory_line import MemoryLine
from .milestones import Milestones
from .patch_gaze import PatchGaze
from .point_field import PointField
from .quiz import Quiz
from .receptive_field import ReceptiveField
from .rival_curves import RivalCurves
from .similarity_matrix import SimilarityMatrix
from .tally import Tally
from .which_way import WhichWay
from .word_search import WordSearch

# The script that runs widgets in a built page; the book adds it to every page that has one.
STATIC_LOADER = Path(__file__).parent / "static_page" / "static-widgets.js"
# How the page shows what stands in a widget's place until the script has run.
STATIC_STYLE = STATIC_LOADER.with_suffix(".css")

__all__ = [
    "STATIC_LOADER", "STATIC_STYLE", "AttentionGrid", "AugmentationGallery", "Captioner",
    "DenoisePad", "DenoisePlayer", "DepthExplorer", "DigitPad", "FeatureMap",
    "FilterExplorer1D", "FilterExplorer2D", "FrameSlider", "GanLab", "GeneratorWalk",
    "LatentPad", "MemoryLine", "Milestones", "PatchGaze", "PointField", "Quiz",
    "ReceptiveField", "RivalCurves", "SimilarityMatrix", "Tally", "WhichWay",
    "WordSearch",
]  # fmt: skip
