"""pytest plugin: ``pytest --spent`` prints where the time goes, folder by folder.

Counted are the seconds that processors worked for a test: those of its process and of all that
it started, kernels and browsers included. They are the same beside other work, the clock's are
not. What a test sets up for others counts for that test.

``--spent-json FILE`` writes the same, file by file; ``python -m benchmarks.tests`` keeps it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

KEY = "spent"
SHOWN = 15  # single tests, the dearest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("spent")
    group.addoption("--spent", action="store_true", help="print CPU seconds a folder")
    group.addoption("--spent-json", metavar="FILE", help="write CPU seconds a file")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--spent") or config.getoption("--spent-json"):
        config.pluginmanager.register(Spent(config), "spent-counter")


class Spent:
    """Each test tells its seconds with its last report, from a worker too."""

    def __init__(self, config: pytest.Config) -> None:
        self._file = config.getoption("--spent-json")
        self._before = 0.0
        self.tests: dict[str, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        self._before = self._now()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Iterator[None]:
        if call.when == "teardown":
            # A browser that was killed takes its seconds along: told were they by its tests.
            spent = max(0.0, self._now() - self._before)
            item.user_properties.append((KEY, round(spent, 3)))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown" and KEY in (known := dict(report.user_properties)):
            self.tests[report.nodeid] = float(str(known[KEY]))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        folders = total(self.tests, lambda name: folder(name))
        terminalreporter.section("CPU seconds")
        for name, (count, seconds) in folders.items():
            terminalreporter.write_line(f"{seconds:9.1f}  {name}, {count} tests")
        terminalreporter.write_line(f"{sum(self.tests.values()):9.1f}  in all")
        dearest = sorted(self.tests.items(), key=lambda test: -test[1])[:SHOWN]
        for name, seconds in dearest:
            terminalreporter.write_line(f"{seconds:9.1f}  {name}")
        if self._file:
            Path(self._file).write_text(json.dumps(self.tests, indent=1) + "\n")

    def _now(self) -> float:
        """Of this process, of its children that ended, and of those that live."""
        own = os.times()
        ended = own.children_user + own.children_system
        return own.user + own.system + ended + sum(map(_cpu, _below(os.getpid())))


def folder(name: str) -> str:
    """``tests/data`` of ``tests/data/test_cache.py::test_a``."""
    return str(Path(name.split("::")[0]).parent)


def total(tests: dict[str, float], place: Any) -> dict[str, tuple[int, float]]:
    """Number of tests and their seconds, by ``place`` of their names; the dearest first."""
    parts: dict[str, list[float]] = defaultdict(list)
    for name, seconds in tests.items():
        parts[place(name)].append(seconds)
    order = sorted(parts, key=lambda part: -sum(parts[part]))
    return {part: (len(parts[part]), sum(parts[part])) for part in order}


def _below(pid: int) -> Iterable[int]:
    """All descendants that live; the kernel lists the children of each thread."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in path.read_text().split()]
        except OSError:  # it has just ended
            continue
        for child in children:
            yield child
            yield from _below(child)


def _cpu(pid: int) -> float:
    """Seconds of a process and of its children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
