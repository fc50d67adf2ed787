from .widget import RivalCurves

__all__ = ["RivalCurves"]
