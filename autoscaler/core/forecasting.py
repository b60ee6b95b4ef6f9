"""What a value will be: its day-and-week profile, corrected by how today compares, where that beats no forecast.

"No forecast" is the mean of the last quarter of an hour, going on as it is. Both are scored on every quarter as it
comes, by how far ahead they spoke, and the profile speaks only while its own past says that it errs less. So a value
without a daily shape, or with one that is not known yet, is forecast as it is now.

Source: docs/decisions/0006-forecast.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import Calendar
from autoscaler.core.outlooks import LEADS, Outlook
from autoscaler.core.profiles import BIN_S, DAYS, cells, expected, learned
from autoscaler.core.readings import Floats

__all__ = ["Basis", "Forecast", "forecast", "observed", "unknown"]

RECENT = 0.7
"""How much of the last quarters' level the next one keeps: today is compared with its profile over about an hour."""
DAY_SPREAD = 0.2
"""How far a whole day's level lies from its profile, as a share: the measure for what is level and what is noise."""
FADE = 0.96
"""How much of today's difference is left a quarter of an hour on."""
HIGHEST = 4.0
"""Times its profile that today is taken to be at most."""
FORGET = 0.01
"""Weight of the newest error: a day counts for about half."""
ENOUGH = 8
"""Errors of both ways that must have been seen before the profile may speak."""


class Basis(Enum):
    """What a forecast rests on."""

    PROFILE = "the profile"
    UNSEEN = "no day has been seen at that time yet"
    UNTRIED = "the profile is too young to be trusted"
    WORSE = "the profile errs more than no forecast"
    UNKNOWN = "the value itself is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What was asked for, by horizon, shape (m,) each.

    Attributes:
        by_profile: What the corrected profile says, NaN where it knows nothing of that time.
        without: What no forecast says: the value as it is now, NaN unknown.
        errors: Mean absolute errors of the two at that distance, shape (2, m); NaN not known yet.
        basis: Which of them counts, and why.
        days: Whose profile it is, as `DAYS` has them.
    """

    by_profile: Floats
    without: float
    errors: Floats
    basis: tuple[Basis, ...]
    days: tuple[str, ...]

    @property
    def is_profile(self) -> NDArray[np.bool_]:
        """Where the profile counts."""
        return np.array([one is Basis.PROFILE for one in self.basis], np.bool_)

    @property
    def mean(self) -> Floats:
        """What counts, NaN unknown."""
        mean: Floats = np.where(self.is_profile, self.by_profile, self.without)
        return mean

    @property
    def error(self) -> Floats:
        """The mean absolute error of what counts, NaN not known yet."""
        error: Floats = np.where(self.is_profile, self.errors[0], self.errors[1])
        return error


def observed(outlook: Outlook, value: float, *, at: float, calendar: Calendar, every_s: float) -> Outlook:
    """The outlook with this tick's reading.

    Args:
        outlook: As remembered.
        value: Now, NaN missing.
        at: Now, POSIX seconds.
        calendar: Its zone cuts the day, its holidays are days of their own.
        every_s: Seconds between ticks: a quarter of which less than half was looked at teaches nothing.
    """
    now = int(at // BIN_S)
    if outlook.bin is not None and now > outlook.bin:
        outlook = _skipped(_closed(outlook, outlook.bin, calendar, every_s), now - outlook.bin - 1)
    if now != outlook.bin:
        if outlook.bin is not None and now < outlook.bin:  # a clock set back: what was pending is for other times
            outlook = replace(outlook, pending=np.full_like(outlook.pending, np.nan), last=math.nan)
        outlook = replace(outlook, bin=now, total=0.0, known=0, seen=0)
    if not math.isfinite(value):
        return replace(outlook, seen=outlook.seen + 1)
    return replace(outlook, total=outlook.total + value, known=outlook.known + 1, seen=outlook.seen + 1)


def forecast(outlook: Outlook, horizons_s: Sequence[float], *, at: float, calendar: Calendar) -> Forecast:
    """What the value will be.

    Args:
        outlook: From `observed`, this tick's reading included.
        horizons_s: How far ahead, up to `MOST_AHEAD_S`.
        at: Now, POSIX seconds.
        calendar: As for `observed`.

    Returns:
        One of each horizon.
    """
    ahead = np.array(horizons_s, np.float64)
    # between the middles of two quarters the profile is a straight line
    place = (at + ahead) / BIN_S - 0.5
    first = np.floor(place).astype(np.int64)
    at_cells = cells((*first.tolist(), *(first + 1).tolist(), outlook.bin or 0), calendar)
    mean, spread = expected(outlook.profile, at_cells)
    m, part = len(ahead), place - first
    level = _level(outlook, float(mean[-1]), float(spread[-1]), at)
    by_profile = (mean[:m] * (1.0 - part) + mean[m:-1] * part) * _corrected(level, ahead / BIN_S)
    without = _as_it_is(outlook, at)
    lead = np.minimum(np.searchsorted(np.array(LEADS), ahead / BIN_S), len(LEADS) - 1)
    errors = outlook.errors[:, lead]
    basis = tuple(
        _basis(without, one, int(outlook.scored[index]), outlook.errors[:, index])
        for one, index in zip(by_profile.tolist(), lead.tolist(), strict=True)
    )
    return Forecast(
        by_profile=by_profile,
        without=without,
        errors=errors,
        basis=basis,
        days=tuple(DAYS[day] for day in at_cells.day[:m].tolist()),
    )


def unknown(asked: Forecast) -> Forecast:
    """The same question of a value whose reading is missing: what it was does not answer it."""
    blank = np.full(len(asked.basis), np.nan)
    return replace(asked, by_profile=blank, without=math.nan, basis=(Basis.UNKNOWN,) * len(asked.basis))


def _basis(without: float, by_profile: float, scored: int, errors: Floats) -> Basis:
    if math.isnan(without):
        return Basis.UNKNOWN
    if math.isnan(by_profile):
        return Basis.UNSEEN
    if scored < ENOUGH:
        return Basis.UNTRIED
    return Basis.PROFILE if errors[0] < errors[1] else Basis.WORSE


def _as_it_is(outlook: Outlook, at: float) -> float:
    """The mean of the last quarter of an hour: the open one, and of the one before what is missing of it."""
    if not outlook.known:
        return outlook.last
    mean = outlook.total / outlook.known
    if math.isnan(outlook.last):
        return mean
    part = _part(outlook, at)
    return part * mean + (1.0 - part) * outlook.last


def _part(outlook: Outlook, at: float) -> float:
    """How much of the open quarter is over, 0..1."""
    return min(max(at / BIN_S - (outlook.bin or 0), 0.0), 1.0)


def _level(outlook: Outlook, usual: float, spread: float, at: float) -> float:
    """Today against its profile, the open quarter included."""
    part = _part(outlook, at)
    if not outlook.known or math.isnan(usual) or part == 0.0:
        return _ratio(outlook.actual, outlook.usual, outlook.noise)
    keeps = RECENT**part
    return _ratio(
        keeps * outlook.actual + (1.0 - keeps) * outlook.total / outlook.known,
        keeps * outlook.usual + (1.0 - keeps) * usual,
        keeps**2 * outlook.noise + (1.0 - keeps) ** 2 * spread**2 / part,
    )


def _ratio(actual: float, usual: float, noise: float) -> float:
    """actual / usual, nearer to 1 the more of the difference chance explains."""
    if usual == 0.0:
        return 1.0
    told = max((DAY_SPREAD * usual) ** 2, (actual - usual) ** 2 - 4 * noise)
    share = told / (told + noise)
    return min(max(1.0 + share * (actual / usual - 1.0), 0.0), HIGHEST)


def _corrected(level: float, quarters: Floats) -> Floats:
    factors: Floats = 1.0 + (level - 1.0) * FADE**quarters
    return factors


def _closed(outlook: Outlook, bin_: int, calendar: Calendar, every_s: float) -> Outlook:
    """The open quarter ends: score what was said of it, learn from it, and say what is next."""
    targets = [bin_ + lead for lead in LEADS]
    here = cells((bin_,), calendar)
    pending = outlook.pending.copy()
    said = pending[:, :, bin_ % LEADS[-1]].copy()
    pending[:, :, bin_ % LEADS[-1]] = np.nan
    looked_at = outlook.seen >= BIN_S / 2 / every_s and 2 * outlook.known >= outlook.seen
    if not looked_at:
        faded = outlook.usual + (outlook.actual - outlook.usual) * FADE
        return replace(outlook, pending=pending, last=math.nan, actual=faded)
    mean = outlook.total / outlook.known
    usual, spread = (float(one[0]) for one in expected(outlook.profile, here))
    off = np.abs(said - mean)
    both = ~np.isnan(off).any(axis=0)
    scored = outlook.scored + both
    weight = np.maximum(FORGET, 1.0 / np.maximum(scored, 1.0))
    errors = np.where(both, np.where(scored > 1, outlook.errors + weight * (off - outlook.errors), off), outlook.errors)
    profile = learned(outlook.profile, here, mean)
    actual, level, noise = outlook.actual, outlook.usual, outlook.noise
    if not math.isnan(usual):
        actual = RECENT * actual + (1.0 - RECENT) * mean
        level = RECENT * level + (1.0 - RECENT) * usual
        noise = RECENT**2 * noise + (1.0 - RECENT) ** 2 * spread**2
    ahead, _ = expected(profile, cells(targets, calendar))
    slots = [target % LEADS[-1] for target in targets]
    pending[0, range(len(LEADS)), slots] = ahead * _corrected(_ratio(actual, level, noise), np.array(LEADS, np.float64))
    pending[1, range(len(LEADS)), slots] = mean
    return replace(
        outlook,
        profile=profile,
        pending=pending,
        errors=errors,
        scored=scored,
        last=mean,
        actual=actual,
        usual=level,
        noise=noise,
    )


def _skipped(outlook: Outlook, bins: int) -> Outlook:
    """Quarters of an hour at which nobody looked."""
    if bins <= 0 or outlook.bin is None:
        return outlook
    pending = outlook.pending.copy()
    first = outlook.bin + 1
    pending[:, :, [one % LEADS[-1] for one in range(first, first + min(bins, LEADS[-1]))]] = np.nan
    actual = outlook.usual + (outlook.actual - outlook.usual) * FADE**bins
    return replace(outlook, pending=pending, last=math.nan, actual=actual)
