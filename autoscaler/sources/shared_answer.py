"""One answer for everybody who asks at about the same time.

Whoever comes while a question is under way gets its answer; a caller that gives up stops nobody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from autoscaler.clock import Clock

__all__ = ["SharedAnswer"]

T = TypeVar("T")


class SharedAnswer(Generic[T]):
    """A question, and its last answer for a short while."""

    def __init__(self, ask: Callable[[], Awaitable[T]], *, fresh_for_s: float, clock: Clock) -> None:
        """Ask nothing yet.

        Args:
            ask: The question; a failure worth sharing is part of its answer, not an exception.
            fresh_for_s: So long an answer serves those who come after it.
            clock: Measures that.
        """
        self._ask = ask
        self._fresh_for_s = fresh_for_s
        self._clock = clock
        self._lock = asyncio.Lock()
        self._answer: T | None = None
        self._answered_at = 0.0

    async def get(self) -> T:
        """Return the answer; the caller bounds the wait."""
        came_at = self._clock.monotonic()
        async with self._lock:
            if self._answer is None or self._answered_at < came_at - self._fresh_for_s:
                self._answer = await self._ask()
                self._answered_at = self._clock.monotonic()
            return self._answer
