"""What one run cost, half hour by half hour, so that a search can tell which half hour's limit was good.

A customer's costs (late, abandoned, excess) belong to the half hour of arrival, crowding and limit changes to the one
in which they happen. Summed up they are the run's `cost_per_chat`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Controller, Policy, Seen
from autoscaler.simulation.floor.run import play
from autoscaler.simulation.floor.state import Floor, Where
from autoscaler.simulation.policies.schedule import block_starts
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["block_costs"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def block_costs(scenario: Scenario, policy: Policy, *, seed: int, index: int) -> Floats:
    """Play one run; its cost per chat of the whole run by half hour, shape (blocks,)."""
    counted = _Counted(of=policy)
    floor, _ = play(scenario, counted, seed=seed, index=index)
    starts = block_starts(scenario)
    came = floor.customers["arrival"]
    scored = floor.customers[(came >= scenario.warm_up_s) & (came < scenario.duration_s)]
    cost = _of_customers(scored, scenario, starts) + _of_crowding(floor, scenario, starts)
    for at, changes in counted.changes:
        if scenario.warm_up_s <= at < scenario.duration_s:
            cost[_block(starts, at)] += changes * scenario.cost.limit_change
    return cost / max(len(scored), 1)


def _block(starts: Floats, at: Floats | float) -> Ints:
    return np.asarray(np.searchsorted(starts, at, side="right") - 1)


def _by_block(starts: Floats, at: Floats, weights: Floats) -> Floats:
    return np.bincount(_block(starts, at), weights=weights, minlength=len(starts)).astype(np.float64)


def _of_customers(people: NDArray[np.void], scenario: Scenario, starts: Floats) -> Floats:
    arrival, start, end = people["arrival"], people["start"], people["end"]
    served = people["where"] == Where.SERVED
    weights = scenario.cost
    wait = np.where(served, start, end) - arrival
    late = np.maximum(wait - weights.free_s, 0.0) / 60 * weights.late_minute
    excess = np.maximum(end - start - scenario.service.solo.mean_s, 0.0) / 60 * weights.excess_chat_minute
    each = late + np.where(served, excess, weights.abandoned)
    return _by_block(starts, arrival, each)


def _of_crowding(floor: Floor, scenario: Scenario, starts: Floats) -> Floats:
    """The squares of chats above baseline over time; a stretch of one load counts where it begins."""
    held = floor.customers[floor.customers["where"] == Where.SERVED]
    agent = np.concatenate((held["agent"], held["agent"]))
    at = np.concatenate((held["start"], held["end"]))
    step = np.repeat([1, -1], len(held))
    order = np.lexsort((step, at, agent))
    agent, at = agent[order], at[order]
    load = np.cumsum(step[order])  # every agent ends with none, so the sum begins anew with each
    begins = np.maximum(at, scenario.warm_up_s)
    ends = np.minimum(np.append(at[1:], 0.0), scenario.duration_s)
    excess = load - floor.agents["baseline"][agent]
    counts = (excess > 0) & (ends > begins)
    begins, ends, excess = begins[counts], ends[counts], excess[counts]
    minutes = excess.astype(np.float64) ** 2 * (ends - begins) / 60
    return _by_block(starts, begins, minutes * scenario.cost.crowding)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """A policy that notes how many limits it changes when."""

    of: Policy
    changes: list[tuple[float, int]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.of.name

    def start_limits(self, scenario: Scenario) -> Ints | None:
        return self.of.start_limits(scenario)

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> _Noting:
        return _Noting(of=self.of.controller(scenario, seed=seed, index=index), changes=self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Noting:
    of: Controller
    changes: list[tuple[float, int]]

    def first_tick(self) -> float:
        return self.of.first_tick()

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        wanted, later = self.of.tick(seen)
        if wanted is not None:
            self.changes.append((seen.now_s, int(np.count_nonzero((wanted != seen.wanted) & seen.on))))
        return wanted, later
