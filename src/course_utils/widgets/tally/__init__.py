from .widget import Tally

__all__ = ["Tally"]
