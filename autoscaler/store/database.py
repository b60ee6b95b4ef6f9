"""The database file: opened, recognised as ours, and its tables.

A file that is not ours, or of a newer version, is never written to; one of an older version is brought up to date by
its writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscaler.errors import StoreUnavailable
from autoscaler.store.sqlite_errors import foreign, translated

__all__ = ["SCHEMA_VERSION", "open_for_reading", "open_for_writing", "transaction"]

SCHEMA_VERSION = 2

_APPLICATION_ID = 0x41534352  # "ASCR"

_TABLES = """
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    schema TEXT NOT NULL,
    at INTEGER NOT NULL, -- microseconds since 1970, UTC, here and below
    "group" TEXT NOT NULL,
    agent INTEGER,
    line BLOB NOT NULL
);
CREATE INDEX journal_at ON journal (at);
CREATE INDEX journal_agent ON journal (agent, seq) WHERE agent IS NOT NULL;
CREATE TABLE memory ("group" TEXT PRIMARY KEY, saved_at INTEGER NOT NULL, blob BLOB NOT NULL);
CREATE TABLE overrides (id INTEGER PRIMARY KEY CHECK (id = 1), saved_at INTEGER NOT NULL, value BLOB NOT NULL);
CREATE TABLE rules (id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, saved_at INTEGER NOT NULL,
    files BLOB NOT NULL);
"""

_RECORDINGS = """
CREATE TABLE rule_texts (digest TEXT PRIMARY KEY, saved_at INTEGER NOT NULL, files BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "group" TEXT NOT NULL,
    rules TEXT NOT NULL,
    rule_names BLOB NOT NULL,
    mode TEXT NOT NULL,
    program TEXT NOT NULL,
    memory BLOB
);
CREATE INDEX segments_group ON segments ("group", id);
CREATE TABLE ticks (
    id INTEGER PRIMARY KEY,
    segment INTEGER NOT NULL,
    tick TEXT NOT NULL,
    at INTEGER NOT NULL,
    blob BLOB NOT NULL
);
CREATE INDEX ticks_segment ON ticks (segment, id, at);
"""

_FROM_1 = "INSERT OR IGNORE INTO rule_texts SELECT digest, saved_at, files FROM rules; DROP TABLE snapshots"
"""Version 1 kept snapshots alone, which nothing can be decided from again."""


def open_for_writing(path: Path, *, busy_timeout_s: float, max_bytes: int | None) -> sqlite3.Connection:
    """Open the file, and make its tables in a new one. The caller holds the `WriterLock`.

    Args:
        path: Absolute; the folder exists.
        busy_timeout_s: How long a statement waits for another program's transaction.
        max_bytes: The file grows no further; None for as far as the disk goes.

    Raises:
        StoreForeign: Not ours, or newer.
        StoreUnavailable: Not there, not writable, full, locked.
    """
    with translated(path):
        connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None, cached_statements=64)
        try:
            _recognise(connection, path, may_be_new=True)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("PRAGMA cache_size = -65536")
            if not _is_ours(connection):
                _create(connection)
            elif _version(connection) < SCHEMA_VERSION:
                _bring_up_to_date(connection)
            if max_bytes is not None:
                (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
                connection.execute(f"PRAGMA max_page_count = {max(max_bytes // page_bytes, 1)}")
        except BaseException:
            connection.close()
            raise
        return connection


def open_for_reading(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the file beside its writer.

    Raises:
        StoreForeign: Not ours, or newer.
        StoreUnavailable: Not there, not readable, or older and not yet brought up to date.
    """
    if not path.exists():
        raise StoreUnavailable(
            "there is no store yet", place=str(path), help="start the daemon once, or name its store in the settings"
        )
    with translated(path):
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=busy_timeout_s, isolation_level=None)
        try:
            _recognise(connection, path, may_be_new=False)
            if _version(connection) < SCHEMA_VERSION:
                raise StoreUnavailable(
                    f"this store was written by an older version of this program ({_version(connection)})",
                    place=str(path),
                    help="start the daemon on it once: it brings the file up to date",
                )
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends some failed transactions by itself
            connection.execute("ROLLBACK")
        raise


def _is_ours(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return bool(application == _APPLICATION_ID)


def _recognise(connection: sqlite3.Connection, path: Path, *, may_be_new: bool) -> None:
    if not _is_ours(connection):
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables or not may_be_new:
            raise foreign(path, "this database belongs to another program")
        return
    version = _version(connection)
    if version > SCHEMA_VERSION:
        raise foreign(path, f"this store has version {version}, newer than the {SCHEMA_VERSION} this program knows")


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("SELECT version FROM schema_version").fetchone()
    return int(version)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        _run(connection, _RECORDINGS)
        _run(connection, _FROM_1)
        connection.execute("UPDATE schema_version SET version = ?", (SCHEMA_VERSION,))


def _run(connection: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            connection.execute(statement)


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        _run(connection, _TABLES)
        _run(connection, _RECORDINGS)
        connection.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
        connection.execute("INSERT INTO counters VALUES ('journal', 0), ('batch', 0)")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
