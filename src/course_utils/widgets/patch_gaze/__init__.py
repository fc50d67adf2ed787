from .widget import PatchGaze

__all__ = ["PatchGaze"]
