"""Where the time of ``make test`` goes: CPU seconds, folder by folder.

    python -m benchmarks.tests [--anew]

With ``--anew`` what earlier runs kept is removed first, as in a fresh clone. Writes
``results/tests.json``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import record
from tests.spent import folder, total

KEPT = ("_build", ".cache/executed", ".cache/unsolved", ".cache/tests")


def measured() -> dict[str, float]:
    """CPU seconds of every test."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "spent.json")
        command = [sys.executable, "-m", "pytest", "-n", "2", "-q", f"--spent-json={file}"]
        subprocess.run(command, cwd=record.ROOT, check=False)
        return json.loads(file.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--anew", action="store_true", help="as in a fresh clone")
    anew = parser.parse_args().anew
    for name in KEPT if anew else ():
        shutil.rmtree(record.ROOT / name, ignore_errors=True)
    start = time.perf_counter()
    parts = total(measured(), folder)
    rows = [
        {"folder": name, "tests": count, "CPU seconds": round(seconds, 1)}
        for name, (count, seconds) in parts.items()
    ]
    seconds = time.perf_counter() - start
    caption = f"Tests in two workers, {'from nothing' if anew else 'with what was kept'}"
    in_all = {"CPU seconds": round(sum(spent for _, spent in parts.values()))}
    path = record.write(
        "tests", rows, caption=caption, seed=0, seconds=seconds, **{"in all": in_all}
    )
    print(path)


if __name__ == "__main__":
    main()
