"""Messages over a stream socket: eight bytes of length, then the bytes."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable

HEAD = 8
MAX_BYTES = 256 << 20


class ChannelClosed(ConnectionError):
    """The other side is gone, or what it sends is no message."""


class ChannelTimeout(TimeoutError):
    """No whole message came in time."""


class Channel:
    """One end of a connection. ``receive`` never takes more bytes than a value may have.

    Args:
        cpu: CPU seconds that the process at the other end has used; nobody knows by default.
        why: what is known of its end, when it is gone; to go on with ``Python died …``.
    """

    def __init__(
        self,
        end: socket.socket,
        cpu: Callable[[], float] = lambda: 0.0,
        why: Callable[[], str] = lambda: "",
    ) -> None:
        self._end, self.cpu, self.why = end, cpu, why
        end.setblocking(False)

    def send(self, message: bytes, seconds: float | None = None) -> None:
        """Send a whole message.

        Raises:
            ChannelClosed: nobody listens. ChannelTimeout: nobody takes it.
        """
        left = memoryview(len(message).to_bytes(HEAD, "little") + message)
        deadline = _deadline(seconds)
        while left:
            try:
                left = left[self._end.send(left) :]
            except BlockingIOError:
                self._wait(deadline, writing=True)
            except OSError as error:
                raise ChannelClosed(str(error)) from None

    def receive(self, seconds: float | None = None) -> bytes:
        """The next message.

        Raises:
            ChannelClosed: the other side is gone or announces too much.
            ChannelTimeout: not all of it came in time.
        """
        deadline = _deadline(seconds)
        size = int.from_bytes(self._take(HEAD, deadline), "little")
        if size > MAX_BYTES:
            raise ChannelClosed(f"a message of {size} bytes was announced")
        return self._take(size, deadline)

    def ready(self, seconds: float) -> bool:
        """Wait until something has arrived, or the other side is gone; False if neither.

        Raises:
            ChannelClosed: this side is closed.
        """
        try:
            self._wait(_deadline(seconds), writing=False)
        except ChannelTimeout:
            return False
        return True

    def close(self) -> None:
        self._end.close()

    def _take(self, count: int, deadline: float | None) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._end.recv(min(count - len(parts), 1 << 20))
            except BlockingIOError:
                self._wait(deadline, writing=False)
                continue
            except OSError as error:
                raise ChannelClosed(str(error)) from None
            if not part:
                raise ChannelClosed("the other side closed the connection")
            parts += part
        return bytes(parts)

    def _wait(self, deadline: float | None, writing: bool) -> None:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        ends = [self._end]
        try:
            ready = select.select([] if writing else ends, ends if writing else [], [], left)
        except (OSError, ValueError) as error:  # closed on our side
            raise ChannelClosed(str(error)) from None
        if not any(ready):
            raise ChannelTimeout


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
