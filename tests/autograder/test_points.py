"""Points stand in one place: a notebook that disagrees with its checks is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from autograder.gradebook.assignment import Assignment, prepare
from autograder.pipeline import grade_class
from course_utils.course import Course, CourseError
from course_utils.publish import points
from course_utils.publish.release import release
from tests.autograder import tiny_course
from tests.autograder.tiny_course import CHAPTER, RIGHT


@pytest.fixture
def course(tiny: Course, tmp_path: Path) -> Course:
    shutil.copytree(tiny.root, tmp_path / "course", ignore=shutil.ignore_patterns(".cache"))
    return Course(tmp_path / "course")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_visible_and_hidden_points_make_the_test_cells(tiny: Course) -> None:
    assert points.totals(tiny, CHAPTER) == {"test_double": [4, 2, 2], "test_flip": [2, 1, 1]}
    points.require_agreement(tiny, [CHAPTER])


def test_a_cell_that_disagrees_is_named_and_nothing_is_written(
    course: Course, assignment: Assignment, tmp_path: Path
) -> None:
    change(course.source(CHAPTER), '"points": 4', '"points": 5')
    says = r"01_tiny: the test cell test_double gives 5 points, its check 4 \(2 visible and 2"
    with pytest.raises(CourseError, match=says):
        release(course, [CHAPTER], tmp_path / "release")
    assert not (tmp_path / "release").exists()
    data = tiny_course.answer(assignment.release, **RIGHT)
    tiny_course.hand_in(tmp_path / "submissions", "ada", data)
    with pytest.raises(CourseError, match=says):
        grade_class(course, tmp_path / "submissions", tmp_path / "out", progress=False)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {".lock"}
    assert points.write_points(course, CHAPTER)
    points.require_agreement(course, [CHAPTER])
    assert not points.write_points(course, CHAPTER)


def test_properties_must_add_up_to_what_the_check_says(course: Course) -> None:
    change(
        course.root / "autograder/hidden/tiny.py", '"keeps integers", points=2', '"k", points=1'
    )
    says = r"test_double: the check says 4 points, its properties add up to 3 \(2 visible and 1"
    with pytest.raises(CourseError, match=says):
        points.require_agreement(course, [CHAPTER])


def test_a_chapter_of_plain_asserts_may_give_what_it_likes(course: Course) -> None:
    source = course.source(CHAPTER)
    nb = json.loads(source.read_text("utf-8"))
    for cell in nb["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "test_double":
            cell["source"] = "assert double(1) == 2"
            cell["metadata"]["nbgrader"]["points"] = 17
    source.write_text(json.dumps(nb), "utf-8")
    points.require_agreement(course, [CHAPTER])


def test_a_digest_is_that_of_a_chapter(course: Course) -> None:
    """A hidden check that this chapter does not use changes nothing for it."""
    before = prepare(course, CHAPTER)
    hidden = course.root / "autograder" / "hidden"
    (hidden / "other.py").write_text("points = 3\n")
    assert prepare(course, CHAPTER).digest == before.digest
    assert set(before.modules) == {f"autograder/{n}" for n in ("__init__.py", *HIDDEN)}
    change(hidden / "tiny.py", "secret_probe", "probe")
    assert prepare(course, CHAPTER).digest != before.digest


HIDDEN = ("hidden/__init__.py", "hidden/tiny.py")
ROOT = Path(__file__).parents[2]


def test_a_check_of_another_chapter_is_not_reached() -> None:
    from course_utils.publish import imports
    from course_utils.publish.execute import read

    known = imports.modules({"course_utils": ROOT / "src" / "course_utils"})
    names = imports.used_by_tests(read(Course(ROOT).source("02_convolution")))
    found = set(imports.reached(known, imports.beginnings(names)))
    assert "course_utils.checks.convolution.conv1d" in found
    assert "course_utils.checks.compare" in found
    assert not any("simclr" in name or "widgets" in name for name in found)


def test_checks_that_print_or_end_python(course: Course) -> None:
    checks = course.source(CHAPTER).with_name("tiny_checks.py")
    text = checks.read_text()
    checks.write_text(text + "\nimport atexit\natexit.register(print, 'bye')\n")
    assert points.totals(course, CHAPTER)["test_double"] == [4, 2, 2]
    checks.write_text(text + "\nimport sys\nsys.exit(0)\n")
    with pytest.raises(CourseError, match="end Python"):
        points.totals(course, CHAPTER)


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("notebooks/01_tiny/tiny_checks.py", "import torch\n", "import torhc\n", "'torhc'"),
        ("notebooks/01_tiny/tiny_checks.py", "flip = Check", "flop = flip = 3; Check", ""),
        ("autograder/hidden/tiny.py", "import torch\n", "1 / 0\n", "division by zero"),
        ("autograder/hidden/tiny.py", "\nflip = ", "\nflop = flip_ = ", "flip"),
    ],
)
def test_checks_that_cannot_be_imported_are_named(
    course: Course, file: str, old: str, new: str, says: str, tmp_path: Path
) -> None:
    change(course.root / file, old, new)
    with pytest.raises(CourseError, match=rf"01_tiny: the points of .* be read: .*{says}"):
        release(course, [CHAPTER], tmp_path / "release")
    assert not (tmp_path / "release").exists()
