"""How a check treats an answer: calls, limits, bans, messages, points."""

from __future__ import annotations

import contextlib
import threading
import time

import nbformat
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nbgrader.utils import determine_grade

from course_utils.checks import Report, answer, convolution
from course_utils.checks.answer import Answer, Ban, Wrong
from course_utils.checks.compare import complain, same
from course_utils.checks.convolution.bans import BY_HAND
from course_utils.checks.core import Check
from course_utils.checks.report import MIME
from course_utils.reference import convolution as reference

X = torch.arange(4.0, dtype=torch.float64)


def message(call, *args, **kwargs) -> str:
    with pytest.raises(Wrong) as wrong:
        call(*args, **kwargs)
    return str(wrong.value)


def doubling() -> Check:
    check = Check("9.9", "double", points=3, hidden=1)

    @check.property("doubles", points=2)
    def _(answer, draw):
        x = draw.normal(3)
        if not same(value := answer(x), 2 * x):
            complain(value, 2 * x, "three numbers")

    return check


# -- calling ------------------------------------------------------------------------------


def test_an_exception_becomes_a_sentence_with_line_and_shapes():
    def crash(x):
        return x[10]

    text = message(Answer(crash), X)
    assert "IndexError" in text
    assert "in line" in text
    assert "(4,)" in text


@pytest.mark.parametrize("error", [SystemExit, MemoryError, RecursionError])
def test_any_exception_costs_a_property_and_not_the_notebook(error):
    def leave(x):
        raise error("gone")

    assert error.__name__ in message(Answer(leave), X)


def test_an_endless_loop_ends_and_is_not_tried_again():
    calls = []

    def forever(x):
        calls.append(1)
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    slow = Answer(forever, seconds=0.2)
    assert "no result after 0.2 seconds" in message(slow, X)
    assert "an earlier call took too long" in message(slow, X)
    assert len(calls) == 1


def test_outside_the_main_thread_there_is_no_limit_but_a_result():
    values = []
    worker = threading.Thread(target=lambda: values.append(Answer(lambda x: x + 1)(X)))
    worker.start()
    worker.join()
    assert torch.equal(values[0], X + 1)


def test_inputs_are_copies_and_changes_are_noticed():
    through_torch = Answer(lambda x: x.mul_(2))
    through_numpy = Answer(lambda x: x.numpy().fill(0))
    for function in (through_torch, through_numpy):
        function(X)
        assert function.changed_input
        function.start()
        assert not function.changed_input
    assert torch.equal(X, torch.arange(4.0, dtype=torch.float64))


@pytest.mark.filterwarnings("ignore:noise")
def test_prints_and_warnings_are_dropped(capsys):
    import sys
    import warnings

    def chatty(x):
        print("noise")
        print("noise", file=sys.stderr)
        warnings.warn("noise", stacklevel=1)
        return x

    Answer(chatty)(X)
    assert capsys.readouterr() == ("", "")


def test_a_stub_is_not_solved_but_a_later_gap_is_wrong():
    def stub(x):
        raise NotImplementedError

    with pytest.raises(NotImplementedError, match=r"Exercise 9.9 is not solved yet"):
        doubling()(stub)

    def torch_says_so(x):
        return F.pad(x, (1, 1), mode="reflect")

    assert "NotImplementedError" in str(doubling()(torch_says_so))  # tried, so not a stub

    def half(x):
        if len(x) < 4:
            return x
        raise NotImplementedError

    partial = Answer(half)
    partial(X[:2])
    assert "NotImplementedError" in message(partial, X)


# -- bans ---------------------------------------------------------------------------------


W = torch.ones(1, 1, 3, 3)
PICTURE = torch.ones(1, 1, 5, 5)
WAYS_ROUND = {
    "functional": lambda x: F.conv2d(x, W),
    "torch": lambda x: torch.conv2d(x, W),
    "module": lambda x: torch.nn.Conv2d(1, 1, 3)(x),
    "operator": lambda x: torch.ops.aten.convolution(
        x, W, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1
    ),
    "transposed": lambda x: F.conv_transpose2d(x, W),
    "conv3d": lambda x: F.conv3d(x[:, :, None], W[:, :, None]),
    "inference mode": torch.inference_mode()(lambda x: F.conv2d(x, W)),
    "reference": lambda x: reference.conv2d(x, W),
    "scipy": lambda x: __import__("scipy.signal").signal.convolve2d(x[0, 0], W[0, 0]),
    "caught": lambda x: _caught(x),
}


def _caught(x):
    try:
        return F.conv2d(x, W)
    except Exception:
        return x


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_what_makes_the_exercise_trivial_is_refused(way):
    text = message(Answer(WAYS_ROUND[way], (BY_HAND,)), PICTURE)
    assert "is not allowed here" in text


@pytest.mark.parametrize(
    "way",
    [
        lambda x: F.unfold(x, 3),
        lambda x: F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1),
        lambda x: torch.fft.irfft(torch.fft.rfft(x)),
        lambda x: x.to(torch.float32).double(),
    ],
)
def test_honest_ways_are_allowed(way):
    Answer(way, (BY_HAND,))(PICTURE)


def test_a_banned_function_is_named_with_the_reason():
    ban = Ban("count yourself", modules=("numpy:convolve",))
    text = message(Answer(lambda x: np.convolve([1.0], [2.0]), (ban,)), X)
    assert "numpy.convolve" in text
    assert "count yourself" in text


# -- watching -----------------------------------------------------------------------------


def test_python_loops_show_in_the_trace_and_vectorised_code_does_not():
    def loop(x):
        return sum(v.item() for v in x)

    def steps(function, n):
        trace = Answer(function).trace(torch.ones(n))
        return trace.lines + trace.operators.total()

    assert steps(loop, 400) > 5 * steps(loop, 40)
    assert steps(lambda x: x.sum(), 400) < steps(lambda x: x.sum(), 40) + 50


def test_multiplications_are_counted():
    a, b = torch.ones(3, 4), torch.ones(4, 5)
    assert Answer(lambda p, q: p @ q).trace(a, b).multiplications == 3 * 4 * 5
    assert Answer(lambda x: F.conv2d(x, W)).trace(PICTURE).multiplications == 9 * 9
    assert Answer(lambda x: x * 2).trace(PICTURE).multiplications == 25


# -- reports ------------------------------------------------------------------------------


def test_points_for_nbgrader_words_for_people_data_for_programs():
    check = doubling()
    hidden = check.hidden_part()
    hidden.property("is fast", points=1)(lambda answer, draw: None)
    visible = check(lambda x: x**2)
    assert "three numbers" in str(visible)
    assert "[seed" in str(visible)
    assert "1 hidden property is checked at grading (1 point)" in str(visible)
    both = visible + hidden(lambda x: x**2)
    assert (both.points, both.max_points) == (1.0, 3)
    assert Report.from_data(both.data()) == both
    assert "hidden" not in str(both)
    for report in (visible, both):  # the sum stands in the table, and is said once
        page = report._repr_html_()
        assert page.count(f"{report.earned:g} / {report.tried:g}</td></tr></tfoot>") == 1
        assert ("<p>1 hidden property" in page) == (report is visible)
        assert " of 3 points" not in page
    assert both.visible().hidden_left == 1
    with pytest.raises(ValueError, match="not the data of a report"):
        Report.from_data({"number": 1})
    with pytest.raises(ValueError, match="two exercises"):
        both + convolution.conv1d(lambda a, b: a)


def test_nbgrader_reads_the_points():
    bundle = doubling()(lambda x: 2 * x).bundle()
    assert bundle[MIME]["verdicts"][0]["passed"]
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("execute_result", bundle)])
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 3}
    assert determine_grade(cell) == (3.0, 3.0)  # all visible points: "Validate" says success


def test_html_of_a_report_is_escaped():
    check = Check("1", "f", points=1)

    @check.property("<b>", points=1)
    def _(answer, draw):
        raise Wrong("<script>")

    html = check(lambda: None)._repr_html_()
    assert "<script>" not in html
    assert "&lt;b&gt;" in html


def test_every_call_is_limited_to_ten_seconds():
    assert answer.SECONDS == 10
