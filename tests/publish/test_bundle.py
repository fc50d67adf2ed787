"""What a student gets: a folder that works without a checkout and holds no secret."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from course_utils import cli
from course_utils.publish import bundle as bundles
from course_utils.publish.leaks import find_leaks
from course_utils.publish.weight import installed, said
from tests.conftest import ROOT

CHAPTER = "02_convolution"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, course):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("bundle")
    with contextlib.chdir(course.root):
        assert cli.main(["release", CHAPTER, "--bundle", str(folder)]) == 0
        assert cli.main(["release", "--bundle", str(folder), "--out", "x"]) == 2
    return folder


def test_the_page_has_the_commands_and_what_was_counted(bundle):
    page = (bundle / "START.html").read_text(encoding="utf-8")
    (wheel,) = bundle.glob("*.whl")
    assert f"pip install ./{wheel.name}" in page
    assert f"pip install .\\{wheel.name}" in page
    assert re.search(r"[\d.]+ GB in \d+ packages \(.*, torch [\d.]+", page)
    assert f"course check notebooks/{CHAPTER}/{CHAPTER}.ipynb" in page
    assert "$" not in page
    assert re.findall(r"https?://([^/]+)", page) == ["pytorch.org"]


def test_what_an_installation_weighs_is_counted():
    sizes = installed(["torch>=2", 'pip; extra == "never"', "not-installed-anywhere"])
    assert sizes["torch"] > 1e8
    assert "sympy" in sizes
    assert not {"pip", "not-installed-anywhere"} & set(sizes)
    text = said({"torch": 10**9, "nvidia-cudnn": 2 * 10**9})
    assert text.startswith("3.0 GB in 2 packages (")
    assert text.endswith("; 2.0 GB of it are for NVIDIA GPUs alone")


def test_no_secret_is_in_the_bundle(bundle, course, tmp_path):
    with zipfile.ZipFile(next(bundle.glob("*.whl"))) as wheel:
        names = wheel.namelist()
        released = [n for n in names if n.startswith("course_utils/released/")]
        wheel.extractall(tmp_path, released)
    assert released == [f"course_utils/released/{CHAPTER}.ipynb"]
    names = [n for n in names if not n.startswith("course_utils/publish/")]
    assert not [n for n in names if re.search(r"autograder|hidden|answers|solutions", n)]
    hidden = sorted((ROOT / "autograder" / "hidden").glob("*.py"))
    for folder in (bundle, tmp_path):
        assert not find_leaks(folder, [course.source(CHAPTER), *hidden])


def test_a_student_installs_it_and_checks_a_notebook(bundle, tmp_path):
    """Into an environment that has the packages, and no checkout."""
    venv.create(tmp_path / "env")
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    paths = {"base": str(tmp_path / "env"), "platbase": str(tmp_path / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # A path, so that no .pth file there is read: the checkout stays unknown.
    (site / "packages.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    (wheel,) = bundle.glob("*.whl")
    subprocess.run([*pip, "--no-index", "--quiet", str(wheel)], check=True)
    notebook = bundle / "notebooks" / CHAPTER / f"{CHAPTER}.ipynb"
    nb = json.loads(notebook.read_text(encoding="utf-8"))
    nb["cells"] = [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
    renamed = tmp_path / "homework.ipynb"
    renamed.write_text(json.dumps(nb), encoding="utf-8")
    command = [str(python), "-m", "course_utils.cli", "check", str(renamed)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 1, done.stderr
    assert "0 of 7 exercises pass all public checks" in done.stdout  # its tests are put back
    assert "reflection\n  · untouched" in done.stdout
    assert "not in this installation" not in done.stdout


def test_the_start_page_holds_the_house_rules(tmp_path: Path) -> None:
    """Exercises refer to them, and students have no other page."""
    real = bundles.house_rules(ROOT / "book" / "how_to_use.md")
    assert real.startswith("<h2>House rules</h2>")
    assert "<code>ValueError</code>" in real
    assert "Hints" in real
    assert bundles.house_rules(tmp_path / "none.md") == ""
