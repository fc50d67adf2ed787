from .widget import MemoryLine

__all__ = ["MemoryLine"]
