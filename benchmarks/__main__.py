"""Runs all benchmarks that this machine can, and says what has changed.

    python -m benchmarks [NAME ...] [--minutes 60]

Each is a process of its own with a limit of time; one that lacks something is left out and
says what. A number in ``results/`` that is no longer within a fifth of what it was is printed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.record import ROOT

HERE = Path(__file__).parent
APART = ("gpu",)  # which has a command and a budget of its own
FIFTH = 0.2


def found() -> list[str]:
    """The modules of this folder that can be run, but this one."""
    runs = 'if __name__ == "__main__":'
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.stem not in ("__main__", *APART) and runs in path.read_text("utf-8")
    )


def numbers(value: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a record, each with the way to it; a row is called by its first text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{where}, {key}" if where else key)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            texts = inner.values() if isinstance(inner, dict) else ()
            name = next((text for text in texts if isinstance(text, str)), str(n + 1))
            yield from numbers(inner, f"{where}, {name}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield where, value


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is no longer within a fifth of what it was, and what is there no more."""
    about = ("seconds", "seed")
    old, new = (
        {k: v for k, v in numbers(record) if k not in about} for record in (before, after)
    )
    said = [f"{name}: {old[name]:g} before, gone now" for name in old if name not in new]
    for name in old.keys() & new.keys():
        if abs(new[name] - old[name]) > FIFTH * abs(old[name]):
            said.append(f"{name}: {old[name]:g} before, {new[name]:g} now")
    return sorted(said)


def records() -> dict[str, dict[str, Any]]:
    return {p.stem: json.loads(p.read_text("utf-8")) for p in (ROOT / "results").glob("*.json")}


def run(name: str, minutes: float) -> str:
    """Run one; a word on how it ended, the last line of its errors where it failed."""
    command = [sys.executable, "-m", f"benchmarks.{name}"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, timeout=60 * minutes, stderr=subprocess.PIPE, text=True
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {minutes:g} minutes"
    lines = done.stderr.strip().splitlines()
    return f"left out: {lines[-1] if lines else done.returncode}" if done.returncode else "done"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="these alone")
    parser.add_argument("--minutes", type=float, default=60, help="for each")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(found()):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(found())}"
        )
    ended = {}
    for name in asked.names or found():
        before = records()
        print(f"== {name}", flush=True)
        ended[name] = run(name, asked.minutes)
        print(ended[name])
        for result, record in records().items():
            if before.get(result) != record:
                print(
                    f"{result}:",
                    *changes(before.get(result, {}), record) or ["as before"],
                    sep="\n  ",
                )
    for name, how in ended.items():
        print(f"{name:20} {how}")
    return int(any(how != "done" for how in ended.values()))


if __name__ == "__main__":
    sys.exit(main())
