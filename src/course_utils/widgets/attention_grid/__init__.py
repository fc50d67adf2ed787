from .widget import AttentionGrid

__all__ = ["AttentionGrid"]
