"""The one thread that touches the file: every statement of the writer's connection runs here, one after another."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from autoscaler.errors import StoreUnavailable
from autoscaler.store.database import open_for_writing
from autoscaler.store.limits import StoreLimits
from autoscaler.store.sqlite_errors import translated

__all__ = ["FileThread"]

T = TypeVar("T")


class FileThread:
    """A connection and its thread, `store-file`."""

    def __init__(self, path: Path, limits: StoreLimits) -> None:
        """Start nothing yet; `open` does."""
        self._path = path
        self._limits = limits
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-file")
        self._slots = asyncio.Semaphore(limits.jobs)
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file.

        Raises:
            StoreForeign, StoreUnavailable: As `open_for_writing`.
        """
        await self._submit(self._open)

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job on the connection.

        Args:
            job: Must not keep the connection.

        Raises:
            StoreUnavailable: The file or the disk refuses, or does not answer in time; then the job may yet be done.
            StoreForeign: The file was replaced by something else.
        """
        return await self._submit(lambda: self._do(job))

    async def close(self) -> None:
        """Close file and thread.

        Raises:
            StoreUnavailable: The disk does not answer; the thread then ends with the process.
        """
        try:
            await self._submit(self._close)
        finally:
            self._pool.shutdown(wait=False)

    async def _submit(self, job: Callable[[], T]) -> T:
        try:
            async with asyncio.timeout(self._limits.answer_s), self._slots:
                return await asyncio.get_running_loop().run_in_executor(self._pool, job)
        except TimeoutError as error:
            raise StoreUnavailable(
                f"the disk did not answer within {self._limits.answer_s:g} s",
                place=str(self._path),
                help="check the disk's health and load",
            ) from error

    def _open(self) -> None:
        self._connection = open_for_writing(
            self._path, busy_timeout_s=self._limits.busy_timeout_s, max_bytes=self._limits.max_bytes
        )

    def _do(self, job: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise StoreUnavailable("the store is closed", place=str(self._path), help="open it again")
        with translated(self._path):
            return job(self._connection)

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with translated(self._path):
                connection.close()
