"""The warmed process: imports torch once, then forks a locked-in child per submission.

    python -m autograder.sandbox.zygote CONTROL LISTENER [--namespaces]

Both are numbers of inherited Unix sockets; when CONTROL is closed at its other end, all ends.
Each message on it, or on a connection that LISTENER accepts, is the JSON of ``JailLimits``
(and of ``idle``, see ``Watch``) with two sockets attached: over one the child serves its
submission, over the other its supervisor reports the end; when the trusted side closes that
one, the child and whatever it started are killed. A message ``{"template": NAME}`` brings a
CONTROL and a LISTENER instead: a fork of this process runs those demonstrations and then
serves there as this one does (see ``template``). None of these processes ever runs a
student's code.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import tempfile
import traceback

from autograder.sandbox import template
from autograder.sandbox.jail import JailLimits, adopt_orphans, fork_jailed
from autograder.sandbox.watch import Watch

READY = b"ready"
WORK = "work-"  # a submission's working directory


def main() -> None:
    control, listener = (socket.socket(fileno=int(handle)) for handle in sys.argv[1:3])
    namespaces = "--namespaces" in sys.argv
    shell = warm_up(hidden_files=not namespaces)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the trusted side
    serve(control, listener, namespaces, shell)


def serve(control: socket.socket, listener: socket.socket, namespaces: bool, shell) -> None:
    """Say that all is warm, and answer whoever asks until ``control`` is closed."""
    control.send(READY)
    callers = [control]
    while control in callers:
        ready, _, _ = select.select([listener, *callers], [], [])
        for end in ready:
            if end is listener:
                callers.append(listener.accept()[0])
            elif not _answer(end, [listener, *callers], namespaces, shell):
                callers.remove(end)
                end.close()


def _answer(
    caller: socket.socket, private: list[socket.socket], namespaces: bool, shell
) -> bool:
    """Fork a child as ``caller`` asks, without ``private``; False when the caller is gone."""
    try:
        message, handles, _, _ = socket.recv_fds(caller, 4096, 2)
    except OSError:
        return False
    _reap()
    if not message:
        return False
    asked = json.loads(message)
    one, other = (socket.socket(fileno=handle) for handle in handles)
    if os.fork() == 0:
        for end in private:
            end.close()
        if "template" in asked:
            template.play(asked["template"], shell)
            gc.collect()
            gc.freeze()
            serve(one, other, namespaces, shell)
        else:
            _supervise(asked, one, other, namespaces, shell)
        os._exit(0)
    one.close()
    other.close()
    return True


def warm_up(hidden_files: bool):
    """Import and touch what every submission needs; the slow part, paid once.

    Args:
        hidden_files: whether files that students must not see are there to be seen.
    """
    import torch

    torch.set_num_threads(1)  # threads do not survive a fork
    import matplotlib.pyplot as plt
    from matplotlib import font_manager

    import course_utils.data
    import course_utils.figures
    import course_utils.widgets  # noqa: F401
    from autograder.boundary import server  # noqa: F401
    from autograder.boundary.shell import make_shell
    from course_utils.checks import compiled, guard
    from course_utils.checks.watch import Limits, watched

    compiled.make_visible()
    guard.watch_threads()
    shell = make_shell()
    font_manager.fontManager.findfont("DejaVu Sans")
    plt.close(plt.figure())
    _first_calls()
    x = torch.ones(2, 2)
    watched(lambda x: (x * x).sum(), (x,), {}, Limits(seconds=5, count_lines=True))
    _hide(hidden_files)
    gc.collect()
    gc.freeze()  # else each child's collections would copy the pages that all share
    return shell


def _first_calls() -> None:
    """What torch imports and sets up when it is first asked: seconds that are nobody's own."""
    import torch
    import torch.nn.functional as F

    x = torch.ones(2, 2, requires_grad=True)
    (x * x).sum().backward()
    repr(x)
    flat = torch.ones(2)
    torch.func.grad(torch.sum)(flat)  # imports torch's compiler
    torch.func.jvp(torch.sin, (flat,), (flat,))
    torch.func.vmap(torch.sum)(x.detach())
    torch.nn.LSTM(2, 2)(torch.ones(1, 1, 2))
    torch.optim.SGD([x]).step()
    grid = F.affine_grid(torch.eye(2, 3)[None], [1, 1, 2, 2], align_corners=False)
    F.grid_sample(torch.ones(1, 1, 2, 2), grid, align_corners=False)
    torch.linalg.svd(x.detach())


def _hide(files: bool) -> None:
    """The definitions of the checks and the grader's own part; see ``veil``."""
    from autograder.sandbox.veil import Veil
    from course_utils import checks

    names = checks.CHAPTERS
    Veil(names).draw(files)


def _supervise(
    asked: dict, service: socket.socket, life: socket.socket, namespaces: bool, shell
) -> None:
    """Parent of the child that serves: waits for its end, or ends it."""
    os.setsid()
    idle = asked.pop("idle")
    limits = JailLimits(**asked)
    adopt_orphans()
    # With namespaces /tmp is the child's own and goes with it; without, it is everybody's.
    place = None if namespaces else tempfile.mkdtemp(prefix=WORK)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)  # the child mounts over it
    try:
        pid = fork_jailed(limits, namespaces)
    except OSError as error:
        _tidy(place)
        _report(life, {"refused": str(error)})
        return
    if pid == 0:
        _report(life, {"serving": True})  # says who this is, too
        life.close()
        _serve(service, shell, place)
        os._exit(0)
    service.close()
    ends = [os.pidfd_open(pid), life.fileno()]
    watch, greedy = Watch(proc, pid, limits.memory, idle), False
    while not greedy and not select.select(ends, [], [], watch.pause)[0]:
        greedy = watch.exceeded()
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    _kill_children()
    _tidy(place)
    peak = usage.ru_maxrss // 1024
    _report(life, {"status": status, "peak_mb": peak, "greedy": greedy})


def _tidy(place: str | None) -> None:
    if place:
        shutil.rmtree(place, ignore_errors=True)


def _serve(service: socket.socket, shell, place: str | None) -> None:
    from autograder.boundary.channel import Channel
    from autograder.boundary.server import Server

    _close_all_but(service.fileno())
    folder = place or tempfile.mkdtemp(prefix=WORK)
    os.chdir(folder)
    sys.path.insert(0, folder)  # as in a notebook: modules beside it can be imported
    try:
        Server(Channel(service), shell).serve()
    except BaseException:
        traceback.print_exc()


def _close_all_but(kept: int) -> None:
    """What the warmed process has open is nothing for a student."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    os.closerange(3, kept)
    os.closerange(kept + 1, max(most, 1 << 20))


def _kill_children() -> None:
    """Orphans that were adopted: without a process namespace they outlive the child."""
    while True:
        children = _children()
        for pid in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not _reap() and not children:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as listed:  # noqa: PTH123
            return [int(pid) for pid in listed.read().split()]
    except OSError:
        return []


def _reap() -> bool:
    """Collect the children that have ended; whether any are left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def _report(life: socket.socket, facts: dict) -> None:
    with contextlib.suppress(OSError):
        life.send(json.dumps(facts).encode())


if __name__ == "__main__":
    main()
