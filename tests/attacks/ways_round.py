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
    "scipy's matrix of a convolution": (
        "import numpy as np, scipy.linalg as s\ndef f(x):\n"
        "    m = s.convolution_matrix(np.ones(3), 6, 'valid')\n"
        "    return torch.from_numpy(m @ x[0, 0].double().numpy() @ m.T)[None, None]"
    ),
    "attention for a softmax": (
        "def f(x):\n    i = torch.eye(6)[None, None]\n"
        f"    F.scaled_dot_product_attention(x, i, i, scale=1.0)\n    return {BY_HAND}"
    ),
    "the last of logcumsumexp": (
        f"def f(x):\n    torch.logcumsumexp(x, -1)[..., -1]\n    return {BY_HAND}"
    ),
    "a filter of PIL's insides": (
        "import numpy as np\nfrom PIL import Image\ndef f(x):\n"
        "    image = Image.fromarray(x[0, 0].numpy().astype('uint8'))\n"
        "    image.im.filter((3, 3), 9.0, 0.0, [1.0] * 9)\n"
        f"    return {BY_HAND}"
    ),
}
# Functions of C that no Python code calls: seen where they were made visible, at grading.
COMPILED = {
    "numpy's inner function through map": (
        "from numpy._core.multiarray import correlate\nimport numpy as np\ndef f(x):\n"
        "    rows = [next(map(correlate, [r], [np.ones(3)], [0])) for r in x[0, 0].numpy()]\n"
        "    rows = np.stack(rows)\n"
        "    return torch.from_numpy(rows[:-2] + rows[1:-1] + rows[2:])[None, None]"
    ),
    "ndimage's inner function through partial": (
        "import functools, numpy as np\nfrom scipy.ndimage import _nd_image\n"
        "sums = functools.partial(_nd_image.correlate)\ndef f(x):\n"
        "    a = x[0, 0].double().numpy()\n    out = np.zeros_like(a)\n"
        "    sums(a, np.ones((3, 3)), out, 0, 0.0, [0, 0])\n"
        "    return torch.from_numpy(out[1:-1, 1:-1].copy())[None, None]"
    ),
    "a function of Cython's": (
        "import numpy as np\nfrom scipy.signal._upfirdn_apply import _apply\ndef f(x):\n"
        "    a, out = x[0, 0].double().numpy(), np.zeros((6, 8))\n"
        f"    _apply(a, np.ones(3), out, 1, 1, 1, 0, 0.0)\n    return {BY_HAND}"
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
    "the bans of the running guard taken away": (
        "from course_utils.checks import guard\ndef f(x):\n"
        "    guard._running()._bans = ()\n    return F.conv2d(x, W)"
    ),
    "the guard, found by its profile function": (
        "def f(x):\n    sys.getprofile().__self__._bans = ()\n    return F.conv2d(x, W)"
    ),
    "the guard, found by gc": (
        "import gc\ndef f(x):\n    for found in gc.get_objects():\n"
        "        if type(found).__name__ == 'Guard': found._bans = ()\n"
        "    return F.conv2d(x, W)"
    ),
    "a watch of one's own inside": (
        "import scipy.signal as s\nfrom course_utils.checks.watch import Limits, watched\n"
        "g = lambda x: torch.from_numpy(s.convolve2d(x[0, 0], W[0, 0], 'valid'))[None, None]\n"
        "f = lambda x: watched(g, (x,), {}, Limits(5)).trace.value"
    ),
    "a cell that swallows the refusal": (
        "def f(x):\n    try:\n        return F.conv2d(x, W)\n    except BaseException:\n"
        f"        return {BY_HAND}"
    ),
}  # fmt: skip
# What the watch is made of, exchanged; it would be so for the other tests of this process too.
EXCHANGED = {
    "a search that finds nothing": (
        "import re\nre.search = lambda *args: None\nf = lambda x: F.conv2d(x, W)"
    ),
    "no room of the course's": (
        REFERENCE + "from course_utils.checks import own_code\nown_code.ROOMS = ()\n"
        "f = own(ref.conv2d)"
    ),
}
# Whoever fills the value when nobody watches any more: what the call returned is what counts.
LATE = "def f(x):\n    out, y = torch.zeros(1, 1, 4, 4), x.clone()\n"
FILLED_LATER = {
    "by a finaliser": (
        "import weakref\n" + LATE + "    fill = lambda: out.copy_(F.conv2d(y, W))\n"
        "    weakref.finalize(x, fill)\n    return out"
    ),
    "by an object that dies": (
        "class Last:\n    def __del__(self): self.out.copy_(F.conv2d(self.y, W))\n"
        + LATE + "    x.last = last = Last()\n    last.out, last.y = out, y\n    return out"
    ),
    "by a context manager of torch": (
        "leave, late = torch.enable_grad.__exit__, []\ndef fill(self, *error):\n"
        "    for out, y in late: out.copy_(F.conv2d(y, W))\n"
        "    return leave(self, *error)\ntorch.enable_grad.__exit__ = fill\n"
        + LATE + "    late[:] = [(out, y)]\n    return out"
    ),
    "by the stream that takes its prints": (
        "class Stream:\n    write = lambda self, text: 0\n    flush = lambda self: None\n"
        "    def __del__(self): self.out.copy_(F.conv2d(self.y, W))\n"
        + LATE + "    sys.stdout.last = last = Stream()\n    last.out, last.y = out, y\n"
        "    return out"
    ),
}  # fmt: skip
# Whoever changes the server has nothing served any more.
SERVER = {
    "a tensor's method that computes when the value is sent": (
        "late, old = [], torch.Tensor.resolve_conj\n"
        "def method(x):\n    if late and x.shape == (1, 1, 4, 4): x = F.conv2d(late[0], W)\n"
        "    return old(x)\ntorch.Tensor.resolve_conj = method\n"
        "def f(x):\n    late[:] = [x]\n    return torch.zeros(1, 1, 4, 4)"
    ),
    "a server of another class": (
        "def found():\n    frame = sys._getframe()\n"
        "    while type(frame.f_locals.get('self')).__name__ != 'Server':\n"
        "        frame = frame.f_back\n"
        "    return frame.f_locals['self']\nserver = found()\n"
        "class Mine(type(server)):\n    __slots__ = ()\n"
        "    def _on_watched(self, asked, *a):\n"
        "        return super()._on_watched({**asked, 'bans': []}, *a)\n"
        "server.__class__ = Mine\nf = lambda x: F.conv2d(x, W)"
    ),
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
    "a class of one's own with its own repr of tensors": (
        "torch.Tensor.__repr__ = lambda x: str(x.shape)\ntorch.Tensor.show = print\n"
        "class Sum:\n    def __call__(self, x):\n"
        f"        x.show()\n        return {BY_HAND}\nf = Sum()"
    ),
    "code that the student's code has made": (
        f"space = {{}}\nexec('def g(x): return {BY_HAND}', space)\nf = space['g']"
    ),
    "a Fourier transform": (
        "import scipy.fft as s\ndef f(x):\n    a, w = x.double().numpy(), W.double().numpy()\n"
        "    y = s.irfft2(s.rfft2(a) * s.rfft2(w, (6, 6)), (6, 6))[..., 2:, 2:]\n"
        "    return torch.from_numpy(y.round()).float()"
    ),
    "a compiled sum": (
        "g = torch.compile(lambda x: x + 1, backend='eager')\n"
        f"def f(x):\n    g(x)\n    return {BY_HAND}"
    ),
    "partial, a cache, no_grad and a generator": (
        "import functools, itertools\n@functools.lru_cache\ndef places(n):\n"
        "    return tuple(itertools.product(range(n), repeat=2))\n"
        "def rows(x, side):\n    for i, j in places(side):\n"
        "        yield x[..., i:i + 4, j:j + 4]\n"
        "@torch.no_grad()\ndef g(x, side): return sum(rows(x, side))\n"
        "f = functools.partial(g, side=3)"
    ),
    "a backward pass of one's own": (
        "class Twice(torch.autograd.Function):\n"
        "    forward = staticmethod(lambda ctx, x: x * 2)\n"
        "    backward = staticmethod(lambda ctx, g: g * 2)\n"
        "def f(x):\n    z = torch.ones(2, requires_grad=True)\n"
        f"    Twice.apply(z).sum().backward()\n    return {BY_HAND}"
    ),
    "numpy's windows": (
        "import numpy as np\ndef f(x):\n"
        "    w = np.lib.stride_tricks.sliding_window_view(x.numpy(), (3, 3), axis=(2, 3))\n"
        "    return torch.from_numpy(np.einsum('bchwij->bchw', w))"
    ),
    "looks at the machine": (
        "import subprocess\ndef f(x):\n"
        "    try: subprocess.run(['uname', '-m'], capture_output=True)\n"
        f"    except OSError: pass\n    return {BY_HAND}"
    ),
}

REFUSED = {**TWINS, **THREADS, **PROCESSES, **SWITCHED_OFF, **OURS}
