"""Forecasts: what a profile learns, when it is believed, and that nothing is lost or raised on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import Basis, Forecast, forecast, observed
from autoscaler.core.hindcast import hindcast
from autoscaler.core.outlooks import Outlook, from_json, from_prior, prior_of, to_json
from autoscaler.core.profiles import BIN_S, cells, expected

UTC_DAYS = Calendar()
LISBON = Calendar(timezone="Europe/Lisbon")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
UNKNOWN = math.nan
STEP = timedelta(minutes=5)

Shape = Callable[[datetime], float]


def week(at: datetime) -> float:
    """Chats a minute: an office day with a noon peak, quiet weekends, busy Mondays."""
    hour = at.hour + at.minute / 60
    if not 8 <= hour < 20:
        return 0.2
    day = (1.3, 1.0, 1.0, 1.0, 0.9, 0.3, 0.3)[at.weekday()]
    return day * (6 + 6 * math.exp(-((hour - 12) ** 2) / 4))


def readings(
    shape: Shape, days: float, *, start: datetime = MONDAY, step: timedelta = STEP
) -> list[tuple[float, float]]:
    count = int(timedelta(days=days) / step)
    return [((start + i * step).timestamp(), shape(start + i * step)) for i in range(count)]


def lived(
    samples: Iterable[tuple[float, float]], calendar: Calendar = UTC_DAYS, outlook: Outlook | None = None
) -> Outlook:
    outlook = outlook or Outlook.blank()
    for at, value in samples:
        outlook = observed(outlook, value, at=at, calendar=calendar, every_s=STEP.total_seconds())
    return outlook


def ahead(outlook: Outlook, at: datetime, minutes: float = 30, calendar: Calendar = UTC_DAYS) -> Forecast:
    return forecast(outlook, (minutes * 60,), at=at.timestamp(), calendar=calendar)


def after(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def usual(outlook: Outlook, at: datetime, calendar: Calendar = UTC_DAYS) -> float:
    return float(expected(outlook.profile, cells((int(at.timestamp() // BIN_S),), calendar))[0][0])


@given(st.floats(0.0, 1e6), st.sampled_from([1.0, 17.0, 59.0, 240.0]), st.floats(0.02, 9.0))
@settings(max_examples=25, deadline=None)
def test_a_constant_is_forecast_as_itself(value: float, minutes: float, days: float) -> None:
    outlook = lived(readings(lambda _: value, days, step=timedelta(minutes=15)))
    assert ahead(outlook, after(days), minutes).mean[0] == pytest.approx(value)


def test_a_week_is_learned_in_three_and_then_beats_no_forecast_at_every_distance() -> None:
    found = hindcast(readings(week, 28), Calendar(), every_s=300, skip_s=21 * 86400)

    for score in found.scores:
        assert score.used <= score.profile * 1.01
        assert score.profile < 0.3 * score.without
        assert score.by_profile > 0.95


def test_the_noon_peak_is_seen_an_hour_before() -> None:
    at = after(21) + timedelta(hours=10, minutes=30)
    outlook = lived(readings(week, 21 + 10.5 / 24))

    found = ahead(outlook, at, 60)

    assert found.basis == (Basis.PROFILE,)
    assert found.days == ("monday",)
    assert found.mean[0] == pytest.approx(week(at + timedelta(hours=1)), rel=0.15)
    assert found.without == pytest.approx(week(at), rel=0.1)


def test_a_holiday_nobody_entered_hardly_moves_the_weekday() -> None:
    def with_a_holiday(at: datetime) -> float:
        return 0.0 if at.date() == date(2026, 3, 23) else week(at)

    noon = after(28) + timedelta(hours=12)
    plain, robust = lived(readings(week, 28)), lived(readings(with_a_holiday, 28))

    assert usual(robust, noon) > 0.8 * usual(plain, noon)


def test_the_first_monday_may_be_a_holiday() -> None:
    def from_a_holiday(at: datetime) -> float:
        return 0.0 if at.date() == MONDAY.date() else week(at)

    noon = after(21) + timedelta(hours=12)
    assert usual(lived(readings(from_a_holiday, 21)), noon) > 0.6 * week(noon)


def test_a_holiday_of_the_calendar_is_a_day_of_its_own() -> None:
    holiday = Calendar(holidays=(date(2026, 3, 23), date(2026, 4, 6)))

    def with_holidays(at: datetime) -> float:
        return 0.5 if at.date() in holiday.holidays else week(at)

    outlook = lived(readings(with_holidays, 28), holiday)
    plain = lived(readings(week, 21))

    assert usual(outlook, after(28) + timedelta(hours=12), holiday) == pytest.approx(
        usual(plain, after(28) + timedelta(hours=12)), rel=0.1
    )
    assert usual(outlook, after(35) + timedelta(hours=12), holiday) < 0.5 * week(after(35) + timedelta(hours=12))


def test_a_day_with_twice_as_much_is_followed_within_the_hour() -> None:
    double = readings(lambda at: 2 * week(at), 10 / 24, start=after(21))
    outlook = lived(double, outlook=lived(readings(week, 21)))
    at = after(21) + timedelta(hours=10)

    assert ahead(outlook, at, 60).mean[0] == pytest.approx(2 * week(at + timedelta(hours=1)), rel=0.25)


def test_a_lasting_change_comes_into_the_profile_within_weeks() -> None:
    def uneven(at: datetime) -> float:
        return week(at) * (1 + 0.15 * math.sin(2.4 * at.toordinal()))

    outlook = lived(readings(lambda at: 2 * uneven(at), 42, start=after(28)), outlook=lived(readings(uneven, 28)))
    noon = after(70) + timedelta(hours=12)

    assert usual(outlook, noon) > 1.4 * week(noon)


def test_without_a_daily_shape_the_profile_keeps_silent_or_does_no_harm() -> None:
    random = np.random.default_rng(7)
    steps = iter(np.cumsum(random.normal(0, 1, 40_000)) + 300)
    found = hindcast(readings(lambda _: float(next(steps)), 40, step=timedelta(minutes=15)), Calendar(), every_s=900)

    for score in found.scores:
        assert score.used <= 1.05 * score.without
        assert score.without < score.profile


def test_a_cold_start_says_what_it_lacks() -> None:
    morning = after(0) + timedelta(hours=9)
    first = lived(readings(week, 9 / 24))
    assert ahead(first, morning).basis == (Basis.UNSEEN,)
    assert ahead(first, morning).mean[0] == pytest.approx(week(morning - STEP), rel=0.05)

    second = lived(readings(week, 1))
    assert ahead(second, after(1)).basis == (Basis.UNTRIED,)
    assert ahead(Outlook.blank(), morning).basis == (Basis.UNKNOWN,)


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29, tzinfo=UTC), 23), (datetime(2026, 10, 25, tzinfo=UTC), 25)]
)
def test_clocks_that_change_shift_no_cell_of_the_days_after(day: datetime, hours: int) -> None:
    zone = ZoneInfo("Europe/Lisbon")
    start = day - timedelta(days=21)
    samples = [(at, week(datetime.fromtimestamp(at, zone))) for at, _ in readings(week, 24, start=start)]
    outlook = lived(samples, LISBON)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone) + timedelta(days=2)

    assert usual(outlook, noon, LISBON) == pytest.approx(week(noon), rel=0.1)
    midnights = [datetime.combine(day.date() + timedelta(days=n), datetime.min.time(), zone) for n in (0, 1)]
    bins = range(*(int(one.timestamp() // BIN_S) for one in midnights))
    assert len(bins) == hours * 4
    assert set(cells(bins, LISBON).day.tolist()) == {6}


VALUES = st.one_of(st.just(UNKNOWN), st.floats(-1e9, 1e9), st.sampled_from([0.0, math.inf, -math.inf]))
GAPS = st.sampled_from([0.0, 1.0, 300.0, 900.0, 3600.0, 86_400.0, 40 * 86_400.0, -3600.0])


@given(st.lists(st.tuples(GAPS, VALUES), max_size=40))
@settings(deadline=None)
def test_missing_gaps_and_clocks_set_back_never_raise_and_memory_is_the_same_through_json(
    ticks: list[tuple[float, float]],
) -> None:
    at, one, other = MONDAY.timestamp(), Outlook.blank(), Outlook.blank()
    size = None
    for gap, value in ticks:
        at += gap
        one = observed(one, value, at=at, calendar=LISBON, every_s=15)
        other = observed(other, value, at=at, calendar=LISBON, every_s=15)
        other = from_json(json.loads(json.dumps(to_json(other), allow_nan=False)))
        said, again = (forecast(each, (60.0, 3600.0), at=at, calendar=LISBON) for each in (one, other))
        assert repr(said) == repr(again)
        assert size in (None, one.pending.size)
        size = one.pending.size


def test_a_quarter_that_was_hardly_looked_at_teaches_nothing() -> None:
    glance = [(MONDAY.timestamp() + 60 * i, 50.0) for i in range(7)]
    outlook = Outlook.blank()
    for at, value in [*glance, (MONDAY.timestamp() + 1000, 50.0)]:
        outlook = observed(outlook, value, at=at, calendar=Calendar(), every_s=15)
    assert not outlook.profile.days.any()


def test_a_profile_from_elsewhere_is_believed_from_the_first_hour() -> None:
    prior = from_prior(json.loads(json.dumps(prior_of(lived(readings(week, 21))))), "sha256:1")
    at = after(70) + timedelta(hours=10)
    outlook = lived(readings(week, 1 / 24, start=at - timedelta(hours=1)), outlook=prior)

    found = ahead(outlook, at, 60)

    assert found.basis == (Basis.PROFILE,)
    assert found.mean[0] == pytest.approx(week(at + timedelta(hours=1)), rel=0.15)


def test_several_horizons_at_once_are_each_as_alone() -> None:
    outlook, at = lived(readings(week, 15.4)), after(15.4).timestamp()
    horizons = (60.0, 900.0, 1000.0, 14_400.0)

    together = forecast(outlook, horizons, at=at, calendar=Calendar())

    alone = [float(forecast(outlook, (one,), at=at, calendar=Calendar()).mean[0]) for one in horizons]
    assert together.mean.tolist() == alone
