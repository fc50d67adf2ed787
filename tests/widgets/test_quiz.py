"""Questions and their tally in a static page: committed once, kept, counted, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from course_utils.widgets import Quiz, Tally
from course_utils.widgets.base import BookWidget
from tests.browser import open_page, serve
from tests.widgets.pages import write_page


def edge() -> Quiz:
    answers = {
        "it stays": "The maximum is the same.",
        "it *moves*": "Into the next window only.",
    }
    return Quiz.choose(
        "What does the `max` do?", answers, "it stays", predict=True, name="cnn.edge"
    )


def rows(name: str = "cnn.rows", predict: bool = True) -> Quiz:
    return Quiz.number(
        "How many rows?", 12.5, "Half of 25.",
        tolerance=0.1, unit="rows", predict=predict, name=name,
    )  # fmt: skip


@contextmanager
def shown(browser: Browser, folder: Path, *widgets: BookWidget) -> Iterator[Page]:
    """The page from a web server: storage belongs to an address."""
    write_page(folder, list(widgets))
    with serve(folder) as site, open_page(browser) as (page, watch):
        page.goto(f"{site}/index.html")
        started(page, len(widgets))
        yield page
        assert watch.errors == []
        assert watch.outside == []


def started(page: Page, count: int) -> None:
    page.locator(".static-widget[data-ready]").nth(count - 1).wait_for()


def group(page: Page, question: str) -> Locator:
    return page.get_by_role("group", name=question)


def verdict(asked: Locator) -> list[str]:
    return asked.locator(".qz-verdict p").all_inner_texts()


def press(control: Locator, key: str = "Enter") -> None:
    control.focus()
    control.press(key)


def test_one_press_commits_a_prediction(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, edge()) as page:
        asked = group(page, "Predict first What does the max do?")
        assert verdict(asked) == []
        assert "maximum" not in page.inner_text("body")
        moves = asked.get_by_role("button", name="it moves")
        press(moves)
        told = [
            "You predicted: it moves.",
            "✗ Not quite. Into the next window only.",
            "✓ it stays: The maximum is the same.",
        ]
        assert verdict(asked) == told
        assert moves.evaluate("b => b === document.activeElement")  # nobody loses their place
        page.get_by_role("status").get_by_text("You predicted: it moves.").wait_for()
        press(asked.get_by_role("button", name="it stays"))
        assert verdict(asked) == told  # too late
        page.reload()
        started(page, 1)
        assert verdict(asked) == told
        press(asked.get_by_role("button", name="Ask me again"))
        assert verdict(asked) == []
        press(asked.get_by_role("button", name="it stays"), "Space")
        assert verdict(asked) == [
            "You predicted: it stays.",
            "✓ Right. The maximum is the same.",
        ]


def test_a_number_is_predicted_once_and_asked_until_it_is_right(
    browser: Browser, tmp_path: Path
) -> None:
    with shown(browser, tmp_path, rows(), rows("", predict=False)) as page:
        first, again = (group(page, f"{head} How many rows?") for head in ("first", "Question"))
        box = first.get_by_label("Your answer")
        box.fill("many")
        press(first.get_by_role("button", name="Predict"))
        assert verdict(first) == []
        box.fill("13")
        press(box)
        assert verdict(first)[0] == "You predicted: 13 rows."
        assert verdict(first)[1:] == [
            "✗ Not quite. That is too high.", "✓ It is 12.5 rows. Half of 25.",
        ]  # fmt: skip
        box = again.get_by_label("Your answer")
        for typed, said in (
            ("−12.5", "✗ Not quite. That is too low."),
            ("13", "✗ Not quite. That is too high."),
            ("12,45", "✓ Right. It is 12.5 rows. Half of 25."),
        ):
            box.fill(typed)
            press(box)
            assert verdict(again) == [said]
        assert page.evaluate("Object.keys(localStorage)") == [
            "pixels-to-prompts:question:cnn.rows"
        ]


def test_who_skips_is_told_and_not_counted(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, edge(), Tally(names=["cnn.edge"])) as page:
        asked = group(page, "What does the max do?")
        press(asked.get_by_role("button", name="Skip"))
        assert verdict(asked) == ["✓ it stays: The maximum is the same."]
        focus = page.evaluate("document.activeElement.innerText")
        assert focus == "Ask me again"
        said = "You have made none of the 1 predictions of this chapter yet."
        assert page.locator(".ta p").nth(1).inner_text() == said


def test_the_tally_counts_and_leads_back(browser: Browser, tmp_path: Path) -> None:
    tally = Tally(names=["cnn.edge", "cnn.rows", "cnn.elsewhere"])
    with shown(browser, tmp_path, edge(), rows(), tally) as page:
        line, links = page.locator(".ta p").nth(1), page.locator(".ta a")
        press(group(page, "What does").get_by_role("button", name="it moves"))
        box = page.get_by_label("Your answer")
        box.fill("12.5")
        press(box)
        expected = "You made 2 of 3 predictions, 1 of them right."
        assert line.inner_text() == expected
        page.reload()
        started(page, 3)
        page.get_by_text(expected).wait_for()
        assert links.all_inner_texts() == ["What does the max do?"]
        press(links)
        assert page.evaluate("document.activeElement.id") == "question-cnn.edge"


def test_an_answer_to_another_question_says_nothing(browser: Browser, tmp_path: Path) -> None:
    """The text of a question may change after somebody has answered it."""
    with shown(browser, tmp_path, edge(), rows()) as page:
        for name, record in (("edge", {"question": "?", "answer": "it stays"}), ("rows", "[")):
            page.evaluate(
                "([key, value]) => localStorage.setItem(key, value)",
                [f"pixels-to-prompts:question:cnn.{name}", str(record).replace("'", '"')],
            )
        page.reload()
        started(page, 2)
        assert page.locator(".qz-verdict p").count() == 0
        assert page.get_by_role("button", name="Skip").count() == 2


@pytest.mark.parametrize(
    ("cell", "output"),
    [("cell", "cell_output"), ("jp-Cell jp-CodeCell", "jp-Cell-outputArea")],
)
def test_what_comes_next_waits_for_the_prediction(
    browser: Browser, tmp_path: Path, cell: str, output: str
) -> None:
    """In the frame that a page and JupyterLab put around the output of each cell.

    Below each question stand two cells without text between, then a text.
    """
    quizzes = [edge(), rows(), rows("", predict=False)]
    with shown(browser, tmp_path, *quizzes) as page:
        page.evaluate(
            """([cell, output]) => {
              const frame = (inner) => {
                const [outer, box] = ["div", "div"].map((tag) => document.createElement(tag));
                [outer.className, box.className] = [cell, output];
                box.append(inner);
                outer.append(box);
                return outer;
              };
              for (const quiz of document.querySelectorAll(".static-widget")) {
                const [truth, table, text] = ["the truth", "its table", "a text"].map((said) =>
                  Object.assign(document.createElement("p"), { textContent: said }));
                const place = quiz.nextSibling;
                place.before(frame(quiz), frame(truth), frame(table), text);
              }
            }""",
            [cell, output],
        )
        first, second, _ = page.get_by_text("the truth").all()
        for shown_below in ("the truth", "its table"):
            seen = [each.is_visible() for each in page.get_by_text(shown_below).all()]
            assert seen == [False, False, True]
        assert all(text.is_visible() for text in page.get_by_text("a text").all())
        press(page.get_by_role("button", name="it stays"))
        assert (first.is_visible(), second.is_visible()) == (True, False)
        press(page.get_by_role("button", name="Skip"))
        assert second.is_visible()
        press(page.get_by_role("button", name="Ask me again").first)
        assert not first.is_visible()
        page.emulate_media(media="print")
        assert first.is_visible()
