"""Messages over a stream socket: eight bytes of length, then the bytes."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

HEAD = 8
MAX_BYTES = 256 << 20
LOOK = 0.5  # seconds between two looks whether the time is over

Patience = float | Callable[[], bool] | None  # seconds, or what tells that the time is over


class ChannelClosed(ConnectionError):
    """The other side is gone, or what it sends is no message."""


class ChannelTimeout(TimeoutError):
    """No whole message came in time."""


class Channel:
    """One end of a connection. ``receive`` never takes more bytes than a value may have.

    Args:
        cpu: CPU seconds that the process at the other end has used; nobody knows by default.
        queues: whether it wants the CPU at this moment.
        why: what is known of its end, when it is gone; to go on with ``Python died …``.
    """

    def __init__(
        self,
        end: socket.socket,
        cpu: Callable[[], float] = lambda: 0.0,
        why: Callable[[], str] = lambda: "",
        queues: Callable[[], bool] = lambda: False,
    ) -> None:
        self._end, self.cpu, self.why, self.queues = end, cpu, why, queues
        end.setblocking(False)

    def send(self, message: bytes, patience: Patience = None) -> None:
        """Send a whole message.

        Raises:
            ChannelClosed: nobody listens. ChannelTimeout: nobody takes it.
        """
        left = memoryview(len(message).to_bytes(HEAD, "little") + message)
        over = _over(patience)
        while left:
            try:
                left = left[self._end.send(left) :]
            except BlockingIOError:
                self._wait(over, writing=True)
            except OSError as error:
                raise ChannelClosed(str(error)) from None

    def receive(self, patience: Patience = None) -> bytes:
        """The next message.

        Raises:
            ChannelClosed: the other side is gone or announces too much.
            ChannelTimeout: not all of it came in time.
        """
        over = _over(patience)
        size = int.from_bytes(self._take(HEAD, over), "little")
        if size > MAX_BYTES:
            raise ChannelClosed(f"a message of {size} bytes was announced")
        return self._take(size, over)

    def close(self) -> None:
        self._end.close()

    def _take(self, count: int, over: Callable[[], bool] | None) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._end.recv(min(count - len(parts), 1 << 20))
            except BlockingIOError:
                self._wait(over, writing=False)
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if not part:
                raise ChannelClosed("the other side closed the connection")
            parts += part
        return bytes(parts)

    def _wait(self, over: Callable[[], bool] | None, writing: bool) -> None:
        """Until bytes can go on. What is there when the time is over still counts."""
        sides = ([], [self._end]) if writing else ([self._end], [])
        while True:
            late = over is not None and over()
            pause = None if over is None else 0 if late else LOOK
            try:
                some = select.select(*sides, [], pause)
            except (OSError, ValueError) as error:  # closed on our side
                raise ChannelClosed(str(error)) from None
            if any(some):
                return
            if late:
                raise ChannelTimeout


def _over(patience: Patience) -> Callable[[], bool] | None:
    if patience is None or callable(patience):
        return patience
    deadline = time.monotonic() + patience
    return lambda: time.monotonic() >= deadline
