"""How many calls a second may go out: a token bucket on a clock's time.

Over any span of t seconds no more than rate * t + capacity calls are let through.
"""

from __future__ import annotations

__all__ = ["BEAT_S", "Pace"]

BEAT_S = 0.05
"""How often a caller that waits for tokens looks again, in seconds."""


class Pace:
    """A token bucket; starts full."""

    def __init__(self, *, calls_per_second: float, now: float) -> None:
        """Fill the bucket.

        Args:
            calls_per_second: > 0.
            now: Monotonic seconds, the clock every later `now` is read from.

        Raises:
            ValueError: The rate is not above zero.
        """
        if not calls_per_second > 0:
            raise ValueError(f"calls_per_second is {calls_per_second}, must be above 0")
        self._rate = calls_per_second
        # what two beats bring: a late beat loses nothing, and a long pause never turns into a burst
        self._capacity = 1.0 + 2 * BEAT_S * calls_per_second
        self._tokens = self._capacity
        self._at = now

    def allows(self, now: float) -> bool:
        """Whether a call may go out now; takes nothing."""
        tokens = self._tokens + (now - self._at) * self._rate
        self._tokens = tokens if tokens < self._capacity else self._capacity
        self._at = now
        return self._tokens >= 1.0

    def spend(self) -> None:
        """Take one token, after `allows` said yes."""
        self._tokens -= 1.0
