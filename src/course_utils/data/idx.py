"""The IDX format of MNIST and Fashion-MNIST: magic number, big-endian sizes, bytes."""

from __future__ import annotations

import math

import numpy as np

UNSIGNED_BYTE = 0x08


def read_idx(raw: bytes) -> np.ndarray:
    """The array in an IDX file of unsigned bytes.

    Raises:
        ValueError: ``raw`` is no such file, or is cut short.

    Source: the format's description at the end of the MNIST page, LeCun, Cortes, Burges.
    """
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] != UNSIGNED_BYTE:
        raise ValueError("not an IDX file of unsigned bytes")
    start = 4 + 4 * raw[3]
    if len(raw) < start:
        raise ValueError("an IDX file that ends in its head")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", raw[3], offset=4))
    if len(raw) - start != math.prod(shape):
        raise ValueError(f"{len(raw) - start} bytes for an array of shape {shape}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)
