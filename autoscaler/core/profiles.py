"""A day-and-week profile: what a value usually is on such a day at such a time, whatever single days brought.

The week is cut into quarters of an hour by the wall clock of the calendar's zone, for each weekday and for holidays.
One day moves its cell by a share of what it differs, and by no more than twice what days usually differ, so neither a
holiday nobody entered nor an outage spoils the weekday. A cell that has seen few days leans on days of its kind
(Monday to Friday, or the others), and these on all days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from autoscaler.core.book import Calendar
from autoscaler.core.readings import Floats, Ints

__all__ = ["BIN_S", "DAYS", "Cells", "Profile", "cells", "expected", "from_json", "learned", "to_json"]

BIN_S = 900
"""Seconds of a cell. Every zone's offset is a multiple of it, so cells begin at whole multiples of it everywhere."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holiday")
_HOLIDAY = 7
_CELLS = 86_400 // BIN_S
_ALIKE = np.zeros((len(DAYS), len(DAYS)))
_ALIKE[:5, :5] = _ALIKE[5:, 5:] = 1.0

GAIN = 0.2
"""Share of a day's difference that its cell takes over, once some days have been seen."""
CLIP = 2.0
"""Differences count up to so many spreads."""
LEAN = 1.0
"""How many days' worth the next wider kind of day counts."""
LEAST_SPREAD = 0.05
"""Of the mean level over all cells: a cell that never varied can still learn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """What is usual, shape (8, 96) each: by day of `DAYS`, by quarter of an hour.

    Attributes:
        level: What is usual, 0 where no day was seen.
        spread: How far days usually lie from it, as a standard deviation.
        days: How many days were seen.
    """

    level: Floats
    spread: Floats
    days: Floats

    @classmethod
    def blank(cls) -> Profile:
        """Nothing seen yet."""
        nothing = np.zeros((len(DAYS), _CELLS))
        return cls(level=nothing, spread=nothing, days=nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Where points in time fall, shape (m,): rows and columns of a profile."""

    day: Ints
    quarter: Ints


def cells(bins: Iterable[int], calendar: Calendar) -> Cells:
    """The cells of quarters of an hour, counted since 1970.

    An hour that comes twice in autumn is the same cells twice; one that is left out in spring is just not asked for.
    """
    zone = ZoneInfo(calendar.timezone)
    days, quarters = [], []
    for one in bins:
        local = datetime.fromtimestamp(one * BIN_S, zone)
        days.append(_HOLIDAY if local.date() in calendar.holidays else local.weekday())
        quarters.append((local.hour * 3600 + local.minute * 60) // BIN_S)
    return Cells(day=np.array(days, np.int64), quarter=np.array(quarters, np.int64))


def expected(profile: Profile, at: Cells) -> tuple[Floats, Floats]:
    """Mean and spread to be expected in cells, shape (m,) each; NaN where no day has been seen at that time."""
    seen = profile.days[:, at.quarter]
    weight = np.minimum(seen, 1.0 / GAIN)
    total = weight * profile.level[:, at.quarter]
    alike = _ALIKE[:, at.day]
    every = weight.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0/0 where nothing is known of that time of day
        everyday = total.sum(axis=0) / every
    kind = ((total * alike).sum(axis=0) + LEAN * everyday) / ((weight * alike).sum(axis=0) + LEAN)
    own = at.day, np.arange(len(at.day))
    mean = (total[own] + LEAN * kind) / (weight[own] + LEAN)
    spread = np.where(seen[own] > 0, profile.spread[at.day, at.quarter], np.abs(mean) / 2)
    return mean, spread


def learned(profile: Profile, at: Cells, value: float) -> Profile:
    """The profile after one more day.

    Args:
        profile: As it was.
        at: The one cell.
        value: Its mean on that day, finite.
    """
    cell = int(at.day[0]), int(at.quarter[0])
    level, spread, days = profile.level.copy(), profile.spread.copy(), profile.days.copy()
    seen = float(days[cell])
    if seen == 0:
        usual = float(expected(profile, at)[0][0])
        level[cell] = value
        spread[cell] = abs(value) / 2 if np.isnan(usual) else abs(value - usual)
    elif seen == 1:
        # the one day seen, or this one, may have been a holiday: days of its kind are asked who is odd
        first = float(level[cell])
        others = _others(profile, at)
        level[cell] = (first + value) / 2 if np.isnan(others) else sorted((first, value, others))[1]
        spread[cell] = abs(value - first) / 2
    else:
        gain = max(GAIN, 1.0 / (seen + 1.0))
        most = CLIP * float(spread[cell])
        off = value - float(level[cell])
        level[cell] += gain * min(max(off, -most), most)
        # 1.25 mean deviations are a standard deviation where differences are normal
        spread[cell] += gain * (1.25 * min(abs(off), 2 * most) - float(spread[cell]))
    days[cell] = seen + 1.0
    least = LEAST_SPREAD * float(np.abs(level).sum()) / np.count_nonzero(days)
    spread[cell] = max(float(spread[cell]), least)
    return Profile(level=level, spread=spread, days=days)


def _others(profile: Profile, at: Cells) -> float:
    """The mean of days of a cell's kind without its own day; NaN where none was seen."""
    day, quarter = int(at.day[0]), int(at.quarter[0])
    weight = np.minimum(profile.days[:, quarter], 1.0 / GAIN) * _ALIKE[day]
    weight[day] = 0.0
    total = float(weight.sum())
    return float(weight @ profile.level[:, quarter]) / total if total else np.nan


def to_json(profile: Profile) -> dict[str, Any]:
    """JSON values by day: [level, spread, days] of its quarters; days never seen are left out."""
    return {
        day: [column[row].tolist() for column in (profile.level, profile.spread, profile.days)]
        for row, day in enumerate(DAYS)
        if profile.days[row].any()
    }


def from_json(value: Mapping[str, Any]) -> Profile:
    """What `to_json` gave.

    Raises:
        ValueError: Not a profile; the message names the day.
    """
    columns = np.zeros((3, len(DAYS), _CELLS))
    for day, numbers in value.items():
        if day not in DAYS:
            raise ValueError(f"profile: {day!r} is none of {', '.join(DAYS)}")
        try:
            rows = np.array(numbers, np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(f"profile: {day} holds something that is no number") from error
        if rows.shape != (3, _CELLS) or not np.isfinite(rows).all() or (rows[1:] < 0).any():
            raise ValueError(f"profile: {day} is not three lists of {_CELLS} numbers: level, spread >= 0 and days >= 0")
        columns[:, DAYS.index(day)] = rows
    return Profile(level=columns[0], spread=columns[1], days=columns[2])
