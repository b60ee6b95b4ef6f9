"""`track`: how many slots a reading asks for, with agents whose load is unknown counted so that they damp the move."""

from __future__ import annotations

import math

import numpy as np

from autoscaler.core.book import Per, Track
from autoscaler.core.evaluation import Number
from autoscaler.core.expressions import Scope, names_in
from autoscaler.core.team import Team
from autoscaler.core.tracking import MOST_UNITS, Tolerance, from_total, per_unit

__all__ = ["units_tracked"]

_OF_LOADS = frozenset({"load", "spare", "occupancy", "busy"})


def units_tracked(track: Track, reading: Number, team: Team, *, slots: int) -> int:
    """Slots that bring a reading to its target.

    Args:
        track: What is tracked, and against what.
        reading: Its value now, known; one an agent where it speaks of agents (their mean counts).
        team: The group's agents.
        slots: Slots in force.

    Returns:
        Slots, >= 0; `slots` inside the tolerance, and without agents.
    """
    counted = int(np.count_nonzero(team.counted))
    if not counted:
        return slots
    known = int(np.count_nonzero(team.counted & team.usable))
    if isinstance(reading, np.ndarray):
        if not known:
            return slots
        reading = float(reading[team.counted & team.usable].mean())
    tolerance = Tolerance(down=track.tolerance_down, up=track.tolerance_up)
    total = reading / counted if track.per is Per.AGENT else reading
    if known < counted and _rests_on_loads(track):
        return _damped(track, total, known / counted, tolerance, slots)
    if track.per is Per.SLOT:
        return per_unit(slots, total, track.target, tolerance)
    return from_total(slots, slots, total, track.target, tolerance)


def _rests_on_loads(track: Track) -> bool:
    return any(
        name.scope is Scope.AGENT or (name.scope is Scope.GROUP and name.name in _OF_LOADS)
        for name in names_in(track.input)
    )


def _damped(track: Track, total: float, known: float, tolerance: Tolerance, slots: int) -> int:
    """With a share of agents silent: on target when shrinking, idle when growing; never the other way round."""
    ratio = total / (track.target * slots) if track.per is Per.SLOT and slots else total / track.target
    damped = ratio * known + (1 - known if ratio < 1 else 0.0)
    if tolerance.holds(damped) or (ratio < 1 < damped) or (damped < 1 < ratio):
        return slots
    units = min(math.ceil(round(damped * slots, 9)), MOST_UNITS)
    opposes = (damped < 1 and units > slots) or (damped > 1 and units < slots)
    return slots if opposes else units
