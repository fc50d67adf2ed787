"""Student's names across the boundary: values, gradients, modules, exceptions, restarts."""

from __future__ import annotations

import subprocess

import pytest
import torch

from autograder.boundary.remote import Link, Lost, RemoteError
from autograder.sandbox.jail import JailLimits
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.watch import Ban

SOURCE = """
import torch, random

def double(x):
    print("hello")
    return 2 * x

def pair(x, *, scale=1):
    return {"sum": x.sum() * scale, "parts": [x, (x, 3)]}

def inplace(x):
    x += 1
    return x

def clears(x):
    was, x.grad = x.grad, None
    return was

def loops(n):
    total = 0
    for i in range(n):
        total += i
    return total

def fails(x):
    raise ValueError("negative")

class Odd(Exception):
    pass

def odd():
    raise Odd("strange")

def uses_reference(a, b):
    from course_utils.reference import convolution
    return convolution.conv1d(a, b)

def gaussian():
    return torch.randn(3)

def slow():
    while True:
        pass

def sleeps():
    import time
    time.sleep(1e9)

def works(seconds):
    import time
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return "done"

calls = []
def counts_or_loops(loop):
    calls.append(1)
    while loop:
        pass
    return len(calls)

def picky(n):
    if n == 2:
        import os
        os._exit(1)
    if n < 0:
        raise ValueError("negative")
    return torch.full((2,), float(n))

def forks_past_python(fork=__import__("ctypes").CDLL(None).fork):
    fork()
    return 3

def dies():
    import os
    os._exit(1)

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))
    def forward(self, x):
        return x * self.weight

net = Net()
number = 5
"""


@pytest.fixture
def link(zygote):
    sessions = []

    def connect():
        sessions.append(zygote.session(JailLimits()))
        fresh = Link(lambda: sessions[-1].channel)
        assert not fresh.value("cell", 20, source=SOURCE)["outputs"]
        return sessions[-1].channel

    yield Link(connect)
    for session in sessions:
        session.end()


def name(link, what):
    return link.named(what, 10)


def test_values_cross_and_prints_come_along(link, capsys):
    x = torch.arange(6.0).reshape(2, 3)
    assert torch.equal(name(link, "double")(x), 2 * x)
    assert capsys.readouterr().out == "hello\n"
    assert name(link, "number") == 5
    got = name(link, "pair")(x, scale=2)
    assert got["sum"] == 30
    assert torch.equal(got["parts"][1][0], x)
    assert got["parts"][1][1] == 3


def test_gradients_cross_in_both_directions(link):
    x = torch.randn(3, dtype=torch.float64, requires_grad=True)
    y = name(link, "double")(x * 3)
    (y.square().sum()).backward()
    torch.testing.assert_close(x.grad, 72 * x.detach())
    x.grad = None  # a check hands the copy of a leaf with its .grad over, as a leaf
    assert torch.autograd.gradcheck(lambda a: Answer(name(link, "double"))(a), (x,))


def test_a_gradient_that_is_there_crosses_and_is_watched(link):
    x = torch.ones(2, requires_grad=True)
    x.grad = torch.tensor([2.0, 3.0])
    answer = Answer(name(link, "clears"))
    assert answer(x).tolist() == [2, 3]
    assert answer.changed == "argument 1 lost its .grad"
    assert x.grad.tolist() == [2, 3]


def test_a_module_is_called_and_its_parameters_learn(link):
    net = name(link, "net")
    assert net.is_module()
    x = torch.tensor([1.0, 4.0])
    y = net(x)
    assert y.tolist() == [2, 12]
    y.sum().backward()
    assert net.weight.grad.tolist() == [1, 4]
    with torch.no_grad():
        assert not net(x).requires_grad


def test_exceptions_keep_their_class_and_the_student_s_traceback(link):
    with pytest.raises(ValueError, match="negative") as caught:
        name(link, "fails")(1)
    assert "in fails" in caught.value.student_traceback
    with pytest.raises(RemoteError, match="strange"):
        name(link, "odd")()
    with pytest.raises(NameError, match="name 'nothing' is not defined"):
        name(link, "nothing")


def test_the_arguments_of_a_check_stay_as_they_are(link):
    x = torch.zeros(3)
    answer = Answer(name(link, "inplace"))
    assert answer(x).tolist() == [1, 1, 1]
    assert answer.changed_input
    assert x.tolist() == [0, 0, 0]


def test_changes_in_place_come_back_only_where_they_are_asked_for(link):
    x, inplace = torch.zeros(3), name(link, "inplace")
    inplace(x)
    assert x.tolist() == [0, 0, 0]
    object.__setattr__(inplace, "_writes", True)  # as "# in place: inplace" in a test cell does
    inplace(x)
    assert x.tolist() == [1, 1, 1]


def test_a_check_watches_over_there(link):
    answer = Answer(name(link, "loops"))
    assert answer.trace(5).lines < answer.trace(50).lines
    x = torch.ones(4, dtype=torch.float64)
    ban = Ban("write it", operators="aten::mul")
    with pytest.raises(Wrong, match=r"torch's mul is not allowed here: write it"):
        Answer(name(link, "double"), (ban,))(x)
    with pytest.raises(Wrong, match="the reference is there to compare with"):
        Answer(name(link, "uses_reference"))(x, x)
    assert Answer(name(link, "fails")).raises(ValueError, x)
    allowed = r"which the task allows: ValueError in line \d+ of fails: negative"
    with pytest.raises(Wrong, match=allowed):
        Answer(name(link, "fails"))(x)


def test_random_numbers_are_those_of_the_check(link):
    torch.manual_seed(3)
    want = torch.randn(3)
    torch.manual_seed(3)
    assert torch.equal(name(link, "gaussian")(), want)


def test_time_is_limited_and_the_next_call_works(link):
    with pytest.raises(Wrong, match="no result after 1 seconds"):
        Answer(name(link, "slow"), seconds=1)()
    assert Answer(name(link, "loops"))(3) == 3


def test_a_death_costs_one_call(link):
    dies, loops = name(link, "dies"), name(link, "loops")
    with pytest.raises(Wrong, match="Python died while it ran the answer"):
        Answer(dies)()
    assert Answer(loops)(4) == 6  # looked up again in a new process
    with pytest.raises(Lost):
        dies()


def test_a_remote_is_equal_to_itself_alone(link):
    double = name(link, "double")
    assert double != name(link, "double")
    assert bool(double)
    assert repr(double) == "<the student's double>"
    with pytest.raises(Exception, match="cannot be passed to the student"):
        double(lambda: 1)


def test_beside_thirty_busy_processes_a_right_answer_has_its_time(link):
    """Its limit is half a second of its own: a stopwatch would show many times as much."""
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(30)]
    try:
        assert Answer(name(link, "works"), seconds=0.5)(0.2) == "done"
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_waiting_uses_up_the_time_like_working(link):
    with pytest.raises(Wrong, match="no result after 1 seconds"):
        Answer(name(link, "sleeps"), seconds=1)()


def test_after_a_time_out_the_next_call_has_a_fresh_process(link):
    answer = Answer(name(link, "counts_or_loops"), seconds=1)
    assert [answer(False), answer(False)] == [1, 2]
    with pytest.raises(Wrong, match="no result after 1 seconds"):
        answer(True)
    assert answer(False) == 1
    with pytest.raises(Wrong, match="no result"):
        answer(True)
    with pytest.raises(Wrong, match="not tried: an earlier call took too long"):
        answer(False)


def foreseen(answer, *inputs):
    """What each call gives when all were announced before: a value, or what was wrong."""
    answer.expect([((x,), {}) for x in inputs])
    told = []
    for x in inputs:
        try:
            told.append(answer(x))
        except Wrong as wrong:
            told.append(str(wrong))
    return told


def test_calls_that_are_foreseen_are_one_request(link, monkeypatch):
    asked, ask = [], Link.ask

    def counted(self, op, *args, **facts):
        asked.append(op)
        return ask(self, op, *args, **facts)

    monkeypatch.setattr(Link, "ask", counted)
    answer = Answer(name(link, "picky"))
    numbers = [1000 + n for n in range(5)]
    zero, one, refuses, *_ = foreseen(answer, numbers[0], numbers[1], -1)
    assert (zero.tolist(), one.tolist()) == ([1000.0] * 2, [1001.0] * 2)
    assert "your function refuses this input" in refuses
    assert asked.count("watched") == 1
    answer.expect([((n,), {}) for n in numbers])
    assert answer(numbers[3]).tolist() == [1003.0] * 2  # not the next one: asked for by itself
    assert answer(numbers[0]).tolist() == [1000.0] * 2
    assert asked.count("watched") == 3


def test_a_death_among_foreseen_calls_costs_one_call(link):
    zero, one, dies, three = foreseen(Answer(name(link, "picky")), 0, 1, 2, 3)
    assert (zero.tolist(), one.tolist(), three.tolist()) == ([0.0] * 2, [1.0] * 2, [3.0] * 2)
    assert "Python died while it ran the answer" in dies


def test_a_time_out_among_foreseen_calls_costs_one_call(link):
    answer = Answer(name(link, "counts_or_loops"), seconds=1)
    *told, late, fresh = foreseen(answer, False, 0, True, "")
    assert (told, fresh) == ([1, 2], 1)
    assert "no result after 1 seconds" in late


def test_foreseen_calls_have_their_time_each(link):
    answer = Answer(name(link, "works"), seconds=0.5)
    assert foreseen(answer, 0.2, 0.21, 0.22, 0.23) == ["done"] * 4


def test_requests_share_a_budget(link):
    loops = Answer(name(link, "slow"), seconds=1)
    link.budget = link.spent + 0.5
    with pytest.raises(Wrong, match="no result after"):
        loops()
    link.budget = link.spent
    with pytest.raises(Wrong, match="not tried: the calls before used up the time"):
        loops()


def test_what_an_answer_changes_of_its_input_is_said(link):
    answer = Answer(name(link, "inplace"))
    answer(torch.zeros(3))
    assert answer.changed == "argument 1 has other values"


def test_only_one_process_answers(link):
    assert Answer(name(link, "forks_past_python"))() == 3
    assert Answer(name(link, "loops"))(3) == 3
