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
from autoscaler.daemon.aftermath import Aftermath
from autoscaler.daemon.records import Decisions
from autoscaler.gateway.actuator import Actuator
from autoscaler.gateway.ports import Outcome, OutcomeKind
from autoscaler.store.journal import JournalEvent

__all__ = ["OrderBook"]


@dataclass(slots=True)
class _Placed:
    first: int
    rows: NDArray[np.int64]
    decisions: Decisions
    open: int


class OrderBook:
    """Places a plan's calls with the actuator, and journals how each ended."""

    def __init__(self, clock: Clock, note: Callable[[JournalEvent], None]) -> None:
        """Nothing is placed yet; `note` takes finished lines."""
        self._note = note
        self._next = 1
        self._placed: list[_Placed] = []
        self.aftermath = Aftermath(clock)
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
        self.aftermath.heard(outcome)

    @property
    def open(self) -> int:
        """Orders that have not ended."""
        return sum(placed.open for placed in self._placed)
