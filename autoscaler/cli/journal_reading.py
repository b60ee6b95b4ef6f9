"""The journal read in order and in portions, each line once, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from autoscaler.daemon.records import DECISION
from autoscaler.daemon.reloads import RELOAD
from autoscaler.store.journal import JournalEvent, JournalQuery
from autoscaler.store.overrides import OVERRIDE_SCHEMA
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["DECISIONS", "EVERYTHING", "WITH_ORDERS", "Asked", "JournalReading", "now_by"]

LINES_AT_ONCE = 5_000

DECISIONS: tuple[str | None, ...] = (DECISION,)
WITH_ORDERS: tuple[str | None, ...] = (DECISION, OVERRIDE_SCHEMA, RELOAD)
EVERYTHING: tuple[str | None, ...] = (None,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which lines; None asks for all.

    Attributes:
        agent, group: Exactly these.
        since: Not before; aware.
        schemas: Any of these; None among them is every one.
    """

    agent: int | None
    group: str | None
    since: datetime | None
    schemas: tuple[str | None, ...]


class JournalReading:
    """One pass over the journal; `more` goes on where the last call ended."""

    def __init__(self, reader: SqliteReader, asked: Asked) -> None:
        """Nothing is read yet.

        Args:
            reader: The store.
            asked: Which lines.
        """
        self._reader = reader
        self._asked = asked
        self._seen = 0

    def last(self, most: int) -> list[JournalEvent]:
        """The last lines, at most so many, newest last."""
        newest = self._reader.journal(JournalQuery(limit=1))
        self._seen = newest[0].seq if newest else 0
        found = [
            event
            for schema in self._asked.schemas
            for event in self._reader.journal(self._query(schema, after=None, most=most))
            if event.seq <= self._seen  # what is written between two questions comes with `more`, in its order
        ]
        return sorted(found, key=lambda event: event.seq)[-most:]

    def more(self) -> Iterator[JournalEvent]:
        """Every further line there is by now."""
        schema = self._asked.schemas[0] if len(self._asked.schemas) == 1 else None
        while True:
            events = self._reader.journal(self._query(schema, after=self._seen, most=LINES_AT_ONCE))
            for event in events:
                self._seen = event.seq
                if schema is not None or None in self._asked.schemas or event.schema in self._asked.schemas:
                    yield event
            if len(events) < LINES_AT_ONCE:
                return

    def _query(self, schema: str | None, *, after: int | None, most: int) -> JournalQuery:
        asked = self._asked
        return JournalQuery(
            agent=asked.agent, group=asked.group, since=asked.since, schema=schema, after_seq=after, limit=most
        )


def now_by(reader: SqliteReader) -> datetime:
    """The machine's time, or that of the newest journal line where that is later."""
    newest = reader.journal(JournalQuery(limit=1))
    now = datetime.now(UTC)
    return max(now, newest[0].at) if newest else now
