"""One recorded tick as one blob, and back, exact to the bit: what was seen and what was decided.

A tick is kept as what changed since the tick before it; the first of a segment stands by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from autoscaler.core.plan import Slots
from autoscaler.core.readings import Snapshot
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack, unpack
from autoscaler.store.deltas import Columns, Delta, Rows, delta, delta_of_ids, match, ragged, undo, undo_ids
from autoscaler.store.encodings import Array
from autoscaler.store.snapshot_blob import snapshot_from, taken_apart
from autoscaler.store.wanted import Wanted

__all__ = ["UnpackedTick", "pack_tick", "unpack_tick"]

_AGENTS, _WANTED = "agents.ids", "wanted.ids"
_OFFSETS, _COUNTS, _QUEUES = "agents.queue_offsets", "agents.queue_counts", "agents.queue_ids"
_ENDS = ("", "~rows", "~values", "~gone", "~new")
_DECIDED = ("force", "limit", "rule", "called")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedTick:
    """A tick as it was kept.

    Attributes:
        snapshot: What was seen.
        wanted: What was decided.
        columns: What the next tick of the segment is a delta of.
    """

    snapshot: Snapshot
    wanted: Wanted
    columns: Columns


def pack_tick(snapshot: Snapshot, wanted: Wanted, before: Columns | None) -> tuple[bytes, Columns]:
    """Pack a tick.

    Args:
        snapshot: What was seen.
        wanted: What was decided on it.
        before: Columns of the tick before in the same segment; None for its first.

    Returns:
        The blob, and the columns for the next tick. They share memory with the arguments.
    """
    seen, columns = taken_apart(snapshot)
    if _begins_plainly(columns[_OFFSETS]):
        columns = {(_COUNTS if name == _OFFSETS else name): column for name, column in columns.items()}
        columns[_COUNTS] = np.diff(columns[_COUNTS])
    columns |= {_WANTED: wanted.ids, **{f"wanted.{name}": getattr(wanted, name) for name in _DECIDED}}
    earlier = _Earlier(before, columns)
    directory: list[Any] = []
    arrays: dict[str, Array] = {}
    for name, column in columns.items():
        how, needed = _delta(name, column, columns, earlier)
        directory.append([name, how])
        arrays |= {name + end: array for end, array in needed.items()}
    return pack({"seen": seen, "slots": asdict(wanted.slots), "columns": directory}, arrays), columns


def unpack_tick(blob: bytes, before: Columns | None) -> UnpackedTick:
    """Unpack a tick.

    Args:
        blob: What `pack_tick` gave.
        before: Columns of the tick before in the same segment; None for its first.

    Raises:
        StoreForeign: Not what `pack_tick` gave, damaged, or not after that tick.
    """
    header, arrays = unpack(blob)
    try:
        columns: dict[str, Array] = {}
        ids_first = sorted(header["columns"], key=lambda pair: pair[0] not in (_AGENTS, _COUNTS))
        earlier = _Earlier(before, columns)
        for name, how in ids_first:
            needed = {
                end: arrays[name + end] for end in ("", "~rows", "~values", "~gone", "~new") if name + end in arrays
            }
            columns[name] = _undone(name, how, needed, columns, earlier)
        columns = {name: columns[name] for name, _ in header["columns"]}
        wanted = Wanted(
            ids=columns[_WANTED],
            **{name: columns[f"wanted.{name}"] for name in _DECIDED},
            slots=Slots(**header["slots"]),
        )
        seen = {
            (_OFFSETS if name == _COUNTS else name): _offsets(column) if name == _COUNTS else column
            for name, column in columns.items()
            if not name.startswith("wanted.")
        }
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreForeign(
            "these bytes are a table, but no tick of this version, or not the one after the tick before",
            help="replay it with the version that wrote it",
        ) from error
    return UnpackedTick(snapshot=snapshot_from(header["seen"], seen), wanted=wanted, columns=columns)


class _Earlier:
    """The columns of the tick before, in the rows of this one."""

    def __init__(self, before: Columns | None, now: Mapping[str, Array]) -> None:
        """`now` may still be filling; ids are asked for once they are there."""
        self._before: Columns = {} if before is None else before
        self._now = now
        self._rows: dict[str, Rows | None] = {}

    def ids(self, name: str) -> Array | None:
        return self._before.get(name)

    def column(self, name: str) -> Array | None:
        """The earlier column of that name in today's rows; None where there is none to go by."""
        column = self._before.get(name)
        if column is None:
            return None
        if name == _QUEUES:
            return self._lists(column)
        table, _, _ = name.partition(".")
        rows = self._of(_AGENTS if table == "agents" else _WANTED) if table in ("agents", "wanted") else None
        if rows is None or len(column) != len(self._before[f"{table}.ids"]):
            return None
        return rows.of(column)

    def _lists(self, values: Array) -> Array | None:
        if _COUNTS not in self._before or _COUNTS not in self._now:
            return None
        return ragged(values, _offsets(self._before[_COUNTS]), self._of(_AGENTS), self._now[_COUNTS])

    def _of(self, ids: str) -> Rows | None:
        if ids not in self._rows:
            self._rows[ids] = match(self._now[ids], self._before.get(ids))
        return self._rows[ids]


def _delta(name: str, column: Array, columns: Columns, earlier: _Earlier) -> Delta:
    if name == _WANTED and np.array_equal(column, columns[_AGENTS]):
        return ["agents"], {}
    if name in (_AGENTS, _WANTED):
        return delta_of_ids(column, earlier.ids(name))
    return delta(column, earlier.column(name))


def _undone(name: str, how: list[Any], needed: Columns, columns: Columns, earlier: _Earlier) -> Array:
    if how == ["agents"]:
        return columns[_AGENTS]
    if name in (_AGENTS, _WANTED):
        return undo_ids(how, needed, earlier.ids(name))
    return undo(how, needed, earlier.column(name))


def _begins_plainly(offsets: Array) -> bool:
    return offsets.dtype == np.int64 and len(offsets) > 0 and offsets[0] == 0


def _offsets(counts: Array) -> Array:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
