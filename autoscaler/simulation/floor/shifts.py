"""When people sign in and out, and when curves change: events of the wall clock, which never jumps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.state import SHIFT, TURN
from autoscaler.simulation.scenario.model import AgentEntry, Curve, Scenario, Window

__all__ = ["DAY_S", "curve_turns", "shifts"]

DAY_S = 86_400.0


def shifts(scenario: Scenario, *, begin_s: float, until_s: float) -> NDArray[np.void]:
    """Sign-ins and sign-outs in (begin_s, until_s], seconds since the start: `SHIFT` rows.

    Of one moment, sign-outs come first. With `begin_s` 0 whoever is in a shift at the start signs in then.
    """
    events: list[tuple[float, bool, int]] = []
    row = 0
    for entry in scenario.agents:
        moments = list(_moments(entry, scenario.clock_s, begin_s, until_s))
        events += [(when, signs_in, agent) for agent in range(row, row + entry.count) for when, signs_in in moments]
        row += entry.count
    events.sort()
    return np.array([(when, agent, signs_in) for when, signs_in, agent in events], SHIFT)


def _moments(entry: AgentEntry, clock_s: float, begin_s: float, until_s: float) -> list[tuple[float, bool]]:
    if not entry.shift:
        return [(0.0, True)] if begin_s == 0 else []
    moments = []
    for window in entry.shift:
        for starts, ends in _stretches(window, clock_s, begin_s, until_s):
            if begin_s < starts <= until_s:
                moments.append((starts, True))
            elif begin_s == 0 and starts <= 0 < ends:
                moments.append((0.0, True))
            if begin_s < ends <= until_s:
                moments.append((ends, False))
    return moments


def _stretches(window: Window, clock_s: float, begin_s: float, until_s: float) -> list[tuple[float, float]]:
    length = window.end_s - window.start_s
    if length <= 0:
        length += DAY_S
    first = math.floor((begin_s + clock_s) / DAY_S) - 2
    last = math.ceil((until_s + clock_s) / DAY_S)
    starts = [day * DAY_S + window.start_s - clock_s for day in range(first, last + 1)]
    return [(start, start + length) for start in starts]


def curve_turns(curves: tuple[tuple[Curve, ...], ...], *, clock_s: float, until_s: float) -> NDArray[np.void]:
    """When which group's curve changes, to which of its segments: `TURN` rows, sorted by time.

    A group is in its first segment until the first turn; the turn to what holds at the start comes at the start.
    """
    turns: list[tuple[float, int, int]] = []
    for group, segments in enumerate(curves):
        if len(segments) == 1:
            continue
        # before the day's first `from` the first one holds, so a day begins with the first, not with yesterday's last
        daily = [(0.0, 0)] + [(curve.from_s, segment) for segment, curve in enumerate(segments)]
        days = range(math.ceil((until_s + clock_s) / DAY_S) + 1)
        times = [(day * DAY_S + at - clock_s, segment) for day in days for at, segment in daily]
        holds = max(time for time in times if time[0] <= 0)
        turns.append((0.0, group, holds[1]))
        turns += [(when, group, segment) for when, segment in times if 0 < when < until_s]
    turns.sort()
    return np.array(turns, TURN)
