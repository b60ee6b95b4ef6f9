"""Schedules as tables, and where the search for the best one begins: from what constant limits cost in each half hour.

A table has a limit for each half hour and tier, shape (blocks, tiers). Entries of one tier name share a limit; those
without a tier do so when they are alike in limit, speed and curves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.policies.schedule import Schedule, block_starts
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["as_schedule", "constants", "followed", "tiers_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400.0


def tiers_of(scenario: Scenario) -> Ints:
    """The number of each entry's tier, from 0 on."""
    keys = [
        (entry.tier, 0, 0.0, 0)
        if entry.tier
        else ("", entry.limit, entry.speed, id(entry.curves) if entry.curves else 0)
        for entry in scenario.agents
    ]
    order = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array([order[key] for key in keys], np.int64)


def as_schedule(table: Floats, tiers: Ints) -> Schedule:
    """A table as a policy; `tiers` are the entries'."""
    return Schedule(limits=tuple(tuple(row) for row in table[:, tiers].tolist()))


def constants(scenario: Scenario, tiers: Ints, *, floor: int, ceiling: int) -> Iterator[tuple[str, Floats]]:
    """Families of constant tables, each by rising limits; the family's name comes with each.

    Everybody at the same limit; everybody so much above or below their own; everybody at the same limit but never above
    the productive peak, the number of chats at which an agent gets most work done at that time of day.
    """
    blocks, number = len(block_starts(scenario)), int(tiers.max()) + 1
    own = np.zeros(number)
    own[tiers] = [entry.limit for entry in scenario.agents]
    peaks = _peaks(scenario, tiers)
    for limit in range(floor, ceiling + 1):
        yield "same", np.full((blocks, number), float(limit))
    if number > 1:
        for more in range(-int(own.max()), ceiling - int(own.min()) + 1):
            yield "own", np.clip(np.tile(own + more, (blocks, 1)), floor, ceiling)
    if (peaks < ceiling).any():
        for limit in range(floor, ceiling + 1):
            yield "peak", np.clip(np.minimum(peaks, limit), floor, ceiling)


def followed(tables: Floats, costs: Floats, moving: Floats) -> Floats:
    """The table that takes each half hour from the constant one that is cheapest there, changes of limits paid for.

    Args:
        tables: Constant ones, shape (k, blocks, tiers).
        costs: What each costs in each half hour, shape (k, blocks).
        moving: What it costs to change the limits of a whole tier, shape (tiers,).

    Returns:
        Shape (blocks, tiers): the shortest path (Viterbi) through half hours.
    """
    blocks = costs.shape[1]
    best, came_from = costs[:, 0], []
    for block in range(1, blocks):
        differs = np.minimum(np.abs(tables[:, None, block] - tables[None, :, block - 1]), 1.0)
        through = best[None, :] + differs @ moving
        came_from.append(through.argmin(axis=1))
        best = through.min(axis=1) + costs[:, block]
    path = [int(best.argmin())]
    for previous in reversed(came_from):
        path.append(int(previous[path[-1]]))
    return np.stack([tables[choice, block] for block, choice in enumerate(reversed(path))])


def _peaks(scenario: Scenario, tiers: Ints) -> Floats:
    """The chats at which an agent of a tier gets most work done, by half hour, shape (blocks, tiers)."""
    starts = block_starts(scenario)
    peaks = np.zeros((len(starts), int(tiers.max()) + 1))
    for entry, tier in zip(scenario.agents, tiers, strict=True):
        curves = entry.curves or scenario.service.curves
        for block, at in enumerate((scenario.clock_s + starts) % DAY_S):
            holds = [curve for curve in curves if curve.from_s <= at] or [curves[0]]
            peaks[block, tier] = 1 + int(holds[-1].factors.argmax())
    return peaks
