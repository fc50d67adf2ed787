"""Data, figures and results: small rooms, small tests."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import textwrap
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

import pytest
import torch
import yaml
from matplotlib import pyplot as plt
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_utils import data, figures, results
from course_utils.course import Course, CourseError, UsageError, advice
from course_utils.facts import facts
from course_utils.publish.weight import FOR_GPUS, installed
from tests.conftest import ROOT


def test_photos_are_colour_and_grey_is_square():
    for photo in data.photos().values():
        assert photo.dtype == torch.uint8
        assert photo.shape[0] == 3
        small = data.grey(photo, 32)
        assert small.shape == (1, 1, 32, 32)
        assert 0 <= small.min() < small.max() <= 1
        assert data.grey(photo).shape[2:] == photo.shape[1:]


def test_a_figure_carries_its_alt_text(monkeypatch):
    plt.close("all")  # what tests of other files have left open
    shown = []
    monkeypatch.setattr(figures, "display", lambda content, **kw: shown.append((content, kw)))
    alt = "A white square on the left, a black one on the right."
    figures.pictures({"white": torch.ones(4, 4), "black": torch.zeros(3, 4, 4)}, alt=alt)
    content, options = shown[0]
    assert options["metadata"]["image/png"]["alt"] == alt
    assert content["image/png"]
    assert not plt.get_fignums()
    with pytest.raises(ValueError, match="tell in a sentence"):
        figures.signals({"a": torch.ones(3)}, alt="figure")


def test_results_come_with_their_provenance():
    table = results.table("convolution")
    for key in ("hardware", "software", "date", "commit", "seed", "seconds", "command"):
        assert table.record[key] not in ("", None), key
    assert table.record["hardware"] in table._repr_html_()
    with pytest.raises(CourseError, match="no result 'nothing'"):
        results.table("nothing")


def test_a_commit_that_is_not_clean_is_said_in_words():
    clean = results.table("convolution").record
    assert f"commit {clean['commit']}, seed" in results.Measurement(clean).note
    changed = {**clean, "commit": "3c23e51-dirty"}
    note = results.Measurement(changed).note
    assert "commit 3c23e51 with changes not committed, seed" in note
    assert not any("-dirty" in results.table(name).note for name in results.names())


def test_what_was_measured_beside_the_rows_is_shown_too():
    views = results.table("contrastive")
    assert f"times as fast {views.record['views']['times as fast']}" in views.note
    assert "[" not in results.table("depth").note  # its curves are for the figure


SHOWN = ("show", "compare", "apart", "upright")  # functions of the page of results


def test_the_page_of_results_has_each_of_them_once():
    page = json.loads((ROOT / "book" / "results.ipynb").read_text())
    code = ["".join(c["source"]) for c in page["cells"] if c["cell_type"] == "code"]
    shown = [
        keyword.arg
        for node in ast.walk(ast.parse("\n".join(code)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SHOWN
        for keyword in node.keywords
    ]
    assert sorted(shown) == results.names()


def test_facts_name_a_source_that_the_book_lists():
    bibliography = (ROOT / "book" / "references.bib").read_text()
    for group in yaml.safe_load((ROOT / "book" / "facts.yml").read_text()):
        for name, fact in facts(group).items():
            assert fact["value"], name
            assert fact["what"], name
            assert fact["where"], name
            assert f"{{{fact['source']}," in bibliography, name
    with pytest.raises(CourseError, match="no facts 'nothing'"):
        facts("nothing")


def test_chapters_are_found_and_imported_when_asked_for():
    code = """
        import sys
        from course_utils import checks
        print(*checks.CHAPTERS)
        assert "torch" not in sys.modules
        assert set(checks.CHAPTERS) <= set(dir(checks))
        checks.convolution.conv1d
        assert "course_utils.checks.cnn" not in sys.modules
        checks.nothing
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    topics = sorted(chapter.split("_", 1)[1] for chapter in Course(ROOT).chapters())
    assert done.stdout.split() == topics
    assert "AttributeError: module 'course_utils.checks' has no attribute 'noth" in done.stderr


def test_a_course_is_found_from_below_and_chapters_by_number(course, tmp_path):
    assert Course.find(course.notebooks / "02_convolution") == course
    assert course.select(["convolution"]) == ["02_convolution"]
    assert course.select(["02"]) == ["02_convolution"]
    assert course.select([]) == course.chapters()
    with pytest.raises(UsageError, match="unknown chapter 'x'"):
        course.select(["x"])
    with pytest.raises(UsageError, match="not inside a checkout"):
        Course.find(tmp_path)


def test_no_advice_names_a_package_that_somebody_else_could_register():
    """``course-utils`` stands on no index: advice names the checkout or the wheel."""
    suffixes = {".py", ".md", ".ipynb", ".sh", ".toml", ".yml", ".html", ".js", ""}
    folders = ("src", "autograder", "book", "notebooks", "benchmarks", "results")
    files = [f for name in folders for f in (ROOT / name).rglob("*") if f.suffix in suffixes]
    advised = re.compile(r"""pip3? install[^\n]*?[\s'"]course[-_]utils(?!-[\d*])""")
    for file in [*files, *ROOT.glob("*.md"), ROOT / "Makefile"]:
        if file.is_file():
            assert not advised.search(file.read_text("utf-8", errors="replace")), file
    own = re.findall(r"course-utils\[", (ROOT / "pyproject.toml").read_text())
    assert len(own) == 1  # the extra "dev" names the others
    assert advice("grade").endswith('pip install -e ".[grade]"')


def test_the_lock_fits_the_oldest_python_that_the_readme_names():
    """A pin that wants 3.11.5 stops the first command on a Debian that has 3.11.2."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    for name in pins:
        try:
            wanted = metadata(name).get("Requires-Python") or ""
        except PackageNotFoundError:  # of another platform
            continue
        assert SpecifierSet(wanted).contains(oldest), f"{name} wants Python {wanted}"


def test_torch_is_a_range_and_the_lock_lies_in_it():
    """So that the torch of a hosted notebook fits; both ends were tried (see the file)."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    lock = dict(
        re.findall(r"^(torch\w*)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
    )
    page = (ROOT / "book" / "how_to_use.md").read_text()
    for name in ("torch", "torchvision"):
        assert wanted[name].contains(lock[name])
        assert not any(s.operator == "==" for s in wanted[name])
        (words,) = [d for d in project["dependencies"] if re.match(rf"{name}\b", d)]
        assert f'"{words}"' in page  # for a torch without what serves GPUs
    assert wanted["torch"].contains("2.6.0")
    assert not wanted["torch"].contains("2.5.1")
    assert not wanted["torch"].contains("3.0")


@pytest.mark.skipif(sys.platform != "linux", reason="the page tells what Linux needs")
def test_the_page_says_what_an_installation_weighs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    sizes = installed(project["dependencies"])
    gpus = sum(size for name, size in sizes.items() if name.startswith(FOR_GPUS))
    page = (ROOT / "book" / "how_to_use.md").read_text()
    said = re.search(r"takes ([\d.]+) GB of disk; ([\d.]+) GB of it are for NVIDIA GPUs", page)
    for told, counted in zip(said.groups(), (sum(sizes.values()), gpus), strict=True):
        assert float(told) == pytest.approx(counted / 1e9, rel=0.1)


def test_files_are_read_as_utf_8_on_every_system():
    """Windows would read a widget's JavaScript as cp1252."""
    for file in (ROOT / "src").rglob("*.py"):
        assert ".read_text()" not in file.read_text("utf-8"), file
