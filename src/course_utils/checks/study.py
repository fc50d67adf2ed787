"""What one answer did on all probes of an exercise, and which slips explain it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from course_utils.checks.answer import Answer, NotSolvedYet, Wrong
from course_utils.checks.compare import complain, finite
from course_utils.checks.probe import Probe, called, refused

if TYPE_CHECKING:
    from course_utils.checks.exercise import Exercise, Slip

ALLOWED = "a ValueError was raised, but this input is allowed"
RAISED = "the call raised"  # begins the sentence on an exception, see ``watch``


class Asked:
    """An answer as probes ask it: values are read, what came back as it was is remembered."""

    def __init__(self, exercise: Exercise, answer: Answer) -> None:
        self._exercise, self._answer = exercise, answer
        self.raw: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.raw = self._answer(*args, **kwargs)
        return self._exercise.reads(self.raw)

    def raises(self, expected: type[Exception], *args: Any, **kwargs: Any) -> bool:
        return self._answer.raises(expected, *args, **kwargs)


@dataclass(frozen=True, eq=False)
class Got:
    """What came back for one probe."""

    aspect: str
    number: int  # of the probe in its aspect
    probe: Probe
    value: Any = None
    raw: Any = None  # of the last call, before it was read
    error: Wrong | None = None
    changed: str = ""  # what was changed of the arguments, in words

    @property
    def valid(self) -> bool:
        """A value without NaN: it tells something even where no slip gives it."""
        return self.error is None and finite(self.value)


class Study:
    """Observations of one answer. Every probe is tried once, when it is first asked for.

    Args:
        seen: aspects that another study of the same function has observed.
    """

    def __init__(
        self, exercise: Exercise, answer: Answer, seen: Mapping[str, Study] | None = None
    ) -> None:
        self.exercise, self.answer = exercise, answer
        self._seen = seen or {}
        self._got: dict[str, list[Got]] = {}

    def got(self, aspect: str) -> list[Got]:
        if aspect in self._seen:
            return self._seen[aspect].got(aspect)
        if aspect not in self._got:
            probes = self.exercise.probes(aspect)
            self.answer.expect([(p.args, dict(p.kwargs)) for p in probes if p.single])
            self._got[aspect] = [self._ask(aspect, n, probe) for n, probe in enumerate(probes)]
        return self._got[aspect]

    def _ask(self, aspect: str, number: int, probe: Probe) -> Got:
        asked = Asked(self.exercise, self.answer)
        self.answer.start()
        value, error = None, None
        try:
            value = probe.ask(asked)
        except Wrong as wrong:
            error = wrong
        except NotSolvedYet:
            raise
        except Exception as odd:  # a value that cannot even be read
            error = Wrong(f"the result cannot be read: {type(odd).__name__}: {odd}")
        changed = self.answer.changed_input and (self.answer.changed or "an argument changed")
        return Got(aspect, number, probe, value, asked.raw, error, changed or "")

    def agrees(self, got: Got, slips: Iterable[Slip] = ()) -> bool:
        """Whether the definition, with these slips in it, gives what came back.

        Where it cannot be computed with them, that is no value, like an exception.
        """
        return self.exercise.gives(got, tuple(slips))

    @property
    def values(self) -> list[Got]:
        """All observations that are about values; contracts are judged by themselves."""
        return [got for name in self.exercise.value_aspects for got in self.got(name)]

    @cached_property
    def whole_is_right(self) -> bool:
        return all(self.agrees(got) for got in self.got(self.exercise.WHOLE))

    @cached_property
    def found(self) -> tuple[Slip, ...]:
        """The fewest slips that explain all values that came back; none where none do.

        NaN and infinity are explained by a slip that gives them too; where none does, they may
        have a cause of their own, and the other values tell.
        """
        if self.whole_is_right:
            return ()
        came = [got for got in self.values if got.error is None]
        valid = [got for got in came if got.valid]
        for seen in [came, valid] if len(valid) < len(came) else [valid]:
            for some in self.explanations(seen, self.exercise.value_slips, 2) if seen else ():
                return some
        return ()

    def explanations(
        self, seen: Sequence[Got], slips: Sequence[Slip], most: int, base: tuple[Slip, ...] = ()
    ) -> Iterator[tuple[Slip, ...]]:
        """Sets of at most ``most`` slips that make of the definition what was seen."""
        seen = sorted(seen, key=self.agrees)  # what is wrong tells the slips apart
        for n in range(1, most + 1):
            for some in itertools.combinations(slips, n):
                steps = [step for slip in (*base, *some) for step in slip.change]
                if len(set(steps)) == len(steps) and all(
                    self.agrees(got, (*base, *some)) for got in seen
                ):
                    yield some

    def explains(self, got: Got) -> bool:
        """Whether the slips that were found give this very value."""
        return got.error is None and self.agrees(got, self.found)

    @cached_property
    def understood(self) -> bool:
        """Whether the values are right, or wrong in a known way: contracts can be judged.

        An answer that fails in a few places is known by the others.
        """
        whole = self.got(self.exercise.WHOLE)
        valid = [got for got in whole if got.valid]
        return 2 * len(valid) >= len(whole) and all(self.agrees(g, self.found) for g in valid)

    def partly(self, seen: Sequence[Got], slips: Sequence[Slip]) -> Slip | None:
        """A slip that explains all that is wrong here, though it is not made everywhere."""
        wrong = [got for got in seen if not self.agrees(got)]
        if not any(got.error is None for got in wrong):
            return None  # only exceptions, which say themselves what is wrong
        return next((some[0] for some in self.explanations(wrong, slips, 1)), None)

    def _meaning(self, got: Got, error: Wrong) -> Wrong:
        """An error of an answer, behind what it means where the exercise knows that."""
        raised = str(error).startswith(RAISED) and got.probe.run is called
        means = raised and self.exercise.fails(*got.probe.args, **got.probe.kwargs)
        return Wrong(f"{means} ({error})") if means else error

    def complain(self, got: Got) -> None:
        """Raise ``Wrong`` with where this observation differs from the right value."""
        exercise = self.exercise
        if got.error:
            raise self._meaning(got, got.error)
        on, want = got.probe.on(exercise.signature), exercise.want(got, ())
        if got.probe.run is refused:
            said = "no ValueError was raised, expected one" if want else ALLOWED
            raise Wrong(f"{said} ({on})")
        parts = [part for part in got.probe.parts if part.startswith("gradient")]
        pairs = zip(parts, got.value, want, strict=False) if parts else ()  # else perhaps 0-d
        for name, mine, theirs in pairs:
            if not mine.any() and theirs.any():
                raise Wrong(f"no {name}: the path to it is cut ({on})")
        complain(got.value, want, on, exercise.tolerance(got), got.probe.parts)
