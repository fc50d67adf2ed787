from .widget import DepthExplorer

__all__ = ["DepthExplorer"]
