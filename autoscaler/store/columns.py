"""A table of arrays and a JSON header as one blob, and back, exact to the bit.

Layout: magic, CRC-32 of all that follows it, length of the directory, the directory (JSON: header, columns, lengths of
their buffers), then the buffers, each squeezed where that pays.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from autoscaler.errors import StoreForeign
from autoscaler.store.encodings import Array, decode, encode

__all__ = ["pack", "unpack"]

_MAGIC = b"ASC1"
_FRONT = struct.Struct("<4sII")
_KINDS = "biuf"
_RAW_DEFLATE = -15
_SAMPLE = 2048


def pack(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """Pack a table.

    Args:
        header: JSON values (NaN is none; put such numbers in an array).
        arrays: Bool, integer or float, any shape.

    Raises:
        TypeError: A value of another kind.
    """
    columns: list[list[Any]] = []
    buffers: list[bytes] = []
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"column {name} is of type {array.dtype}, neither bool, integer nor float")
        flat = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(-1)
        spec, pieces = encode(flat)
        squeezed = [_squeezed(piece) for piece in pieces]
        kept = [min(pair, key=len) for pair in zip(pieces, squeezed, strict=True)]
        # a negative length marks a squeezed buffer
        lengths = [len(one) if one is piece else -len(one) for one, piece in zip(kept, pieces, strict=True)]
        columns.append([name, list(array.shape), spec, lengths])
        buffers += kept
    directory = orjson.dumps({"header": dict(header), "columns": columns})
    rest = b"".join((directory, *buffers))
    return _FRONT.pack(_MAGIC, zlib.crc32(rest), len(directory)) + rest


def unpack(blob: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Unpack a table; the arrays may be written to.

    Raises:
        StoreForeign: Not what `pack` gave, or damaged.
    """
    try:
        magic, crc, size = _FRONT.unpack_from(blob)
        rest = memoryview(blob)[_FRONT.size :]
        if magic != _MAGIC or zlib.crc32(rest) != crc:
            raise ValueError("another form or damaged")
        directory = orjson.loads(rest[:size])
        arrays = {}
        at = size
        for name, shape, spec, lengths in directory["columns"]:
            arrays[name] = decode(spec, _cut(rest, at, lengths)).reshape(shape)
            at += sum(map(abs, lengths))
        return directory["header"], arrays
    except (struct.error, ValueError, KeyError, TypeError, StopIteration, zlib.error) as error:
        raise StoreForeign(
            "these bytes are no table of this program, or are damaged",
            help="leave this record out; the others of the store are not concerned",
        ) from error


def _squeezed(piece: bytes) -> bytes:
    """Huffman codes alone: on columns like these smaller than looking for repeats, and four times as fast.

    What a sample says is noise is left as it is.
    """
    if len(piece) > 4 * _SAMPLE:
        middle = len(piece) // 2
        if len(_huffman(piece[middle : middle + _SAMPLE])) > _SAMPLE * 31 // 32:
            return piece
    return _huffman(piece)


def _huffman(piece: bytes) -> bytes:
    squeezer = zlib.compressobj(1, zlib.DEFLATED, _RAW_DEFLATE, 9, zlib.Z_HUFFMAN_ONLY)
    return squeezer.compress(piece) + squeezer.flush()


def _cut(body: memoryview, start: int, lengths: list[int]) -> Iterator[memoryview]:
    for length in lengths:
        piece = body[start : start + abs(length)]
        yield piece if length >= 0 else memoryview(zlib.decompress(piece, _RAW_DEFLATE))
        start += abs(length)
