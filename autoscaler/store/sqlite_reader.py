"""The store read from outside while the daemon writes it, without waiting for it: what commands need."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import Self

from autoscaler.core.readings import Overrides
from autoscaler.store import keepsakes, overrides, recordings
from autoscaler.store.database import open_for_reading
from autoscaler.store.journal import JournalEvent, JournalQuery, read_events
from autoscaler.store.location import database_path
from autoscaler.store.sqlite_errors import translated

__all__ = ["SqliteReader"]

BUSY_TIMEOUT_S = 5.0


class SqliteReader:
    """The reader's side; a context manager. Every call raises StoreUnavailable where the file can't be read."""

    def __init__(self, url: str) -> None:
        """Open the file.

        Args:
            url: `sqlite:////absolute/path`.

        Raises:
            SettingsError: Another kind of URL.
            StoreForeign: A file that is not ours, or of a newer version.
            StoreUnavailable: Not there, or not readable.
        """
        self._path = database_path(url)
        self._connection = open_for_reading(self._path, busy_timeout_s=BUSY_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def journal(self, query: JournalQuery) -> list[JournalEvent]:
        """Journal lines, newest last."""
        with translated(self._path):
            return read_events(self._connection, query)

    def memories(self) -> dict[str, keepsakes.SavedMemory]:
        """Every group's memory."""
        with translated(self._path):
            return keepsakes.load_memories(self._connection)

    def overrides(self) -> Overrides:
        """What people ordered."""
        with translated(self._path):
            return overrides.load_overrides(self._connection)

    def rules(self) -> keepsakes.SavedRules | None:
        """The last good rules; None when there never were any."""
        with translated(self._path):
            return keepsakes.load_rules(self._connection)

    def last_segments(self) -> dict[str, recordings.Segment]:
        """Each group's newest segment of recorded ticks."""
        with translated(self._path):
            return recordings.last_segments(self._connection)

    def segments(self, *, group: str | None = None, since: datetime | None = None) -> list[recordings.Segment]:
        """Segments of recorded ticks in the order of their beginnings.

        Args:
            group: None for all.
            since: Only those with a tick not before this, aware UTC; None for all.
        """
        with translated(self._path):
            return list(recordings.iterate_segments(self._connection, group=group, since=since))

    def memory_before(self, segment: int) -> bytes | None:
        """The packed memory a segment began with; None: there was none."""
        with translated(self._path):
            return recordings.memory_before(self._connection, segment)

    def ticks(self, segment: int) -> Iterator[recordings.KeptTick]:
        """A segment's ticks in order, one in memory at a time."""
        with translated(self._path):
            yield from recordings.iterate_ticks(self._connection, segment)

    def rule_text(self, digest: str) -> dict[str, str] | None:
        """A rule text by path; None when it is not kept."""
        with translated(self._path):
            return recordings.rule_text(self._connection, digest)
