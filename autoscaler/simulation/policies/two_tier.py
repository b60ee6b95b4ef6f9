"""`two-tier`: a normal and a forced limit, as Nuance has them: the forced one once somebody has waited too long.

Source: ../shared/reference/chat-domain.md, section 1: Max Chat Count, Max Forced Chat, Force Route Timeout.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.policies.settings import span, tick, whole
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["TwoTier"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoTier:
    """The entries' limits, and some chats more for everybody while the queue is late."""

    timeout: float = span(30, "the forced limit holds once somebody has waited so long")
    extra: int = whole(2, 0, 59, "chats an agent takes beyond the normal limit when forced")
    calm: float = span(60, "back to the normal limit once the queue has been empty for so long")
    ceiling: int = whole(6, 1, 60, "a forced limit goes no higher, unless the normal one is")
    tick: float | None = tick()
    name: str = "two-tier"

    def start_limits(self, scenario: Scenario) -> None:
        """It starts from the entries' limits."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _TwoLimits:  # noqa: ARG002 it draws nothing
        """One whose normal limits hold."""
        normal = np.repeat([entry.limit for entry in scenario.agents], [entry.count for entry in scenario.agents])
        forced = np.maximum(normal, np.minimum(normal + self.extra, self.ceiling))
        every_s = scenario.every_s if self.tick is None else self.tick
        return _TwoLimits(of=self, normal=normal, forced=forced, every_s=every_s)


@dataclass(slots=True, kw_only=True)
class _TwoLimits:
    of: TwoTier
    normal: Ints
    forced: Ints
    every_s: float
    is_forced: bool = False
    busy_at: float = 0.0

    def first_tick(self) -> float:
        return self.every_s

    def tick(self, seen: Seen) -> tuple[Ints, float]:
        if seen.waiting:
            self.busy_at = seen.now_s
        if seen.waiting and seen.oldest_wait_s >= self.of.timeout:
            self.is_forced = True
        elif seen.now_s - self.busy_at >= self.of.calm:
            self.is_forced = False
        return (self.forced if self.is_forced else self.normal), seen.now_s + self.every_s
