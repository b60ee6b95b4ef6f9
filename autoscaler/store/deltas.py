"""A tick's columns as what changed since the tick before, exact to the bit.

Rows are matched by id, so somebody who signs in or out costs a row and not the whole column. A delta is used only
where it gives the same bits back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.store.encodings import Array

__all__ = ["Columns", "Delta", "Rows", "delta", "delta_of_ids", "match", "ragged", "undo", "undo_ids"]

Columns = Mapping[str, Array]
Delta = tuple[list[Any], dict[str, Array]]
"""What to do with the earlier column (JSON), and the arrays it takes, by the end of their names."""

_FEW = 4
"""Rows are kept apart where so many times fewer changed than there are."""
_SAMPLE = 128
_FULL: list[Any] = ["full"]


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of one tick stand among those of the tick before.

    Attributes:
        count: Rows now.
        before: Rows before, shape (count,), of whoever stands nearest where somebody is new; None: one to one.
    """

    count: int
    before: NDArray[np.intp] | None

    def of(self, column: Array) -> Array:
        """An earlier column in today's rows."""
        return column if self.before is None else column[self.before]


def match(ids: Array, before: Array | None) -> Rows | None:
    """Match rows by id; None where there is nothing to match with.

    Args:
        ids, before: Ids, strictly ascending, of this tick and the one before.
    """
    if before is None or not len(before) or before.dtype != ids.dtype:
        return None
    if np.array_equal(ids, before):
        return Rows(len(ids), None)
    return Rows(len(ids), np.minimum(np.searchsorted(before, ids), len(before) - 1))


def delta(column: Array, before: Array | None) -> Delta:
    """What makes the earlier column this one.

    Args:
        column: Shape (n,).
        before: The earlier column in today's rows; None where there is none.
    """
    if before is None or before.dtype != column.dtype or before.shape != column.shape:
        return _FULL, {"": column}
    if column is before:
        return ["same"], {}
    column = np.ascontiguousarray(column)
    changed = _differs(column, before)
    count = np.count_nonzero(changed)
    if not count:
        return ["same"], {}
    if count * _FEW <= len(column):
        return ["rows"], _rows(column, changed)
    if column.dtype == np.float64:
        step = _usual_step(column, before)
        if step is not None:
            changed = _differs(column, _gone_on(before, step))
            if np.count_nonzero(changed) * _FEW <= len(column):
                return ["step", step], _rows(column, changed)
    return _FULL, {"": column}


def undo(how: list[Any], arrays: Columns, before: Array | None) -> Array:
    """The column that `delta` was made of.

    Raises:
        KeyError, ValueError, IndexError, TypeError: Not what `delta` gave.
    """
    if how == _FULL:
        return arrays[""]
    if before is None:
        raise ValueError("there is no tick before")
    match how:
        case ["same"]:
            return before
        case ["rows"]:
            column = before.copy()
        case ["step", step]:
            column = _gone_on(before, step)
        case _:
            raise ValueError(f"no delta {how!r:.40}")
    column[arrays["~rows"]] = arrays["~values"]
    return column


def delta_of_ids(ids: Array, before: Array | None) -> Delta:
    """What makes the earlier ids these.

    Args:
        ids, before: Strictly ascending; None where there are no earlier ones.
    """
    if before is None or before.dtype != ids.dtype or not len(before) or not len(ids):
        return _FULL, {"": ids}
    if np.array_equal(ids, before):
        return ["same"], {}
    gone, new = _lacks(before, ids), _lacks(ids, before)
    if (len(gone) + len(new)) * _FEW > len(ids):
        return _FULL, {"": ids}
    return ["set"], {"~gone": gone, "~new": ids[new]}


def undo_ids(how: list[Any], arrays: Columns, before: Array | None) -> Array:
    """The ids that `delta_of_ids` was made of; errors as `undo`."""
    if how != ["set"]:
        return undo(how, arrays, before)
    if before is None:
        raise ValueError("there is no tick before")
    kept = np.delete(before, arrays["~gone"])
    ids = np.concatenate((kept, arrays["~new"]))
    ids.sort()
    return ids


def ragged(values: Array, offsets: Array, rows: Rows | None, counts: Array) -> Array | None:
    """Earlier lists, one an agent, laid out as today's lists are; None where nothing can be laid out.

    Args:
        values: The earlier lists, one after the other.
        offsets: Where each began, one more than lists.
        rows: Today's rows among the earlier ones.
        counts: How long each of today's lists is.
    """
    if rows is None or not len(values):
        return None
    if rows.before is None and np.array_equal(np.diff(offsets), counts):
        return values
    starts = rows.of(offsets[:-1])
    total = int(counts.sum())
    places = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(total)
    return values[np.minimum(places, len(values) - 1)]


def _rows(column: Array, changed: NDArray[np.bool_]) -> dict[str, Array]:
    rows = np.flatnonzero(changed)
    return {"~rows": rows, "~values": column[rows]}


def _usual_step(column: Array, before: Array) -> float | None:
    """By how much most rows went on, as seconds since something do; None where there is no such step."""
    every = max(len(column) // _SAMPLE, 1)
    with np.errstate(invalid="ignore", over="ignore"):  # of infinities
        steps = column[::every] - before[::every]
    steps = steps[np.isfinite(steps)]
    if not len(steps):
        return None
    found, counts = np.unique(steps, return_counts=True)
    usual = int(counts.argmax())
    return float(found[usual]) if counts[usual] * 2 > len(steps) else None


def _gone_on(before: Array, step: float) -> Array:
    with np.errstate(over="ignore"):
        column: Array = before + step
    return column


def _lacks(ids: Array, others: Array) -> NDArray[np.intp]:
    """Rows of `ids` that `others`, not empty, have not."""
    nearest = np.minimum(np.searchsorted(others, ids), len(others) - 1)
    return np.flatnonzero(others[nearest] != ids)


def _differs(one: Array, other: Array) -> NDArray[np.bool_]:
    """Where the bits differ: NaN equals NaN of the same payload, and -0.0 is not 0.0."""
    kind = np.dtype(f"u{one.dtype.itemsize}")
    differs: NDArray[np.bool_] = one.view(kind) != np.ascontiguousarray(other).view(kind)
    return differs
