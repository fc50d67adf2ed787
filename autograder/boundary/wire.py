"""Values as bytes: a tree of JSON and the tensors in one safetensors blob. No pickle.

What arrives is never trusted: every node is checked for its type, and ``bounds`` says how much
of everything there may be before anything is made; anything odd is a ``WireError``. Both sides
use this module, so that what one packs the other takes.

What crosses: None, bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset,
slice, Ellipsis, ``torch.Tensor`` and ``Parameter`` (strided; with ``requires_grad`` and
``.grad``), ``torch.Size``, ``torch.dtype``, ``torch.device``, numpy arrays and numbers. A
tensor that occurs twice arrives as one. Everything else is left to ``Packer.other``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from autograder.boundary.bounds import MAX_DIGITS, MAX_TEXT, Tally, WireError, head_of, tree_of
from autograder.boundary.channel import MAX_BYTES

DTYPES = {str(d): d for d in vars(torch).values() if isinstance(d, torch.dtype)}
SENT = {  # what safetensors stores; others travel as a wider type and are turned back
    torch.complex64: torch.float32,
    torch.complex128: torch.float64,
}
NUMBERS = {np.dtype(code).name for code in "?bBhHiIlLqQefdFD"}  # numpy's types that cross


_ODD = (ValueError, KeyError, TypeError, AttributeError, RecursionError, MemoryError)


def _no_other(value: Any) -> Any:
    raise WireError(f"a {type(value).__name__} cannot cross between the two processes")


class Packer:
    """Turns values into a tree; ``dump`` gives the bytes of the tree and its tensors.

    Args:
        other: what to do with values of other types: gives a node, or raises ``WireError``.
    """

    def __init__(self, other: Callable[[Any], dict] = _no_other) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.places: dict[int, str] = {}  # id of a tensor -> its name
        self._kept: list[Tensor] = []  # so that ids stay theirs
        self._other = other
        self._tally = Tally()

    def pack(self, value: Any, depth: int = 0) -> Any:
        """The node of ``value``."""
        self._tally.node(depth)
        kind = type(value)
        if value is None or kind in (bool, str):
            return self._text(value)
        if kind in _PACK:
            return _PACK[kind](value)
        if kind in (Tensor, torch.nn.Parameter):
            return self._tensor(value)
        if kind is np.ndarray or isinstance(value, np.generic):
            return self._array(value)
        if kind in _SEQUENCES:
            if kind in (set, frozenset):
                self._tally.keys(value)
            items = [self.pack(item, depth + 1) for item in value]
            return {_SEQUENCES[kind]: items}
        if kind is dict:
            self._tally.keys(value)
            pairs = [
                [self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in value.items()
            ]
            return {"dict": pairs}
        if kind is slice:
            parts = (value.start, value.stop, value.step)
            return {"slice": [self.pack(part, depth + 1) for part in parts]}
        return self._other(value)

    def dump(self, tree: Any) -> bytes:
        """The bytes that travel."""
        tensors = self.tensors or {"-": torch.zeros(1)}  # safetensors wants one
        blob = save(tensors, {"tree": tree_of(tree)})
        if len(blob) > MAX_BYTES:
            raise WireError(f"a value of {len(blob) >> 20} MB: at most {MAX_BYTES >> 20} cross")
        return blob

    def _text(self, value: Any) -> Any:
        if isinstance(value, str):
            if len(value) > MAX_TEXT:
                raise WireError(f"a text of {len(value)} characters is too long to cross")
            return value.encode("utf-8", "replace").decode()  # lone surrogates
        return value

    def _tensor(self, x: Tensor) -> dict:
        if id(x) in self.places:
            return {"same": self.places[id(x)]}
        if x.layout is not torch.strided or x.is_quantized or x.is_meta:
            raise WireError(f"a tensor of layout {x.layout} on {x.device} cannot cross")
        name = self._store(x)
        self.places[id(x)] = name
        node: dict[str, Any] = {
            "tensor": name,
            "dtype": str(x.dtype),
            "grad": bool(x.requires_grad),
            "leaf": bool(x.is_leaf),
            "parameter": type(x) is torch.nn.Parameter,
        }
        if x.is_leaf and x.requires_grad and x.grad is not None:
            node["gradient"] = {"tensor": self._store(x.grad), "dtype": str(x.grad.dtype)}
        return node

    def _store(self, x: Tensor) -> str:
        plain = x.detach().to("cpu").resolve_conj().resolve_neg()
        if plain.is_complex():
            plain = torch.view_as_real(plain)
        self._tally.count(1)
        self._tally.shape(x.shape)
        name = f"t{len(self.tensors)}"
        self.tensors[name] = plain.contiguous().clone()
        self._kept.append(x)
        return name

    def _array(self, value: Any) -> dict:
        array = np.asarray(value)
        if array.dtype.name not in NUMBERS:
            raise WireError(f"a numpy array of {array.dtype} cannot cross")
        array = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("=")))
        name = self._store(torch.from_numpy(array.reshape(-1).copy()))
        node = {"array": name, "dtype": str(array.dtype), "shape": list(np.shape(value))}
        return node | {"scalar": isinstance(value, np.generic)}


_PACK: dict[type, Callable[[Any], Any]] = {
    int: lambda v: v if abs(v) < 2**53 else {"int": _digits(v)},
    float: lambda v: {"float": v.hex()},
    complex: lambda v: {"complex": [v.real.hex(), v.imag.hex()]},
    bytes: lambda v: {"bytes": v.hex()},
    type(...): lambda v: {"ellipsis": True},
    torch.dtype: lambda v: {"dtype": str(v)},
    torch.device: lambda v: {"device": str(v)},
}
_SEQUENCES: dict[type, str] = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    torch.Size: "size",
}


def _digits(value: int) -> str:
    if value.bit_length() > 3 * MAX_DIGITS:
        raise WireError("an integer of thousands of digits cannot cross")
    return hex(value)


class Unpacker:
    """Turns bytes back into values.

    Args:
        blob: what ``Packer.dump`` made, or anything at all.
        other: what to do with nodes of other kinds: gives a value, or raises ``WireError``.

    Raises:
        WireError: ``blob`` is nothing that a ``Packer`` made.
    """

    def __init__(self, blob: bytes, other: Callable[[dict], Any] = _no_other) -> None:
        self._tally = Tally()
        try:
            head = head_of(blob)
            self.tree = json.loads(head.pop("__metadata__")["tree"])
            self._tally.count(len(head))
            self.tensors = load(blob)  # each becomes one value, so nothing is made twice
            for x in self.tensors.values():
                self._tally.shape(x.shape)
        except WireError:
            raise
        except (*_ODD, SafetensorError) as error:
            raise WireError(f"not a value: {type(error).__name__}") from None
        self.made: dict[str, Tensor] = {}  # tensors by the name they have in the blob
        self._other = other

    def unpack(self, node: Any, depth: int = 0) -> Any:
        """The value of ``node``.

        Raises:
            WireError: the node is malformed.
        """
        self._tally.node(depth)
        if node is None or type(node) in (bool, int, str):
            return node
        if type(node) is not dict or not node:
            raise WireError("a malformed node")
        try:
            return self._of_kind(node, depth)
        except WireError:
            raise
        except Exception as error:  # of whatever a hostile node made a constructor raise
            raise WireError(f"a malformed node: {type(error).__name__}") from None

    def _of_kind(self, node: dict, depth: int) -> Any:
        kind = next(iter(node))
        content = node[kind]
        if kind in _UNPACK:
            return _UNPACK[kind](content)
        if kind in _CONTAINERS:
            items = [self.unpack(item, depth + 1) for item in _listed(content)]
            if kind in ("set", "frozenset"):
                self._tally.keys(items)
            return _CONTAINERS[kind](items)
        if kind == "dict":
            pairs = [
                (self.unpack(k, depth + 1), self.unpack(v, depth + 1))
                for k, v in map(_listed, _listed(content))
            ]
            self._tally.keys(key for key, _ in pairs)
            return dict(pairs)
        if kind == "slice":
            start, stop, step = (self.unpack(part, depth + 1) for part in content)
            return slice(start, stop, step)
        if kind == "tensor":
            return self._tensor(node)
        if kind == "same":
            return self.made[content]
        if kind == "array":
            return self._array(node)
        return self._other(node)

    def _tensor(self, node: dict) -> Tensor:
        x = self._stored(node)
        if node.get("grad") is True:
            x.requires_grad_(True)
        if node.get("parameter") is True:
            x = torch.nn.Parameter(x.detach(), requires_grad=node.get("grad") is True)
        if "gradient" in node:
            x.grad = self._stored(node["gradient"])
        self.made[node["tensor"]] = x
        return x

    def _stored(self, node: dict) -> Tensor:
        x, dtype = self.tensors.pop(node["tensor"]), DTYPES[node["dtype"]]
        if dtype in SENT and x.dtype is SENT[dtype]:
            x = torch.view_as_complex(x)
        if x.dtype is not dtype:
            raise WireError(f"{x.dtype} where {dtype} was announced")
        return x

    def _array(self, node: dict) -> Any:
        shape = [_size(n) for n in _listed(node["shape"])]
        if node["dtype"] not in NUMBERS:
            raise WireError("a malformed type")
        self._tally.shape(shape)
        flat, dtype = self.tensors.pop(node["array"]).numpy(), np.dtype(node["dtype"])
        if dtype.kind == "c":
            flat = flat.reshape(-1, 2).view(dtype).reshape(-1)
        if flat.dtype != dtype:
            raise WireError(f"{flat.dtype} where {dtype} was announced")
        array = flat.reshape(shape)
        return array[()] if node.get("scalar") is True else array


def _listed(content: Any) -> list:
    if type(content) is not list:
        raise WireError("a malformed node")
    return content


def _size(n: Any) -> int:
    if type(n) is not int or n < 0:
        raise WireError("a malformed size")
    return n


def _float(text: Any) -> float:
    if type(text) is not str or len(text) > 40:
        raise WireError("a malformed number")
    return float.fromhex(text) if text not in ("nan", "inf", "-inf") else float(text)


def _int(text: Any) -> int:
    if type(text) is not str or len(text) > MAX_DIGITS:
        raise WireError("a malformed number")
    return int(text, 16)


_UNPACK: dict[str, Callable[[Any], Any]] = {
    "int": _int,
    "float": _float,
    "complex": lambda v: complex(_float(v[0]), _float(v[1])),
    "bytes": bytes.fromhex,
    "ellipsis": lambda v: ...,
    "dtype": DTYPES.__getitem__,
    "device": lambda v: torch.device(str(v)[:20]),
}
_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "size": lambda items: torch.Size([_size(n) for n in items]),
}
