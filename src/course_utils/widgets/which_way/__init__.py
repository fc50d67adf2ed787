from .widget import WhichWay

__all__ = ["WhichWay"]
