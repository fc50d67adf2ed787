from .widget import DigitPad

__all__ = ["DigitPad"]
