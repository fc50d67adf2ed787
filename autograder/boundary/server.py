"""Serves one submission: runs its cells, calls its functions, sends values back.

It runs in the sandbox beside the student's code, which can change it at will: the worst that
comes of it is a wrong value for that student's own answer. Requests come from the trusted
side, one at a time, each is answered.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import os
import random
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from autograder.boundary.bounds import Tally
from autograder.boundary.channel import Channel, ChannelClosed
from autograder.boundary.shell import CellTimeout, Shell
from autograder.boundary.wire import Packer, Unpacker, WireError
from course_utils.checks.clock import limited
from course_utils.checks.fresh import as_at_the_start
from course_utils.checks.seal import Seal
from course_utils.checks.watch import Ban, End, Limits, Outcome, names_of, watched_there

SEED = 188
MAX_ITEMS = 10_000  # of an iterator that is asked for as a list
# What makes bytes of a value, beside this module.
OURS = (Channel.__module__, Tally.__module__, Packer.__module__)
MODULES = (*OURS, "json", "json.encoder", "safetensors.torch")


class Server:
    """Objects that the other side holds handles of, and the requests it makes."""

    __slots__ = (
        "_channel",
        "_graphs",
        "_objects",
        "_shell",
        "_since_cell",
    )  # no method of one's own

    def __init__(self, channel: Channel, shell: Shell) -> None:
        self._channel, self._shell = channel, shell
        self._since_cell = True
        self._objects: list[Any] = []
        self._graphs: list[tuple[list[Tensor], list[Tensor]]] = []

    def serve(self) -> None:
        """Answer requests until the other side hangs up."""
        home, seal = os.getpid(), Seal(__name__, *MODULES, looks=Tensor)
        seed()
        while True:
            try:
                request = self._channel.receive()
            except ChannelClosed:
                return
            answer = self._answer(request, seal)
            if os.getpid() != home:  # the student's code has forked: one process answers
                os._exit(0)
            self._channel.send(answer)

    def _answer(self, request: bytes, seal: Seal) -> bytes:
        """The reply to a request. Only cells see what earlier cells have set of torch."""
        if self._since_cell:  # else the last request has ended with a look
            self._serves(seal, whole=True)
        packer = Packer(self._handle)
        try:
            with as_at_the_start():
                unpacker = Unpacker(request, self._object)
                asked = unpacker.unpack(unpacker.tree)
                self._since_cell = asked["op"] == "cell"
                answer_to = getattr(self, f"_on_{asked['op']}")
                if asked["op"] == "watched":  # which leaves all as it was
                    return packer.dump({"answer": self._series(asked, unpacker, packer, seal)})
            with contextlib.nullcontext() if asked["op"] == "cell" else as_at_the_start():
                reply = {"answer": answer_to(asked, unpacker, packer)}
            if asked["op"] != "cell":  # which may learn by the next request
                self._serves(seal)
            with as_at_the_start():
                return packer.dump(reply)
        except CellTimeout:
            reply = {"timeout": True}
        except BaseException as error:
            reply = {"error": _told(error)}
        with as_at_the_start():
            return Packer().dump(reply)

    def _serves(self, seal: Seal, whole: bool = False) -> None:
        """End where student's code has made something else of this process."""
        if seal.broken(whole) or type(self) is not Server:
            os._exit(1)

    def _handle(self, value: Any) -> dict:
        """A node that stands for an object that stays here."""
        self._objects.append(value)
        kinds = names_of(value if isinstance(value, type) else type(value))
        return {"handle": len(self._objects) - 1, "kinds": list(kinds[:20])}

    def _object(self, node: dict) -> Any:
        if set(node) == {"handle"}:
            return self._objects[node["handle"]]
        raise WireError("an unknown kind of node")

    # -- cells and names --------------------------------------------------------------------

    def _on_cell(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        before = _dice()
        outputs = _plain(self._shell.run(asked["source"], asked["seconds"]))
        return packer.pack({"outputs": outputs, "drew": _dice() != before})

    def _on_name(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        if asked["name"] not in self._shell.user_ns:
            raise NameError(f"name {asked['name']!r} is not defined")
        return packer.pack(self._shell.user_ns[asked["name"]])

    def _on_files(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        """Files of the chapter's folder, for the working folder of the cells."""
        for name, content in asked["files"].items():
            path = Path.cwd() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    # -- objects ----------------------------------------------------------------------------

    def _on_getattr(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        got = self._limited(asked, lambda: getattr(asked["object"], asked["name"]))
        return packer.pack(got)

    def _on_setattr(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        self._limited(asked, lambda: setattr(asked["object"], asked["name"], asked["value"]))

    def _on_getitem(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        return packer.pack(self._limited(asked, lambda: asked["object"][asked["key"]]))

    def _on_len(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        return packer.pack(int(self._limited(asked, lambda: len(asked["object"]))))

    def _on_list(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        def items() -> list:
            return list(itertools.islice(asked["object"], MAX_ITEMS))

        return packer.pack(self._limited(asked, items))

    # -- calls ------------------------------------------------------------------------------

    def _on_call(self, asked: dict, unpacker: Unpacker, packer: Packer) -> Any:
        """A plain call; prints travel along, changes of arguments too."""
        versions = {name: x._version for name, x in unpacker.made.items()}
        self._shell.outputs.clear()

        def call() -> Any:
            with torch.set_grad_enabled(asked["grad"]):
                value = asked["object"](*asked["args"], **asked["kwargs"])
            iterator = hasattr(value, "__next__")
            return list(itertools.islice(value, MAX_ITEMS)) if iterator else value

        torch.set_rng_state(asked["rng"])
        value = self._shown(lambda: self._limited(asked, call))
        return {
            "value": self._result(value, unpacker, packer),
            "printed": "".join(
                o["text"] for o in self._shell.outputs.items if o["output_type"] == "stream"
            ),
            "changed": {
                name: packer.pack(x.detach().clone())
                for name, x in unpacker.made.items()
                if x._version != versions[name]
            },
        }

    def _series(
        self, asked: dict, unpacker: Unpacker, packer: Packer, seal: Seal
    ) -> list[dict]:
        """Calls of a check, one after the other: all, or as many as half of the time allows.

        One whose value cannot cross is left to a request of its own.
        """
        begin, done = thread_time(), []
        for args, kwargs in asked["calls"]:
            call = asked | {"args": args, "kwargs": kwargs}
            try:
                done.append(self._on_watched(call, unpacker, packer))
            except Exception:
                if not done:
                    raise
                break
            self._serves(seal)
            late = done[-1]["facts"]["list"][0] == str(End.TIMEOUT)
            if late or thread_time() - begin > asked["seconds"] / 2:
                break
        return done

    def _on_watched(self, asked: dict, unpacker: Unpacker, packer: Packer) -> dict:
        """A call of a check: everything about it becomes an ``Outcome``."""
        bans = tuple(Ban(why, operators, modules) for why, operators, modules in asked["bans"])
        limits = Limits(asked["seconds"], bans, asked["count_lines"])
        torch.set_rng_state(asked["rng"])
        sent: dict[str, Any] = {}
        odd: list[Exception] = []  # not the student's: no value of this kind can cross

        def send(value: Any) -> None:
            try:
                sent.update(self._result(value, unpacker, packer))
            except Exception as error:
                odd.append(error)

        call = asked["object"], asked["args"], asked["kwargs"]
        try:
            with _alone():
                outcome = watched_there(*call, limits, send)
        except KeyboardInterrupt:  # in a notebook that is the student's own hand
            outcome = Outcome(End.RAISED, message="the call raised KeyboardInterrupt")
            outcome.raised = names_of(KeyboardInterrupt)
        trace = outcome.trace
        facts = [
            str(outcome.end),
            outcome.message[:5_000],
            outcome.raised[:20],
            outcome.said[:5_000],
            outcome.changed[:1_000],
            outcome.guarded,
            dict(trace.operators),
            trace.multiplications,
            trace.lines,
        ]
        if odd and outcome.end is End.RETURNED:
            raise odd[0]
        return {"facts": packer.pack(facts), "value": sent}

    def _result(self, value: Any, unpacker: Unpacker, packer: Packer) -> dict:
        """A value, and the graph behind it where gradients lead back to the arguments."""
        node: dict[str, Any] = {"node": packer.pack(value)}
        tensors = [x for x in tree_leaves(value) if isinstance(x, Tensor)]
        given = set(map(id, unpacker.made.values()))
        made = [x for x in tensors if x.requires_grad and (x.grad_fn or id(x) in given)]
        if made:
            inputs = {name: x for name, x in unpacker.made.items() if x.requires_grad}
            self._graphs.append((made, list(inputs.values())))
            node["graph"] = len(self._graphs) - 1
            node["outputs"] = [packer.places[id(x)] for x in made]
            node["inputs"] = list(inputs)
        return node

    def _on_backward(self, asked: dict, _: Unpacker, packer: Packer) -> Any:
        """Gradients of the inputs of an earlier call; parameters over here collect theirs."""
        outputs, inputs = self._graphs[asked["graph"]]
        kept = [x.grad for x in inputs]
        for x in inputs:
            x.grad = None
        chosen = [outputs[n] for n in asked["which"]]

        def backward() -> None:
            torch.autograd.backward(chosen, asked["gradients"], retain_graph=True)

        try:
            self._limited(asked, backward)
            return packer.pack([x.grad for x in inputs])
        finally:
            for x, gradient in zip(inputs, kept, strict=True):
                x.grad = gradient

    def _limited(self, asked: dict, body: Callable[[], Any]) -> Any:
        with limited(asked["seconds"], CellTimeout):
            return body()

    def _shown(self, body: Callable[[], Any]) -> Any:
        with self._shell.capturing():
            return body()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """No other process of the submission runs meanwhile: a call is one process's own work."""
    if os.getpid() != 1:  # without a process namespace they cannot be told from others
        yield
        return
    with contextlib.suppress(OSError):
        os.kill(-1, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGCONT)


def seed() -> None:
    """The random numbers of every submission begin alike: same answers, same grade."""
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)


def _dice() -> tuple:
    """The state of everything that random numbers come from."""
    numpy: Any = np.random.get_state(legacy=False)
    state = numpy["state"]["key"].tobytes(), numpy["state"]["pos"]
    return torch.get_rng_state().numpy().tobytes(), *state, random.getstate()


def _plain(value: Any) -> Any:
    """Outputs as plain data: some formatters give bytes or objects."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _told(error: BaseException) -> dict:
    lines = traceback.format_exception(type(error), error, error.__traceback__)[-12:]
    return {
        "kinds": list(names_of(type(error)))[:20],
        "text": str(error)[:5_000].encode("utf-8", "replace").decode(),
        "lines": [line[:2_000].encode("utf-8", "replace").decode() for line in lines],
    }
