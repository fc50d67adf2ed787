"""Published results over the years, one dot each, with what stands behind each dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import traitlets as t

from ..base import BookWidget

KEYS = {"name": str, "when": float, "value": float, "kind": str, "note": str, "source": str}
KINDS = 3  # dots differ in colour and form: there are three forms


class Milestones(BookWidget):
    """A chart of results, to step through; computed in the page.

    Attributes:
        position: index of the result on show, among all of them in the order of time.
        kind: the kind that is shown alone, or "" for all.
        log: whether steps of the axis are factors.
    """

    _esm = Path(__file__).with_name("widget.js")

    points: t.List = t.List().tag(sync=True)
    line: t.List = t.List().tag(sync=True)
    quantity = t.Unicode().tag(sync=True)
    unit = t.Unicode().tag(sync=True)
    kind = t.Unicode("").tag(sync=True)
    log = t.Bool(True).tag(sync=True)
    position = t.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        points: Sequence[Mapping[str, Any]],
        quantity: str,
        unit: str = "%",
        line: tuple[str, float] | None = None,
        **state: Any,
    ) -> None:
        """
        Args:
            points: name, when (a year, 2015.9 is late in 2015), value above 0, kind, note and
                source of each.
            quantity: what the values are, the axis' name.
            line: name and value of a level to compare with.
            **state: start values of kind, log and position.

        Raises:
            ValueError: a point lacks something, a value is not above 0, too many kinds.
        """
        for point in points:
            if missing := sorted(KEYS.keys() - point.keys()):
                raise ValueError(f"{point.get('name', point)} lacks {', '.join(missing)}")
            if not point["value"] > 0:
                raise ValueError(f"{point['name']} has the value {point['value']}: not above 0")
        kinds = {point["kind"] for point in points}
        if not 1 <= len(kinds) <= KINDS:
            raise ValueError(f"{len(kinds)} kinds of points; 1 to {KINDS} can be told apart")
        ordered = sorted(points, key=lambda point: (point["when"], -point["value"]))
        rows = [{key: cast(point[key]) for key, cast in KEYS.items()} for point in ordered]
        super().__init__(
            points=rows, quantity=quantity, unit=unit, line=list(line or ()), **state
        )

    def describe(self) -> str:
        """What the chart holds, and where it ends."""
        last = self.points[-1]
        return (
            f"{self.quantity}: {len(self.points)} results over the years, the last of them "
            f"{last['name']}, {int(last['when'])}, with {last['value']:g} {self.unit}."
        )
