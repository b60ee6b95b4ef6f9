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

LATE_S = 60.0
"""A call nobody answered may be applied this much later: behind a proxy, after a failover."""


_Key = tuple[int, int]
"""Media type and agent."""


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
        self._rests: dict[_Key, _Rest] = {}
        self._loose: dict[_Key, dict[int, float]] = {}  # limits that may still be applied, each with the end of that
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
        self._note_loose(outcome)

    def signed_in(self, agent: int) -> None:
        """Hear of a new sign-in."""
        for key in [key for key in self._rests if key[1] == agent]:
            del self._rests[key]

    def doubtful(self, media_type: int) -> list[int]:
        """Agents whose limit may yet be overtaken by an older call that was never answered.

        Whatever the gateway confirmed since, their limit is to be set again, for `LATE_S` after that call was given up.
        """
        now = self._clock.monotonic()
        for key, limits in list(self._loose.items()):
            left = {limit: until for limit, until in limits.items() if until > now}
            if left:
                self._loose[key] = left
            else:
                del self._loose[key]
        return [agent for media, agent in self._loose if media == media_type]

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

    def _note_loose(self, outcome: Outcome) -> None:
        key = (outcome.media_type, outcome.agent)
        if outcome.kind is OutcomeKind.APPLIED:
            # the same limit applied once more does no harm
            others = {limit: until for limit, until in self._loose.pop(key, {}).items() if limit != outcome.callnums}
            if others:
                self._loose[key] = others
        elif outcome.attempts and outcome.kind is not OutcomeKind.REJECTED:
            self._loose.setdefault(key, {})[outcome.callnums] = self._clock.monotonic() + LATE_S


def _speaks_of_session(outcome: Outcome) -> bool:
    return outcome.retcode is not None and advice(outcome.retcode).ends_session
