"""Answers that go round a check's watch, and honest ones that look like it.

Each is the source of a cell that defines ``f``, an answer to "convolve an image with ones, by
hand": ``ALLOWED_WAY`` with ``BANS``. The same cells run in process, as in a student's own
notebook, and in the sandbox, as at grading.
"""

from __future__ import annotations

import torch

from course_utils.checks import twins

BANS = (
    twins.ban(
        "write the sum yourself, it is the exercise",
        twins.CONVOLUTION,
        twins.AVERAGE_POOLING,
        twins.SOFTMAX,
    ),
)
IMAGE = torch.arange(36.0).reshape(1, 1, 6, 6)
WANT = torch.nn.functional.conv2d(IMAGE, torch.ones(1, 1, 3, 3))

HEAD = "import torch, sys\nimport torch.nn.functional as F\nW = torch.ones(1, 1, 3, 3)\n"
BY_HAND = "x.unfold(2, 3, 1).unfold(3, 3, 1).sum((-1, -2))"
REFERENCE = (
    "from course_utils.reference import convolution as ref\n"
    "def own(conv):\n"
    "    return lambda x: conv(x, W)\n"
)
MODES = "import torch.utils._python_dispatch as modes\n"

TWINS = {
    "torch": "f = lambda x: F.conv2d(x, W)",
    "numpy, row by row": (
        "import numpy as np\ndef f(x):\n"
        "    rows = np.stack([np.convolve(r, np.ones(3), 'valid') for r in x[0, 0].numpy()])\n"
        "    return torch.from_numpy(rows[:-2] + rows[1:-1] + rows[2:])[None, None]"
    ),
    "numpy's inner function": (
        "from numpy._core.multiarray import correlate\nimport numpy as np\ndef f(x):\n"
        "    rows = np.stack([correlate(r, np.ones(3), 0) for r in x[0, 0].numpy()])\n"
        "    return torch.from_numpy(rows[:-2] + rows[1:-1] + rows[2:])[None, None]"
    ),
    "scipy": (
        "import scipy.signal as s\n"
        "f = lambda x: torch.from_numpy(s.convolve2d(x[0, 0], W[0, 0], 'valid'))[None, None]"
    ),
    "scipy's function under another name": (
        "import scipy.signal as s, types\nc = s.convolve2d\n"
        "c = types.FunctionType(c.__code__, {**c.__globals__, '__name__': 'mine'}, 'mine',\n"
        "                       c.__defaults__, c.__closure__)\n"
        "f = lambda x: torch.from_numpy(c(x[0, 0], W[0, 0], 'valid'))[None, None]"
    ),
    "scipy's softmax": (
        f"import scipy.special as s\ndef f(x):\n    s.softmax(x.numpy())\n    return {BY_HAND}"
    ),
}
THREADS = {
    "a thread of the call": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "f = lambda x: ThreadPoolExecutor(1).submit(lambda: F.conv2d(x, W)).result()"
    ),
    "a function of C in a thread": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "f = lambda x: ThreadPoolExecutor(1).submit(torch.conv2d, x, W).result()"
    ),
    "a thread without threading": (
        "import _thread, time\ndef f(x):\n    out = []\n"
        "    _thread.start_new_thread(lambda: out.append(F.conv2d(x, W)), ())\n"
        "    while not out: time.sleep(0.01)\n    return out[0]"
    ),
    "the reference in a thread": (
        REFERENCE + "from concurrent.futures import ThreadPoolExecutor\n"
        "g = own(ref.conv2d)\nf = lambda x: ThreadPoolExecutor(1).submit(g, x).result()"
    ),
}
# Threads that were there before the call: in a notebook, before Python 3.12, they are not seen.
EARLY_THREADS = {
    "a thread of an earlier cell": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
        "f = lambda x: pool.submit(lambda: F.conv2d(x, W)).result()"
    ),
    "the reference in a thread of an earlier cell": (
        REFERENCE + "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
        "g = own(ref.conv2d)\nf = lambda x: pool.submit(g, x).result()"
    ),
    "a thread that threading does not announce": (
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "threading.setprofile(None)\n"
        "pool = ThreadPoolExecutor(1)\npool.submit(int).result()\n"
        "f = lambda x: pool.submit(lambda: F.conv2d(x, W)).result()"
    ),
}
PROCESSES = {
    "a fork": (
        "import os\ndef f(x):\n    if os.fork() == 0:\n        os._exit(0)\n"
        f"    return {BY_HAND}"
    ),
    "a fork that returns twice": (f"import os\ndef f(x):\n    os.fork()\n    return {BY_HAND}"),
    "a child of multiprocessing": (
        "import multiprocessing as mp\nc = mp.get_context('fork')\n"
        "def work(end, x): end.send(F.conv2d(x, W).tolist())\n"
        "def f(x):\n    here, there = c.Pipe()\n"
        "    c.Process(target=work, args=(there, x)).start()\n"
        "    return torch.tensor(here.recv())"
    ),
    "another Python": (
        "import subprocess, sys\ndef f(x):\n"
        "    subprocess.run([sys.executable, '-c', 'print()'])\n"
        f"    return {BY_HAND}"
    ),
    "a shell": f"import os\ndef f(x):\n    os.system('true')\n    return {BY_HAND}",
}
SWITCHED_OFF = {
    "modes switched off": (
        MODES + "def f(x):\n    with modes._disable_current_modes():\n"
        "        return F.conv2d(x, W)"
    ),
    "modes switched off, called from C": (
        MODES + "def f(x):\n    with modes._disable_current_modes():\n"
        "        return next(map(F.conv2d, [x], [W]))"
    ),
    "the mode left and entered again": (
        MODES + "def f(x):\n    mode = modes._get_current_dispatch_mode()\n"
        "    mode.__exit__(None, None, None)\n    out = next(map(F.conv2d, [x], [W]))\n"
        "    mode.__enter__()\n    return out"
    ),
    "the mode taken from torch's stack": (
        "def f(x):\n    torch._C._pop_torch_dispatch_stack()\n"
        "    return next(map(F.conv2d, [x], [W]))"
    ),
    "torch dispatch disabled": (
        "def f(x):\n    with torch._C._DisableTorchDispatch():\n        return F.conv2d(x, W)"
    ),
    "an operator of one's own": (
        "try:\n"
        "    @torch.library.custom_op('mine::conv', mutates_args=())\n"
        "    def conv(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:\n"
        "        return F.conv2d(x, w)\n"
        "except Exception: pass\n"
        "f = lambda x: torch.ops.mine.conv(x, W)"
    ),
    "profile function switched off": (
        REFERENCE + "g = own(ref.conv2d)\ndef f(x):\n    sys.setprofile(None)\n    return g(x)"
    ),
    "profile function switched off and on": (
        REFERENCE + "g = own(ref.conv2d)\ndef f(x):\n    old = sys.getprofile()\n"
        "    sys.setprofile(None)\n    out = g(x)\n    sys.setprofile(old)\n    return out"
    ),
    "profile function lost in a recursion, and set again": (
        REFERENCE + "g = own(ref.conv2d)\nold = []\n"
        "def down():\n    try: down()\n    finally: abs(1)\n"
        "def f(x):\n    old.append(sys.getprofile())\n    try: down()\n"
        "    except RecursionError: pass\n"
        "    if sys.getprofile() is None:\n        out = g(x)\n"
        "        sys.setprofile(old[-1])\n        return out\n    return g(x)"
    ),
    "trace function switched off": (
        f"def f(x):\n    sys.settrace(None)\n    return {BY_HAND}"
    ),
    "behaves when it is traced": (
        "def f(x):\n    if sys.gettrace():\n"
        f"        return {BY_HAND}\n"
        "    return torch.stack([torch.stack([x[0, 0, i:i+3, j:j+3].sum() for j in range(4)])\n"
        "                        for i in range(4)])[None, None]"
    ),
    "the watch's guard patched": (
        "from course_utils.checks import guard\n"
        "keep = guard.Guard._refuse, guard.Guard._of_operator\n"
        "guard.Guard._refuse = lambda self, what: None\n"
        "guard.Guard._of_operator = lambda self, name: ''\n"
        "f = lambda x: F.conv2d(x, W)"
    ),
    "the code of the guard exchanged": (
        "from course_utils.checks import own_code\n" + REFERENCE +
        "own_code.sentence.__code__ = (lambda code, module: '').__code__\n"
        "f = own(ref.conv2d)"
    ),
    "sys.setprofile patched": (
        REFERENCE + "sys.setprofile = lambda hook: None\nsys.getprofile = lambda: None\n"
        "f = own(ref.conv2d)"
    ),
    "a cell that swallows the refusal": (
        "def f(x):\n    try:\n        return F.conv2d(x, W)\n    except BaseException:\n"
        f"        return {BY_HAND}"
    ),
}  # fmt: skip
# Whoever changes the server has nothing served any more.
SERVER = {
    "a server that forgets the bans": (
        "from autograder.boundary.server import Server\nold = Server._on_watched\n"
        "Server._on_watched = lambda s, asked, *a: old(s, {**asked, 'bans': []}, *a)\n"
        "f = lambda x: F.conv2d(x, W)"
    ),
    "a server whose Ban bans nothing": (
        "from autograder.boundary import server\n"
        "server.Ban = lambda *a: type('Ban', (), dict.fromkeys(\n"
        "    ['of_operator', 'of_function'], staticmethod(lambda *a: '')))()\n"
        "f = lambda x: F.conv2d(x, W)"
    ),
}
OURS = {
    "the reference": REFERENCE + "f = own(ref.conv2d)",
    "the reference, found by its name": (
        "import importlib\ndef f(x):\n"
        "    ref = importlib.import_module('course_utils.' + 'reference.convolution')\n"
        "    return ref.conv2d(x, W)"
    ),
    "a copied function": (
        REFERENCE + "import types\nc = ref.conv2d\n"
        "c = types.FunctionType(c.__code__, {**c.__globals__, '__name__': 'mine'}, 'mine',\n"
        "                       c.__defaults__, c.__closure__)\nf = own(c)"
    ),
    "copied code with another file": (
        REFERENCE + "import types\nc = ref.conv2d\n"
        "code = c.__code__.replace(co_filename='mine.py', co_name='mine', co_firstlineno=1)\n"
        "c = types.FunctionType(code, {**c.__globals__, '__name__': 'mine'}, 'mine',\n"
        "                       c.__defaults__, c.__closure__)\nf = own(c)"
    ),
    "the source of the reference, executed": (
        REFERENCE + "space = {'__name__': 'mine'}\n"
        "exec(open(ref.__file__).read(), space)\nf = own(space['conv2d'])"
    ),
    "the source of one function": (
        REFERENCE + "import inspect\nspace = {**vars(ref), '__name__': 'mine'}\n"
        "exec(inspect.getsource(ref.conv2d), space)\nf = own(space['conv2d'])"
    ),
    "a short function, executed from its source": (
        "from course_utils.reference import naive_bayes as ref\n"
        "space = {'__name__': '__main__'}\n"
        "exec(open(ref.__file__).read(), space)\n"
        f"def f(x):\n    space['log_joint'](x, x, x, x)\n    return {BY_HAND}"
    ),
    "the source, pasted with other names": (
        "import inspect, re\n"
        + REFERENCE
        + "text = inspect.getsource(ref.conv2d).replace('columns', 'c')\n"
        'text = re.sub(\'""".*?"""\', \'\', text, flags=re.S)\n'
        "space = {**vars(ref), '__name__': 'mine'}\nexec(text, space)\nf = own(space['conv2d'])"
    ),
    "the source, executed in the call": (
        REFERENCE + "def f(x):\n    space = {'__name__': 'mine'}\n"
        "    exec(open(ref.__file__).read(), space)\n"
        "    return space['conv2d'](x, W)"
    ),
    "called by a function of C": (
        REFERENCE + "import functools\ng = own(ref.conv2d)\n"
        "f = lambda x: next(map(functools.partial(g), [x]))"
    ),
    "training": (
        "from course_utils.training import augment\n"
        "import inspect\n"
        "g = next(v for v in vars(augment).values() if inspect.isfunction(v)\n"
        "         and v.__module__ == augment.__name__)\n"
        "def f(x):\n    try: g(*[x] * g.__code__.co_argcount)\n    except Exception: pass\n"
        f"    return {BY_HAND}"
    ),
}
# The checks' definitions are there in a notebook, and not at all at grading.
DEFINITIONS = {
    "a definition of the checks": (
        "import course_utils.checks.compare as c\n"
        f"def f(x):\n    c.same(x, x, 1)\n    return {BY_HAND}"
    ),
}
HONEST = {
    "by hand": f"f = lambda x: {BY_HAND}",
    "a loop": (
        "def f(x):\n    out = torch.zeros(1, 1, 4, 4)\n"
        "    for i in range(4):\n        for j in range(4):\n"
        "            out[0, 0, i, j] = x[0, 0, i:i+3, j:j+3].sum()\n    return out"
    ),
    "a progress bar": (
        "from tqdm import tqdm\ndef f(x):\n    for _ in tqdm(range(2)): pass\n"
        f"    return {BY_HAND}"
    ),
    "torch.func in the call": (
        "def f(x):\n    torch.func.grad(lambda y: y.sum())(x)\n"
        "    torch.func.vmap(torch.sum)(x[0, 0])\n"
        f"    return {BY_HAND}"
    ),
    "own threads that add up": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(x):\n"
        "    with ThreadPoolExecutor(2) as pool:\n"
        f"        return pool.submit(lambda: {BY_HAND}).result()"
    ),
    "an import in the call": (
        f"def f(x):\n    import skimage.draw, scipy.linalg, colorsys\n    return {BY_HAND}"
    ),
    "gradients switched off in a cell": (
        "torch.set_grad_enabled(False)\n"
        f"def f(x):\n    assert torch.is_grad_enabled()\n    return {BY_HAND}"
    ),
    "inference mode entered in a cell": (
        "torch.inference_mode().__enter__()\n"
        "def f(x):\n    w = torch.ones((), requires_grad=True)\n"
        f"    assert (w * 2).requires_grad\n    return {BY_HAND}"
    ),
    "defaults of torch changed": (
        "torch.set_default_dtype(torch.float64)\ntorch.set_default_device('meta')\n"
        "torch.use_deterministic_algorithms(True)\n"
        "torch.autograd.set_detect_anomaly(True)\n"
        "def f(x):\n    assert torch.zeros(1).dtype is torch.float32\n"
        "    assert torch.zeros(1).device.type == 'cpu'\n"
        "    assert not torch.are_deterministic_algorithms_enabled()\n"
        f"    return {BY_HAND}"
    ),
    "recursion": (
        "def down(n): return 0 if n == 0 else down(n - 1)\n"
        f"def f(x):\n    down(300)\n    return {BY_HAND}"
    ),
    "looks at the machine": (
        "import subprocess\ndef f(x):\n"
        "    try: subprocess.run(['uname', '-m'], capture_output=True)\n"
        f"    except OSError: pass\n    return {BY_HAND}"
    ),
}

REFUSED = {**TWINS, **THREADS, **PROCESSES, **SWITCHED_OFF, **OURS}
