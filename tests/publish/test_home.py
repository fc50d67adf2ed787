"""Where chapters can be opened: nowhere but here until the repository's address is set."""

from __future__ import annotations

import re
import shutil

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_utils.course import CourseError
from course_utils.publish import home
from course_utils.publish.build import build
from course_utils.publish.release import released_text
from tests.publish.courses import CHAPTER, REPOSITORY, write_book

PAGE = f"notebooks/{CHAPTER}/{CHAPTER}.html"
ADDRESS = "https://github.com/Someone/vision-course"


def at(address: str, root):
    """A book whose repository is there."""
    course = write_book(root)
    config = root / "_config.yml"
    text = config.read_text()
    assert 'course_repository: ""' in text
    config.write_text(text.replace('course_repository: ""', f"course_repository: {address}"))
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    return course


def test_without_an_address_nothing_is_offered(small_book, small_site):
    page = (small_site / PAGE).read_text()
    assert "colab" not in page.lower()
    assert "mybinder" not in page
    assert home.CELL not in released_text(small_book.source(CHAPTER))
    assert not home.address(small_book.root)


def test_chapters_open_elsewhere_once_the_address_is_set(tmp_path):
    course = at(ADDRESS, tmp_path / "course")
    site = build(course).parent
    links = set(re.findall(r'href="(https://[^"]+)"', (site / PAGE).read_text()))
    there = f"students/notebooks/{CHAPTER}/{CHAPTER}.ipynb"
    assert (
        "https://colab.research.google.com/github/Someone/vision-course/blob/" + there in links
    )
    binder = f"https://mybinder.org/v2/gh/Someone/vision-course/students?urlpath=lab/tree/{there[9:]}"
    assert binder in links
    assert "mybinder" not in (site / "book" / "index.html").read_text()


def test_a_released_notebook_installs_the_wheel_where_it_is_missing(tmp_path):
    course = at(ADDRESS, tmp_path / "course")
    text = released_text(course.source(CHAPTER))
    assert "https://someone.github.io/vision-course/course_utils-" in text
    installed: list[str] = []
    shell = InteractiveShell()
    shell.register_magic_function(installed.append, magic_name="pip")
    source = home.SOURCE.format(wheel="a.whl")
    shell.run_cell(source).raise_error()
    assert not installed  # the package is here
    shell.run_cell(source.replace('"course_utils"', '"no_such_package"')).raise_error()
    assert installed == ["install --quiet a.whl"]


@pytest.mark.parametrize(
    ("address", "pages"),
    [
        (ADDRESS, "https://someone.github.io/vision-course/"),
        (f"{ADDRESS}.git", "https://someone.github.io/vision-course/"),
        ("https://github.com/me/me.github.io/", "https://me.github.io/"),
    ],
)
def test_the_book_s_own_address(address, pages):
    assert home.pages(address) == pages


@pytest.mark.parametrize("address", ["vision-course", "https://example.org/a/b", "git@x:a/b"])
def test_another_kind_of_address_is_refused(address, tmp_path):
    with pytest.raises(CourseError, match="OWNER/NAME"):
        home.repository(address)
    with pytest.raises(CourseError, match="OWNER/NAME"):
        released_text(at(address, tmp_path / "course").source(CHAPTER))
