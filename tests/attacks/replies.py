"""Replies that no server made: cheap to send, dear to decode. They earn what they are worth.

The process of an answer can be made to say anything: here the answer writes into the socket
itself and ends. What stands in front of each is in ``autograder.boundary.bounds``.
"""

from __future__ import annotations

from tests.attacks.catalogue import Attack, code

FORGE = """
import gc, json, os, socket, time, torch
from safetensors.torch import save
ends = [e for e in gc.get_objects() if isinstance(e, socket.socket) and e.fileno() > 2]
FACTS = {"list": ["returned", "", {"tuple": []}, "", "", False, {"dict": []}, 0, 0]}
ALIKE = 2 ** 61 - 1  # numbers k * ALIKE have one hash

def say(tree, tensors=None):
    blob = save(tensors or {"t": torch.ones(2)}, {"tree": json.dumps(tree)})
    for end in ends:
        end.setblocking(True)
        end.sendall(len(blob).to_bytes(8, "little") + blob)
    os._exit(0)

def value(node, tensors=None):
    say({"answer": {"facts": FACTS, "value": {"node": node}}}, tensors)

def array(shape):
    return {"array": "t", "dtype": "float32", "shape": shape}
"""


def forged(name: str, reply: str) -> Attack:
    """An answer that is a reply of its own making."""
    return code(name, f"{FORGE}\ndef double(x):\n    {reply}\n")


REPLIES = [
    forged("one array forty times",
           "value({'list': [array([15 << 20])] * 40}, {'t': torch.zeros(15 << 20)})"),
    forged("one tensor two hundred thousand times",
           "value({'list': [{'tensor': 't', 'dtype': 'torch.float32'}] * 199_000})"),
    forged("a set of numbers of one hash",
           "value({'set': [{'int': hex(k * ALIKE)} for k in range(60_000)]})"),
    forged("a dict of numbers of one hash",
           "value({'dict': [[{'int': hex(k * ALIKE)}, 0] for k in range(60_000)]})"),
    forged("keys in keys of one hash",
           "value({'set': [{'tuple': [0] * 50 + [{'int': hex(k * ALIKE)}]}"
           " for k in range(3_000)]})"),
    forged("thirty thousand tensors",
           "value(None, {f't{n}': torch.zeros(1) for n in range(30_000)})"),
    forged("a wide tensor of nothing",
           "value({'tensor': 't', 'dtype': 'torch.float32'}, {'t': torch.zeros(0, 2 ** 40)})"),
    forged("a wide array of nothing",
           "value(array([0, 2 ** 40]), {'t': torch.zeros(0)})"),
    forged("five million empty lists", "value([[]] * 5_000_000)"),
    forged("lists in lists in lists", "value(eval('[' * 150 + ']' * 150))"),
    forged("a type of ten thousand parts",
           "value({'array': 't', 'dtype': 'f4,' * 10_000, 'shape': [2]})"),
    forged("one result a hundred thousand times",
           "say({'answer': {'facts': FACTS, 'value': {'node': {'tensor': 't', "
           "'dtype': 'torch.float32', 'grad': True}, 'graph': 0, 'inputs': [], "
           "'outputs': ['t'] * 100_000}}}, {'t': torch.zeros(1 << 20)})"),
    forged("says that it returned, with words without end",
           "FACTS['list'][1] = 'x' * 4_000_000; FACTS['list'][0] = 'raised'; value(None)"),
    forged("a byte a second",
           "[(end.send(b'\\x63'), time.sleep(1)) for _ in range(600) for end in ends]"),
    forged("says that it was too late", "say({'timeout': True})"),
    code("outputs that no cell made",
         f"{FORGE}\nshown = {{'dict': [['output_type', 'stream'], ['text', 'x' * 90]]}}\n"
         "say({'answer': {'dict': [['outputs', {'list': [shown] * 60_000}]]}})"),
    code("a name of a megabyte", "def double(x):\n    return type('C' * 10**6, (), {})()"),
    code("an error of a hundred megabytes",
         "def double(x):\n    raise ValueError('x' * 10**8)"),
]  # fmt: skip
