"""A policy watched more closely than it watches the floor, so that a course shows what happens while it does nothing.

It decides at the same times from the same readings as unwatched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Controller, Policy, Seen
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Watched"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Watched:
    """`policy`, looked at once in every tick of the scenario as well."""

    policy: Policy

    @property
    def name(self) -> str:
        """The policy's."""
        return self.policy.name

    def start_limits(self, scenario: Scenario) -> Ints | None:
        """The policy's."""
        return self.policy.start_limits(scenario)

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _Watched:
        """The policy's, with looks between its ticks."""
        inner = self.policy.controller(scenario, seed=seed, index=index)
        return _Watched(inner=inner, due=inner.first_tick(), every_s=scenario.every_s, until_s=scenario.duration_s)


@dataclass(slots=True, kw_only=True)
class _Watched:
    inner: Controller
    due: float
    every_s: float
    until_s: float
    arrived: int = 0
    abandoned: int = 0

    def first_tick(self) -> float:
        return min(0.0, self.due)

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        self.arrived += seen.arrived
        self.abandoned += seen.abandoned
        look = (seen.now_s // self.every_s + 1) * self.every_s
        wanted = None
        if seen.now_s >= self.due:
            wanted, self.due = self.inner.tick(replace(seen, arrived=self.arrived, abandoned=self.abandoned))
            self.arrived = self.abandoned = 0
        return wanted, self.due if look > self.until_s else min(look, self.due)
