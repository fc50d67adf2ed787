"""How long a student's code may take: its own time, not that of whoever keeps the machine busy.

Own time is the CPU time that it uses, and the time in which it waits for something other than
the CPU. A loop that never ends and a sleep that never ends both use it up; an answer beside
thirty busy processes does not, nor does one that gets next to nothing of the CPU.

What sleeps is woken for each look, so looks come in time. Where they come late, the CPU was not
to be had, or the whole machine stood still: that time is nobody's, up to a very wide cap.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

WINDOW = 2.0  # seconds over which it is judged whether code works or waits
SHARE = 0.003  # of a CPU: who uses less in a window waits, for the CPU or for something else
WIDE = 20  # times the limit: the cap on the wall clock,
LEAST = 60  # which is never below so many seconds
STARVED = 3  # times that cap, where there is no CPU to be had
TICK = 0.25  # seconds between two looks
LATE = 0.25  # seconds: a look that comes later than that had to wait for the CPU
IMPORTING = "<frozen importlib._bootstrap>"


class Meter:
    """Measures own time from now on.

    Args:
        seconds: of own time that there are.
        cpu: CPU seconds of what is measured.
        work: CPU seconds that prove that it does not just wait; those of ``cpu`` by default.
        wall: the clock on the wall.
        tick: seconds between two looks, if they come in time.
        queues: whether what is measured wants the CPU at this moment. Who measures himself
            has it when he looks: then only late looks tell that there was none.
    """

    def __init__(
        self,
        seconds: float,
        cpu: Callable[[], float] = time.thread_time,
        work: Callable[[], float] | None = None,
        wall: Callable[[], float] = time.monotonic,
        tick: float = TICK,
        queues: Callable[[], bool] = lambda: False,
    ) -> None:
        self.seconds = seconds
        self._cpu, self._work, self._wall = cpu, work or cpu, wall
        self._tick, self._queues = tick, queues
        self._own = 0.0  # in windows that are closed
        self._begin = self._looked = self._wall()
        self._free = 0.0  # seconds in which there was a CPU to be had
        self._open_window()

    def spent(self) -> float:
        """Own time so far. Has to be asked often: each time may close a window."""
        self._look()
        passed, used, work = self._window()
        if passed >= WINDOW:
            waited = self._free - self._free_before
            self._own += used if work >= SHARE * passed else max(used, waited)
            self._open_window()
            used = 0.0
        return self._own + used

    def over(self) -> bool:
        """Whether the time is used up."""
        if self.spent() >= self.seconds:
            return True
        cap = max(LEAST, WIDE * self.seconds)
        return self._free >= cap or self._looked - self._begin >= STARVED * cap

    def excuse(self) -> None:
        """What was used since the last look does not count."""
        self._open_window()

    def _look(self) -> None:
        since, self._looked = self._looked, self._wall()
        passed = self._looked - since
        if passed <= self._tick + LATE and not self._queues():
            self._free += passed

    def _window(self) -> tuple[float, float, float]:
        wall, cpu, work = self._at
        return self._wall() - wall, self._cpu() - cpu, self._work() - work

    def _open_window(self) -> None:
        self._at = self._wall(), self._cpu(), self._work()
        self._free_before = self._free


@contextlib.contextmanager
def limited(seconds: float, error: type[BaseException]) -> Iterator[Callable[[], bool]]:
    """Raise ``error`` in the body when its time is over, and each second again.

    What Python imports in the meantime is not on the body's account, and an import is not
    interrupted: it would stay half done. Without signals (Windows, other threads) there is
    no limit.

    Yields:
        A function that says whether the time is over.
    """
    tick = min(TICK, seconds / 4)
    meter = Meter(seconds, time.thread_time, time.process_time, tick=tick)
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
