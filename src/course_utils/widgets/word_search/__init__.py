from .widget import WordSearch

__all__ = ["WordSearch"]
