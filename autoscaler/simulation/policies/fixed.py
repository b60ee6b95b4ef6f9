"""`limit:N`: everybody at one limit, from the start and for ever."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.policies.spreading import interleaved
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Fixed", "Untouched"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Untouched:
    """Leaves limits as they were set at the start."""

    def first_tick(self) -> float:
        """Never."""
        return math.inf

    def tick(self, seen: Seen) -> tuple[None, float]:  # noqa: ARG002 nothing in it matters
        """As they are."""
        return None, math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Everybody at one limit.

    Attributes:
        limit: 1..60, whole or half; of a half every second agent has the higher one.
        title: As tables show it; "" means `limit:N`.
    """

    limit: float
    title: str = ""

    @property
    def name(self) -> str:
        """As tables show it."""
        return self.title or f"limit:{self.limit:g}"

    def start_limits(self, scenario: Scenario) -> Ints:
        """Tiers included."""
        return interleaved(self.limit, sum(entry.count for entry in scenario.agents))

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Untouched:  # noqa: ARG002 the same for all
        """One that does nothing."""
        return Untouched()
