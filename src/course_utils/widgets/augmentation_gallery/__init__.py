from .widget import AugmentationGallery

__all__ = ["AugmentationGallery"]
