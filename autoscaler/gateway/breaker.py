"""A circuit breaker: stop calling a gateway that does not answer, and find out gently when it does again.

While it is not closed, at most one call is under way that was let through to find out.
"""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final, assert_never

from autoscaler.gateway.backoff import Backoff

__all__ = ["Breaker", "BreakerState"]


class BreakerState(Enum):
    """What the breaker does with calls; the console's words."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


_CLOSED: Final = BreakerState.CLOSED  # looked up once: through the enum each use costs ten times as much


class Breaker:
    """Counts failures in a row, opens, and probes after a pause that doubles.

        ┌────────┐  `threshold` failures in a row   ┌──────┐   the pause is over: one probe    ┌───────────┐
        │ CLOSED ├─────────────────────────────────►│ OPEN ├──────────────────────────────────►│ HALF_OPEN │
        └────────┘                                  └──────┘◄──────────────────────────────────┴─────┬─────┘
             ▲                                          │        the probe failed: longer pause      │
             └──────────────────────────────────────────┴────────────── any answer ─────────────────┘

    Time is monotonic seconds of the caller's clock.
    """

    def __init__(self, *, random: Random, threshold: int, pauses: Backoff) -> None:
        """Start closed.

        Args:
            random: Spreads the pauses, so that several daemons do not probe in step.
            threshold: Failures in a row that open it, >= 1.
            pauses: Before the first probe, before the second, and so on.
        """
        self._random = random
        self._threshold = threshold
        self._pauses = pauses
        self._failures = 0
        self._openings = 0
        self._probe_at = 0.0
        self._state = BreakerState.CLOSED

    @property
    def state(self) -> BreakerState:
        return self._state

    def allows(self, now: float) -> bool:
        """Whether a call may go out now; a yes that is not followed by `tried` costs nothing."""
        return self._state is _CLOSED or (self._state is BreakerState.OPEN and now >= self._probe_at)

    def tried(self) -> bool:
        """A call that `allows` let through goes out; True when it is the probe."""
        if self._state is _CLOSED:
            return False
        self._state = BreakerState.HALF_OPEN
        return True

    def answered(self) -> None:
        """The gateway answered, whatever it said: close."""
        if self._failures:
            self._failures = 0
            self._openings = 0
            self._state = BreakerState.CLOSED

    def failed(self, now: float, *, was_probe: bool) -> None:
        """A call found no gateway, or a failing one; calls sent before it opened do not count against the probe."""
        self._failures += 1
        match self._state:
            case BreakerState.CLOSED:
                if self._failures >= self._threshold:
                    self._open(now)
            case BreakerState.HALF_OPEN if was_probe:
                self._open(now)
            case BreakerState.HALF_OPEN | BreakerState.OPEN:
                pass
            case _:
                assert_never(self._state)

    def _open(self, now: float) -> None:
        self._state = BreakerState.OPEN
        self._openings += 1
        self._probe_at = now + self._pauses.pause(self._openings, self._random)
