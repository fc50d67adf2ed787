from .widget import PointField

__all__ = ["PointField"]
