"""One column as few bytes, exact to the bit.

An encoding is tried where it is likely to pay and kept only where it gives the same bits back; the spec beside the
bytes says which. Numbers of several bytes are kept as planes, all first bytes, then all second ones, lowest first:
alike stands beside alike, and squeezes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Spec", "decode", "encode"]

Array = NDArray[Any]
Spec = list[Any]
"""JSON: the encoding's name, then its arguments, specs of inner columns among them."""

_SIGNED = tuple(np.dtype(name) for name in ("<i1", "<i2", "<i4"))
_UNSIGNED = tuple(np.dtype(name) for name in ("<u1", "<u2", "<u4"))
_RUNS_PAY = 16
"""Runs are kept apart where there are so many times fewer than rows."""
_SAMPLE = 64


def encode(column: Array) -> tuple[Spec, list[bytes]]:
    """Encode one column.

    Args:
        column: Bool, integer or float, shape (n,), little-endian, contiguous.

    Returns:
        The spec and the buffers it consumes in order.
    """
    runs = _runs(column)
    if runs is not None:
        return runs
    if column.dtype.kind == "f" and column.dtype.itemsize == 8:
        return _floats(column)
    if column.dtype.kind in "iu" and column.dtype.itemsize > 1:
        return _integers(column)
    return ["raw", column.dtype.str, column.size], _planes(column)


def decode(spec: Spec, buffers: Iterator[memoryview]) -> Array:
    """Undo `encode`.

    Args:
        spec: As it gave it.
        buffers: Its buffers; consumed in order.

    Raises:
        ValueError, KeyError, TypeError, StopIteration: Not what `encode` gave.
    """
    match spec:
        case ["raw", dtype, size]:
            return _assembled(buffers, dtype, size)
        case ["runs", inner_lengths, inner_values]:
            lengths = decode(inner_lengths, buffers)
            return np.repeat(decode(inner_values, buffers), lengths)
        case ["steps", dtype, first, inner]:
            steps = decode(inner, buffers).astype(dtype)
            return np.cumsum(np.concatenate((np.array([first], dtype), steps)), dtype=dtype)
        case ["narrow", dtype, stored, size]:
            return _assembled(buffers, stored, size).astype(dtype)
        case ["whole", stored, size]:
            narrow = _assembled(buffers, stored, size)
            column = narrow.astype("<f8")
            column[narrow == np.iinfo(narrow.dtype).min] = np.nan
            return column
        case _:
            raise ValueError(f"no encoding {spec!r:.40}")


def _planes(column: Array) -> list[bytes]:
    bytes_of = column.view(np.uint8).reshape(column.size, column.dtype.itemsize)
    return [bytes_of[:, place].tobytes() for place in range(column.dtype.itemsize)]


def _assembled(buffers: Iterator[memoryview], dtype: str, size: int) -> Array:
    kind = np.dtype(dtype)
    bytes_of = np.empty((size, kind.itemsize), np.uint8)
    for place in range(kind.itemsize):
        bytes_of[:, place] = np.frombuffer(next(buffers), np.uint8)  # ValueError for another length
    return bytes_of.view(kind).reshape(size)


def _runs(column: Array) -> tuple[Spec, list[bytes]] | None:
    """Equal neighbours kept once: constant columns, ages that came by the request."""
    if column.size < _RUNS_PAY:
        return None
    bits = _bits(column)
    ends = np.flatnonzero(bits[1:] != bits[:-1])
    if (ends.size + 1) * _RUNS_PAY > column.size:
        return None
    starts = np.concatenate((np.zeros(1, np.int64), ends + 1))
    lengths, length_buffers = encode(np.diff(starts, append=column.size))
    values, value_buffers = encode(column[starts])
    return ["runs", lengths, values], length_buffers + value_buffers


def _integers(column: Array) -> tuple[Spec, list[bytes]]:
    """Ids that ascend by little are kept as steps; what fits in fewer bytes is kept in fewer."""
    dtype = column.dtype
    if column.size > 1 and column[0] < column[-1]:
        steps = np.diff(column)
        if steps.min() >= 0 and steps.max() <= 255:
            inner, buffers = encode(steps.astype("<u1"))
            return ["steps", dtype.str, int(column[0]), inner], buffers
    if column.size:
        low, high = column.min(), column.max()
        for narrow in _UNSIGNED if low >= 0 else _SIGNED:
            if narrow.itemsize < dtype.itemsize and np.iinfo(narrow).min <= low and high <= np.iinfo(narrow).max:
                return ["narrow", dtype.str, narrow.str, column.size], _planes(column.astype(narrow))
    return ["raw", dtype.str, column.size], _planes(column)


def _floats(column: Array) -> tuple[Spec, list[bytes]]:
    """Whole numbers and plain NaN as small integers, else as float32, each where it gives the same bits back."""
    if column.size > _SAMPLE and not _is_narrow(column[:: column.size // _SAMPLE]):
        return ["raw", "<f8", column.size], _planes(column)  # a sample that can't be narrowed spares looking at all
    missing = np.isnan(column)
    filled = np.where(missing, 0.0, column)
    top = float(np.abs(filled).max()) if filled.size else 0.0
    for narrow in _SIGNED:
        if top > np.iinfo(narrow).max:  # the lowest number of the type stands for NaN
            continue
        whole = filled.astype(narrow)
        whole[missing] = np.iinfo(narrow).min
        back = whole.astype("<f8")
        back[missing] = np.nan
        if _same(back, column):
            return ["whole", narrow.str, column.size], _planes(whole)
        break  # a wider integer gives no other bits back
    if top < float(np.finfo(np.float32).max):  # a bigger one would overflow, infinity among them
        with np.errstate(invalid="ignore"):  # a signalling NaN loses its payload and is told apart below
            single = column.astype("<f4")
            back = single.astype("<f8")
        if _same(back, column):
            return ["narrow", "<f8", "<f4", column.size], _planes(single)
    return ["raw", "<f8", column.size], _planes(column)


def _is_narrow(sample: Array) -> bool:
    """Whether any of `_floats`' encodings could take these."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.all(np.isnan(sample) | (np.rint(sample) == sample) | (sample.astype("<f4") == sample)))


def _same(one: Array, other: Array) -> bool:
    """Equal bits: NaN equals NaN of the same payload, and -0.0 is not 0.0."""
    return bool(np.array_equal(_bits(one), _bits(other)))


def _bits(column: Array) -> Array:
    return column.view(np.dtype(f"<u{column.dtype.itemsize}"))
