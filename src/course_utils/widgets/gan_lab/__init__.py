from .widget import GanLab

__all__ = ["GanLab"]
