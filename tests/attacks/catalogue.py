"""Hostile and broken answers, each with what it may earn.

``double`` is worth 4 points (2 visible, 2 hidden), ``flip`` 2 (1 and 1). Whoever attacks in
``double`` hands in a right ``flip``: nobody must lose points that were earned, and nobody may
gain one. ``WRONG`` is an answer worth nothing, to which each attack on the grading is added.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.attacks.pages import PAGES
from tests.autograder.tiny_course import RIGHT, answer

WRONG = "def double(x):\n    return x * 0 - 7.5\n"


@dataclass(frozen=True)
class Attack:
    """A submission: its bytes, made from the released notebook, and what it may earn."""

    name: str
    double: float
    flip: float
    make: Callable[[str], bytes]


def code(name: str, double: str, earns: float = 0, flip: float = 2) -> Attack:
    """An attack in the answer's cell."""
    sources = {**RIGHT, "double": double}
    return Attack(name, earns, flip, lambda release: answer(release, **sources))


def after(name: str, attack: str, flip: float = 2) -> Attack:
    """A worthless answer, and an attack on the grading below it.

    Who breaks the process that serves his answers loses his own ``flip`` with it.
    """
    return code(name, f"{WRONG}\n{attack}\n", flip=flip)


def file(name: str, change: Callable[[dict], object], double: float = 4, flip: float = 2):
    """Right answers in a file that was changed; ``change`` may return another notebook."""

    def make(release: str) -> bytes:
        nb = json.loads(answer(release, **RIGHT))
        changed = change(nb)
        return changed if isinstance(changed, bytes) else json.dumps(nb).encode()

    return Attack(name, double, flip, make)


def _cell(nb: dict, grade_id: str) -> dict:
    return next(
        c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def _meta(nb: dict, grade_id: str) -> dict:
    return _cell(nb, grade_id)["metadata"]["nbgrader"]


def _swap_ids(nb: dict) -> None:
    a, b = _meta(nb, "test_double"), _meta(nb, "test_flip")
    a["grade_id"], b["grade_id"] = b["grade_id"], a["grade_id"]


def _drop_tests(nb: dict) -> None:
    nb["cells"] = [c for c in nb["cells"] if "test" not in c.get("id", "")]


def _copy_test(nb: dict) -> None:
    nb["cells"].append(json.loads(json.dumps(_cell(nb, "test_double"))))


def _many(count: int) -> Callable[[dict], None]:
    extra = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": []}
    return lambda nb: nb["cells"].extend(
        {**extra, "execution_count": None} for _ in range(count)
    )


RESOURCES = [
    code("endless loop in the cell", "while True: pass"),
    code("endless loop in the function", "def double(x):\n    while True: pass"),
    code("loop that swallows everything",
         "def double(x):\n    while True:\n        try:\n            while True: pass\n"
         "        except BaseException: pass"),
    code("alarm switched off",
         "import signal\ndef double(x):\n    signal.setitimer(signal.ITIMER_REAL, 0)\n"
         "    while True: pass"),
    code("sleeps for ever", "import time\ndef double(x):\n    time.sleep(10**6)"),
    code("memory", "import torch\ndef double(x):\n    return torch.ones(10**12)"),
    code("memory by small pieces",
         "def double(x):\n    kept = []\n    while True: kept.append(bytearray(10**8))"),
    code("deep recursion", "def double(x):\n    return double(x)"),
    code("os._exit in the cell", "import os\nos._exit(0)"),
    code("os._exit in the function", "import os\ndef double(x):\n    os._exit(0)"),
    code("segmentation fault", "import ctypes\ndef double(x):\n    ctypes.string_at(0)"),
    code("kills itself", "import os\ndef double(x):\n    os.kill(os.getpid(), 9)"),
    code("kills everybody",
         "import os\ntry:\n    os.kill(-1, 9)\nexcept OSError: pass\n" + RIGHT["double"],
         earns=4),
    code("kills its parent",
         "import os\ntry:\n    os.kill(os.getppid(), 9)\nexcept OSError: pass\n"
         + RIGHT["double"], earns=4),
    code("fork bomb",
         "import os\ndef double(x):\n    while True:\n        try: os.fork()\n"
         "        except OSError: pass"),
    code("leaves a process behind",
         "import subprocess\nsubprocess.Popen(['sleep', '987654'], start_new_session=True)\n"
         + RIGHT["double"], earns=4),
    code("prints without end", "def double(x):\n    while True: print('x' * 10**6)"),
    code("prints a lot in the cell", "print('x' * 10**8)\n" + RIGHT["double"], earns=4),
    code("fills the disk",
         "def double(x):\n    with open('big', 'wb') as f:\n"
         "        while True: f.write(b'0' * 10**7)"),
    code("sys.exit in the cell", "import sys\nsys.exit()\n"),
    code("sys.exit in the function", "import sys\ndef double(x):\n    sys.exit(0)"),
    code("closes every file",
         "import os\ndef double(x):\n    os.closerange(0, 4096)\n    return 2 * x"),
    code("forks in the function",
         "import os\ndef double(x):\n    os.fork()\n    return 2 * x"),
    code("busy processes beside it",
         "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        while True: pass\n"
         + RIGHT["double"], earns=4),
    code("forks in the cell, and both go on",
         "import os\nos.fork()\n" + RIGHT["double"], earns=4),
    code("a shallow stack",
         "import sys\nsys.setrecursionlimit(60)\n" + RIGHT["double"], earns=4),
    code("a thread that goes on",
         "import threading, time\ndef double(x):\n"
         "    threading.Thread(target=time.sleep, args=(999,), daemon=True).start()\n"
         "    return 2 * x", earns=4),
    code("threads", "import threading\ndef double(x):\n    while True:\n"
         "        threading.Thread(target=lambda: __import__('time').sleep(999)).start()"),
]  # fmt: skip

THEFT = [
    after("reads the hidden checks",
          "from autograder.hidden import tiny\ndouble = tiny.double"),
    after("looks for the hidden checks",
          "import glob\nfor path in glob.glob('/**/hidden/*.py', recursive=True):\n"
          "    exec(open(path).read())\n    double = lambda x: 2 * x"),
    after("looks for the solution",
          "import glob\nfor path in glob.glob('/**/01_tiny.ipynb', recursive=True):\n"
          "    double = lambda x: 2 * x"),
    after("looks for a gradebook",
          "import glob\nif glob.glob('/**/gradebook.db', recursive=True):\n"
          "    double = lambda x: 2 * x"),
    after("reads the home folder",
          "import os\nif os.path.exists('/root/.ssh') or os.path.exists('/etc/passwd'):\n"
          "    double = lambda x: 2 * x"),
    after("credentials in the environment",
          "import os\nif {'SECRET_OF_THE_GRADER', 'SSH_AUTH_SOCK'} & set(os.environ):\n"
          "    double = lambda x: 2 * x"),
    after("other processes in /proc",
          "import os\nothers = [p for p in os.listdir('/proc') if p.isdigit() and p != '1']\n"
          "if others: double = lambda x: 2 * x"),
    after("calls home",
          "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 22), 1)\n"
          "    double = lambda x: 2 * x\nexcept ConnectionRefusedError:\n"
          "    double = lambda x: 2 * x\nexcept OSError: pass"),
    after("frames of the caller",
          "import sys\ndef double(x):\n    frame = sys._getframe()\n    while frame:\n"
          "        for name, value in list(frame.f_locals.items()):\n"
          "            if name in ('want', 'right', 'expected', 'test'): return value\n"
          "        frame = frame.f_back\n    return x * 0.5"),
    after("garbage collector",
          "import gc\ndef double(x):\n    for o in gc.get_objects():\n"
          "        if getattr(o, '__module__', '') == 'autograder.hidden.tiny': return 2 * x\n"
          "    return x * 0.5"),
]  # fmt: skip

FORGERY = [
    after("patches torch.allclose", "import torch\ntorch.allclose = lambda *a, **k: True"),
    after("patches torch.equal", "import torch\ntorch.equal = lambda *a, **k: True"),
    after("patches the checks",
          "from course_utils.checks import core\n"
          "core.Check._try = lambda s, p, a: core.Verdict(p.name, p.points, True, '', False)"),
    after("patches the watch",
          "from course_utils.checks import watch\n"
          "watch.watched = lambda f, a, k, l: watch.Outcome(watch.End.RETURNED)", flip=0),
    after("patches the chapter's checks",
          "import tiny_checks\ntiny_checks.double = lambda f: 4.0"),
    after("patches the server",
          "from autograder.boundary import server\n"
          "server.Server._on_watched = lambda *a: {'facts': 4, 'value': {'node': 4}}", flip=0),
    after("answers with garbage",
          "from autograder.boundary import channel\n"
          "channel.Channel.send = lambda self, m, s=None: self._end.send(b'\\xff' * 99)"),
    after("announces a huge answer",
          "from autograder.boundary import channel\n"
          "channel.Channel.send = lambda self, m, s=None: "
          "self._end.send((1 << 60).to_bytes(8, 'little'))"),
    code("answers with garbage from a call on",
         "from autograder.boundary import channel\ndef double(x):\n"
         "    channel.Channel.send = lambda self, m, s=None: self._end.send(b'\\xff' * 99)\n"
         "    return 2 * x"),
    code("answers twice, from a fork made past Python",
         "import ctypes\nfork = ctypes.CDLL(None).fork\n"
         "def double(x):\n    fork()\n    return 2 * x", earns=4),
    after("imports a definition of the checks",
          "from course_utils.checks.convolution import conv1d\ndouble = lambda x: 2 * x"),
    after("reads a definition of the checks",
          "import course_utils.checks as c, glob, os\n"
          "for f in glob.glob(os.path.dirname(c.__file__) + '/*/*.py'):\n"
          "    exec(open(f).read())\n    double = lambda x: 2 * x"),
    after("a pickle for an answer",
          "import pickle, os\nfrom autograder.boundary import server\n"
          "class Bomb:\n    def __reduce__(self): return (os.system, ('touch /tmp/pwned',))\n"
          "server.Server._answer = lambda self, r: pickle.dumps(Bomb())", flip=0),
    after("IPython input transformer",
          "def four(lines):\n    return ['4.0\\n'] if 'report' in lines[0] else lines\n"
          "get_ipython().input_transformers_post.append(four)"),
    after("display hook", "get_ipython().displayhook(4.0)"),
    after("a report of its own",
          "from course_utils.checks.report import Report\n"
          "Report.points = property(lambda self: 4.0)"),
    after("rebinding builtins", "import builtins\nbuiltins.AssertionError = ValueError\n"
          "builtins.all = lambda x: True"),
    code("a tensor subclass that says yes",
         "import torch\nclass Yes(torch.Tensor):\n"
         "    @classmethod\n    def __torch_function__(cls, f, t, a=(), k=None):\n"
         "        if f in (torch.allclose, torch.equal): return True\n"
         "        return super().__torch_function__(f, t, a, k or {})\n"
         "def double(x):\n    return torch.zeros(3, 4).as_subclass(Yes)"),
    code("an object that equals everything",
         "class Yes:\n    def __eq__(self, other): return True\n"
         "    def __bool__(self): return True\n    dtype = __import__('torch').int64\n"
         "def double(x):\n    return Yes()"),
    code("an object that poses as a tensor",
         "import torch\nclass Fake:\n    __class__ = torch.Tensor\n    shape = (3, 4)\n"
         "    dtype = torch.int64\ndef double(x):\n    return Fake()"),
    code("returns a list", "def double(x):\n    return (2 * x).tolist()"),
    code("a subclass", "import torch\nclass Mine(torch.Tensor): pass\n"
         "def double(x):\n    return (2 * x).as_subclass(Mine)"),
    code("returns nothing", "def double(x):\n    2 * x"),
    code("a value that remembers", "calls = []\ndef double(x):\n    calls.append(1)\n"
         "    return 2 * x if len(calls) == 1 else 2.0 * x", earns=2),
    code("switches the watch off",
         "import sys\ndef double(x):\n    sys.setprofile(None)\n    return 2 * x"),
    code("zeroes its input", "def double(x):\n    x.zero_()\n    return x", earns=2),
    code("NaN everywhere", "def double(x):\n    return x * float('nan')"),
    code("a value nested a thousand deep",
         "def double(x):\n    out = x\n    for _ in range(1000): out = [out]\n    return out"),
    code("a value that contains itself",
         "def double(x):\n    out = []\n    out.append(out)\n    return out"),
    code("a value of gigabytes",
         "import torch\ndef double(x):\n    return torch.zeros(1).expand(10**9)"),
    code("an endless generator",
         "def double(x):\n    while True: yield x"),
    code("raises a liar",
         "class Liar(Exception):\n    def __str__(self): raise SystemExit\n"
         "def double(x):\n    raise Liar"),
    code("hides behind a stub",
         "def double(x):\n    raise NotImplementedError"),
    code("takes the answer of the last call",
         "seen = []\ndef double(x):\n    seen.append(x)\n    return seen[0]"),
]  # fmt: skip

FILES = [
    file("a copied test cell", _copy_test),
    file("tests deleted", _drop_tests),
    file("test ids swapped", _swap_ids),
    file("test edited", lambda nb: _cell(nb, "test_double").update(source="4.0")),
    file("points raised", lambda nb: _meta(nb, "test_double").update(points=1000)),
    file("test marked as no grade", lambda nb: _meta(nb, "test_double").update(grade=False)),
    file("test marked as solution", lambda nb: _meta(nb, "test_double").update(solution=True)),
    file("test retyped as markdown",
         lambda nb: _cell(nb, "test_double").update(cell_type="markdown")),
    file("schema of the future", lambda nb: _meta(nb, "double").update(schema_version=99)),
    file("schema of the past", lambda nb: _meta(nb, "double").update(schema_version=1)),
    file("metadata of another kind", lambda nb: _cell(nb, "test_flip").update(metadata=[1])),
    file("cells that are no cells", lambda nb: nb["cells"].extend([None, 3, "x", []])),
    file("a source that is no text", lambda nb: nb["cells"].append({"source": {"a": 1}})),
    file("another kernel",
         lambda nb: nb["metadata"].update(kernelspec={"name": "bash", "display_name": "x"})),
    file("ten thousand cells", _many(10_000)),
    file("a byte order mark", lambda nb: b"\xef\xbb\xbf" + json.dumps(nb).encode()),
    file("Latin-1", lambda nb: json.dumps(nb, ensure_ascii=False).replace(
        "The task", "Ein Übel").encode("latin-1", "replace")),
    file("no JSON", lambda nb: b"{'cells': [", 0, 0),
    file("nothing", lambda nb: b"", 0, 0),
    file("a list", lambda nb: b"[]", 0, 0),
    file("nested beyond all bounds", lambda nb: b"[" * 200_000, 0, 0),
    file("zeros", lambda nb: b"\0" * 1_000_000, 0, 0),
    file("the other chapter's cells", lambda nb: nb.update(
        cells=[c for c in nb["cells"] if "nbgrader" not in c["metadata"]]), 0, 0),
]  # fmt: skip

HONEST = [
    code("prints and warns", "import sys, warnings\ndef double(x):\n    print('hi')\n"
         "    print('oh', file=sys.stderr)\n    warnings.warn('w')\n    return 2 * x", 4),
    code("shows a progress bar",
         "from tqdm import tqdm\ndef double(x):\n    for _ in tqdm(range(3)): pass\n"
         "    return 2 * x", 4),
    code("draws a figure",
         "import matplotlib.pyplot as plt\ndef double(x):\n    plt.plot([1, 2])\n"
         "    return 2 * x\nplt.plot([1])\nplt.show()", 4),
    code("is slow", "import time\ndef double(x):\n    time.sleep(1)\n    return 2 * x", 4),
    code("adds in place, on a copy",
         "def double(x):\n    y = x.clone()\n    y += x\n    return y", 4),
    code("a class with a call",
         "class Double:\n    def __call__(self, x): return x + x\ndouble = Double()", 4),
    code("a module with a parameter",
         "import torch\nclass Net(torch.nn.Module):\n    def __init__(self):\n"
         "        super().__init__()\n"
         "        self.two = torch.nn.Parameter(torch.tensor(2.0))\n"
         "    def forward(self, x):\n        return (x * self.two).detach().to(x.dtype)\n"
         "double = Net()", 4),
    code("random numbers that cancel",
         "import torch\ndef double(x):\n    torch.rand(3)\n    return x * 2", 4),
]  # fmt: skip

ON_PAGES = [code(name, double, 4) for name, double in PAGES.items()]
