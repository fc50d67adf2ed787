"""How long until data can be used: first time, ever after, and in training.

    python -m benchmarks.data_loading

Cold: decoded from what ships, into an empty cache. Warm: read from the cache, its hash
checked; the median of seven. Writes ``results/data_loading.json``.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from typing import Any

from torch.utils.data import DataLoader

from benchmarks import record
from course_utils import data
from course_utils.course import CourseError

ROUNDS, BATCH, SCENES = 7, 256, 1_000
CALLS: dict[str, Callable[[], Any]] = {
    "digits, train": lambda: data.digits("train"),
    "fashion, train": lambda: data.fashion("train"),
    "emoji, train, 32 px": lambda: data.emoji("train", size=32),
    "emoji, train, 64 px": lambda: data.emoji("train", size=64),
    "scenes, train, 96 px (ready to draw)": lambda: data.scenes("train"),
}


def timed(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def loading() -> Iterable[dict[str, Any]]:
    """A cold and a warm start of each set."""
    for name, call in CALLS.items():
        with tempfile.TemporaryDirectory() as cache:
            os.environ["COURSE_CACHE"] = cache
            cold = timed(call)
            warm = statistics.median(timed(call) for _ in range(ROUNDS))
            os.environ.pop("COURSE_CACHE")
        yield {"what": name, "first time": f"{cold:.2f} s", "after that": f"{warm:.3f} s"}
    try:
        warm = statistics.median(timed(data.cifar10) for _ in range(ROUNDS))
    except CourseError:
        return  # never fetched on this machine
    yield {
        "what": "CIFAR-10, train (once fetched)",
        "first time": "–",
        "after that": f"{warm:.3f} s",
    }


def batches() -> Iterable[dict[str, Any]]:
    """Pictures a second through an epoch, batched and one by one."""
    pictures = data.fashion("train")

    def batched() -> None:
        for _ in pictures.batches(BATCH):
            pass

    def loader() -> None:
        for _ in DataLoader(pictures, batch_size=BATCH, shuffle=True):
            pass

    times: dict[str, list[float]] = {"batches": [], "DataLoader": []}
    for _ in range(3):  # interleaved: the machine's mood meets both
        times["batches"].append(timed(batched))
        times["DataLoader"].append(timed(loader))
    for name, seconds in times.items():
        rate = len(pictures) / statistics.median(seconds)
        yield {"what": f"an epoch of fashion, {name}", "images/s": f"{rate:,.0f}"}


def drawing() -> Iterable[dict[str, Any]]:
    """Scenes and clips a second on one core, sprites warm."""
    for size in (64, 96, 128):
        scenes = data.scenes("train", size=size, length=2 * SCENES)
        for index in range(SCENES):
            scenes[index]
        begin = time.process_time()
        for index in range(SCENES, 2 * SCENES):
            scenes[index]
        rate = SCENES / (time.process_time() - begin)
        yield {"what": f"scenes, {size} px, with all labels", "images/s": f"{rate:,.0f}"}
        begin = time.process_time()
        for index in range(200):
            scenes.clip(index)
        rate = 200 / (time.process_time() - begin)
        yield {"what": f"clips of 8 frames, {size} px", "images/s": f"{8 * rate:,.0f}"}


def main() -> None:
    start = time.perf_counter()
    rows = []
    for found in (*loading(), *batches(), *drawing()):
        blank = dict.fromkeys(("what", "first time", "after that", "images/s"), "")
        rows.append({**blank, **found})
        print(found, flush=True)
    caption = "Starts of a data set, and images per second; scenes by the time of one core"
    seconds = time.perf_counter() - start
    print(record.write("data_loading", rows, caption=caption, seed=0, seconds=seconds))


if __name__ == "__main__":
    main()
