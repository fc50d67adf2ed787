"""What goes round the watch is refused, in a notebook and at grading; honest code is not."""

from __future__ import annotations

import contextlib
import sys

import pytest
import torch

from autograder.boundary.remote import Link, Lost
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.launch import Zygote
from course_utils.checks.answer import Answer, Wrong
from tests.attacks.ways_round import (
    BANS,
    COMPILED,
    DEFINITIONS,
    EARLY_THREADS,
    EXCHANGED,
    FILLED_LATER,
    HEAD,
    HONEST,
    IMAGE,
    REFUSED,
    SERVER,
    WANT,
)

AT_GRADING = {**REFUSED, **EARLY_THREADS, **COMPILED, **EXCHANGED}


@contextlib.contextmanager
def in_sandbox(zygote: Zygote, source: str):
    """``f`` of a cell that ran in a process of its own."""
    session = zygote.session(JailLimits())
    try:
        link = Link(lambda: session.channel)
        assert link.value("cell", 20, source=HEAD + source)["outputs"] == []
        yield link.named("f", 10)
    finally:
        session.end()


@contextlib.contextmanager
def in_process(source: str):
    """``f`` of a cell that ran here; what it has set is put back."""
    import threading

    from course_utils.checks import guard, own_code

    kept = guard.Guard._refuse, guard.Guard._of_operator, own_code.sentence.__code__
    profiles = sys.setprofile, sys.getprofile, threading.getprofile()
    space: dict = {"__name__": "__main__"}
    try:
        exec(compile(HEAD + source, "<cell>", "exec"), space)
        yield space["f"]
    finally:
        guard.Guard._refuse, guard.Guard._of_operator, own_code.sentence.__code__ = kept
        sys.setprofile, sys.getprofile = profiles[:2]
        threading.setprofile(profiles[2])
        torch._C._set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
        torch.set_default_device(None)
        torch.use_deterministic_algorithms(False)
        torch.autograd.set_detect_anomaly(False)


def refused(f) -> None:
    with pytest.raises(Wrong, match="is not allowed here: ") as wrong:
        Answer(f, BANS).trace(IMAGE)
    assert "raised" not in str(wrong.value)


@pytest.mark.parametrize("name", {**REFUSED, **DEFINITIONS})
def test_it_is_refused_in_a_notebook(name):
    with in_process({**REFUSED, **DEFINITIONS}[name]) as f:
        refused(f)


@pytest.mark.parametrize("name", AT_GRADING)
def test_it_is_refused_at_grading(name, zygote):
    with in_sandbox(zygote, AT_GRADING[name]) as f:
        refused(f)


@pytest.mark.parametrize("name", FILLED_LATER)
def test_what_is_computed_after_the_call_does_not_count(name, zygote):
    with in_sandbox(zygote, FILLED_LATER[name]) as f:
        value = Answer(f, BANS)(IMAGE)
    assert torch.equal(value, torch.zeros_like(WANT))


@pytest.mark.parametrize("name", SERVER)
def test_a_changed_server_serves_nothing(name, zygote):
    session = zygote.session(JailLimits())
    link = Link(lambda: session.channel)
    assert link.value("cell", 20, source=HEAD + SERVER[name])["outputs"] == []
    with pytest.raises(Lost, match="Python died"):
        link.named("f", 10)
    session.end()


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_keeps_its_value_in_a_notebook(name):
    if "inference" in name:
        pytest.skip("it could not be left again in this process")
    with in_process(HONEST[name]) as f:
        assert torch.equal(Answer(f, BANS)(IMAGE), WANT)
        assert torch.equal(Answer(f, BANS).trace(IMAGE).value, WANT)


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_keeps_its_value_at_grading(name, zygote):
    with in_sandbox(zygote, HONEST[name]) as f:
        answer = Answer(f, BANS)
        assert torch.equal(answer(IMAGE), WANT)
        assert torch.equal(answer.trace(IMAGE).value, WANT)
        assert not answer.changed_input
