from .widget import FrameSlider

__all__ = ["FrameSlider"]
