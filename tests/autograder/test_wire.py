"""What crosses the boundary arrives as it was; what is no value is refused."""

from __future__ import annotations

import json
import math
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.torch import save

from autograder.boundary.bounds import MAX_DEPTH, MAX_KEYS, WireError
from autograder.boundary.wire import Packer, Unpacker

FAST = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int8,
    torch.uint8, torch.bool, torch.complex64, torch.complex128,
]  # fmt: skip
tensors = st.builds(
    lambda shape, dtype, seed: (
        torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 3
    ).to(dtype),
    st.lists(st.integers(0, 3), max_size=4),
    st.sampled_from(DTYPES),
    st.integers(0, 99),
)
arrays = hnp.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_, np.complex128]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary(max_size=50)
    | st.sampled_from([..., torch.float16, torch.device("cpu"), torch.Size([2, 3])])
    | st.builds(slice, st.none() | st.integers(), st.none() | st.integers())
)
hashable = st.integers() | st.text(max_size=5) | st.booleans()
values = st.recursive(
    scalars | tensors | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.frozensets(hashable, max_size=4)
    ),
    max_leaves=12,
)


def across(value):
    packer = Packer()
    unpacker = Unpacker(packer.dump(packer.pack(value)))
    return unpacker.unpack(unpacker.tree)


def same(a, b) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        whole = a.dtype == b.dtype and a.shape == b.shape
        return whole and bool(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, float):
        return (a == b and math.copysign(1, a) == math.copysign(1, b)) or (a != a and b != b)
    if isinstance(a, complex):
        return same(a.real, b.real) and same(a.imag, b.imag)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, str):
        return a.encode("utf-8", "replace").decode() == b
    return a == b


@FAST
@given(values)
def test_a_value_arrives_as_it_was(value):
    assert same(value, across(value))


def test_one_tensor_stays_one():
    x = torch.ones(2)
    a, b = across([x, x])
    assert a is b


def test_gradients_and_parameters_travel_along():
    weight = torch.nn.Parameter(torch.ones(2))
    weight.grad = torch.full((2,), 3.0)
    came = across(weight)
    assert isinstance(came, torch.nn.Parameter)
    assert came.requires_grad
    assert came.grad.tolist() == [3, 3]
    assert not across(torch.ones(1)).requires_grad


@pytest.mark.parametrize(
    "value",
    [
        object(), int, len, lambda: 1, np.array([object()]), np.array(["a"]),
        torch.ones(2).to_sparse(), torch.empty(2, device="meta"), 10**100_000, "x" * 5_000_000,
    ],
    ids=lambda v: type(v).__name__,
)  # fmt: skip
def test_what_cannot_cross_says_so(value):
    with pytest.raises(WireError, match=r"cross|deep|digits"):
        Packer().pack(value)


def test_depth_and_size_are_bounded():
    deep: list = []
    for _ in range(MAX_DEPTH + 2):
        deep = [deep]
    endless: list = []
    endless.append(endless)
    for value in (deep, endless, [0] * 300_000):
        with pytest.raises(WireError, match="too large or too deeply"):
            Packer().pack(value)


class Bomb:
    """What pickle would run."""

    def __reduce__(self):
        return os.system, ("touch /tmp/wire-pwned",)


@FAST
@given(st.binary(max_size=400))
def test_bytes_of_anything_are_a_value_or_refused(blob):
    try:
        unpacker = Unpacker(blob)
        unpacker.unpack(unpacker.tree)
    except WireError:
        pass


def test_a_pickle_is_refused():
    with pytest.raises(WireError):
        Unpacker(pickle.dumps(Bomb()))


nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats(),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["int", "float", "complex", "bytes", "tensor", "array", "same", "list", "tuple",
             "set", "size", "dict", "slice", "dtype", "device", "shape", "grad", "handle"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


@FAST
@given(nodes)
def test_a_hostile_tree_is_a_value_or_refused(tree):
    """Never another exception, whatever the nodes say about types, shapes and places."""
    blob = save({"t0": torch.ones(2)}, {"tree": json.dumps(tree)})
    try:
        unpacker = Unpacker(blob)
        unpacker.unpack(unpacker.tree)
    except WireError:
        pass


def test_an_announced_type_must_be_the_real_one():
    blob = save({"t0": torch.ones(2)}, {"tree": '{"tensor": "t0", "dtype": "torch.int64"}'})
    unpacker = Unpacker(blob)
    with pytest.raises(WireError, match="announced"):
        unpacker.unpack(unpacker.tree)


ALIKE = 2**61 - 1  # all multiples of it have the same hash


def _array(shape: list[int]) -> dict:
    return {"array": "t0", "dtype": "float32", "shape": shape}


DEAR = {  # cheap to send, dear to make
    "one array many times": {"list": [_array([2])] * 40},
    "one tensor many times": {"list": [{"tensor": "t0", "dtype": "torch.float32"}] * 2},
    "keys of one hash": {"set": [{"int": hex(k * ALIKE)} for k in range(MAX_KEYS + 1)]},
    "keys of a dict": {"dict": [[{"int": hex(k * ALIKE)}, 0] for k in range(MAX_KEYS + 1)]},
    "keys in keys": {
        "set": [{"tuple": [0] * 50 + [{"int": hex(k * ALIKE)}]} for k in range(MAX_KEYS // 40)]
    },
    "keys of long numbers": {
        "frozenset": [{"int": f"0x{k:x}{'f' * 3_900}"} for k in range(1, MAX_KEYS // 200)]
    },
    "sets of numbers": {
        "list": [{"set": [{"int": hex(k * ALIKE)} for k in range(300)]} for _ in range(20)]
    },
    "a type of many parts": {"array": "t0", "dtype": "f4," * 1_000, "shape": [2]},
    "a wide array of nothing": {"array": "empty", "dtype": "float32", "shape": [0, 2**40]},
    "a wide tensor of nothing": {"tensor": "wide", "dtype": "torch.float32"},
    "many dimensions": {"array": "t0", "dtype": "float32", "shape": [2] + [1] * 40},
}


@pytest.mark.parametrize("tree", DEAR.values(), ids=DEAR)
def test_what_would_be_dear_to_make_is_refused(tree):
    tensors = {"t0": torch.ones(2), "empty": torch.zeros(0)}
    if tree.get("tensor") == "wide":
        tensors["wide"] = torch.zeros(0, 2**40)
    blob = save(tensors, {"tree": json.dumps(tree)})
    with pytest.raises(WireError):
        Unpacker(blob).unpack(tree)


@pytest.mark.parametrize(
    "blob",
    [
        (200 << 20).to_bytes(8, "little") + b" " * 99,
        save({f"t{n}": torch.zeros(1) for n in range(20_001)}, {"tree": "0"}),
        save({"t": torch.zeros(1)}, {"tree": "[" * 100_000}),
    ],
    ids=["a long head", "many tensors", "a deep tree"],
)
def test_a_head_is_bounded_before_anything_is_made(blob):
    with pytest.raises(WireError):
        Unpacker(blob)


def test_many_texts_are_keys_as_ever():
    words = {f"word {n}": n for n in range(4 * MAX_KEYS)}
    assert across(words) == words
    assert across(set(words)) == set(words)
    numbers = dict.fromkeys(range(MAX_KEYS - 1))
    assert across(numbers) == numbers
    with pytest.raises(WireError, match="more than 5000 keys"):
        across(set(range(2 * MAX_KEYS)))
