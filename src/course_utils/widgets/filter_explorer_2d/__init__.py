from .widget import FilterExplorer2D

__all__ = ["FilterExplorer2D"]
