"""A team nobody chose: how many, in which tiers, and when they are there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.fresh_curves import draw_shape
from autoscaler.simulation.scenario.model import AgentEntry, Window
from autoscaler.simulation.scenario.notation import DAY_S

__all__ = ["draw_team"]

QUARTER_S = 900


def draw_team(*, start_s: float, duration_s: float, random: np.random.Generator) -> tuple[AgentEntry, ...]:
    """4 to 80 people, in tiers about one time in three, in shifts about one time in three.

    Whatever the shifts, somebody is there at every moment of the run, which ends by midnight.
    """
    total = round(float(np.exp(random.uniform(np.log(4), np.log(80)))))
    limit = int(random.choice([2, 3, 4, 5], p=[0.25, 0.45, 0.2, 0.1]))
    speed_cv = round(float(random.uniform(0.1, 0.3)), 2)
    team = [AgentEntry(count=total, limit=limit, speed_cv=speed_cv)]
    has_tiers, has_shifts = random.random() < 0.35, random.random() < 0.35
    if has_tiers:
        team = _tiers(total, limit, speed_cv, random)
    if has_shifts and total >= 8:
        team = _shifts(team, start_s, duration_s, random)
    return tuple(team)


def _tiers(total: int, limit: int, speed_cv: float, random: np.random.Generator) -> list[AgentEntry]:
    trainees = max(round(total * float(random.uniform(0.1, 0.4))), 1)
    seniors = max(round(total * float(random.uniform(0.1, 0.4))), 1)
    _, shape = draw_shape(random)
    own = (curve(shape),) if random.random() < 0.5 else ()
    return [
        AgentEntry(
            count=trainees,
            limit=max(limit - int(random.integers(1, 3)), 1),
            tier="trainee",
            speed=round(float(random.uniform(0.6, 0.9)), 2),
            speed_cv=speed_cv,
            curves=own,
        ),
        AgentEntry(count=max(total - trainees - seniors, 1), limit=limit, tier="regular", speed_cv=speed_cv),
        AgentEntry(
            count=seniors,
            limit=limit + int(random.integers(0, 3)),
            tier="senior",
            speed=round(float(random.uniform(1.05, 1.35)), 2),
            speed_cv=speed_cv,
        ),
    ]


def _shifts(team: list[AgentEntry], start_s: float, duration_s: float, random: np.random.Generator) -> list[AgentEntry]:
    """Half of each entry comes early and half late, overlapping in the middle; their breaks never meet."""
    middle = start_s + duration_s * float(random.uniform(0.4, 0.6))
    overlap = float(random.uniform(2700, 7200))
    rest = float(random.choice([1800, 2700, 3600]))
    early = (start_s - QUARTER_S, middle + overlap)
    late = (middle - overlap, start_s + duration_s + QUARTER_S)
    found = []
    for entry in team:
        first = entry.count // 2
        for count, (begin, end) in ((entry.count - first, early), (first, late)):
            halves = (count - count // 2, count // 2)
            for half, share in zip(halves, (0.35, 0.6), strict=True):
                if half:
                    shift = _with_break(begin, end, begin + (end - begin) * share, rest if min(halves) else 0.0)
                    found.append(replace(entry, count=half, shift=shift))
    return found


def _with_break(begin: float, end: float, pause: float, rest: float) -> tuple[Window, ...]:
    begin, end, pause = (round(moment / QUARTER_S) * QUARTER_S for moment in (begin, min(end, DAY_S), pause))
    if not rest:
        return (Window(start_s=begin, end_s=end),)
    return (Window(start_s=begin, end_s=pause), Window(start_s=pause + rest, end_s=end))
