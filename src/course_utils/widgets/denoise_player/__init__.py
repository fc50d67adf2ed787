from .widget import DenoisePlayer

__all__ = ["DenoisePlayer"]
