"""The journal: what was decided and what came of it, append-only, numbered in the order it was committed.

Numbers are given inside the transaction that writes them, so a reader that follows by number misses nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from autoscaler.store.database import transaction
from autoscaler.store.instants import from_microseconds, to_microseconds

__all__ = [
    "JournalEvent",
    "JournalQuery",
    "append_batch",
    "last_batch",
    "prune_events",
    "read_events",
    "write_events",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEvent:
    """One line.

    Attributes:
        schema: `autoscaler.decision/1` and the like.
        at: Aware UTC.
        group: Scaling group; "" for all.
        agent: Agent id; None when it is about none.
        line: The whole JSON object, without a line end.
        seq: Its number, ascending; 0 before it is written.
    """

    schema: str
    at: datetime
    group: str
    agent: int | None
    line: bytes
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalQuery:
    """Which lines to read; None asks for all.

    Attributes:
        agent, group, schema: Exactly these.
        since: Not before; aware UTC.
        after_seq: Numbered after this one.
        limit: So many: the last ones, or with `after_seq` the first ones after it.
    """

    agent: int | None = None
    group: str | None = None
    schema: str | None = None
    since: datetime | None = None
    after_seq: int | None = None
    limit: int | None = None


def last_batch(connection: sqlite3.Connection) -> int:
    """The number of the last batch that was committed; 0 for none."""
    return _counter(connection, "batch")


def append_batch(connection: sqlite3.Connection, number: int, events: Sequence[JournalEvent]) -> None:
    """Write lines in a transaction of their own, unless the batch of this number is there already.

    So whoever does not know how an attempt ended may try again.
    """
    with transaction(connection):
        if _counter(connection, "batch") >= number:
            return
        write_events(connection, events)
        _count(connection, "batch", number)


def write_events(connection: sqlite3.Connection, events: Sequence[JournalEvent]) -> None:
    """Write lines inside the caller's transaction."""
    first = _counter(connection, "journal") + 1  # kept apart, so that pruning never frees a number
    connection.executemany(
        'INSERT INTO journal (seq, schema, at, "group", agent, line) VALUES (?, ?, ?, ?, ?, ?)',
        (
            (seq, event.schema, to_microseconds(event.at), event.group, event.agent, event.line)
            for seq, event in enumerate(events, first)
        ),
    )
    _count(connection, "journal", first + len(events) - 1)


def read_events(connection: sqlite3.Connection, query: JournalQuery) -> list[JournalEvent]:
    """Read lines, newest last."""
    clauses: list[str] = []
    values: list[object] = []
    for clause, value in (
        ("agent = ?", query.agent),
        ('"group" = ?', query.group),
        ("schema = ?", query.schema),
        ("at >= ?", None if query.since is None else to_microseconds(query.since)),
        ("seq > ?", query.after_seq),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(value)
    forward = query.after_seq is not None or query.limit is None
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    rows = connection.execute(
        f'SELECT schema, at, "group", agent, line, seq FROM journal {where} '  # noqa: S608 only constants go in
        f"ORDER BY seq {'ASC' if forward else 'DESC'} LIMIT ?",
        (*values, -1 if query.limit is None else query.limit),
    ).fetchall()
    return [
        JournalEvent(schema=schema, at=from_microseconds(at), group=group, agent=agent, line=line, seq=seq)
        for schema, at, group, agent, line, seq in (rows if forward else reversed(rows))
    ]


def prune_events(connection: sqlite3.Connection, older_than: datetime, most: int) -> int:
    """Delete at most `most` of the oldest lines before an instant; returns how many went."""
    with transaction(connection):
        return connection.execute(
            "DELETE FROM journal WHERE seq IN (SELECT seq FROM journal WHERE at < ? ORDER BY at LIMIT ?)",
            (to_microseconds(older_than), most),
        ).rowcount


def _counter(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    return int(value)


def _count(connection: sqlite3.Connection, name: str, value: int) -> None:
    connection.execute("UPDATE counters SET value = ? WHERE name = ?", (value, name))
