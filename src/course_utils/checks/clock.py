"""How long a student's code may take: its own time, not that of whoever keeps the machine busy.

Own time is the CPU time that it uses, and the time in which it waits for something other than
the CPU. A loop that never ends and a sleep that never ends both use it up; an answer beside
thirty busy processes does not.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

WINDOW = 2.0  # seconds over which it is judged whether code works or waits
SHARE = 0.003  # of a CPU: who gets less in a window is not waiting for the CPU
WIDE = 20  # times the limit: the cap on the wall clock,
LEAST = 60  # which is never below so many seconds
TICK = 0.25  # seconds between two looks
IMPORTING = "<frozen importlib._bootstrap>"


class Meter:
    """Measures own time from now on.

    Args:
        seconds: of own time that there are.
        cpu: CPU seconds of what is measured.
        work: CPU seconds that prove that it does not just wait; those of ``cpu`` by default.
        wall: the clock on the wall.
    """

    def __init__(
        self,
        seconds: float,
        cpu: Callable[[], float] = time.thread_time,
        work: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._cpu, self._work, self._wall = cpu, work or cpu, wall
        self._own = 0.0  # in windows that are closed
        self._begin = self._wall()
        self._open_window()

    def spent(self) -> float:
        """Own time so far. Has to be asked often: each time may close a window."""
        passed, used, work = self._window()
        if passed >= WINDOW:
            self._own += used if work >= SHARE * passed else max(used, passed)
            self._open_window()
            used = 0.0
        return self._own + used

    def over(self) -> bool:
        """Whether the time is used up."""
        lasted = self._wall() - self._begin
        return self.spent() >= self.seconds or lasted >= max(LEAST, WIDE * self.seconds)

    def excuse(self) -> None:
        """What was used since the last look does not count."""
        self._open_window()

    def _window(self) -> tuple[float, float, float]:
        wall, cpu, work = self._at
        return self._wall() - wall, self._cpu() - cpu, self._work() - work

    def _open_window(self) -> None:
        self._at = self._wall(), self._cpu(), self._work()


@contextlib.contextmanager
def limited(seconds: float, error: type[BaseException]) -> Iterator[Callable[[], bool]]:
    """Raise ``error`` in the body when its time is over, and each second again.

    What Python imports in the meantime is not on the body's account, and an import is not
    interrupted: it would stay half done. Without signals (Windows, other threads) there is
    no limit.

    Yields:
        A function that says whether the time is over.
    """
    meter = Meter(seconds, time.thread_time, time.process_time)
    late = False
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield lambda: False
        return

    def look(_: int, frame: FrameType | None) -> None:
        nonlocal late
        if _imports(frame):
            meter.excuse()
        if late or meter.over():
            late = True
            signal.setitimer(signal.ITIMER_REAL, 1, 1)  # should it be swallowed
            raise error

    tick = min(TICK, seconds / 4)
    previous = signal.signal(signal.SIGALRM, look)
    timer = signal.setitimer(signal.ITIMER_REAL, tick, tick)
    try:
        yield lambda: late
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)  # that of a limit around this one
        signal.signal(signal.SIGALRM, previous)


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported."""
    while frame:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False
