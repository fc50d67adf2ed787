"""A curve that grows while a network trains in a notebook."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from course_utils import figures
from course_utils.training.fit import Epoch


class LiveCurve:
    """``fit(…, watch=LiveCurve())``: one picture, renewed after each epoch.

    Outside a notebook it shows nothing; ``history`` is kept all the same.
    """

    def __init__(self) -> None:
        self.history: list[Epoch] = []
        self._handle: DisplayHandle | None = None

    def __call__(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        if get_ipython() is None:
            return
        content, metadata = figures.drawn(_figure(self.history), self.text())
        if self._handle is None:
            self._handle = display(content, metadata=metadata, raw=True, display_id=True)
        else:
            self._handle.update(content, metadata=metadata, raw=True)

    def text(self) -> str:
        """What the picture shows, in a sentence."""
        first, last = self.history[0], self.history[-1]
        return (
            f"After epoch {last.number} the training loss is {last.loss:.4f} "
            f"({first.loss:.4f} after epoch {first.number}) and the training accuracy "
            f"{last.accuracy:.4f} ({first.accuracy:.4f})."
        )


def _figure(history: list[Epoch]) -> Figure:
    """Loss on the left, accuracy on the right, over the epochs."""
    with mpl.rc_context(figures.STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(8, 2.4), layout="tight")
        numbers = [epoch.number for epoch in history]
        for axis, name, colour in zip(
            axes, ("loss", "accuracy"), figures.PALETTE, strict=False
        ):
            values = [getattr(epoch, name) for epoch in history]
            axis.plot(numbers, values, color=colour, marker="o", ms=4, lw=2)
            axis.set_xlabel("epoch")
            axis.set_ylabel(f"training {name}")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.grid(alpha=0.25)
    return figure
