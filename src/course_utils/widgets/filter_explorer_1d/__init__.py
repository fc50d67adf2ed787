from .widget import FilterExplorer1D

__all__ = ["FilterExplorer1D"]
