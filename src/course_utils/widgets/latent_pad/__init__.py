from .widget import LatentPad

__all__ = ["LatentPad"]
