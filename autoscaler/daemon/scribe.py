"""Who writes journal lines: into the store and on stdout, in the order they were noted, off the deciding path."""

from __future__ import annotations

import asyncio
from collections import deque

from autoscaler.daemon.logs import JournalStream
from autoscaler.store.journal import JournalEvent
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["Scribe"]

RECENT = 200


class Scribe:
    """Takes lines at once, writes them in batches."""

    def __init__(self, store: SqliteStore, stream: JournalStream) -> None:
        self._store = store
        self._stream = stream
        self._noted: list[JournalEvent] = []
        self._has_some = asyncio.Event()
        self.recent: deque[JournalEvent] = deque(maxlen=RECENT)

    def note(self, event: JournalEvent) -> None:
        """Take one line; never blocks."""
        self.note_aside(event)
        self.recent.append(event)

    def note_aside(self, event: JournalEvent) -> None:
        """Take one line that is not shown among the recent ones, as `note`."""
        self._noted.append(event)
        self._has_some.set()

    async def run(self) -> None:
        """Write what is noted; never returns."""
        while True:
            await self._has_some.wait()
            await self.flush()

    async def flush(self) -> None:
        """Write everything noted so far."""
        self._has_some.clear()
        events, self._noted = self._noted, []
        await self._store.append(events)
        self._stream.write([event.line for event in events])
