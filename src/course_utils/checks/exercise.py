"""One mechanism for all exercises: a right definition, slips of it, and probes.

A definition takes its steps as keyword-only arguments; a slip exchanges steps and carries the
sentence that names the misconception. All probes are put to the answer once. Scoring and
diagnosis are apart:

- the whole (ordinary inputs, every option and branch) is worth half of the points and is lost
  as soon as one of its values is wrong;
- the other half belongs to aspects, with probes that isolate them, and to contracts: gradients,
  dtypes, errors, no loops. An aspect is lost when a value of its own probes is wrong, unless
  the whole is lost and the slips that explain everything belong elsewhere. Contracts are
  judged where the values are right, or wrong in a way that slips explain;
- the fewest slips that explain what was observed become the message.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.compare import COARSE, EXACT, FINE, FLOATS, a, same
from course_utils.checks.core import Check, Draw
from course_utils.checks.probe import (
    Definition,
    Probe,
    called,
    probes,
    refused,
    slopes,
    slopes_of,
)
from course_utils.checks.study import Got, Study

Change = Mapping[str, Any]  # step -> another one
Slips = Mapping[str, Change]  # sentence -> change
Probes = Callable[[Draw], Iterator[tuple | Probe]]
LATER = "not judged yet: first get the values on ordinary input right"
EVERY = ", in every case"  # of a refusal that the visible part tries once


@dataclass(frozen=True, eq=False)
class Slip:
    """A mistake that people make: a sentence that names it, and the steps it exchanges."""

    aspect: str
    sentence: str
    change: Change


def exchange(step: str, ways: Mapping[str, Any]) -> dict[str, Change]:
    """Slips of one step: sentence -> what stands in its place."""
    return {sentence: {step: way} for sentence, way in ways.items()}


@dataclass(eq=False)
class Exercise(Check):
    """A check whose values come from one definition.

    Args:
        right: the definition; its keyword-only arguments are the steps that slips exchange.
        reads: what of a value counts. It may raise ``Wrong`` where it is something else.
        dtypes: the whole is tried in each of these, where it has tensors of floats.
        rtol: relative tolerance, where values are statistics of random draws.
        fails: of the arguments of a call that raised an error: what the error means to the
            student, "" where it speaks for itself.
    """

    WHOLE: ClassVar[str] = "right on ordinary input"

    right: Callable[..., Any] = field(kw_only=True)
    reads: Callable[[Any], Any] = field(default=lambda got: got, kw_only=True)
    dtypes: tuple[torch.dtype, ...] = field(default=FLOATS, kw_only=True)
    rtol: float | None = field(default=None, kw_only=True)
    fails: Callable[..., str] = field(default=lambda *args, **kwargs: "", kw_only=True)
    slips: list[Slip] = field(default_factory=list)
    base: Exercise | None = None  # of a hidden part, the visible one

    def __post_init__(self) -> None:
        self._generators: dict[str, Callable[[Draw], list[Probe]]] = {}
        self._contracts: set[str] = set()
        self._made: dict[tuple[int, str], list[Probe]] = {}
        self._wants: dict[tuple, Any] = {}
        self._rights: dict[tuple, Any] = {}
        self._latest: Study | None = None  # of the answer that was judged last

    # -- what an exercise declares ----------------------------------------------------------

    def whole(self, generate: Probes) -> Probes:
        """Register ordinary inputs on which everything matters at once: half of the points."""

        def all_dtypes(draw: Draw) -> list[Probe]:
            made = probes(generate(draw))
            floats = [
                x.dtype
                for x in tree_leaves([(p.args, p.kwargs) for p in made])
                if isinstance(x, Tensor) and x.is_floating_point()
            ]
            others = [d for d in self.dtypes if floats and d != torch.float64]
            return made + [p.to(dtype) for dtype in others for p in made]

        self._add(self.WHOLE, self.points / 2, {}, all_dtypes)
        return generate

    def aspect(self, name: str, points: float, slips: Slips | None = None) -> Callable:
        """Register inputs on which this matters alone, and what goes wrong there."""
        return self._registers(name, points, slips, called, contract=False)

    def refuses(self, name: str, points: float, slips: Slips | None = None) -> Callable:
        """Register inputs that must raise a ``ValueError``, and some that must not.

        The visible part tries one, so that a student sees what is missing; under the same name
        the hidden part tries the others, and knows the slips of the visible one.
        """
        shown = self.base is not None and name in self.base._generators
        name = name + EVERY if shown else name
        return self._registers(name, points, slips, refused, contract=True)

    def experiments(self, name: str, points: float, slips: Slips | None = None) -> Callable:
        """Register a contract on values: experiments that are judged once values are."""
        return self._registers(name, points, slips, called, contract=True)

    def gradients(
        self,
        names: str,
        points: float,
        slips: Slips | None = None,
        of: Callable[[Any], Any] = lambda value: value,
        but: str = "",
    ) -> None:
        """Gradients of the ordinary inputs with respect to these arguments.

        Args:
            names: of the arguments, "x, w"; dictionaries and lists of tensors count whole.
            of: the part of the value whose gradient is meant.
            but: part of the names of entries that nothing is learned of, "running".
        """
        keys = names.split(", ")

        def generate(draw: Draw) -> list[Probe]:
            run = slopes(of, self.signature, keys, but)
            ordinary = [p for p in self.probes(self.WHOLE) if p.run is called]
            parts = [slopes_of(p.named(self.signature), keys, but) for p in ordinary]
            return [replace(p, run=run, parts=n) for p, n in zip(ordinary, parts, strict=True)]

        name = f"the gradient reaches {names}"
        self._add(name, points, slips or {}, generate, contract=True)

    def keeps(
        self,
        points: float,
        name: str = "keeps the dtype and leaves its inputs alone",
        gives: torch.dtype | None = None,
    ) -> None:
        """Values have the right types and shapes, exact in float64; no argument was written to.

        Args:
            gives: the dtype of floats that come back; that of the inputs, unless told.
        """

        def test(answer: Answer, draw: Draw) -> None:
            study = self._study(answer)
            for got in study.got(self.WHOLE):
                if study.explains(got) and got.probe.run is called:
                    self._refuse_types(study, got, gives)
            self._refuse_changes(study.values)

        self.contract(name, points)(test)

    def leaves_inputs(self, points: float, name: str = "inputs stay as they are") -> None:
        """No argument was written to, where types are not asked for: see ``keeps``."""

        def test(answer: Answer, draw: Draw) -> None:
            self._refuse_changes(self._study(answer).values)

        self.contract(name, points)(test)

    def no_loop_over(self, what: str, points: float, inputs: Callable) -> None:
        """Four times as many take about as many steps: ``inputs(n, draw)`` of side n."""

        def test(answer: Answer, draw: Draw) -> None:
            steps = []
            for n in (6, 12):
                trace = answer.trace(*inputs(n, draw))
                steps.append(trace.lines + trace.operators.total())
            # A few more are allowed: libraries treat small inputs specially.
            if steps[1] > 1.2 * steps[0] + 50:
                times = f"{steps[1] / steps[0]:.1f} times the steps"
                raise Wrong(f"four times the {what} took {times}: the code loops over {what}")

        self.contract(f"no Python loop over {what}", points)(test)

    def contract(self, name: str, points: float) -> Callable:
        """Register a test ``(answer, draw)`` that is run where the values are understood."""

        def add(test: Callable[[Answer, Draw], None]) -> Callable:
            def gated(answer: Answer, draw: Draw) -> None:
                if not self._study(answer).understood:
                    raise Wrong(LATER)
                test(answer, draw)

            self.property(name, points)(gated)
            return test

        return add

    def hidden_part(self) -> Exercise:
        """An empty check of the same definition: it knows the visible whole and its slips."""
        part = replace(self, is_hidden=True, properties=[], slips=list(self.slips), base=self)
        part._generators[self.WHOLE] = lambda draw: self.probes(self.WHOLE)
        part._contracts = set(self._contracts)
        return part

    # -- what a study asks ------------------------------------------------------------------

    @cached_property
    def signature(self) -> inspect.Signature:
        """Of the answer: the definition without its steps."""
        whole = inspect.signature(self.right)
        asked = [p for p in whole.parameters.values() if p.kind is not p.KEYWORD_ONLY]
        return whole.replace(parameters=asked)

    @property
    def value_aspects(self) -> list[str]:
        return [name for name in self._generators if name not in self._contracts]

    @property
    def value_slips(self) -> list[Slip]:
        return [slip for slip in self.slips if slip.aspect not in self._contracts]

    def probes(self, aspect: str) -> list[Probe]:
        """The probes of an aspect, the same each time."""
        key = Draw.salt, aspect
        if key not in self._made:
            seeds = {prop.name: prop.seed for prop in self.properties}
            self._made[key] = self._generators[aspect](Draw(seeds.get(aspect, 0)))
        return self._made[key]

    def redrawn(self, aspect: str, seed: int) -> list[Probe]:
        """Probes of the same kinds with other random numbers, the same each time."""
        key = Draw.salt, f"{aspect}, redrawn {seed}"
        if key not in self._made:
            self._made[key] = self._generators[aspect](Draw(seed))
        return self._made[key]

    def want(self, got: Got, slips: tuple[Slip, ...]) -> Any:
        """What the definition with these slips gives for a probe; computed once.

        It computes in float64, whatever the answer was given. Where the slips leave no value,
        that is what comes back: an exception.
        """
        if self.base and got.aspect == self.WHOLE and not slips:
            return self.base.want(got, ())
        key = (Draw.salt, got.aspect, got.number, *map(id, slips))
        if key not in self._wants:
            changes = {step: way for slip in slips for step, way in slip.change.items()}
            definition = Definition(
                lambda *args, **kwargs: self.reads(self.right(*args, **kwargs, **changes))
            )
            try:
                self._wants[key] = got.probe.to(torch.float64).ask(definition)
            except Exception as error:
                if not slips:
                    raise
                self._wants[key] = error
        return self._wants[key]

    def right_value(self, got: Got) -> Any:
        """What the definition gives in the dtypes of the probe, as it comes; computed once."""
        key = Draw.salt, got.aspect, got.number
        if key not in self._rights:
            self._rights[key] = self.right(*got.probe.args, **got.probe.kwargs)
        return self._rights[key]

    def gives(self, got: Got, slips: tuple[Slip, ...]) -> bool:
        """Whether this is the definition's value; without one both have none."""
        want = self.want(got, slips)
        if got.error or isinstance(want, Exception):
            return bool(got.error) and isinstance(want, Exception)
        return same(got.value, want, self.tolerance(got))

    def tolerance(self, got: Got) -> float:
        """Of values: wide enough for float32, where the input is, or for a random draw."""
        if self.rtol is not None:
            return self.rtol
        leaves = tree_leaves((got.probe.args, dict(got.probe.kwargs)))
        coarse = any(isinstance(x, Tensor) and x.dtype == torch.float32 for x in leaves)
        return COARSE if coarse else FINE

    # -- judging ----------------------------------------------------------------------------

    def _registers(
        self, name: str, points: float, slips: Slips | None, run: Callable, contract: bool
    ) -> Callable:
        def add(generate: Probes) -> Probes:
            def made(draw: Draw) -> list[Probe]:
                own = probes(generate(draw))
                return [replace(p, run=run) if p.run is called else p for p in own]

            self._add(name, points, slips or {}, made, contract)
            return generate

        return add

    def _add(
        self, name: str, points: float, slips: Slips, generate: Callable, contract: bool = False
    ) -> None:
        self.slips += [Slip(name, sentence, change) for sentence, change in slips.items()]
        self._generators[name] = generate
        if contract:
            self._contracts.add(name)
        judge = self._judge_contract if contract else self._judge
        self.property(name, points)(lambda answer, draw: judge(name, self._study(answer)))

    def _study(self, answer: Answer) -> Study:
        """What is known of ``answer``; a hidden part knows what the visible one just saw."""
        if self._latest is None or self._latest.answer is not answer:
            before = self.base._latest if self.base else None
            seen = before if before and before.answer.is_of(answer) else None
            self._latest = Study(self, answer, {self.WHOLE: seen} if seen else {})
        return self._latest

    def _judge(self, name: str, study: Study) -> None:
        mine = study.got(name)
        wrong = [got for got in mine if not study.agrees(got)]
        if not wrong:
            return
        named = [s for s in study.found if name in (s.aspect, self.WHOLE)]
        if study.found and not named and all(study.explains(got) for got in wrong):
            return  # slips of other aspects explain all of it, and cost the whole
        if not (named and any(study.explains(got) for got in wrong)):
            own = [s for s in self.value_slips if name in (s.aspect, self.WHOLE)]
            partly = study.partly(mine, own)
            named = [partly] if partly else []
        self._say(named, study, wrong)

    def _judge_contract(self, name: str, study: Study) -> None:
        if not study.understood:
            raise Wrong(LATER)
        mine = study.got(name)
        wrong = [g for g in mine if not study.agrees(g) and not study.agrees(g, study.found)]
        if not wrong:
            charged = any(got.changed for got in study.values)  # once, by ``keeps`` or its like
            return None if charged else self._refuse_changes(mine)
        own = [slip for slip in self.slips if slip.aspect in (name, name.removesuffix(EVERY))]
        found = next(study.explanations(mine, own, 1, study.found), ())
        partly = None if found else study.partly(mine, own)
        self._say([*found, *([partly] if partly else [])], study, wrong)

    def _say(self, named: list[Slip], study: Study, wrong: list[Got]) -> None:
        if named and any(got.error is None for got in wrong):
            text = "; and ".join(slip.sentence for slip in named)
            raise Wrong(f"{text} ({wrong[0].probe.on(self.signature)})")
        study.complain(wrong[0])

    def _refuse_changes(self, seen: Iterable[Got]) -> None:
        """Arguments stay as they are, their ``.grad`` and ``requires_grad`` too."""
        for got in seen:
            if got.changed:
                on = got.probe.on(self.signature)
                raise Wrong(f"the input was changed in place: {got.changed} ({on})")

    def _refuse_types(self, study: Study, got: Got, gives: torch.dtype | None) -> None:
        want = self.right_value(got)
        if isinstance(want, Tensor) and not isinstance(got.raw, Tensor):
            raise Wrong(f"returned {a(got.raw)}, expected a torch.Tensor")  # a list of tensors
        for mine, theirs in zip(tree_leaves(got.raw), tree_leaves(want), strict=False):
            if not isinstance(theirs, Tensor):
                if type(mine) is not type(theirs):
                    raise Wrong(f"returned {a(mine)}, expected {a(theirs)}")
                continue
            dtype = gives if gives and theirs.is_floating_point() else theirs.dtype
            if not isinstance(mine, Tensor):
                raise Wrong(f"returned {a(mine)}, expected a torch.Tensor")
            if mine.dtype != dtype:
                raise Wrong(f"{mine.dtype} came out, expected {dtype}")
            reshaped = study.whole_is_right and mine.numel() == theirs.numel()
            if reshaped and mine.shape != theirs.shape:  # a reader made good for it
                raise Wrong(f"shape {tuple(mine.shape)}, expected {tuple(theirs.shape)}")
        exact = study.whole_is_right and self.rtol is None and self.tolerance(got) == FINE
        if exact and not same(got.value, self.want(got, ()), EXACT):
            raise Wrong(
                "right to about seven digits only: a step computes in float32, or adds a small "
                "number; keep the dtype"
            )
