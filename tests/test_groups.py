"""Two workers share the tests so that each costly thing is made once."""

from __future__ import annotations

import subprocess
import sys

from tests.conftest import ROOT
from tests.groups import CHAPTERS, GRADED, PAGES, group

SHARES = """
import pytest

@pytest.fixture(scope="module")
def costly():
    print("made")

@pytest.mark.parametrize("chapter", ["naive_bayes", "convolution"])
@pytest.mark.parametrize("n", range(4))
def test_it(costly, chapter, n):
    pass
"""


def test_a_group_stays_together_in_its_order(tmp_path):
    for name in ("test_a", "test_b"):
        (tmp_path / f"{name}.py").write_text(SHARES)
    options = ["-n", "2", "-v", "-p", "no:cacheprovider", f"--rootdir={tmp_path}"]
    plugins = ["--import-mode=importlib", "-p", "tests.groups", "-c", "/dev/null"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *plugins, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if "PASSED" in line]
    assert len(lines) == 16, done.stdout
    workers = {
        chapter: {line.split("]")[0] for line in lines if f"{chapter}]" in line}
        for chapter in ("naive_bayes", "convolution")
    }
    assert all(len(w) == 1 for w in workers.values())
    assert workers["naive_bayes"] != workers["convolution"]


def test_this_run_has_its_groups(request):
    """Each kind of group has its tests: a renamed fixture would empty one."""
    found = {group(item) for item in request.session.items}
    whole = len(request.session.items) > 1000  # else only a part was asked for
    assert {*CHAPTERS, PAGES, GRADED} <= found or not whole
    assert group(request.node) == "tests/test_groups.py"
