"""What a submission can reach, write, show and use, as a whole, in a real sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograder.boundary import shown
from autograder.boundary.remote import Link, Lost
from autograder.sandbox import groups
from autograder.sandbox.jail import JailLimits
from autograder.sandbox.kind import describes
from autograder.sandbox.launch import Session, Zygote

Run = Callable[..., list[dict]]
LITTLE = replace(JailLimits(), memory=400 << 20)


@pytest.fixture(params=["groups", "watched"])
def shares(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether groups share the machine out; else the supervisor watches."""
    if request.param == "watched":
        monkeypatch.setattr(groups, "parents", tuple)
    elif not groups.divided(groups.parents(), groups.CPU):
        pytest.skip("no control groups of one's own here")
    return request.param == "groups"


def run(session: Session, source: str, seconds: float = 30) -> list[dict]:
    """The outputs of a cell."""
    outputs = Link(lambda: session.channel).value("cell", seconds, source=source)["outputs"]
    assert isinstance(outputs, list)
    return outputs


def printed(zygote: Zygote, *sources: str) -> str:
    """What cells of one submission print; nothing else may come of them."""
    session = zygote.session(JailLimits())
    try:
        outputs = [o for source in sources for o in run(session, source)]
    finally:
        session.end()
    assert all(o["output_type"] == "stream" for o in outputs), outputs
    return "".join(o["text"] for o in outputs)


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


OPEN_FILES = """
import os, stat
for handle in range(4096):
    try:
        kind = os.fstat(handle)
    except OSError:
        continue
    null = kind.st_rdev == os.stat(os.devnull).st_rdev
    print("null" if null else "socket" if stat.S_ISSOCK(kind.st_mode) else kind)
"""


def test_no_open_file_but_the_service_is_passed_on(zygote: Zygote) -> None:
    assert printed(zygote, OPEN_FILES).split() == ["null", "null", "null", "socket"]


WRITABLE = """
import os, stat, sys
READ_ONLY = {sys.prefix, sys.base_prefix, "/usr", "/proc"}  # one mount each
for folder, folders, files in os.walk("/"):
    if folder in READ_ONLY:
        assert os.statvfs(folder).f_flag & os.ST_RDONLY, folder
        folders.clear()
        continue
    for path in [folder, *(os.path.join(folder, name) for name in files)]:
        kind = os.lstat(path).st_mode
        if os.access(path, os.W_OK) and not (stat.S_ISLNK(kind) or stat.S_ISCHR(kind)):
            size = os.statvfs(path)
            print(path.split("work-")[0], size.f_blocks * size.f_frsize, size.f_files)
"""


def test_only_places_of_one_s_own_are_writable_and_small(jailed: Zygote) -> None:
    limits = JailLimits()
    lines = {line.rsplit(" ", 2)[0]: line.split()[1:] for line in
             printed(jailed, WRITABLE).splitlines()}  # fmt: skip
    assert set(lines) == {"/tmp", "/tmp/", "/dev/shm"}
    assert int(lines["/tmp"][0]) == limits.tmp_size
    assert int(lines["/dev/shm"][0]) == limits.shm_size
    assert all(int(files) <= 50_000 for _, files in lines.values())


WRITE = """
import os, pty
for place in ("/tmp/left", "/dev/shm/left", "/var/tmp/left", "/run/lock/left", "/dev/left",
              "/dev/mqueue/left", "left"):
    try:
        open(place, "w").write("answer")
    except OSError:
        pass
ends = os.openpty()
"""
FIND = """
import os
for place in ("/tmp", "/dev/shm", "/dev/pts", "/var/tmp", "/run/lock", "/dev", "."):
    if os.path.isdir(place):
        print(*(name for name in os.listdir(place) if name in ("left", "0")))
"""


def test_what_one_writes_the_next_does_not_see(jailed: Zygote) -> None:
    first = jailed.session(JailLimits())
    assert run(first, WRITE) == []
    assert printed(jailed, FIND).split() == []  # while the first one lives, too
    first.end()
    assert printed(jailed, FIND).split() == []


REFUSED = """
import ctypes, os, socket
libc = ctypes.CDLL(None, use_errno=True)
NEWUSER = 0x10000000
X86 = {"clone": 56, "memfd_create": 319, "memfd_secret": 447, "keyctl": 250, "bpf": 321,
       "io_uring_setup": 425, "perf_event_open": 298, "userfaultfd": 323, "clone3": 435,
       "mount": 165, "fsopen": 430, "mq_open": 240, "process_vm_readv": 310}
ARM = {"clone": 220, "memfd_create": 279, "memfd_secret": 447, "keyctl": 219, "bpf": 280,
       "io_uring_setup": 425, "perf_event_open": 241, "userfaultfd": 282, "clone3": 435,
       "mount": 40, "fsopen": 430, "mq_open": 180, "process_vm_readv": 270}
calls = X86 if os.uname().machine == "x86_64" else ARM
tried = {name: lambda n=n: libc.syscall(n, NEWUSER | 17, 0, 0, 0, 0) for name, n in calls.items()}
tried |= {"unshare": lambda: libc.unshare(NEWUSER), "ptrace": lambda: libc.ptrace(0, 0, 0, 0),
          "shmget": lambda: libc.shmget(0, 4096, 0o1600), "msgget": lambda: libc.msgget(0, 0o1600)}
for name, call in tried.items():
    if call() != -1 or ctypes.get_errno() not in (1, 38):
        print(name, ctypes.get_errno())
for family in (38, 40, 17):  # the kernel's ciphers, the host of a virtual machine, raw packets
    try:
        socket.socket(family, socket.SOCK_STREAM)
        print(family)
    except OSError:
        pass
"""  # noqa: E501


def test_calls_that_nobody_needs_are_refused(zygote: Zygote) -> None:
    assert printed(zygote, REFUSED) == ""


HONEST = """
import concurrent.futures, multiprocessing, socket, subprocess, tempfile, threading, torch
fork = multiprocessing.get_context("fork")
with concurrent.futures.ProcessPoolExecutor(2, fork) as pool:
    assert list(pool.map(abs, [-1, 2])) == [1, 2]
numbers = torch.utils.data.TensorDataset(torch.arange(8.0))
batches = torch.utils.data.DataLoader(numbers, batch_size=4, num_workers=2)
assert [x.tolist() for x, in batches] == [[0, 1, 2, 3], [4, 5, 6, 7]]
assert subprocess.run(["echo", "x"], capture_output=True, text=True).stdout == "x\\n"
assert subprocess.run("exit 3", shell=True, start_new_session=True).returncode == 3
thread = threading.Thread(target=lambda: torch.ones(3).sum()); thread.start(); thread.join()
near, far = socket.socketpair(); near.send(b"x"); assert far.recv(1) == b"x"
with tempfile.NamedTemporaryFile() as file: file.write(b"x" * 10**6)
shared = torch.ones(1000).share_memory_(); assert shared.sum() == 1000
!echo done
"""


def test_torch_processes_threads_and_shells_work(zygote: Zygote, shares: bool) -> None:
    assert printed(zygote, HONEST).strip() == "done"


FORKED = """
import os, time
children = []
for _ in range(8):
    children.append(os.fork())
    if not children[-1]:
        block = bytearray(os.urandom(1 << 20)) * 100
        time.sleep(1000)
time.sleep(1000)
"""
SHARED = """
import mmap, os, time
for _ in range(5):
    block = mmap.mmap(-1, 250 << 20)
    if not os.fork():
        for place in range(0, len(block), 4096): block[place] = 1
        time.sleep(1000)
    block.close()
time.sleep(1000)
"""


@pytest.mark.parametrize("source", [FORKED, SHARED])
def test_processes_share_one_limit_of_memory(zygote: Zygote, shares: bool, source: str) -> None:
    session, neighbour = zygote.session(LITTLE), zygote.session(LITTLE)
    try:
        with pytest.raises(Lost, match="it ran out of memory"):
            run(session, source)
        assert run(neighbour, "print(1)")[0]["text"] == "1\n"
    finally:
        session.end()
        neighbour.end()


IDLE = """
import os, threading, time
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
for _ in range(3):
    if not os.fork(): spin()
"""


def policies(session: Session) -> list[int]:
    """How the threads of a submission are scheduled, the main one first."""
    main = psutil.Process(session._pid)
    family = [main, *main.children(recursive=True)]
    threads = [thread.id for process in family for thread in process.threads()]
    threads.sort(key=lambda thread: thread != main.pid)
    return [os.sched_getscheduler(thread) for thread in threads]


def test_spinners_get_no_more_of_the_cpu_than_a_neighbour(zygote: Zygote, shares: bool) -> None:
    before = own_groups()
    session, neighbour = zygote.session(JailLimits()), zygote.session(JailLimits())
    try:
        run(session, IDLE)
        if shares:
            own, other = (Path(f"/proc/{s._pid}/cgroup").read_text() for s in
                          (session, neighbour))  # fmt: skip
            assert groups.GROUP in own
            assert own != other
        else:
            others = [os.SCHED_IDLE] * 4
            until(lambda: policies(session) == [os.SCHED_OTHER, *others])
        used = neighbour.cpu()
        run(neighbour, "import time\nwhile time.process_time() < 2: pass", 20)
        assert neighbour.cpu() - used < 10
        assert run(session, "print(1)")[0]["text"] == "1\n"
    finally:
        session.end()
        neighbour.end()
    if shares:
        assert not own_groups() - before


def own_groups() -> set[str]:
    names = {folder.name for p in groups.parents() for folder in p.folder.iterdir()}
    return {n for n in names if n.startswith(f"{groups.GROUP}{os.getpid()}-")}


def test_groups_of_graders_that_were_killed_are_swept(tmp_path: Path) -> None:
    gone, alive = tmp_path / "course-999999999-3", tmp_path / f"course-{os.getpid()}-3"
    gone.mkdir()
    alive.mkdir()
    groups._sweep(tmp_path)
    assert [folder.name for folder in tmp_path.iterdir()] == [alive.name]


def test_a_delegated_group_of_the_second_version_is_divided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "user.slice" / "run-1.scope"
    own.mkdir(parents=True)
    (own / "cgroup.procs").write_text("7\n")
    mounts = [("cgroup2", Path("/"), tmp_path, "rw")]
    of_this_process = "0::/user.slice/run-1.scope\n"
    assert groups._parents(mounts, of_this_process) == []
    monkeypatch.setattr(groups, "_delegated", lambda folder: folder == own)
    (parent,) = groups._parents(mounts, of_this_process)
    assert (own / groups.LEAF / "cgroup.procs").read_text() == "7"
    group = groups.Group(9, LITTLE, (parent,))
    (folder,) = group._folders
    assert (folder / "cgroup.procs").read_text() == "9"
    most = LITTLE.memory + LITTLE.tmp_size + LITTLE.shm_size
    assert (folder / "memory.max").read_text() == str(most)
    assert not group.ran_out_of_memory()
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out_of_memory()


NOISY = {
    "both streams": "import sys\nfor i in range(30000): print(i); print(i, file=sys.stderr)",
    "small displays": "for i in range(10**5): display(i)",
    "one giant": "display({'text/html': 'x' * 10**8}, raw=True)",
    "many kinds": "display({f'a/{i}': '' for i in range(10**6)}, raw=True)",
    "deep": "x = []\nfor _ in range(500): x = [x]\ndisplay({'application/json': x}, raw=True)",
    "many nodes": "display({'application/json': [[]] * 10**6}, raw=True)",
    "letters": "import sys\nfor i in range(10**6): sys.stdout.write('ab')",
    "metadata": "for i in range(300): display('x', metadata={'a': 'x' * 10**6})",
    "tracebacks": "for i in range(2000):\n    try: 1/0\n"
                  "    except Exception: get_ipython().showtraceback()\n    if i > 50: break",
}  # fmt: skip


@pytest.mark.parametrize("name", NOISY)
def test_a_noisy_cell_is_cut_and_the_next_one_runs(jailed: Zygote, name: str) -> None:
    session = jailed.session(JailLimits())
    try:
        outputs = run(session, NOISY[name], 60)
        assert len(outputs) <= shown.MAX_ITEMS + 2
        assert sum(len(str(o)) for o in outputs) < 2 * shown.MAX_OUTPUT
        texts = [o.get("text") for o in outputs]
        if name in ("both streams", "metadata", "tracebacks"):  # no line is lost
            assert shown.CUT not in texts
        else:
            assert texts.count(shown.CUT) == 1
        assert run(session, "print(1)")[0]["text"] == "1\n"
    finally:
        session.end()


def test_streams_that_alternate_keep_every_line(jailed: Zygote) -> None:
    session = jailed.session(JailLimits())
    outputs = run(session, NOISY["both streams"])
    session.end()
    assert len(outputs) <= shown.MAX_TURNS + 1
    for stream in ("stdout", "stderr"):
        text = "".join(o["text"] for o in outputs if o["name"] == stream)
        assert text.split() == [str(i) for i in range(30000)]


def test_the_error_that_ended_a_noisy_cell_is_told(jailed: Zygote) -> None:
    session = jailed.session(JailLimits())
    outputs = run(session, "for i in range(10**4): display(i)\nraise ValueError('x' * 10**7)")
    session.end()
    assert outputs[-1]["ename"] == "ValueError"
    assert len(str(outputs[-1])) < shown.MAX_OUTPUT


def test_the_doctor_can_say_what_this_machine_has() -> None:
    said = dict(describes())
    assert set(said) == {"namespaces", "calls refused", "CPU", "memory", "own /dev"}
    assert all(said.values())


@pytest.mark.skipif(os.getuid() != 0, reason="it is the same user")
def test_a_grader_that_is_not_root_has_the_same() -> None:
    """Root of this machine, but a plain user by all that a program can ask."""
    plain = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if subprocess.run([*plain, "bwrap", "--ro-bind", "/", "/", "true"], check=False).returncode:
        pytest.skip("no such user can be made here")
    chosen = "(open_file or own or next_does or refused) and bubblewrap"
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k"]
    done = subprocess.run([*plain, *tests, chosen], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
