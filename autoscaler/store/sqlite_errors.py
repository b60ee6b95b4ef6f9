"""SQLite's errors in our words: what happened and what to try."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autoscaler.errors import StoreError, StoreForeign, StoreUnavailable

__all__ = ["foreign", "translated"]

_HELP = {
    "SQLITE_FULL": "free space on the disk, or keep journal and snapshots for a shorter time",
    "SQLITE_READONLY": "give the file and its folder to the user the daemon runs as, and mount the disk writable",
    "SQLITE_CANTOPEN": "create the folder and give it to the user the daemon runs as",
    "SQLITE_BUSY": "end the program that holds the file open in a transaction",
    "SQLITE_LOCKED": "end the program that holds the file open in a transaction",
    "SQLITE_IOERR": "check the disk's space and health",
    "SQLITE_CORRUPT": "move the file away and start with a new one; sqlite3's .recover may save the journal",
}
_HELP_ANY = "look at the disk and the file's rights"


def foreign(path: Path, what: str) -> StoreForeign:
    """The error about a file that is not ours."""
    return StoreForeign(what, place=str(path), help="name another file in the setting `store`; this one is left alone")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into `StoreError`s.

    Raises:
        StoreForeign: The file is no database.
        StoreUnavailable: Anything else the file or the disk refuses.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _ours(path, error) from error


def _ours(path: Path, error: sqlite3.Error) -> StoreError:
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_NOTADB":
        return foreign(path, "this file is no SQLite database")
    for prefix, help_text in _HELP.items():
        if name.startswith(prefix):  # extended codes follow the plain one: SQLITE_IOERR_WRITE
            return StoreUnavailable(str(error), place=str(path), help=help_text)
    return StoreUnavailable(str(error), place=str(path), help=_HELP_ANY)
