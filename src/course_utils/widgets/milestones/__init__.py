from .widget import Milestones

__all__ = ["Milestones"]
