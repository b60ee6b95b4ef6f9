"""The store in one SQLite file: journal, memory, overrides, last good rules, recorded ticks.

One process writes it; any may read it meanwhile (`sqlite_reader`). What a call here has returned from is kept, a
crash of this process included; journal lines are when `flush` has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Self

from autoscaler.clock import Clock
from autoscaler.core.readings import Overrides
from autoscaler.store import keepsakes, overrides, recordings
from autoscaler.store.file_thread import FileThread
from autoscaler.store.journal import JournalEvent, JournalQuery, prune_events, read_events
from autoscaler.store.journal_writer import JournalWriter, LostLines, StoreHealth
from autoscaler.store.limits import StoreLimits
from autoscaler.store.location import database_path
from autoscaler.store.lock import WriterLock

__all__ = ["SqliteStore"]

LINES_A_PRUNE = 20_000
"""So little is deleted in one transaction that journal lines don't wait for it."""


class SqliteStore:
    """The writer's side."""

    def __init__(self, thread: FileThread, writer: JournalWriter, lock: WriterLock, clock: Clock) -> None:
        """Put the parts together; `open` is the way in."""
        self._thread = thread
        self._writer = writer
        self._lock = lock
        self._clock = clock

    @classmethod
    async def open(cls, url: str, *, clock: Clock, on_lost: LostLines, limits: StoreLimits | None = None) -> Self:
        """Open or make the file.

        Args:
            url: `sqlite:////absolute/path`; its folder exists.
            clock: Dates what is kept, and waits between attempts.
            on_lost: Hears when journal lines begin to be lost.
            limits: Bounds; None for the usual ones.

        Raises:
            SettingsError: Another kind of URL.
            StoreForeign: A file that is not ours, or of a newer version.
            StoreUnavailable: Another autoscaler uses it, or the disk refuses.
        """
        bounds = limits if limits is not None else StoreLimits()
        path = database_path(url)
        lock = WriterLock(path)
        thread = FileThread(path, bounds)
        try:
            await thread.open()
        except BaseException:
            await thread.close()
            lock.release()
            raise
        return cls(thread, JournalWriter(thread, clock=clock, limits=bounds, on_lost=on_lost), lock, clock)

    async def run(self) -> None:
        """Write the journal, for ever: a task of the daemon. Cancel it before `close`."""
        await self._writer.run()

    async def append(self, events: Sequence[JournalEvent]) -> None:
        """Take journal lines to be written soon.

        Waits while the buffer is full and the disk keeps up; with a disk that does not, what finds no room is lost
        and counted.
        """
        await self._writer.append(events)

    async def flush(self) -> None:
        """Return when every line appended so far is in the file.

        Raises:
            StoreUnavailable, StoreForeign: It can't be; the lines stay in the buffer.
        """
        await self._writer.flush()

    def health(self) -> StoreHealth:
        """How the journal is doing."""
        return self._writer.health

    async def read(self, query: JournalQuery) -> list[JournalEvent]:
        """Read journal lines that are in the file, newest last.

        Raises:
            StoreUnavailable, StoreForeign: As everywhere below.
        """
        return await self._thread.run(lambda connection: read_events(connection, query))

    async def prune(self, older_than: datetime) -> int:
        """Delete journal lines before an aware instant, a few at a time; returns how many went."""
        gone = 0
        while True:
            some = await self._thread.run(lambda connection: prune_events(connection, older_than, LINES_A_PRUNE))
            gone += some
            if some < LINES_A_PRUNE:
                return gone

    async def save_memory(self, group: str, blob: bytes) -> None:
        """Replace a group's memory."""
        now = self._clock.now()
        await self._thread.run(lambda connection: keepsakes.save_memory(connection, group, blob, now))

    async def load_memories(self) -> dict[str, keepsakes.SavedMemory]:
        """Every group's memory."""
        return await self._thread.run(keepsakes.load_memories)

    async def save_overrides(self, in_force: Overrides, order: overrides.Order) -> None:
        """Replace what people ordered, and append the order to the journal: both or neither."""
        await self._thread.run(lambda connection: overrides.save_overrides(connection, in_force, order))

    async def load_overrides(self) -> Overrides:
        """What people ordered; nothing when nobody ever did."""
        return await self._thread.run(overrides.load_overrides)

    async def save_rules(self, digest: str, files: Mapping[str, str]) -> None:
        """Replace the last good rules; `files` is text by path."""
        now = self._clock.now()
        await self._thread.run(lambda connection: keepsakes.save_rules(connection, digest, files, now))

    async def load_rules(self) -> keepsakes.SavedRules | None:
        """The last good rules; None when there never were any."""
        return await self._thread.run(keepsakes.load_rules)

    async def begin_segment(
        self,
        new: Callable[[], recordings.NewSegment],
        tick: Callable[[], recordings.KeptTick],
        *,
        instead_of: str | None = None,
    ) -> int:
        """Keep a segment of recorded ticks with its first one; returns its id.

        Args:
            new, tick: Make what is kept; called on the store's thread, since packing takes its time.
            instead_of: Id of the group's newest tick, which was never done and goes; None: there is none.
        """
        return await self._thread.run(
            lambda connection: recordings.begin_segment(connection, new(), tick(), instead_of=instead_of)
        )

    async def add_tick(self, segment: int, tick: Callable[[], recordings.KeptTick]) -> bool:
        """Keep the next tick of a segment; False when the segment is no longer there."""
        return await self._thread.run(lambda connection: recordings.add_tick(connection, segment, tick()))

    async def prune_segments(self, older_than: datetime) -> int:
        """Delete segments that ended before an aware instant, one at a time; returns how many ticks went."""
        gone = 0
        while True:
            some = await self._thread.run(lambda connection: recordings.prune_segments(connection, older_than))
            gone += some
            if not some:
                return gone

    async def close(self, deadline_s: float) -> None:
        """Write what waits, then close.

        Args:
            deadline_s: Real seconds for the writing.

        Raises:
            StoreUnavailable: Not every line could be written; the file is closed all the same.
        """
        try:
            await self._writer.finish(deadline_s)
        finally:
            await self._thread.close()
            self._lock.release()
