"""The trusted side of the boundary: a student's names as objects that live elsewhere.

Values come by value, everything else as a ``Remote`` that forwards what is done to it. A
``Remote`` is equal to itself alone, and what the student's class says about equality, truth
or type is never asked.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from autograder.boundary.requests import ODD, Lost, OutOfTime, RemoteError, Requests
from autograder.boundary.wire import Packer, Unpacker, WireError
from course_utils.checks.watch import Calls, Distant, End, Limits, Outcome, Trace, too_long

__all__ = ["Link", "Lost", "OutOfTime", "Remote", "RemoteError"]

MAX_PRINTED = 20_000
MAX_SAID = 5_000  # characters of what is said of a call


class Link(Requests):
    """Requests whose values may be objects that stay over there."""

    def named(self, name: str, seconds: float, writes: bool = False) -> Any:
        """What the student's code calls ``name``; an object is found again in a new process.

        Args:
            writes: changes that it makes to its arguments come back, see ``Trusted``.
        """
        value = self.value("name", seconds, name=name)
        if isinstance(value, Remote):
            object.__setattr__(value, "_name", name)
            object.__setattr__(value, "_writes", writes)
        return value

    def _handle(self, value: Any) -> dict:
        if isinstance(value, Remote) and value._link is self:
            return {"handle": value._current()}
        return super()._handle(value)

    def _object(self, node: dict) -> Remote:
        number, kinds = node.get("handle"), node.get("kinds")
        if type(number) is not int or type(kinds) is not list:
            raise WireError("a malformed handle")
        return Remote(self, number, tuple(str(kind)[:200] for kind in kinds[:20]))


class Remote(Distant):
    """An object of the student's process."""

    def __init__(
        self, link: Link, number: int, kinds: tuple[str, ...], name: str | None = None
    ) -> None:
        keep = object.__setattr__
        keep(self, "_link", link)
        keep(self, "_number", number)
        keep(self, "_kinds", kinds)
        keep(self, "_name", name)
        keep(self, "_generation", link.generation)
        keep(self, "_seconds", SECONDS)
        keep(self, "_writes", False)  # whether calls may change the caller's tensors

    def _current(self) -> int:
        """Its handle; after a restart a name is looked up again, anything else is gone."""
        if self._generation != self._link.generation or self._link.channel is None:
            if self._name is None:
                raise Lost("an object of a process that died")
            found = self._link.value("name", self._seconds, name=self._name)
            if not isinstance(found, Remote):
                raise Lost(f"{self._name} is no longer what it was")
            object.__setattr__(self, "_number", found._number)
            object.__setattr__(self, "_generation", self._link.generation)
        return self._number

    # -- as a check calls it ----------------------------------------------------------------

    def watched(self, args: tuple, kwargs: dict, limits: Limits) -> Outcome:
        try:
            return self._watched([(args, kwargs)], limits)[0]
        except OutOfTime as late:
            return Outcome(End.TIMEOUT, message=str(late))
        except TimeoutError:
            return Outcome(End.TIMEOUT, message=too_long(limits.seconds))
        except Lost as lost:
            if str(lost) == Lost.IN_TIME:
                return Outcome(End.TIMEOUT, message=too_long(limits.seconds))
            return Outcome(End.DIED, message=str(lost))
        except Exception as error:  # a value that cannot cross, an answer that is none
            return Outcome(End.RAISED, message=f"the call failed: {error}", raised=(_NO_NAME,))

    def series(self, calls: Calls, limits: Limits) -> list[Outcome]:
        spent = self._link.spent
        outcomes: list[Outcome] = []
        try:
            while len(outcomes) < len(calls):
                some = calls[len(outcomes) : len(outcomes) + SERIES]
                outcomes += self._watched(some, limits)
                if outcomes[-1].end is End.TIMEOUT:
                    break
        except Exception:  # one of them, and nobody knows which: each is asked for by itself
            self._link.spent = spent
            return []
        return outcomes

    def _watched(self, calls: Calls, limits: Limits) -> list[Outcome]:
        """What some calls did, or the first of them."""
        packer = self._link.packer()
        answers, unpacker = self._link.ask(
            "watched",
            limits.seconds,
            packer,
            object=self,
            calls=[[args, kwargs] for args, kwargs in calls],
            bans=[[ban.why, ban.operators, ban.modules] for ban in limits.bans],
            count_lines=limits.count_lines,
            rng=torch.get_rng_state(),
        )
        if type(answers) is not list or not 0 < len(answers) <= len(calls):
            raise self._link._lose(ODD)
        outcomes = []
        for answer, call in zip(answers, calls, strict=False):
            outcome = _outcome(self._link.unpacked(unpacker, answer["facts"]))
            outcomes.append(outcome)
            if outcome.end is End.TIMEOUT:
                self._link._lose(Lost.IN_TIME)  # the next call has a fresh process
                break
            if outcome.end is End.RETURNED:
                outcome.trace.value = self._result(answer["value"], packer, unpacker, call)
        return outcomes

    # -- as plain Python uses it ------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        packer = self._link.packer()
        tree, unpacker = self._link.ask(
            "call",
            self._seconds,
            packer,
            object=self,
            args=args,
            kwargs=kwargs,
            grad=torch.is_grad_enabled(),
            rng=torch.get_rng_state(),
        )
        sys.stdout.write(str(tree.get("printed", ""))[:MAX_PRINTED])
        if self._writes:
            self._take_over(tree["changed"], packer, unpacker, (args, kwargs))
        return self._result(tree["value"], packer, unpacker, (args, kwargs))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.value("getattr", self._seconds, object=self, name=name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._link.value("setattr", self._seconds, object=self, name=name, value=value)

    def __getitem__(self, key: Any) -> Any:
        return self._link.value("getitem", self._seconds, object=self, key=key)

    def __len__(self) -> int:
        length = self._link.value("len", self._seconds, object=self)
        if type(length) is not int or length < 0:
            raise TypeError("the length of the student's object is no number")
        return length

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        items = self._link.value("list", self._seconds, object=self)
        return iter(items if type(items) is list else [])

    def __repr__(self) -> str:
        return f"<the student's {self._name or (self._kinds or ('object',))[0]}>"

    def is_module(self) -> bool:
        """Whether it calls itself a ``torch.nn.Module``."""
        return "torch.nn.modules.module.Module" in self._kinds

    # -- values that come back --------------------------------------------------------------

    def _take_over(self, changed: Any, packer: Packer, unpacker: Unpacker, given: Any) -> None:
        """Write what the call wrote into its arguments, where the test cell asked for that."""
        sent = {packer.places[id(x)]: x for x in _tensors(given)}
        with torch.no_grad():
            for name, node in dict(changed).items():
                new = self._link.unpacked(unpacker, node)
                if isinstance(new, Tensor) and name in sent and new.shape == sent[name].shape:
                    sent[name].copy_(new)

    def _result(self, node: Any, packer: Packer, unpacker: Unpacker, given: Any) -> Any:
        """The value of a call, with gradients that lead back to its arguments."""
        try:
            value = self._link.unpacked(unpacker, node["node"])
            if "graph" not in node or not torch.is_grad_enabled():
                return tree_map(_without_graph, value)
            sent = {packer.places[id(x)]: x for x in _tensors(given)}
            inputs = [sent[name] for name in _once(node["inputs"])]
            made = [unpacker.made[name] for name in _once(node["outputs"])]
            graph = node["graph"]
            if type(graph) is not int or not made:
                raise WireError("a malformed graph")
        except (WireError, KeyError, TypeError) as error:
            raise Lost(ODD) from error
        known = {id(x): n for n, x in enumerate(made)}
        values = [x.detach() for x in made]
        anchor = torch.zeros((), requires_grad=True)  # for weights that live over there
        linked = _Across.apply(self._link, graph, self._seconds, values, anchor, *inputs)
        return tree_map(
            lambda x: linked[known[id(x)]] if id(x) in known else _without_graph(x), value
        )


class _Across(torch.autograd.Function):
    """A call in the student's process as one node of our graph."""

    @staticmethod
    def forward(ctx, link, graph, seconds, values, anchor, *inputs):
        ctx.link, ctx.graph, ctx.seconds = link, graph, seconds
        ctx.shapes = [x.shape for x in inputs]
        return tuple(value.clone() for value in values)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, *gradients):
        which = [n for n, gradient in enumerate(gradients) if gradient is not None]
        got = ctx.link.value(
            "backward",
            ctx.seconds,
            graph=ctx.graph,
            which=which,
            gradients=[gradients[n] for n in which],
        )
        shapes = ctx.shapes
        if type(got) is not list or len(got) != len(shapes):
            raise RuntimeError("the backward pass gave no gradients")
        fits = (
            x is None or (isinstance(x, Tensor) and x.shape == shape)
            for x, shape in zip(got, shapes, strict=True)
        )
        if not all(fits):
            raise RuntimeError("the backward pass gave gradients of other shapes")
        return (None, None, None, None, None, *got)


SECONDS = 30.0  # for a plain call; checks give their own
SERIES = 32  # calls in one request
_NO_NAME = "builtins.Exception"


def _tensors(values: Any) -> list[Tensor]:
    return [x for x in tree_leaves(values) if isinstance(x, Tensor)]


def _once(names: list[str]) -> list[str]:
    """Each name once: each stands for a copy that is made."""
    if len(set(names)) < len(names):
        raise WireError("a malformed graph")
    return names


def _without_graph(x: Any) -> Any:
    """A tensor without history: a leaf that claims a gradient could hold one of its own."""
    if isinstance(x, Tensor) and not isinstance(x, torch.nn.Parameter):
        return x.detach()
    return x


def _outcome(facts: Any) -> Outcome:
    """What the other side says of a call, each part of its right type.

    Raises:
        TypeError, ValueError: it is something else.
    """
    end, message, raised, said, changed, guarded, operators, multiplications, lines = facts
    if not all(type(text) is str for text in (message, said, changed, *raised)):
        raise TypeError("an outcome without words")
    if type(multiplications) is not int or type(lines) is not int:
        raise TypeError("an outcome without numbers")
    counts = Counter({str(name): int(n) for name, n in operators.items() if type(n) is int})
    trace = Trace(operators=counts, multiplications=multiplications, lines=lines)
    return Outcome(
        End(end),
        trace,
        message[:MAX_SAID],
        tuple(raised[:20]),
        said[:MAX_SAID],
        bool(changed),
        changed[:MAX_SAID],
        guarded is True,
    )
