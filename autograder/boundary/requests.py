"""Requests to the process that serves a submission, and how long they may take."""

from __future__ import annotations

import builtins
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from autograder.boundary.channel import LOOK, Channel, ChannelClosed, ChannelTimeout
from autograder.boundary.wire import Packer, Unpacker, WireError
from course_utils.checks.clock import Meter
from course_utils.checks.watch import too_long

GRACE = 5  # seconds beyond the time that the other side was given
_ERRORS = {
    f"builtins.{name}": error
    for name, error in vars(builtins).items()
    if isinstance(error, type) and issubclass(error, Exception)
}
DIED = "Python died while it ran the answer"
ODD = "the answer's process sent something that is no value"


class RemoteError(Exception):
    """An exception of the student's code that is none of Python's own."""


class Lost(RemoteError):
    """The student's process died, did not come back in time, or talks nonsense."""

    IN_TIME = "no answer in time"


class OutOfTime(TimeoutError):
    """The requests before have used up the time that there was."""

    def __init__(self) -> None:
        super().__init__("not tried: the calls before used up the time of this test")


class Requests:
    """Requests to the process that serves a submission.

    Args:
        connect: gives a channel to it: at the start, and again after it was lost.

    Attributes:
        spent: seconds of their own time, see ``clock``, that requests have taken so far.
        budget: what ``spent`` may come to; None: whatever each request is given.
    """

    def __init__(self, connect: Callable[[], Channel]) -> None:
        self._connect = connect
        self.spent = 0.0
        self.budget: float | None = None
        self.channel: Channel | None = connect()
        self.generation = 0  # handles of an earlier process mean nothing

    def ask(
        self, op: str, seconds: float, packer: Packer | None = None, **facts: Any
    ) -> tuple[Any, Unpacker]:
        """Send a request and wait for the answer's tree.

        Raises:
            Lost: there is no answer, or it is not one.
            TimeoutError: the code over there was interrupted in time; its process is given up.
            Exception: what the code over there raised, if it is none of Python's own classes
                as ``RemoteError``.
        """
        if self.budget is not None:
            seconds = min(seconds, self.budget - self.spent)
            if seconds <= 0:
                raise OutOfTime
        if self.channel is None:
            self.channel = self._connect()
        packer = packer or self.packer()
        request = packer.dump(packer.pack({"op": op, "seconds": seconds, **facts}))
        try:
            reply = self._exchange(self.channel, request, seconds)
            with self._charged():
                unpacker = Unpacker(reply, self._object)
        except ChannelTimeout:
            raise self._lose(Lost.IN_TIME) from None
        except ChannelClosed:
            raise self._lose(DIED + self.channel.why()) from None
        except WireError:
            raise self._lose(ODD) from None
        tree = unpacker.tree
        if not isinstance(tree, dict):
            raise self._lose(ODD)
        if tree.get("timeout"):
            self._lose(Lost.IN_TIME)  # who knows what was half done
            raise TimeoutError(too_long(seconds))
        if "error" in tree:
            raise _raised(tree["error"])
        return tree.get("answer"), unpacker

    def _exchange(self, channel: Channel, request: bytes, seconds: float) -> bytes:
        """Send a request and wait as long as the other side has time of its own left.

        Who takes or sends the bytes slowly uses up time, too.
        """
        meter = Meter(seconds + GRACE, channel.cpu, tick=LOOK, queues=channel.queues)
        try:
            channel.send(request, meter.over)
            return channel.receive(meter.over)
        finally:
            self.spent += meter.spent()

    @contextlib.contextmanager
    def _charged(self) -> Iterator[None]:
        """Our work in the body counts as the other side's."""
        begin = time.thread_time()
        try:
            yield
        finally:
            self.spent += time.thread_time() - begin

    def value(self, op: str, seconds: float, **facts: Any) -> Any:
        """The value that a request gives."""
        tree, unpacker = self.ask(op, seconds, **facts)
        return self.unpacked(unpacker, tree)

    def unpacked(self, unpacker: Unpacker, node: Any) -> Any:
        try:
            with self._charged():
                return unpacker.unpack(node)
        except WireError:
            raise self._lose(ODD) from None

    def packer(self) -> Packer:
        """Values that cross, and handles that go back where they came from."""
        return Packer(self._handle)

    def _handle(self, value: Any) -> dict:
        raise WireError(f"a {type(value).__name__} cannot be passed to the student's code")

    def _object(self, node: dict) -> Any:
        raise WireError("an unknown kind of node")

    def _lose(self, why: str) -> Lost:
        if self.channel:
            self.channel.close()
        self.channel = None
        self.generation += 1
        return Lost(why)


def _raised(told: Any) -> Exception:
    """The student's exception, as the nearest of Python's own classes."""
    kinds = told.get("kinds") if isinstance(told, dict) else None
    text = str(told.get("text", ""))[:5_000] if isinstance(told, dict) else ""
    kind = next((_ERRORS[k] for k in kinds or [] if isinstance(k, str) and k in _ERRORS), None)
    error: Exception = RemoteError(text)
    if kind not in (None, Exception):
        with contextlib.suppress(Exception):  # some want more arguments than one
            error = kind(text)
    lines = told.get("lines") if isinstance(told, dict) else None
    if isinstance(lines, list):
        error.__dict__["student_traceback"] = "".join(str(line) for line in lines)[:10_000]
    return error
