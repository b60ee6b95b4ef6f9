"""Which decision an outcome belongs to: order numbers handed out, and called in as the actuator reports.

Every order that is placed is journalled exactly once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.clock import Clock
from autoscaler.core.plan import GroupPlan
from autoscaler.daemon.records import Decisions
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.gateway.retcodes import advice
from autoscaler.store.journal import JournalEvent

__all__ = ["OrderBook"]

FIRST_REST_S = 30.0
LONGEST_REST_S = 900.0


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    length_s: float
    error: str


@dataclass(slots=True)
class _Placed:
    first: int
    rows: NDArray[np.int64]
    decisions: Decisions
    open: int


class OrderBook:
    """Places a plan's calls with the actuator, and journals how each ended.

    An agent whose limit the gateway refuses for good is left alone for a while, longer each time, so that a
    misconfigured agent costs a call now and then and not one every tick. A new sign-in ends the rest, since whatever
    was wrong may have been put right; a refusal that speaks of the session begins none.
    """

    def __init__(self, clock: Clock, note: Callable[[JournalEvent], None]) -> None:
        """Nothing is placed yet; `note` takes finished lines."""
        self._clock = clock
        self._note = note
        self._next = 1
        self._placed: list[_Placed] = []
        self._rests: dict[tuple[int, int], _Rest] = {}  # by media type and agent
        self.outcomes: Counter[OutcomeKind] = Counter()

    def place(self, plan: GroupPlan, decisions: Decisions, actuator: Actuator) -> None:
        """Order every call of a plan."""
        calls = plan.calls
        if not len(calls.agents):
            return
        first = self._next
        self._next += len(calls.agents)
        rows = np.searchsorted(plan.ids, calls.agents)
        self._placed.append(_Placed(first, rows, decisions, len(rows)))
        actuator.order(plan.group.media_type, calls.agents, calls.callnums, first)

    def ended(self, outcome: Outcome) -> None:
        """Hear how an order ended."""
        index = bisect_right(self._placed, outcome.order, key=lambda placed: placed.first) - 1
        placed = self._placed[index]
        self._note(placed.decisions.ended(int(placed.rows[outcome.order - placed.first]), outcome))
        self.outcomes[outcome.kind] += 1
        placed.open -= 1
        if not placed.open:
            del self._placed[index]
        self._rest(outcome)

    def signed_in(self, agent: int) -> None:
        """Hear of a new sign-in."""
        for key in [key for key in self._rests if key[1] == agent]:
            del self._rests[key]

    def resting(self, media_type: int, ids: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        """Which agents are left alone now, shape (n,); None: nobody."""
        now = self._clock.monotonic()
        agents = [agent for (media, agent), rest in self._rests.items() if media == media_type and rest.until > now]
        return np.isin(ids, agents) if agents else None

    @property
    def refused(self) -> dict[int, str]:
        """Agents that are left alone now, each with the gateway's last word on it."""
        now = self._clock.monotonic()
        return {agent: rest.error for (_, agent), rest in sorted(self._rests.items()) if rest.until > now}

    @property
    def open(self) -> int:
        """Orders that have not ended."""
        return sum(placed.open for placed in self._placed)

    def _rest(self, outcome: Outcome) -> None:
        key = (outcome.media_type, outcome.agent)
        if outcome.kind is OutcomeKind.APPLIED:
            self._rests.pop(key, None)
        elif outcome.kind is OutcomeKind.REJECTED and not _speaks_of_session(outcome):
            before = self._rests.get(key)
            length = FIRST_REST_S if before is None else min(before.length_s * 2, LONGEST_REST_S)
            self._rests[key] = _Rest(self._clock.monotonic() + length, length, outcome.error or "refused")


def _speaks_of_session(outcome: Outcome) -> bool:
    return outcome.retcode is not None and advice(outcome.retcode).ends_session
