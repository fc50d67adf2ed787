"""The real book: nothing leaks, and its sources are in their one form."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.course import Course
from course_utils.publish.leaks import find_leaks, secrets_of
from course_utils.publish.normalise import normalised
from course_utils.publish.release import release
from course_utils.questions import bank

ROOT = Path(__file__).parents[2]
CHAPTERS = Course(ROOT).chapters()


def test_nothing_secret_is_in_the_site(built_site, course):
    hidden = sorted((ROOT / "autograder" / "hidden").glob("*.py"))
    sources = [*map(course.source, CHAPTERS), *hidden]
    lines, words = secrets_of(sources)
    assert len(lines) > 10 * len(CHAPTERS)
    assert words
    # A hidden property that goes on with a visible one has its name.
    checks = (ROOT / "src" / "course_utils" / "checks").rglob("*.py")
    public = sorted([*(ROOT / "book").rglob("*.md"), *checks])
    leaks = find_leaks(built_site, sources, public=public)
    assert not leaks, "\n".join(map(str, leaks))


def test_no_question_tells_its_answer(built_site, course, tmp_path):
    """Neither a page, nor the search index, nor a notebook for students."""
    questions = sorted(bank.FOLDER.glob("*.yml"))
    lines, _ = secrets_of(questions)
    assert len(lines) > 2 * len(questions)
    release(course, CHAPTERS, tmp_path)
    for folder in (built_site, tmp_path):
        leaks = find_leaks(folder, questions)
        assert not leaks, "\n".join(map(str, leaks))


def test_what_a_question_must_not_tell_is_found_where_it_stands(tmp_path):
    (tmp_path / "small.yml").write_text(
        "one: {choices: [{text: a, why: This is wrong of course.},"
        " {text: b, why: 'It has {n} zebras in every row.', right: true}]}\n"
        "two: {answer: 3, explain: Three wombats and no more.}\n"
    )
    site = tmp_path / "site"
    site.mkdir()
    (site / "page.html").write_text("<p>This is wrong of course. It has 7 zebras.</p>")
    assert not find_leaks(site, [tmp_path / "small.yml"])
    for told in ("It has 7 <b>zebras</b> in every row.", "Three wombats\nand no more."):
        (site / "page.html").write_text(f"<p>{told}</p>")
        (leak,) = find_leaks(site, [tmp_path / "small.yml"])
        assert leak.secret.text in (" ".join(told.split()), "zebras in every row.")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_is_in_its_one_form(chapter, course):
    text = course.source(chapter).read_text()
    assert normalised(text, chapter) == text, "run `make format`"
