from .widget import FeatureMap

__all__ = ["FeatureMap"]
