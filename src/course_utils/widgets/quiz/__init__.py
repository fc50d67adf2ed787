from .widget import Quiz

__all__ = ["Quiz"]
