from .widget import SimilarityMatrix

__all__ = ["SimilarityMatrix"]
