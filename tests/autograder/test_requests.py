"""How long a request may take: the other side's own time, whatever keeps the machine busy."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from autograder.boundary import requests
from autograder.boundary.channel import HEAD, Channel, ChannelClosed, ChannelTimeout
from autograder.boundary.requests import Lost, Requests
from autograder.boundary.wire import Packer
from autograder.sandbox.launch import Session
from course_utils.checks.clock import WINDOW
from tests.patience import until

LONG = 2 * WINDOW
SECONDS = 1.0
LARGE = 4 << 20  # bytes, more than a socket holds


@pytest.fixture
def asks(monkeypatch) -> Iterator[Callable]:
    """Ask someone who does ``serve(end)`` and uses no CPU; the value, and what it cost."""
    monkeypatch.setattr(requests, "GRACE", 0)
    ends: list[socket.socket] = []

    def ask(serve: Callable[[socket.socket], None], queues: bool):
        near, far = socket.socketpair()
        ends.extend((near, far))
        link = Requests(lambda: Channel(near, lambda: 0.0, queues=lambda: queues))
        threading.Thread(target=serve, args=(far,), daemon=True).start()
        much = torch.zeros(LARGE, dtype=torch.uint8)
        return link.value("name", SECONDS, much=much), link.spent

    yield ask
    for end in ends:
        end.close()


def takes(end: socket.socket) -> None:
    left = LARGE
    while left > 0:
        left -= len(end.recv(1 << 20))


def reply(end: socket.socket) -> None:
    packer = Packer()
    blob = packer.dump({"answer": packer.pack(3)})
    end.sendall(len(blob).to_bytes(HEAD, "little") + blob)


def thinks(end: socket.socket) -> None:
    takes(end)
    time.sleep(LONG)
    reply(end)


def takes_late(end: socket.socket) -> None:
    time.sleep(LONG)
    takes(end)
    reply(end)


def takes_nothing(end: socket.socket) -> None: ...


def dribbles(end: socket.socket) -> None:
    """A byte now and then, of a message that it announced."""
    with contextlib.suppress(OSError):  # given up
        takes(end)
        end.sendall((1000).to_bytes(HEAD, "little"))
        while True:
            end.sendall(b" ")
            time.sleep(0.2)


@pytest.mark.parametrize("serve", [thinks, takes_late])
def test_who_waits_for_the_cpu_has_his_time(asks, serve):
    value, spent = asks(serve, queues=True)
    assert value == 3
    assert spent < SECONDS


@pytest.mark.parametrize("serve", [takes, takes_nothing, dribbles])
def test_who_waits_for_anything_else_uses_his_time_up(asks, serve):
    with pytest.raises(Lost, match=Lost.IN_TIME):
        asks(serve, queues=False)


def test_what_is_there_when_the_time_is_over_still_counts():
    near, far = socket.socketpair()
    with near, far:
        far.sendall((2).to_bytes(HEAD, "little") + b"ab")
        assert Channel(near).receive(0) == b"ab"
        with pytest.raises(ChannelTimeout):
            Channel(near).receive(lambda: True)
        far.close()
        with pytest.raises(ChannelClosed):
            Channel(near).receive(0)


def test_a_session_tells_work_from_sleep():
    near, life = socket.socketpair()
    with near, life:
        session = Session(near, life)
        session._pid = os.getpid()
        assert session.queues()
        with subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE
        ) as child:
            session._pid = child.pid
            until(lambda: not session.queues(), "for a process that waits for a line")
            child.stdin.write(b"\n")
            child.stdin.close()
        assert not session.queues()  # it is gone
