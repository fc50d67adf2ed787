from .widget import ReceptiveField

__all__ = ["ReceptiveField"]
