"""What is run on a machine of one's own: which benchmarks, in which order, what has changed."""

from __future__ import annotations

import importlib
import subprocess
import sys

from benchmarks import __main__ as all_of_them
from benchmarks import gpu
from benchmarks.__main__ import changes, found
from course_utils.training.recipes import RECIPES


def record(**speeds: float) -> dict:
    return {"rows": [{"work": name, "ms": ms} for name, ms in speeds.items()], "seconds": 9.0}


def test_every_benchmark_is_found_and_helpers_are_not():
    assert {"grading", "labels", "recognition"} <= set(found())
    assert not {"race", "record", "gpu", "__main__"} & set(found())
    for name in found():
        if name != "contrastive":  # whose peers are in the extra "bench"
            assert callable(importlib.import_module(f"benchmarks.{name}").main)


def test_what_changed_by_more_than_a_fifth_is_said():
    before, after = record(conv=10.0, pool=10.0, old=1.0), record(conv=12.1, pool=11.9, new=1.0)
    assert changes(before, after) == [
        "rows, conv, ms: 10 before, 12.1 now",
        "rows, old, ms: 1 before, gone now",
    ]
    assert changes(after, after) == []


def test_one_that_fails_is_left_out_with_its_reason(monkeypatch):
    why = "ModuleNotFoundError: No module named 'peer'"
    failed = subprocess.CompletedProcess([], 1, stderr=f"Traceback\n{why}\n")
    monkeypatch.setattr(subprocess, "run", lambda *command, **how: failed)
    assert all_of_them.run("labels", 1) == f"left out: {why}"


def test_what_a_gpu_does_is_there_and_what_it_has_done_is_not_done_again(monkeypatch, tmp_path):
    for job in gpu.JOBS:
        if job.words[0] == "train":
            assert job.words[1] in RECIPES
        else:
            assert importlib.util.find_spec(job.words[0])
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / f"{gpu.JOBS[0].result}.json").write_text("{}")
    assert gpu.lacking() == list(gpu.JOBS[1:])


def test_jobs_keep_to_the_budget(monkeypatch):
    python = lambda job, trial: [sys.executable, "-c", job.words[0]]  # noqa: E731
    monkeypatch.setattr(gpu.Job, "command", python)
    codes = {"a": (0, "pass"), "b": (0, "1 / 0"), "c": (5, "pass")}
    jobs = [gpu.Job(name, minutes, (code,), ()) for name, (minutes, code) in codes.items()]
    assert gpu.run(jobs, 1, trial=False) == {
        "a": "ended well",
        "b": "failed",
        "c": "not begun: 5 minutes are needed",
    }
    sleeps = [gpu.Job("d", 0, ("import time; time.sleep(60)",), ())]
    assert gpu.run(sleeps, 0.01, trial=True) == {"d": "out of time"}
