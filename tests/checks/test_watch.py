"""One call of an answer: its input, its time, its errors, what it finds and leaves."""

from __future__ import annotations

import decimal
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch.utils._pytree import tree_leaves

from course_utils.checks import clock, convolution, own_code, twins
from course_utils.checks.answer import Answer, Wrong
from course_utils.checks.clock import SHARE, STARVED, WIDE, WINDOW, Meter
from course_utils.checks.seal import Seal
from course_utils.checks.watch import End, Limits, watched

X = torch.arange(4.0, dtype=torch.float64)


def message(call, *args, **kwargs) -> str:
    with pytest.raises(Wrong) as wrong:
        call(*args, **kwargs)
    return str(wrong.value)


def changed(function, *args, **kwargs) -> str:
    answer = Answer(function)
    answer(*args, **kwargs)
    assert answer.changed_input == bool(answer.changed)
    return answer.changed


# -- input --------------------------------------------------------------------------------


def leaf() -> torch.Tensor:
    return torch.ones(3, requires_grad=True)


def trained() -> torch.Tensor:
    """A leaf with a gradient."""
    x = leaf()
    x.grad = torch.full((3,), 2.0)
    return x


def tensors(args: tuple) -> list[torch.Tensor]:
    return [x for x in tree_leaves(args) if isinstance(x, torch.Tensor)]


def backward(x: torch.Tensor) -> None:
    (x * x).sum().backward()


CHANGES = {
    "values": (lambda x: x.mul_(2), (X,), "argument 1 has other values"),
    "through NumPy": (lambda x: x.numpy().fill(0), (X,), "argument 1 has other values"),
    "shape": (lambda x: x.unsqueeze_(0), (X,), "argument 1 has another shape"),
    "dtype": (
        lambda x: setattr(x, "data", x.data.float()),
        (X,),
        "argument 1 has another dtype",
    ),
    "flag": (lambda x: x.requires_grad_(), (X,), "argument 1 has another requires_grad"),
    "own flag taken": (
        lambda x: x.detach_(),
        (leaf(),),
        "argument 1 has another requires_grad",
    ),
    "backward": (lambda x: (x * x).sum().backward(), (leaf(),), "argument 1 got a .grad"),
    "backward for a leaf": (
        lambda x: (x * x).sum().backward(inputs=[x]),
        (leaf(),),
        "argument 1 got a .grad",
    ),
    "gradient lost": (
        lambda x: setattr(x, "grad", None),
        (trained(),),
        "argument 1 lost its .grad",
    ),
    "gradient set to zero": (
        lambda x: x.grad.zero_(),
        (trained(),),
        "argument 1 has another .grad",
    ),
    "gradient added to": (backward, (trained(),), "argument 1 has another .grad"),
    "flag of a leaf with a gradient": (
        lambda ws: ws[1].requires_grad_(False),
        ([leaf(), trained()],),
        "element 1 of argument 1 has another requires_grad",
    ),
    "in a list": (
        lambda ws: sum(w.sum() for w in ws).backward(),
        ([leaf(), leaf()],),
        "element 0 of argument 1 got a .grad",
    ),
    "emptied": (lambda v: v.clear(), ([1, 2],), "argument 1 has another length"),
    "extended": (lambda v: v.append(3), ([1, 2],), "argument 1 has another length"),
    "sorted": (lambda v: v.sort(), ([2, 1],), "element 0 of argument 1 was replaced"),
    "replaced": (
        lambda v: v.__setitem__(1, v[1].clone()),
        ([X, X],),
        "element 1 of argument 1 was replaced",
    ),
    "key added": (lambda d: d.update(b=1), ({"a": 1},), "argument 1 has another length"),
    "key changed": (
        lambda d: (d.pop("a"), d.update(b=1)),
        ({"a": 1},),
        "argument 1 has other parts",
    ),
    "value of a key": (
        lambda d: d.update(a=2),
        ({"a": 1},),
        "element 'a' of argument 1 was replaced",
    ),
    "nested": (
        lambda d: d["a"][1][0].zero_(),
        ({"a": [1, (X + 1,)]},),
        "element 0 of element 1 of element 'a' of argument 1 has other values",
    ),
    "second": (lambda x, y: y.zero_(), (X, X + 1), "argument 2 has other values"),
    "array": (lambda a: a.sort(), (np.array([2, 1]),), "argument 1 has other values"),
    "set": (lambda s: s.add(3), ({1},), "argument 1 has other values"),
}


@pytest.mark.parametrize(("function", "args", "says"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_input_is_noticed_and_reaches_nobody(function, args, says):
    before, slopes = repr(args), repr([x.grad for x in tensors(args)])
    assert changed(function, *args) == says
    assert changed(function, *args) == says  # the second call finds it as the first did
    assert repr(args) == before
    assert repr([x.grad for x in tensors(args)]) == slopes


def test_a_keyword_is_named():
    assert changed(lambda *, w: w.zero_(), w=X + 1) == "argument w has other values"


LEFT = {
    "NaN": (lambda x: x * 2, (torch.tensor([torch.nan, 1]),)),
    "NaN of Python": (lambda v: v, ([float("nan")],)),
    "NaN in an array": (lambda a: a + 1, (np.array([np.nan]),)),
    "complex": (lambda x: x * 2, (torch.tensor([1j]),)),
    "a gradient of one's own": (
        lambda x: torch.autograd.grad((x * x).sum(), x)[0],
        (leaf(),),
    ),
    "a copy of one's own": (
        lambda x: x.detach().clone().requires_grad_().sum().backward(),
        (leaf(),),
    ),
    "a gradient that was there": (
        lambda x: (x.grad * 2, backward(x.detach().requires_grad_())),
        (trained(),),
    ),
    "ordered": (lambda d: list(d), (OrderedDict(a=1),)),
    "nothing": (lambda *a: 1, (None, "text", 3, (1, 2), torch.float32)),
}


@pytest.mark.parametrize(("function", "args"), LEFT.values(), ids=LEFT)
def test_what_is_left_as_it_is_is_no_change(function, args):
    assert changed(function, *args) == ""


def test_a_copy_has_a_copy_of_the_gradient():
    x = trained()
    copy, gradient = Answer(lambda a: (a, a.grad))(x)
    assert copy.is_leaf
    assert copy.requires_grad
    assert torch.equal(gradient, x.grad)
    assert gradient is not x.grad


def test_what_is_given_twice_is_one_copy():
    first, second, other = Answer(lambda ws: ws)([X, X, X.clone()])
    assert first is second is not X
    assert other is not first


def test_gradients_lead_back_to_the_caller_after_the_call():
    x = X.clone().requires_grad_()
    Answer(lambda a: a**2)(x).sum().backward()
    assert torch.equal(x.grad, 2 * X)


# -- time ---------------------------------------------------------------------------------


class Clocks:
    """Clocks that a test sets."""

    def __init__(self, seconds: float, queues: bool = False) -> None:
        self.wall = self.cpu = 0.0
        clocks = lambda: self.cpu, None, lambda: self.wall
        self.meter = Meter(seconds, *clocks, queues=lambda: queues)

    def goes_on(self, wall: float, share: float, tick: float = 0.25) -> None:
        for _ in range(round(wall / tick)):
            self.wall, self.cpu = self.wall + tick, self.cpu + tick * share
            if self.meter.over():
                return


def test_work_counts_by_its_cpu_time_and_waiting_by_the_clock():
    works = Clocks(10)
    works.goes_on(9, share=1)
    assert not works.meter.over()
    works.goes_on(2, share=1)
    assert works.meter.over()
    sleeps = Clocks(10)
    sleeps.goes_on(9, share=0)
    assert not sleeps.meter.over()
    sleeps.goes_on(9, share=0)
    assert sleeps.wall < 10 + 2 * WINDOW


@pytest.mark.parametrize("others", [10, 30, 60])
def test_others_on_the_machine_cost_nothing_up_to_a_wide_cap(others):
    crowded = Clocks(10)
    crowded.goes_on(100, share=2 / others)
    assert crowded.meter.over() == (200 / others >= 10)
    assert crowded.meter.spent() == pytest.approx(min(10, 200 / others), abs=0.1)
    crowded.goes_on(1000, share=2 * SHARE)
    assert crowded.meter.over()
    assert crowded.wall <= WIDE * 10


def test_who_gets_next_to_nothing_of_the_cpu_has_his_time():
    """With a tiny share a process runs every few seconds, and so are its looks."""
    starved, outside = Clocks(10), Clocks(10, queues=True)
    for clocks, tick in ((starved, 5), (outside, 0.25)):
        clocks.goes_on(2 * WIDE * 10, share=SHARE / 3, tick=tick)
        assert not clocks.meter.over()
        assert clocks.meter.spent() == pytest.approx(clocks.wall * SHARE / 3, abs=0.01)
        clocks.goes_on(10_000, share=SHARE / 3, tick=tick)
        assert clocks.meter.over()
        assert clocks.wall == pytest.approx(STARVED * WIDE * 10, abs=tick)


STANDS_STILL = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("clock", sys.argv[1])
clock = importlib.util.module_from_spec(spec)
spec.loader.exec_module(clock)
print("begins", flush=True)
end = time.thread_time() + 0.2
with clock.limited(1, TimeoutError):
    while time.thread_time() < end:
        pass
print("ends")
"""


def test_while_the_machine_stands_still_no_time_goes_by():
    """As where a machine is paused, or so busy that nothing of an answer runs for seconds."""
    command = [sys.executable, "-c", STANDS_STILL, clock.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begins\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(WINDOW + 1.5)
        process.send_signal(signal.SIGCONT)
        assert process.stdout.read() == "ends\n"


def test_an_import_is_not_on_the_account():
    clocks = Clocks(10)
    for _ in range(100):
        clocks.goes_on(1, share=1)
        clocks.meter.excuse()
    assert clocks.meter.spent() < 10


def test_a_module_that_is_imported_in_a_call_is_not_interrupted(tmp_path, monkeypatch):
    text = "import time\nend = time.thread_time() + 0.6\nwhile time.thread_time() < end: pass\n"
    (tmp_path / "slow_module_of_a_test.py").write_text(text + "done = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import slow_module_of_a_test

        return slow_module_of_a_test.done

    assert Answer(imports, seconds=0.2)()


def test_a_limit_inside_a_limit_gives_the_outer_one_back():
    def forever():
        Answer(lambda: 1)()
        while True:
            pass

    with clock.limited(0.2, KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        forever()


def test_a_call_that_swallows_the_interruption_is_late_all_the_same():
    def stubborn():
        end = time.thread_time() + 1.5
        while time.thread_time() < end:
            try:
                while time.thread_time() < end:
                    pass
            except BaseException:
                pass
        return 1

    assert "no result after 0.2 seconds" in message(Answer(stubborn, seconds=0.2))


def test_sleeping_ends():
    outcome = watched(time.sleep, (1e9,), {}, Limits(0.3))
    assert outcome.end is End.TIMEOUT


def test_beside_thirty_busy_processes_a_right_answer_has_its_time():
    def works():
        end = time.thread_time() + 0.2
        while time.thread_time() < end:
            pass
        return 1

    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(30)]
    try:
        assert Answer(works, seconds=0.5)() == 1
    finally:
        for process in busy:
            process.kill()
            process.wait()


# -- errors -------------------------------------------------------------------------------

ALLOWED = "your function refuses this input, which the task allows: "


def guards(x):
    if len(x) < 9:
        raise ValueError("too short")


def asserts(x):
    assert len(x) > 9, "too short"


def raises_by_mistake(x):
    return int("four")


def torch_raises(x):
    return torch.nn.functional.softmax(x, dim="a")


def unpacks(x):
    first, _ = x
    return first


@pytest.mark.parametrize("function", [guards, asserts])
def test_a_guard_that_refuses_an_allowed_input_is_told_so(function):
    text = message(Answer(function), X)
    assert text.startswith(ALLOWED)
    assert f"in line {function.__code__.co_firstlineno + 2 - (function is asserts)}" in text
    assert "too short (arguments: (4,))" in text


@pytest.mark.parametrize("function", [raises_by_mistake, torch_raises, unpacks])
def test_another_error_is_no_refusal(function):
    text = message(Answer(function), X)
    assert text.startswith("the call raised ")
    assert "allows" not in text


def test_a_refusal_of_another_kind_than_expected_is_not_called_allowed():
    text = message(Answer(guards).raises, TypeError, X)
    assert text.startswith("the call raised ValueError")
    assert text.endswith("; expected a TypeError")
    assert Answer(guards).raises(ValueError, X)


def test_an_exception_that_lies_about_itself_is_a_sentence():
    class Liar(Exception):
        def __str__(self):
            raise SystemExit

    def lies(x):
        raise Liar

    assert "the call raised Liar" in message(Answer(lies), X)


# -- state --------------------------------------------------------------------------------


def test_a_call_finds_torch_as_it_was_at_the_start_and_leaves_what_was_set():
    def looks():
        w = torch.ones(1, requires_grad=True)
        return (w * 2).requires_grad, torch.ones(1).dtype, torch.is_anomaly_enabled()

    torch.set_default_dtype(torch.float64)
    torch.autograd.set_detect_anomaly(True)
    try:
        with torch.inference_mode():
            assert Answer(looks)() == (True, torch.float32, False)
            assert torch.is_inference_mode_enabled()
        assert torch.get_default_dtype() is torch.float64
        assert torch.is_anomaly_enabled()
    finally:
        torch.set_default_dtype(torch.float32)
        torch.autograd.set_detect_anomaly(False)


SETTINGS = {  # what a cell may say, and how it is taken back
    "torch.set_grad_enabled(False)": "torch.set_grad_enabled(True)",
    "mode = torch.inference_mode(); mode.__enter__()": "mode.__exit__(None, None, None)",
    "torch.set_default_dtype(torch.float64)": "torch.set_default_dtype(torch.float32)",
    "torch.set_default_device('meta')": "torch.set_default_device(None)",
    "torch.set_autocast_enabled('cpu', True)": "torch.set_autocast_enabled('cpu', False)",
    "torch.use_deterministic_algorithms(True)": "torch.use_deterministic_algorithms(False)",
    "torch.set_printoptions(0, 1)": "torch.set_printoptions('default')",
    "old = np.seterr(all='raise')": "np.seterr(**old)",
    "warnings.simplefilter('error')": "warnings.filters.pop(0)",
    "random.seed(0)": "",
    "old = sys.getrecursionlimit(); sys.setrecursionlimit(150)": "sys.setrecursionlimit(old)",
    "decimal.getcontext().traps[decimal.Inexact] = True":
        "decimal.getcontext().traps[decimal.Inexact] = False",
}  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_a_notebook_sets_costs_no_points(setting):
    """Neither in the calls, nor where the check works out what is right."""

    def conv2d(x, w, bias=None, stride=1, padding=0):
        warnings.warn("a word")  # noqa: B028
        np.ones(1) / np.zeros(1)
        decimal.Decimal(1) / 3
        (B, C, H, _), (M, D, *size) = x.shape, w.shape
        if C != D:
            raise ValueError("channels of x and w differ")
        columns = torch.nn.functional.unfold(x, size, padding=padding, stride=stride)
        y = w.reshape(M, -1) @ columns
        y = y.reshape(B, M, (H + 2 * padding - size[0]) // stride + 1, -1)
        return y if bias is None else y + bias.reshape(-1, 1, 1)

    space = {m.__name__: m for m in (torch, warnings, random, sys, decimal)} | {"np": np}
    exec(setting, space)
    try:
        report = convolution.conv2d(conv2d)
    finally:
        exec(SETTINGS[setting], space)
    assert not report.failures


def test_what_a_call_sets_is_gone_after_it():
    def sets():
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        sys.setrecursionlimit(200)

    limit = sys.getrecursionlimit()
    Answer(sets)()
    assert torch.get_default_dtype() is torch.float32
    assert torch.is_grad_enabled()
    assert sys.getrecursionlimit() == limit


def test_hooks_of_others_come_back():
    def profile(*_):
        return None

    threads = threading.getprofile()
    sys.setprofile(profile)
    try:
        Answer(lambda x: x * 2).trace(X)
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(None)
    assert threading.getprofile() is threads


def test_operators_in_threads_of_the_call_are_counted():
    from concurrent.futures import ThreadPoolExecutor

    def pixels(x):
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(lambda: torch.stack([v * 2 for v in x])).result()

    trace = Answer(pixels).trace(torch.ones(50))
    assert trace.operators["aten::mul"] == 50
    assert trace.multiplications == 50


def test_lines_of_an_import_are_not_counted(tmp_path, monkeypatch):
    (tmp_path / "long_module_of_a_test.py").write_text("x = 1\n" * 5000)
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import long_module_of_a_test

        return long_module_of_a_test.x

    assert Answer(imports).trace().lines < 10


# -- parts --------------------------------------------------------------------------------


def test_a_ban_knows_the_twins():
    ban = twins.ban("by hand", twins.SOFTMAX, twins.CONVOLUTION)
    assert ban.of_operator("aten::_softmax") == "torch's softmax is not allowed here: by hand"
    assert ban.of_operator("aten::convolution").startswith("torch's convolution (F.conv2d")
    pool = twins.ban("by hand", twins.POOLING).of_operator("aten::max_pool2d_with_indices")
    assert pool == "torch's max_pool2d is not allowed here: by hand"
    assert not ban.of_operator("aten::_convert_indices")
    assert ban.of_function("scipy.special._logsumexp", "softmax")
    assert not ban.of_function("scipy.special._logsumexp", "other")
    assert ban.of_function("numpy._core.numeric", "convolve")
    assert not twins.ban("by hand", twins.INITIALISATION).of_operator("aten::normal_")


def test_a_seal_breaks_when_a_part_is_exchanged(monkeypatch):
    module = "course_utils.checks.ban"
    seal = Seal(module)
    assert seal.broken() == ""
    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.Ban.of_operator", lambda self, name: "")
        assert seal.broken() == f"{module}.Ban.of_operator"
    with monkeypatch.context() as patch:
        patch.setattr(f"{module}.Ban.sentence.__code__", (lambda self, what: "").__code__)
        assert seal.broken() == f"{module}.Ban.sentence"
    assert seal.broken() == ""


def test_codes_are_read_where_one_was_exchanged_or_all_are_asked_for(monkeypatch):
    seal, read = Seal("course_utils.checks.ban"), []
    look = "course_utils.checks.seal._code_of"
    monkeypatch.setattr(look, lambda function: read.append(function) or function.__code__)

    def reads(**how) -> bool:
        read.clear()
        assert seal.broken(**how) == ""
        return bool(read)

    def other() -> None: ...

    assert not reads()
    assert reads(whole=True)
    other.__code__ = (lambda: None).__code__  # of nobody's concern, but who knows that
    assert reads()
    assert not reads()


def test_prints_of_the_course_s_code_are_the_same_in_each_process():
    command = "from course_utils.checks import own_code; print(*own_code.prints(), sep='\\n')"
    environment = os.environ | {"PYTHONHASHSEED": "5"}
    done = subprocess.run(
        [sys.executable, "-c", command],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stdout.splitlines() == own_code.prints()
    assert len(own_code.prints()) > 200


def test_no_answer_of_the_bank_is_taken_for_the_course_s_own_code():
    from pathlib import Path

    import autograder.answers

    files = sorted(Path(autograder.answers.__path__[0]).rglob("*.py"))
    for file in files:
        whole = compile(file.read_text("utf-8"), "cell.py", "exec")
        for code in own_code._inside(whole):
            assert own_code.sentence(code, "__main__") == "", (file, code.co_name)
