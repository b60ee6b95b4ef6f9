"""Hindcasts: each forecast is what would have been said then, and scored by what came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import Forecast, forecast, observed
from autoscaler.core.hindcast import hindcast
from autoscaler.core.outlooks import Outlook, to_json

CALENDAR = Calendar()
MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAY = 96
HORIZONS = (1, 2, 4)


def at(quarter: float) -> float:
    return MONDAY + 900 * quarter


def history(days: float, seed: int = 5) -> list[float]:
    """By quarters of an hour: a day's shape, and chance."""
    quarters = np.arange(int(days * DAY))
    noise = np.random.default_rng(seed).normal(0, 2, len(quarters))
    values: list[float] = (20 + 10 * np.sin(quarters / DAY * 2 * np.pi) + noise).tolist()
    return values


def readings(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(at(quarter), value) for quarter, value in enumerate(values)]


def said(values: Sequence[float]) -> list[Forecast]:
    """At the end of each quarter, of the quarters that end one, two and four later: the forecasts at their middles."""
    outlook, found = Outlook.blank(), []
    for quarter, value in enumerate(values):
        outlook = observed(outlook, value, at=at(quarter), calendar=CALENDAR, every_s=900)
        middles = [900 * (ahead - 0.5) for ahead in HORIZONS]
        found.append(forecast(outlook, middles, at=at(quarter + 1), calendar=CALENDAR))
    return found


@pytest.mark.parametrize("days", [1.5, 3.0])
def test_errors_are_those_of_what_would_have_been_said_then(days: float) -> None:
    values = history(days)
    then = said(values)
    found = hindcast(readings(values), CALENDAR, every_s=900)
    for place, (ahead, score) in enumerate(zip(HORIZONS, found.scores, strict=True)):
        # the last quarter is still open
        pairs = [(then[quarter - ahead], values[quarter]) for quarter in range(ahead, len(values) - 1)]
        scored = [(one, came) for one, came in pairs if not math.isnan(one.by_profile[place])]
        assert score.horizon_s == 900 * ahead
        assert score.forecasts == len(scored) > 0
        for name, errors in (
            ("profile", [abs(one.by_profile[place] - came) for one, came in scored]),
            ("without", [abs(one.without - came) for one, came in scored]),
            ("used", [abs(one.mean[place] - came) for one, came in scored]),
            ("by_profile", [float(one.is_profile[place]) for one, came in scored]),
        ):
            assert getattr(score, name) == pytest.approx(np.mean(errors)), name


def test_what_is_known_at_the_end_is_what_living_through_it_gives() -> None:
    values = history(2)
    outlook = Outlook.blank()
    for quarter, value in enumerate(values):
        outlook = observed(outlook, value, at=at(quarter), calendar=CALENDAR, every_s=900)
    assert to_json(hindcast(readings(values), CALENDAR, every_s=900).outlook) == to_json(outlook)


def test_half_of_it_is_by_the_profile_when_it_is_believed_halfway() -> None:
    # eight errors are asked for: the profile speaks from the ninth forecast that can be scored, if it errs less
    values = [10.0 * (1 + quarter % DAY // 4 % 2 * 5) for quarter in range(3 * DAY)]
    found = hindcast(readings(values), CALENDAR, every_s=900, horizons_s=(3600.0,))
    score = found.scores[0]
    assert 0 < score.by_profile < 1
    assert score.profile < score.used < score.without


@pytest.mark.parametrize(("skip", "forecasts"), [(0, 191), (96, 191), (97, 190), (100, 187), (286, 1), (287, 0)])
def test_forecasts_made_before_the_time_to_skip_is_over_are_not_scored(skip: int, forecasts: int) -> None:
    found = hindcast(readings(history(3)), CALENDAR, every_s=900, skip_s=skip * 900.0, horizons_s=(900.0,))
    assert found.scores[0].forecasts == forecasts


def test_a_quarter_of_which_nothing_was_known_is_neither_scored_nor_spoken_from() -> None:
    values = history(3)
    values[200] = math.nan
    whole = hindcast(readings(history(3)), CALENDAR, every_s=900)
    found = hindcast(readings(values), CALENDAR, every_s=900)
    assert [score.forecasts for score in found.scores] == [score.forecasts - 2 for score in whole.scores]


def test_quarters_of_several_readings_are_scored_by_their_mean() -> None:
    values = history(2)
    thirds = [(at(quarter + part / 3), value + (part - 1)) for quarter, value in enumerate(values) for part in range(3)]
    fine, coarse = hindcast(thirds, CALENDAR, every_s=300), hindcast(readings(values), CALENDAR, every_s=900)
    for one, other in zip(fine.scores, coarse.scores, strict=True):
        assert one.forecasts == other.forecasts
        assert one.without == pytest.approx(other.without)
        assert one.profile == pytest.approx(other.profile)


def test_without_history_nothing_is_scored() -> None:
    found = hindcast([], CALENDAR, every_s=900)
    assert [score.horizon_s for score in found.scores] == [900.0, 1800.0, 3600.0]
    for score in found.scores:
        assert score.forecasts == 0
        assert np.isnan([score.profile, score.without, score.used, score.by_profile]).all()
    assert found.outlook.bin is None
