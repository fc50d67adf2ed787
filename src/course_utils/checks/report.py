"""The result of a check, for nbgrader, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from html import escape

MIME = "application/vnd.course-utils.report+json"

# JupyterLab sets numbers' tables: to the right, without colours. These hold in light and dark.
CELL = 'style="text-align: left; vertical-align: top"'
MARK = (
    '<span style="background: {}; color: #fff; border-radius: 3px; padding: 0 0.4em">{}</span>'
)
HELD, FAILED = MARK.format("#0b62b8", "✓"), MARK.format("#b84f00", "✗")


@dataclass(frozen=True)
class Verdict:
    """One property of one answer."""

    name: str
    points: float
    passed: bool
    message: str
    hidden: bool

    def row(self) -> str:
        """A row of the report's table."""
        message = f"<br><strong>{escape(self.message)}</strong>" if self.message else ""
        return _row(
            "td",
            HELD if self.passed else FAILED,
            escape(self.name) + message,
            f"{self.points if self.passed else 0:g} / {self.points:g}",
        )


@dataclass
class Report:
    """What held and what did not.

    ``hidden_left`` counts the hidden properties that have not been tried: all of them in a
    student's notebook, none at grading.
    """

    number: str
    name: str
    max_points: float
    verdicts: list[Verdict]
    hidden_left: int = 0

    def __add__(self, other: Report) -> Report:
        """Visible and hidden report of one exercise together."""
        if (self.number, self.name) != (other.number, other.name):
            raise ValueError(f"reports of two exercises: {self.name} and {other.name}")
        return Report(
            self.number,
            self.name,
            self.max_points,
            self.verdicts + other.verdicts,
            hidden_left=0,
        )

    @property
    def earned(self) -> float:
        """Points of the properties that hold."""
        return sum(v.points for v in self.verdicts if v.passed)

    @property
    def tried(self) -> float:
        """Points of the properties that were tried."""
        return sum(v.points for v in self.verdicts)

    @property
    def passed(self) -> bool:
        return all(v.passed for v in self.verdicts)

    @property
    def failures(self) -> dict[str, str]:
        """The properties that do not hold, with what was said."""
        return {v.name: v.message for v in self.verdicts if not v.passed}

    @property
    def points(self) -> float:
        """What nbgrader is told.

        While hidden properties are left, the earned share is scaled to the full points: with
        it nbgrader's *Validate* button says "success" when all visible properties hold.
        """
        return round(self.max_points * self.earned / self.tried, 2) if self.tried else 0.0

    def visible(self) -> Report:
        """The same without hidden properties, as a reader or student may see it."""
        hidden = [v for v in self.verdicts if v.hidden]
        return Report(
            self.number,
            self.name,
            self.max_points,
            [v for v in self.verdicts if not v.hidden],
            self.hidden_left + len(hidden),
        )

    # -- for people ---------------------------------------------------------

    def _heading(self) -> str:
        return f"Exercise {self.number} · {self.name}"

    def _held(self) -> str:
        held = sum(v.passed for v in self.verdicts)
        kind = "public checks" if self.hidden_left else "properties"
        return f"{held} of {len(self.verdicts)} {kind} hold"

    def _rest(self) -> str:
        """What remains for grading; "" for nothing."""
        if not self.hidden_left:
            return ""
        noun = "property is" if self.hidden_left == 1 else "properties are"
        rest = _points(self.max_points - self.tried)
        return f"{self.hidden_left} hidden {noun} checked at grading ({rest})."

    def __str__(self) -> str:
        lines = [self._heading()]
        for v in self.verdicts:
            lines.append(f"  {'✓' if v.passed else '✗'} {v.name} ({v.points:g})")
            if v.message:
                lines.append(f"      {v.message}")
        lines.append(f"  {self.earned:g} of {_points(self.tried)}: {self._held()}.")
        return "\n".join([*lines, f"  {self._rest()}"]).rstrip()

    def _repr_html_(self) -> str:
        rows = "".join(v.row() for v in self.verdicts)
        total = _row("td", "", self._held(), f"{self.earned:g} / {self.tried:g}")
        rest = f"<p>{self._rest()}</p>" if self._rest() else ""
        return (
            f"<table><caption {CELL}>{escape(self._heading())}</caption>"
            f"<thead>{_row('th', 'holds', 'property', 'points')}</thead>"
            f"<tbody>{rows}</tbody><tfoot>{total}</tfoot></table>{rest}"
        )

    # -- for programs -------------------------------------------------------

    def __repr__(self) -> str:
        """A number: nbgrader takes the points of a test cell from its ``text/plain``."""
        return repr(self.points)

    def data(self) -> dict:
        """Plain data, the JSON of the report's MIME type."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict) -> Report:
        """The inverse of ``data``. Raises ``ValueError`` on anything else."""
        try:
            return cls(**{**data, "verdicts": [Verdict(**v) for v in data["verdicts"]]})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the data of a report: {error}") from None

    def bundle(self) -> dict:
        """The report as a notebook stores it: MIME type -> content."""
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: self.data()}

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.bundle()


def _row(tag: str, *cells: str) -> str:
    return "<tr>" + "".join(f"<{tag} {CELL}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _points(n: float) -> str:
    return f"{n:g} point" if n == 1 else f"{n:g} points"
