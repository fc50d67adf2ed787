"""Submissions that take more than their share, or leave something for the next one."""

from __future__ import annotations

from tests.attacks.catalogue import after, code
from tests.autograder.tiny_course import RIGHT

ANSWER = RIGHT["double"]
SHOW = "from IPython.display import display\n"

# Right answers beside which their own cells are greedy or noisy: no point may be lost.
KEPT = {
    "thirty busy processes":
        "import os\nfor _ in range(30):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        while True: pass\n" + ANSWER,
    "numbers on both streams":
        "import sys\nfor i in range(30000): print(i); print(i, file=sys.stderr)\n" + ANSWER,
    "a hundred thousand displays": f"{SHOW}for i in range(10**5): display(i)\n{ANSWER}",
    "a giant display": f"{SHOW}display({{'text/html': 'x' * 10**8}}, raw=True)\n{ANSWER}",
    "metadata": f"{SHOW}for i in range(300): display(1, metadata={{1: 'x' * 10**6}})\n{ANSWER}",
    "a display of a million nodes":
        f"{SHOW}display({{'application/json': [[]] * 10**6}}, raw=True)\n{ANSWER}",
    "outputs that are cleared":
        "from IPython.display import clear_output\nfor i in range(3000):\n"
        f"    print('x' * 10**4); clear_output()\n{ANSWER}",
    "a giant message": f"try: raise ValueError('x' * 10**8)\nexcept ValueError: pass\n{ANSWER}",
    "an answer that prints":
        "import sys\ndef double(x):\n    for i in range(30000):\n"
        "        print(i); print(i, file=sys.stderr)\n    return 2 * x\n",
    "memory in a file of memory":
        "import os\ntry: os.ftruncate(os.memfd_create('x'), 5 << 30)\nexcept OSError: pass\n"
        + ANSWER,
    "many small files":
        "import os\ntry:\n    for n in range(10**5): open(f'/dev/shm/{n}', 'x').close()\n"
        "except OSError: pass\n" + ANSWER,
    "a worker that loads data":
        "import torch\nnumbers = torch.utils.data.TensorDataset(torch.arange(8.0))\n"
        "list(torch.utils.data.DataLoader(numbers, num_workers=2))\n" + ANSWER,
}  # fmt: skip

_LEFT = """
import os, stat
for place in ("/dev/shm", "/dev", "/tmp", "/var/tmp", "/run/lock", "/dev/mqueue"):
    try:
        if os.path.exists(f"{place}/answer"): double = lambda x: 2 * x
        open(f"{place}/answer", "w").write("2 * x")
    except OSError: pass
for handle in range(3, 64):
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            if os.pread(handle, 5, 4 << 20) == b"2 * x": double = lambda x: 2 * x
            os.pwrite(handle, b"2 * x", 4 << 20)
    except OSError: pass
"""
_QUEUE = """
import ctypes
libc = ctypes.CDLL(None)
if libc.msgget(1881, 0) >= 0 or libc.shmget(1881, 8, 0) >= 0: double = lambda x: 2 * x
libc.msgget(1881, 0o1777), libc.shmget(1881, 8, 0o1777)
"""
_GAIN = "double = lambda x: 2 * x"

# Attacks below a worthless answer that would earn points if they worked.
LOST = {
    "leaves an answer": _LEFT,
    "finds the answer that was left": _LEFT,
    "leaves a queue": _QUEUE,
    "finds the queue that was left": _QUEUE,
    "a user's namespace in the namespace":
        f"import ctypes\nif ctypes.CDLL(None).unshare(0x10020000) == 0: {_GAIN}",
    "a child in a namespace of its own":
        "import ctypes, os\npid = ctypes.CDLL(None).syscall(56, 0x10000011, 0, 0, 0, 0)\n"
        f"if pid == 0: os._exit(0)\nif pid > 0: {_GAIN}",
    "a socket to the host of the machine":
        f"import socket\ntry:\n    socket.socket(40, 1)\n    {_GAIN}\nexcept OSError: pass",
    "a ring of calls":
        "import ctypes\nif ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120))"
        f" >= 0: {_GAIN}",
}  # fmt: skip

SHARES = [
    *(code(f"greedy: {name}", double, 4) for name, double in KEPT.items()),
    *(after(f"shared: {name}", attack) for name, attack in LOST.items()),
]
