"""Guids in a JSON file that somebody else writes, replaced as a whole.

`{"1001": {"guid": "…", "cookies": {}, "at": "…"}}`, or a list of such rows with "agent".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from autoscaler.errors import ReadingMalformed, SourceUnreachable
from autoscaler.gateway.handed import HandedOver, an_instant

__all__ = ["SessionFile"]

MOST_BYTES = 100_000_000
_FORM = (
    'write {"1001": {"guid": "…", "cookies": {}, "at": "2026-11-22T10:00:00Z"}}, or a list of such rows with "agent"'
)


class SessionFile:
    """`handed.Rows` of a file."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet.

        Args:
            path: The file; whoever writes it renames a finished one over it.
        """
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> list[HandedOver] | None:
        seen, self._seen = self._seen, None  # whatever fails below, the next reading reads all
        try:
            if not self._path.is_file():
                raise SourceUnreachable(f"{self._path} is no file", help="check sessions.path and whoever writes it")
            with self._path.open("rb") as file:
                status = self._path.stat()
                state = status.st_ino, status.st_mtime_ns, status.st_size
                if state == seen:
                    self._seen = state
                    return None
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise SourceUnreachable(
                f"{self._path} can't be read ({error.strerror})", help="check that the service's user may read it"
            ) from error
        if len(content) > MOST_BYTES:
            raise ReadingMalformed(f"{self._path} has more than {MOST_BYTES} bytes", help=_FORM)
        rows = self._rows(content)
        self._seen = state
        return rows

    def close(self) -> None:
        """Nothing is open between readings."""

    def _rows(self, content: bytes) -> list[HandedOver]:
        try:
            value = orjson.loads(content)
        except orjson.JSONDecodeError:
            # its text would be in the cause
            raise ReadingMalformed(f"{self._path} is not JSON", help=_FORM) from None
        if isinstance(value, dict):
            return [self._row(agent, row) for agent, row in value.items()]
        if isinstance(value, list):
            return [self._row(row.get("agent") if isinstance(row, dict) else None, row) for row in value]
        raise ReadingMalformed(f"{self._path} holds neither an object nor a list", help=_FORM)

    def _row(self, agent: Any, row: Any) -> HandedOver:
        cookies = row.get("cookies") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(row.get("guid"), str) or not isinstance(cookies, dict | None):
            raise ReadingMalformed(f"{self._path} has a row that is none", help=_FORM)
        return HandedOver(agent=agent, guid=row["guid"], cookies=cookies or {}, at=an_instant(row.get("at")))
