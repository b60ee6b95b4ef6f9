"""What the actuator is told, and what it shows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autoscaler.gateway.backoff import Backoff
from autoscaler.gateway.breaker import BreakerState
from autoscaler.gateway.ports import OutcomeKind

__all__ = ["ActuatorSettings", "ActuatorStatus"]

_RETRY = Backoff(first_s=0.5, most_s=8.0)
_PROBE = Backoff(first_s=1.0, most_s=30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorSettings:
    """How hard the gateway is worked; seconds are the clock's, but a call's own timeout is its carrier's.

    Attributes:
        max_in_flight: Calls under way at once, >= 1.
        calls_per_second: Calls begun a second, retries included, > 0.
        order_deadline_s: How long an order is tried, > 0.
        retry: Pauses between the calls of an order.
        busy_retry_s: The least pause when the gateway says that it is busy with the agent.
        guid_poll_s: How often a new Guid is looked for after a refused one.
        breaker_threshold: Unanswered calls in a row that stop all calls.
        probe: Pauses before a gateway that did not answer is tried again.
    """

    max_in_flight: int = 64
    calls_per_second: float = 500.0
    order_deadline_s: float = 60.0
    retry: Backoff = _RETRY
    busy_retry_s: float = 2.0
    guid_poll_s: float = 1.0
    breaker_threshold: int = 10
    probe: Backoff = _PROBE


@dataclass(frozen=True, slots=True, kw_only=True)
class ActuatorStatus:
    """What the console shows.

    Attributes:
        in_flight: Calls under way.
        queued: Orders that are not under way and not ended: in line, waiting for a retry, held behind another.
        breaker: What becomes of calls now.
        counts: Ended orders since the start, by outcome; every kind is there.
        last_error: The newest sentence of a failed call or order; None when there was none yet.
        is_draining: No order is sent any more.
    """

    in_flight: int
    queued: int
    breaker: BreakerState
    counts: Mapping[OutcomeKind, int]
    last_error: str | None
    is_draining: bool
