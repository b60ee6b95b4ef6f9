"""Limits by the clock: for each entry of the scenario one limit in every half hour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.policies.spreading import interleaved
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["BLOCK_S", "Schedule", "block_starts"]

BLOCK_S = 1800.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def block_starts(scenario: Scenario) -> Floats:
    """When the half hours of the wall clock begin, in seconds since the start; the first may be shorter."""
    first = BLOCK_S - scenario.clock_s % BLOCK_S
    return np.concatenate(([0.0], np.arange(first, scenario.duration_s, BLOCK_S)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A limit for each entry in each half hour; the first is set before the run and not counted.

    Attributes:
        limits: By half hour, then by entry, each 1..60 and whole or half.
        name: As tables show it.
    """

    limits: tuple[tuple[float, ...], ...]
    name: str = "schedule"

    def start_limits(self, scenario: Scenario) -> Ints:
        """Those of the first half hour."""
        return _everybody(scenario, self.limits[0])

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _ByTheClock:  # noqa: ARG002 the same for all
        """Acts where the schedule changes, and where somebody signs in while it says other than at the start."""
        table = np.stack([_everybody(scenario, row) for row in self.limits])
        starts = block_starts(scenario)
        return _ByTheClock(starts=starts, table=table, times=_times(scenario, starts, table))


@dataclass(slots=True, kw_only=True)
class _ByTheClock:
    starts: Floats
    table: Ints
    times: Floats

    def first_tick(self) -> float:
        return self._after(-1.0)

    def tick(self, seen: Seen) -> tuple[Ints, float]:
        block = int(np.searchsorted(self.starts, seen.now_s, side="right")) - 1
        return self.table[block], self._after(seen.now_s)

    def _after(self, now_s: float) -> float:
        place = int(np.searchsorted(self.times, now_s, side="right"))
        return float(self.times[place]) if place < len(self.times) else math.inf


def _everybody(scenario: Scenario, row: tuple[float, ...]) -> Ints:
    """Interleaved over all agents, so that one limit for every entry is that fixed limit exactly."""
    if len(set(row)) == 1:
        return interleaved(row[0], sum(entry.count for entry in scenario.agents))
    parts = [interleaved(limit, entry.count) for limit, entry in zip(row, scenario.agents, strict=True)]
    return np.concatenate(parts)


def _times(scenario: Scenario, starts: Floats, table: Ints) -> Floats:
    """When there is something to do: a change, or a sign-in, which brings the start's limit, in a half hour unlike."""
    changes = set(starts[1:][(table[1:] != table[:-1]).any(axis=1)].tolist())
    unlike_start = (table != table[0]).any(axis=1)
    signing_in = {window.start_s for entry in scenario.agents for window in entry.shift}
    days = range(math.ceil((scenario.clock_s + scenario.duration_s) / 86_400) + 1)
    for at in {day * 86_400 + start - scenario.clock_s for day in days for start in signing_in}:
        if 0 < at < scenario.duration_s and unlike_start[np.searchsorted(starts, at, side="right") - 1]:
            changes.add(at)
    return np.array(sorted(changes))
