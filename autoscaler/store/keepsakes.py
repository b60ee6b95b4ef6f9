"""Memory, the last good rules and snapshots: blobs kept by name, opaque here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from autoscaler.store.database import transaction
from autoscaler.store.instants import from_microseconds, to_microseconds

__all__ = [
    "SavedMemory",
    "SavedRules",
    "SavedSnapshot",
    "iterate_snapshots",
    "load_memories",
    "load_rules",
    "prune_snapshots",
    "save_memory",
    "save_rules",
    "save_snapshot",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMemory:
    """One group's memory.

    Attributes:
        blob: As it was given.
        saved_at: Aware UTC.
    """

    blob: bytes
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRules:
    """The rules that were last in force.

    Attributes:
        digest: The rulebook's.
        files: Text by path.
        saved_at: Aware UTC.
    """

    digest: str
    files: Mapping[str, str]
    saved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSnapshot:
    """What one tick of one group saw.

    Attributes:
        tick: The tick's id in the journal.
        group: Scaling group.
        at: Aware UTC.
        blob: As it was given; `store.snapshot_blob` packs one.
    """

    tick: str
    group: str
    at: datetime
    blob: bytes


def save_memory(connection: sqlite3.Connection, group: str, blob: bytes, saved_at: datetime) -> None:
    """Replace a group's memory."""
    with transaction(connection):
        connection.execute("INSERT OR REPLACE INTO memory VALUES (?, ?, ?)", (group, to_microseconds(saved_at), blob))


def load_memories(connection: sqlite3.Connection) -> dict[str, SavedMemory]:
    """Every group's memory."""
    rows = connection.execute('SELECT "group", blob, saved_at FROM memory ORDER BY "group"').fetchall()
    return {group: SavedMemory(blob=blob, saved_at=from_microseconds(saved_at)) for group, blob, saved_at in rows}


def save_rules(connection: sqlite3.Connection, digest: str, files: Mapping[str, str], saved_at: datetime) -> None:
    """Replace the last good rules."""
    with transaction(connection):
        connection.execute(
            "INSERT OR REPLACE INTO rules VALUES (1, ?, ?, ?)",
            (digest, to_microseconds(saved_at), orjson.dumps(dict(files))),
        )


def load_rules(connection: sqlite3.Connection) -> SavedRules | None:
    """The last good rules; None when there never were any."""
    row = connection.execute("SELECT digest, files, saved_at FROM rules").fetchone()
    if row is None:
        return None
    digest, files, saved_at = row
    return SavedRules(digest=digest, files=orjson.loads(files), saved_at=from_microseconds(saved_at))


def save_snapshot(connection: sqlite3.Connection, snapshot: SavedSnapshot) -> None:
    """Append a snapshot."""
    with transaction(connection):
        connection.execute(
            'INSERT INTO snapshots (tick, "group", at, blob) VALUES (?, ?, ?, ?)',
            (snapshot.tick, snapshot.group, to_microseconds(snapshot.at), snapshot.blob),
        )


def iterate_snapshots(
    connection: sqlite3.Connection, *, group: str | None, since: datetime | None
) -> Iterator[SavedSnapshot]:
    """Go through snapshots in the order they were kept, one in memory at a time.

    Args:
        group: None for all.
        since: Aware UTC, not before; None for all.
    """
    rows = connection.execute(
        'SELECT tick, "group", at, blob FROM snapshots WHERE at >= ? AND ("group" = ? OR ?) ORDER BY id',
        (-(2**63) if since is None else to_microseconds(since), group, group is None),
    )
    for tick, name, at, blob in rows:
        yield SavedSnapshot(tick=tick, group=name, at=from_microseconds(at), blob=blob)


def prune_snapshots(connection: sqlite3.Connection, older_than: datetime, most: int) -> int:
    """Delete at most `most` of the oldest snapshots before an instant; returns how many went."""
    with transaction(connection):
        return connection.execute(
            "DELETE FROM snapshots WHERE id IN (SELECT id FROM snapshots WHERE at < ? ORDER BY at LIMIT ?)",
            (to_microseconds(older_than), most),
        ).rowcount
