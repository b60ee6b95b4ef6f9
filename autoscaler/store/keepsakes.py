"""Memory and the last good rules: kept by name, opaque here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from autoscaler.store.database import transaction
from autoscaler.store.instants import from_microseconds, to_microseconds
from autoscaler.store.recordings import keep_rule_text

__all__ = [
    "SavedMemory",
    "SavedRules",
    "load_memories",
    "load_rules",
    "save_memory",
    "save_rules",
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
        keep_rule_text(connection, digest, files, saved_at)


def load_rules(connection: sqlite3.Connection) -> SavedRules | None:
    """The last good rules; None when there never were any."""
    row = connection.execute("SELECT digest, files, saved_at FROM rules").fetchone()
    if row is None:
        return None
    digest, files, saved_at = row
    return SavedRules(digest=digest, files=orjson.loads(files), saved_at=from_microseconds(saved_at))
