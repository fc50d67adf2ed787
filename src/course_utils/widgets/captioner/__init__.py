from .widget import Captioner

__all__ = ["Captioner"]
