"""Journal lines on their way to the disk: buffered, batched, written once each.

A line leaves the buffer when its transaction is committed and not before, so a failing disk loses nothing until the
buffer is full; what is lost then is counted, never silent.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from autoscaler.clock import Clock
from autoscaler.errors import StoreError, StoreUnavailable
from autoscaler.store.file_thread import FileThread
from autoscaler.store.journal import JournalEvent, append_batch, last_batch
from autoscaler.store.limits import StoreLimits

__all__ = ["JournalWriter", "LostLines", "StoreHealth"]

_log = structlog.get_logger()

LostLines = Callable[[StoreUnavailable], None]
"""Hears of the first line lost since the journal was last written; must not block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    """How the journal is doing.

    Attributes:
        backlog: Lines not written yet.
        lost: Lines that never will be, since the store was opened.
        last_error: Why the last attempt failed; "" when it did not.
    """

    backlog: int
    lost: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    number: int
    events: tuple[JournalEvent, ...]


class JournalWriter:
    """The buffer, and who empties it."""

    def __init__(self, thread: FileThread, *, clock: Clock, limits: StoreLimits, on_lost: LostLines) -> None:
        """Write nothing yet.

        Args:
            thread: Open.
            clock: Waits between attempts.
            limits: Bounds.
            on_lost: Told when lines begin to be lost.
        """
        self._thread = thread
        self._clock = clock
        self._limits = limits
        self._on_lost = on_lost
        self._waiting: deque[JournalEvent] = deque()
        self._batch: _Batch | None = None
        self._last_batch: int | None = None  # of those in the file; None until asked
        self._turn = asyncio.Lock()
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._accepted = 0
        self._written = 0
        self._lost = 0
        self._is_losing = False
        self._last_error = ""

    @property
    def health(self) -> StoreHealth:
        """How it stands now."""
        return StoreHealth(backlog=self._accepted - self._written, lost=self._lost, last_error=self._last_error)

    async def append(self, events: Sequence[JournalEvent]) -> None:
        """Take lines to be written soon; waits while the buffer is full and the disk keeps up."""
        taken = 0
        while taken < len(events):
            room = self._limits.journal_bound - (self._accepted - self._written)
            if room > 0:
                piece = events[taken : taken + room]
                self._waiting.extend(piece)
                self._accepted += len(piece)
                taken += len(piece)
                self._work.set()
            elif not await self._room_comes():
                self._lose(len(events) - taken)
                return

    async def run(self) -> None:
        """Write what comes, for ever; a failure is waited out and tried again."""
        while True:
            await self._work.wait()
            was_failing = bool(self._last_error)
            try:
                await self._write()
            except StoreError as error:
                if not was_failing:
                    _log.error("store_write_failed", error=error.message, place=error.place, help=error.help)
                await self._clock.sleep(self._limits.retry_s)
            else:
                if was_failing:
                    _log.info("store_write_recovered", backlog=self.health.backlog)

    async def flush(self) -> None:
        """Return when every line taken so far is committed.

        Raises:
            StoreUnavailable, StoreForeign: It can't be; the lines stay in the buffer.
        """
        until = self._accepted
        while self._written < until:
            await self._write()

    async def finish(self, deadline_s: float) -> None:
        """As `flush`, within so many real seconds.

        Raises:
            StoreUnavailable: Lines are left over, and lost with this process.
        """
        try:
            async with asyncio.timeout(deadline_s):
                await self.flush()
        except TimeoutError as error:
            raise StoreUnavailable(
                f"{self.health.backlog} journal lines were not written within {deadline_s:g} s",
                help="allow a longer drain, or give the store a faster disk",
            ) from error

    async def _write(self) -> None:
        """Write one batch; a batch whose attempt failed, or was given up, is tried again under its number."""
        async with self._turn:
            try:
                if self._last_batch is None:
                    self._last_batch = await self._thread.run(last_batch)
                if self._batch is None:
                    self._batch = self._next_batch(self._last_batch + 1)
                batch = self._batch
                await self._thread.run(lambda connection: append_batch(connection, batch.number, batch.events))
            except StoreError as error:
                self._last_error = error.message
                self._room.set()  # whoever waits for room learns that none will come soon
                raise
            self._batch, self._last_batch = None, batch.number
            self._written += len(batch.events)
            self._last_error = ""
            self._is_losing = False
            self._room.set()
            if not self._waiting:
                self._work.clear()

    def _next_batch(self, number: int) -> _Batch:
        count = min(len(self._waiting), self._limits.batch)
        return _Batch(number=number, events=tuple(self._waiting.popleft() for _ in range(count)))

    async def _room_comes(self) -> bool:
        if self._last_error:
            return False
        self._room.clear()
        try:
            async with asyncio.timeout(self._limits.append_wait_s):
                await self._room.wait()
        except TimeoutError:
            return False
        return True

    def _lose(self, count: int) -> None:
        self._lost += count
        if self._is_losing:
            return
        self._is_losing = True
        self._on_lost(
            StoreUnavailable(
                f"journal lines are being lost: {self._limits.journal_bound} wait to be written"
                f" ({self._last_error or 'the disk is too slow'})",
                help="free space on the disk or give the store a faster one",
            )
        )
