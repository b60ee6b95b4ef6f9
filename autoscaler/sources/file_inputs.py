"""Inputs from a JSON file that somebody else writes, replaced as a whole: its age is that of its last change."""

from __future__ import annotations

import asyncio
from pathlib import Path

from autoscaler.clock import Clock
from autoscaler.core.readings import Input
from autoscaler.errors import ReadingMalformed, SourceUnreachable
from autoscaler.sources.json_numbers import number_at, parsed

__all__ = ["FileInputs"]

MOST_BYTES = 1_000_000


class FileInputs:
    """`sources.inputs.InputSource`: a query is a JSON pointer into the file."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        """Open nothing yet.

        Args:
            path: The file; whoever writes it renames a finished one over it.
            clock: Dates its age, by the machine's time.
        """
        self._path = path
        self._clock = clock

    async def read(self, query: str) -> Input:
        content, changed_at = await asyncio.to_thread(self._content)
        age_s = max(self._clock.now().timestamp() - changed_at, 0.0)
        return Input(value=number_at(parsed(content), query), age_s=age_s)

    async def close(self) -> None:
        """Nothing is open between readings."""

    def _content(self) -> tuple[bytes, float]:
        try:
            if not self._path.is_file():
                raise SourceUnreachable(f"{self._path} is no file", help="check the path in autoscaler.toml")
            with self._path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
                changed_at = self._path.stat().st_mtime
        except OSError as error:
            raise SourceUnreachable(
                f"{self._path} can't be read ({error.strerror})", help="check that the service's user may read it"
            ) from error
        if len(content) > MOST_BYTES:
            raise ReadingMalformed(f"{self._path} has more than {MOST_BYTES} bytes", help="write less into it")
        return content, changed_at
