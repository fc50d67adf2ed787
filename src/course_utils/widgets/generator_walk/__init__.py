from .widget import GeneratorWalk

__all__ = ["GeneratorWalk"]
