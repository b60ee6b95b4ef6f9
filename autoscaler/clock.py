"""Time behind a port: timestamps are aware UTC, durations come from a monotonic count.

No room asks the machine for the time itself. Deadlines on network I/O are the one exception:
they are real seconds (`asyncio.timeout`), because a socket does not know of scaled time.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "ScaledClock", "SystemClock"]


class Clock(Protocol):
    """What the time is, and how to wait."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock; <= 0 yields once."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0))


class ScaledClock:
    """Time that runs `speed` times as fast as the machine's, from `start` on."""

    def __init__(self, *, speed: float, start: datetime) -> None:
        """Start counting now.

        Args:
            speed: Seconds of this clock a real second, > 0.
            start: Aware UTC, the first answer of `now`.
        """
        self._speed = speed
        self._start = start
        self._born = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._born) * self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(seconds, 0.0) / self._speed)
