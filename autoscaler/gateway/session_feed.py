"""Guids that stand in a file or a table, handed over as a desktop would: what is new is taken, what is gone is ended.

A row is handed over once; only a changed one is again, so that an old Guid never becomes young by being read.
While nothing can be read, what is known lives on to the end of its life.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import structlog

from autoscaler.clock import Clock
from autoscaler.errors import AutoscalerError, ReadingError, UsageError
from autoscaler.gateway.handed import HandedOver, Rows
from autoscaler.gateway.pushed import PushedSessions

__all__ = ["SessionFeed"]

log = structlog.get_logger(__name__)


class SessionFeed:
    """Reads rows now and then, in a thread of its own, `sessions`."""

    def __init__(self, rows: Rows, sessions: PushedSessions, clock: Clock, *, every_s: float) -> None:
        """Read nothing yet.

        Args:
            rows: Where they stand.
            sessions: Takes them.
            clock: For the Guids' age, and the pause between readings.
            every_s: That pause.
        """
        self._rows = rows
        self._sessions = sessions
        self._clock = clock
        self._every_s = every_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sessions")
        self._known: dict[int, HandedOver] = {}
        self.problem = ""
        """Why the last reading, or a row of it, was not taken; "" when all was."""

    async def run(self) -> None:
        """Read for ever."""
        while True:
            await self.look()
            await self._clock.sleep(self._every_s)

    async def look(self) -> None:
        """Read once."""
        try:
            rows = await asyncio.get_running_loop().run_in_executor(self._thread, self._rows.read)
        except ReadingError as error:
            self._say(error)
            return
        if rows is not None:
            self._take(rows)

    def close(self) -> None:
        """Read no more."""
        self._thread.submit(self._rows.close)
        self._thread.shutdown(wait=False)

    def _take(self, rows: list[HandedOver]) -> None:
        problem: AutoscalerError | None = None
        there: dict[int, HandedOver] = {}
        for agent, row in {_agent(row.agent): row for row in rows}.items():  # of two rows the last one counts
            try:
                if agent is None:
                    raise UsageError("a row names no agent id", help="Write the id as a number, as 1001.")
                if self._known.get(agent) != row:
                    age_s = 0.0 if row.at is None else max((self._clock.now() - row.at).total_seconds(), 0.0)
                    self._sessions.put(agent, row.guid, row.cookies, age_s=age_s)
                there[agent] = row
            except UsageError as error:
                problem = error
        for agent in set(self._known) - set(there):
            self._sessions.delete(agent)
        self._known = there
        self._say(problem)

    def _say(self, error: AutoscalerError | None) -> None:
        said = "" if error is None else error.message
        if said and said != self.problem and error is not None:
            log.error("sessions_not_read", error=said, help=error.help)
        self.problem = said


def _agent(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 9:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
