"""Recorded ticks: what replay decides again, in segments that stand by themselves.

A segment is a run of one group's ticks under one rule text, one mode and one program, and begins with the memory its
first tick was decided with. It is kept and deleted as a whole, so no tick is ever there without what it takes to
decide it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from autoscaler.store.database import transaction
from autoscaler.store.instants import from_microseconds, to_microseconds

__all__ = [
    "KeptTick",
    "NewSegment",
    "Segment",
    "add_tick",
    "begin_segment",
    "iterate_segments",
    "iterate_ticks",
    "keep_rule_text",
    "last_segments",
    "memory_before",
    "prune_segments",
    "rule_text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """What a segment begins with.

    Attributes:
        group: Scaling group.
        rules: Digest of the rulebook.
        files: Its text, by path.
        rule_names: Of the group, in order: what `Wanted.rule` counts.
        mode: The group's, with what the settings say of it: `Mode`'s value.
        program: Version that decided.
        memory: The group's before the first tick, packed; None: there was none.
    """

    group: str
    rules: str
    files: Mapping[str, str]
    rule_names: Sequence[str]
    mode: str
    program: str
    memory: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A segment as it is kept.

    Attributes:
        id: Ascending in the order of their beginnings.
        first_at, last_at: Of its ticks, aware UTC.
        ticks: How many.
        The others: As in `NewSegment`.
    """

    id: int
    group: str
    rules: str
    rule_names: tuple[str, ...]
    mode: str
    program: str
    first_at: datetime
    last_at: datetime
    ticks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTick:
    """One tick of a segment.

    Attributes:
        tick: Its id in the journal.
        at: Aware UTC.
        blob: As `tick_blob.pack_tick` gave it.
    """

    tick: str
    at: datetime
    blob: bytes


def begin_segment(
    connection: sqlite3.Connection, new: NewSegment, tick: KeptTick, *, instead_of: str | None = None
) -> int:
    """Keep a segment with its first tick, all or nothing; returns its id.

    The memory that an orderly end has left is older than this and goes.

    Args:
        connection: Of the writer.
        new: The segment.
        tick: Its first tick.
        instead_of: Id of the group's newest tick, which was decided and never done, and goes; None: there is none.
    """
    with transaction(connection):
        if instead_of is not None:
            _take_back(connection, new.group, instead_of)
        keep_rule_text(connection, new.rules, new.files, tick.at)
        found = connection.execute(
            'INSERT INTO segments ("group", rules, rule_names, mode, program, memory) VALUES (?, ?, ?, ?, ?, ?)',
            (new.group, new.rules, orjson.dumps(list(new.rule_names)), new.mode, new.program, new.memory),
        ).lastrowid
        assert found is not None
        _insert(connection, found, tick)
        connection.execute('DELETE FROM memory WHERE "group" = ?', (new.group,))
    return found


def add_tick(connection: sqlite3.Connection, segment: int, tick: KeptTick) -> bool:
    """Append a tick to its segment; False when that is no longer there."""
    with transaction(connection):
        is_there = connection.execute("SELECT 1 FROM segments WHERE id = ?", (segment,)).fetchone() is not None
        if is_there:
            _insert(connection, segment, tick)
    return is_there


def keep_rule_text(connection: sqlite3.Connection, digest: str, files: Mapping[str, str], at: datetime) -> None:
    """Keep a rule text, once, inside the caller's transaction."""
    connection.execute(
        "INSERT OR IGNORE INTO rule_texts VALUES (?, ?, ?)", (digest, to_microseconds(at), orjson.dumps(dict(files)))
    )


def rule_text(connection: sqlite3.Connection, digest: str) -> dict[str, str] | None:
    """A rule text by path; None when it is not kept."""
    row = connection.execute("SELECT files FROM rule_texts WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else orjson.loads(row[0])


def iterate_segments(connection: sqlite3.Connection, *, group: str | None, since: datetime | None) -> Iterator[Segment]:
    """Segments in the order of their beginnings.

    Args:
        group: None for all.
        since: Only those with a tick not before this; aware UTC; None for all.
    """
    yield from _segments(
        connection,
        'WHERE ("group" = ? OR ?)',
        "HAVING last_at >= ?",
        (group, group is None, -(2**63) if since is None else to_microseconds(since)),
    )


def last_segments(connection: sqlite3.Connection) -> dict[str, Segment]:
    """Each group's newest."""
    found = _segments(connection, 'WHERE s.id IN (SELECT max(id) FROM segments GROUP BY "group")', "", ())
    return {segment.group: segment for segment in found}


def memory_before(connection: sqlite3.Connection, segment: int) -> bytes | None:
    """The packed memory a segment began with; None: there was none, or the segment is no longer there."""
    row = connection.execute("SELECT memory FROM segments WHERE id = ?", (segment,)).fetchone()
    return None if row is None else row[0]


def iterate_ticks(connection: sqlite3.Connection, segment: int) -> Iterator[KeptTick]:
    """A segment's ticks in order, one in memory at a time."""
    for tick, at, blob in connection.execute(
        "SELECT tick, at, blob FROM ticks WHERE segment = ? ORDER BY id", (segment,)
    ):
        yield KeptTick(tick=tick, at=from_microseconds(at), blob=blob)


def prune_segments(connection: sqlite3.Connection, older_than: datetime) -> int:
    """Delete the oldest segment all of whose ticks were before an instant, if any; returns how many ticks went.

    A rule text goes with the last segment that was decided under it, unless it is the last good one.
    """
    with transaction(connection):
        row = connection.execute(
            "SELECT segment FROM ticks GROUP BY segment HAVING max(at) < ? ORDER BY segment LIMIT 1",
            (to_microseconds(older_than),),
        ).fetchone()
        if row is None:
            return 0
        gone = connection.execute("DELETE FROM ticks WHERE segment = ?", row).rowcount
        connection.execute("DELETE FROM segments WHERE id = ?", row)
        connection.execute(
            "DELETE FROM rule_texts WHERE digest NOT IN (SELECT rules FROM segments UNION SELECT digest FROM rules)"
        )
    return gone


def _take_back(connection: sqlite3.Connection, group: str, tick: str) -> None:
    row = connection.execute('SELECT max(id) FROM segments WHERE "group" = ?', (group,)).fetchone()
    connection.execute("DELETE FROM ticks WHERE segment = ? AND tick = ?", (*row, tick))
    connection.execute(
        "DELETE FROM segments WHERE id = ? AND NOT EXISTS (SELECT 1 FROM ticks WHERE segment = ?)", row * 2
    )


def _insert(connection: sqlite3.Connection, segment: int, tick: KeptTick) -> None:
    connection.execute(
        "INSERT INTO ticks (segment, tick, at, blob) VALUES (?, ?, ?, ?)",
        (segment, tick.tick, to_microseconds(tick.at), tick.blob),
    )


def _segments(connection: sqlite3.Connection, where: str, having: str, values: tuple[object, ...]) -> Iterator[Segment]:
    rows = connection.execute(
        'SELECT s.id, "group", rules, rule_names, mode, program, min(t.at) AS first_at, max(t.at) AS last_at, '  # noqa: S608 only constants go in
        f"count(*) FROM segments s JOIN ticks t ON t.segment = s.id {where} GROUP BY s.id {having} ORDER BY s.id",
        values,
    )
    for id_, group, rules, rule_names, mode, program, first_at, last_at, ticks in rows:
        yield Segment(
            id=id_,
            group=group,
            rules=rules,
            rule_names=tuple(orjson.loads(rule_names)),
            mode=mode,
            program=program,
            first_at=from_microseconds(first_at),
            last_at=from_microseconds(last_at),
            ticks=ticks,
        )
