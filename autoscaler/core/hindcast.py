"""How well a value could have been forecast: its whole history lived through once more, and every forecast scored.

The same code that forecasts live; at each quarter of an hour it sees only what came before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import forecast, observed
from autoscaler.core.outlooks import Outlook
from autoscaler.core.profiles import BIN_S

__all__ = ["HORIZONS_S", "Hindcast", "Score", "hindcast"]

HORIZONS_S = (900.0, 1800.0, 3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Mean absolute errors at one distance, of the same forecasts; NaN where there are none.

    Attributes:
        horizon_s: How far ahead the quarter of an hour ends that is forecast.
        forecasts: How many.
        profile: Always by the profile; only times of day it knows are scored.
        without: Always as it is.
        used: As it would have been used.
        by_profile: Share of them that were by the profile.
    """

    horizon_s: float
    forecasts: int
    profile: float
    without: float
    used: float
    by_profile: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindcast:
    """What came of a history.

    Attributes:
        outlook: What is known at its end.
        scores: By horizon.
    """

    outlook: Outlook
    scores: tuple[Score, ...]


def hindcast(
    readings: Iterable[tuple[float, float]],
    calendar: Calendar,
    *,
    every_s: float,
    skip_s: float = 0.0,
    horizons_s: tuple[float, ...] = HORIZONS_S,
) -> Hindcast:
    """Live through a history.

    Args:
        readings: (when, value), POSIX seconds, ascending; NaN missing.
        calendar: Its zone and holidays.
        every_s: Seconds between readings.
        skip_s: Nothing is scored so long after the first reading.
        horizons_s: At which to score, whole quarters of an hour.
    """
    outlook = Outlook.blank()
    pending: dict[int, list[_Said]] = {}
    tallies = [_Tally() for _ in horizons_s]
    first: float | None = None
    for at, value in readings:
        first = at if first is None else first
        bin_ = outlook.bin
        if bin_ is not None and at >= (bin_ + 1) * BIN_S and outlook.known:
            mean = outlook.total / outlook.known
            for said in pending.pop(bin_, ()):
                tallies[said.horizon].score(said, mean)
            if at - first >= skip_s:
                _speak(outlook, bin_, calendar, horizons_s, pending)
        outlook = observed(outlook, value, at=at, calendar=calendar, every_s=every_s)
    scores = (one.scored(horizon) for one, horizon in zip(tallies, horizons_s, strict=True))
    return Hindcast(outlook=outlook, scores=tuple(scores))


@dataclass(frozen=True, slots=True)
class _Said:
    horizon: int
    profile: float
    without: float
    by_profile: bool


class _Tally:
    """Errors at one distance, summed up."""

    def __init__(self) -> None:
        self._forecasts = 0
        self._by_profile = 0
        self._off = [0.0, 0.0, 0.0]

    def score(self, said: _Said, actual: float) -> None:
        if math.isnan(said.profile):
            return
        self._forecasts += 1
        self._by_profile += said.by_profile
        used = said.profile if said.by_profile else said.without
        for way, mean in enumerate((said.profile, said.without, used)):
            self._off[way] += abs(mean - actual)

    def scored(self, horizon_s: float) -> Score:
        n = self._forecasts or math.nan
        profile, without, used = (off / n for off in self._off)
        return Score(
            horizon_s=horizon_s,
            forecasts=self._forecasts,
            profile=profile,
            without=without,
            used=used,
            by_profile=self._by_profile / n,
        )


def _speak(
    outlook: Outlook,
    bin_: int,
    calendar: Calendar,
    horizons_s: tuple[float, ...],
    pending: dict[int, list[_Said]],
) -> None:
    """As the quarter ends, say what the one that ends `horizon` later will be: its middle is half a quarter nearer."""
    end = (bin_ + 1) * BIN_S
    middles = [horizon - BIN_S / 2 for horizon in horizons_s]
    said = forecast(outlook, middles, at=end, calendar=calendar)
    for index, (horizon, profile, is_profile) in enumerate(
        zip(horizons_s, said.by_profile.tolist(), said.is_profile.tolist(), strict=True)
    ):
        target = bin_ + int(horizon // BIN_S)
        pending.setdefault(target, []).append(_Said(index, profile, said.without, is_profile))
