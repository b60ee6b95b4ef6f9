"""Who does a group's ticks: one task a group, one tick at a time, none lost in silence.

resting ──due──► ticking ──done──► resting
                   │ due
                   └─► journalled as skipped, counted
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import structlog

from autoscaler.clock import Clock
from autoscaler.core.memory import GroupMemory
from autoscaler.daemon.books import Books
from autoscaler.daemon.cycle import Cycle, Decided
from autoscaler.daemon.records import failed_tick, skipped_tick
from autoscaler.store.journal import JournalEvent

__all__ = ["Watch", "Worker"]

log = structlog.get_logger(__name__)

Watch = Callable[[Decided, GroupMemory | None], None]
"""Hears of each tick that was carried out, with the memory it was decided with; never raises."""


class Worker:
    """Ticks for one group."""

    def __init__(
        self,
        group: str,
        *,
        books: Books,
        cycle: Cycle,
        clock: Clock,
        note: Callable[[JournalEvent], None],
        watch: Watch,
    ) -> None:
        self.group = group
        self._books = books
        self._cycle = cycle
        self._clock = clock
        self._note = note
        self._watch = watch
        self.began_at = clock.monotonic()
        self._due = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self.counts: Counter[str] = Counter()
        self.completed_at: float | None = None

    def due(self) -> None:
        """A beat of the metronome."""
        if self._is_idle.is_set():
            self._is_idle.clear()
            self._due.set()
            return
        self.counts["skipped"] += 1
        self._note(skipped_tick(self.group, self._clock.now(), self._books.book.digest))
        log.warning("cycle_skipped", group=self.group, skipped=self.counts["skipped"])

    async def run(self) -> None:
        """Tick whenever due; never returns."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._tick()
            finally:
                self._is_idle.set()

    async def idle(self) -> None:
        """Return when no tick is under way."""
        await self._is_idle.wait()

    async def _tick(self) -> None:
        book = self._books.book
        group = book.group(self.group)
        if group is None:  # a reload took it away after the beat
            return
        before = self._cycle.memory.groups.get(self.group)
        try:
            await self._cycle.tick(group, book)
        except Exception as error:  # the one place: a fault in one group's cycle must not end the daemon
            self.counts["failed"] += 1
            log.exception("cycle_failed", group=self.group)
            self._note(failed_tick(self.group, self._clock.now(), self._books.book.digest, error))
            return
        self.counts["completed"] += 1
        self.completed_at = self._clock.monotonic()
        self._watch(self._cycle.last[self.group], before)
