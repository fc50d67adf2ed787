from .widget import DenoisePad

__all__ = ["DenoisePad"]
