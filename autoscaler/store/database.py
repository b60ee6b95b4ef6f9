"""The database file: opened, recognised as ours, and its tables.

A file that is not ours, or of a newer version, is never written to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscaler.errors import StoreUnavailable
from autoscaler.store.sqlite_errors import foreign, translated

__all__ = ["SCHEMA_VERSION", "open_for_reading", "open_for_writing", "transaction"]

SCHEMA_VERSION = 1

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
CREATE TABLE snapshots (
    id INTEGER PRIMARY KEY,
    tick TEXT NOT NULL,
    "group" TEXT NOT NULL,
    at INTEGER NOT NULL,
    blob BLOB NOT NULL
);
CREATE INDEX snapshots_at ON snapshots (at);
"""


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
        StoreUnavailable: Not there, or not readable.
    """
    if not path.exists():
        raise StoreUnavailable(
            "there is no store yet", place=str(path), help="start the daemon once, or name its store in the settings"
        )
    with translated(path):
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=busy_timeout_s, isolation_level=None)
        try:
            _recognise(connection, path, may_be_new=False)
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
    (version,) = connection.execute("SELECT version FROM schema_version").fetchone()
    if version > SCHEMA_VERSION:
        raise foreign(path, f"this store has version {version}, newer than the {SCHEMA_VERSION} this program knows")


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
        connection.execute("INSERT INTO counters VALUES ('journal', 0), ('batch', 0)")
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
