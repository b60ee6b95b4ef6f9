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

_SUMS_OF_LOADS = frozenset({"load", "spare"})
_OF_LOADS = _SUMS_OF_LOADS | {"occupancy", "busy"}


def units_tracked(track: Track, reading: Number, team: Team, *, slots: int) -> int:
    """Slots that bring a reading to its target.

    Args:
        track: What is tracked, and against what.
        reading: Its value now. A number is known. Of one an agent the mean over those whose is known counts: as it
            stands against the target, and per slot times the agents.
        team: The group's agents.
        slots: Slots in force.

    Returns:
        Slots, >= 0; `slots` inside the tolerance, and without agents.
    """
    counted = team.people
    heard = team.counted & team.usable
    if isinstance(reading, np.ndarray):
        heard = heard & ~np.isnan(reading)
    known = int(np.count_nonzero(heard))
    rests_on_loads = isinstance(reading, np.ndarray) or _names_any(track, _OF_LOADS)
    if not counted or (rests_on_loads and not known):
        return slots
    if isinstance(reading, np.ndarray):
        mean = float(reading[heard].mean())
        total = mean * counted if track.per is Per.SLOT else mean
    else:
        total = reading / counted if track.per is Per.AGENT else reading
    total = max(total, 0.0)
    tolerance = Tolerance(down=track.tolerance_down, up=track.tolerance_up)
    if rests_on_loads and known < counted:
        return _damped(track, total, known / counted, tolerance, slots)
    if track.per is Per.SLOT:
        return per_unit(slots, total, track.target, tolerance)
    return from_total(slots, slots, total, track.target, tolerance)


def _names_any(track: Track, of_group: frozenset[str]) -> bool:
    return any(name.scope is Scope.GROUP and name.name in of_group for name in names_in(track.input))


def _damped(track: Track, total: float, known: float, tolerance: Tolerance, slots: int) -> int:
    """With a share of agents silent: on target when shrinking, idle when growing; never the other way round.

    A sum over those who are known lacks what the silent hold: without them, it stands against their slots alone.
    """
    ratio = total / (track.target * slots) if track.per is Per.SLOT and slots else total / track.target
    if _names_any(track, _SUMS_OF_LOADS):
        ratio /= known
    damped = ratio * known + (1 - known if ratio < 1 else 0.0)
    if tolerance.holds(damped) or (ratio - 1) * (damped - 1) <= 0:
        return slots
    return math.ceil(min(round(damped * slots, 9), MOST_UNITS))
