"""Guids in a table of an SQLite database that somebody else writes."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from autoscaler.errors import ReadingMalformed, SourceUnreachable
from autoscaler.gateway.handed import HandedOver, an_instant

__all__ = ["USUAL_QUERY", "SessionTableRows"]

USUAL_QUERY = "SELECT agent_id, guid, cookies, updated_at FROM sessions"
BUSY_TIMEOUT_S = 2.0
_FORM = "the query gives agent_id, guid, and, where there are any, cookies as JSON and updated_at"


class SessionTableRows:
    """`handed.Rows` of a table; the file is opened anew for each reading, since it may be replaced."""

    def __init__(self, path: Path, query: str = USUAL_QUERY) -> None:
        """Open nothing yet.

        Args:
            path: Of the database.
            query: Gives two to four columns in this order: agent, Guid, cookies, time.
        """
        self._path = path
        self._query = query

    def read(self) -> list[HandedOver] | None:
        if not self._path.is_file():
            raise SourceUnreachable(f"{self._path} is no file", help="check sessions.url and whoever writes it")
        try:
            connection = sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
            try:
                rows = connection.execute(self._query).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise SourceUnreachable(f"{self._path} can't be read ({error})", help=_FORM) from error
        return [self._row(row) for row in rows]

    def close(self) -> None:
        """Nothing is open between readings."""

    def _row(self, row: tuple[Any, ...]) -> HandedOver:
        if not 2 <= len(row) <= 4 or not isinstance(row[1], str):
            raise ReadingMalformed(f"{self._path} has a row that is none", help=_FORM)
        agent, guid, cookies, at = (*row, None, None)[:4]
        try:
            named = {} if not cookies else orjson.loads(cookies)
        except (orjson.JSONDecodeError, TypeError):
            named = None
        if not isinstance(named, dict):
            raise ReadingMalformed(f"{self._path} has cookies that are no JSON object", help=_FORM) from None
        return HandedOver(agent=agent, guid=guid, cookies=named, at=an_instant(at))
