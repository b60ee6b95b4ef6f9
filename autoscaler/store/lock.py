"""One writer a file: a lock beside it that ends with the process, however the process ends."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from autoscaler.errors import StoreUnavailable

__all__ = ["WriterLock"]


class WriterLock:
    """Held from construction to `release`."""

    def __init__(self, database: Path) -> None:
        """Take the lock of a database file.

        Raises:
            StoreUnavailable: Another process has it, or the folder can't be written.
        """
        path = database.with_name(f"{database.name}.lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreUnavailable(
                f"the lock file can't be opened: {error.strerror}",
                place=str(path),
                help="create the folder and give it to the user the daemon runs as",
            ) from error
        try:
            self._take(database)
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Give it back; the file stays, since removing it would race with the next owner."""
        os.close(self._file)

    def _take(self, database: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise StoreUnavailable(
                    f"the lock file can't be locked: {error.strerror}",
                    place=str(database),
                    help="put the store on a local file system",
                ) from error
            owner = os.pread(self._file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreUnavailable(
                f"another autoscaler (pid {owner}) uses this store",
                place=str(database),
                help="stop that one first, or give this one a store of its own",
            ) from error
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        except OSError:
            return  # a full disk: the lock holds all the same, only its owner's number is missing
