"""The arithmetic of a forecast against numbers worked out by hand: the line between quarters, today's level, basis."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.book import Calendar
from autoscaler.core.forecasting import Basis, Forecast, forecast, observed, unknown
from autoscaler.core.outlooks import LEADS, Outlook
from autoscaler.core.profiles import BIN_S, Profile
from autoscaler.core.readings import Floats

CALENDAR = Calendar()
MONDAY = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
QUARTER_S = 900.0
TEN = int(MONDAY // BIN_S) + 40
"""Monday's quarter of an hour that begins at ten."""


def profile(level: float | Floats, spread: float | Floats = 2.0) -> Profile:
    """Every day alike."""
    everywhere = np.ones((8, 96))
    return Profile(level=everywhere * level, spread=everywhere * spread, days=everywhere * 9)


RAMP = profile(np.arange(96.0))
"""In each quarter as much as it has before it in the day."""


def outlook(usually: Profile, **more: Any) -> Outlook:
    return replace(Outlook.blank(), **{"profile": usually, "bin": TEN, **more})


def ahead(of: Outlook, *horizons_s: float, at: float = TEN * QUARTER_S) -> Forecast:
    return forecast(of, horizons_s, at=at, calendar=CALENDAR)


def profiled(of: Outlook, *horizons_s: float, at: float = TEN * QUARTER_S) -> list[float]:
    found: list[float] = ahead(of, *horizons_s, at=at).by_profile.tolist()
    return found


@given(st.floats(0, 19 * 3600), st.lists(st.floats(60, 14_400), min_size=1, max_size=3))
def test_between_the_middles_of_two_quarters_the_profile_is_a_straight_line(
    since_s: float, horizons_s: list[float]
) -> None:
    # level q at the middle of quarter q, so at time t it is t in quarters less a half
    at = MONDAY + 900 + since_s
    ends = [900 + since_s + one for one in horizons_s]
    assert profiled(outlook(RAMP), *horizons_s, at=at) == pytest.approx([end / 900 - 0.5 for end in ends])


@pytest.mark.parametrize(
    ("hours", "horizon_s", "day"), [(23.5, 900, "monday"), (23.5, 1800, "monday"), (23.5, 2250, "tuesday")]
)
def test_the_day_named_is_that_of_the_middle_of_a_quarter_last_passed(hours: float, horizon_s: float, day: str) -> None:
    assert ahead(outlook(RAMP), horizon_s, at=MONDAY + 3600 * hours).days == (day,)


@pytest.mark.parametrize(
    ("actual", "usual", "noise", "level"),
    [
        # a day lies 20 % from its profile, so (2^2 / (2^2 + noise)) of the difference is level
        (12.0, 10.0, 0.0, 1.2),
        (12.0, 10.0, 1.0, 1 + 4 / 5 * 0.2),
        (8.0, 10.0, 1.0, 1 - 4 / 5 * 0.2),
        (12.0, 10.0, 12.0, 1 + 4 / 16 * 0.2),
        # a difference beyond two deviations of the noise tells by its own size
        (20.0, 10.0, 1.0, 1 + 96 / 97),
        (13.0, 10.0, 1.0, 1 + 5 / 6 * 0.3),
        (12.5, 10.0, 1.0, 1 + 4 / 5 * 0.25),
        (10.0, 10.0, 5.0, 1.0),
        # four times at most, none at least
        (39.0, 10.0, 0.0, 3.9),
        (41.0, 10.0, 0.0, 4.0),
        (1.0, 10.0, 0.0, 0.1),
        (-5.0, 10.0, 0.0, 0.0),
        # nothing usual says nothing
        (5.0, 0.0, 1.0, 1.0),
        (0.5, 0.5, 0.0, 1.0),
        (0.75, 0.5, 0.0, 1.5),
    ],
)
def test_today_s_level_is_what_chance_does_not_explain(actual: float, usual: float, noise: float, level: float) -> None:
    of = outlook(profile(10.0), actual=actual, usual=usual, noise=noise)
    hour, three = profiled(of, 3600, 3 * 3600)
    assert hour == pytest.approx(10 * (1 + (level - 1) * 0.96**4))
    assert three == pytest.approx(10 * (1 + (level - 1) * 0.96**12))


def test_the_open_quarter_counts_for_today_as_far_as_it_is_over() -> None:
    ten = np.arange(96) == 40
    of = outlook(profile(10.0, np.where(ten, 2.0, 9.0)), actual=12.0, usual=10.0, noise=1.0, total=60.0, known=3)
    keeps = 0.7**0.5
    actual = keeps * 12 + (1 - keeps) * 20
    noise = keeps**2 * 1.0 + (1 - keeps) ** 2 * 2.0**2 / 0.5
    told = max(4.0, (actual - 10) ** 2 - 4 * noise)
    level = 1 + told / (told + noise) * (actual / 10 - 1)

    assert profiled(of, 3600, at=(TEN + 0.5) * QUARTER_S) == pytest.approx([10 * (1 + (level - 1) * 0.96**4)])
    before = profiled(replace(of, total=0.0, known=0), 3600)
    assert profiled(of, 3600) == pytest.approx(before)  # at its very beginning it says nothing


def test_a_usual_quarter_counts_with_what_is_usual_in_it() -> None:
    # today was as usual so far, at 5, and is in this quarter, at its 40
    of = outlook(RAMP, actual=5.0, usual=5.0, noise=0.0, total=40.0, known=1)
    assert profiled(of, 900, at=(TEN + 0.25) * QUARTER_S) == pytest.approx([40.75])


def test_a_quarter_of_which_nothing_is_usual_leaves_today_s_level() -> None:
    level, spread, days = (getattr(profile(10.0), name).copy() for name in ("level", "spread", "days"))
    for column in (level, spread, days):
        column[:, 40] = 0.0
    unseen = Profile(level=level, spread=spread, days=days)
    of = outlook(unseen, actual=12.0, usual=10.0, total=1e6, known=2)
    assert profiled(of, 3600, at=(TEN + 0.5) * QUARTER_S) == pytest.approx([10 * (1 + 0.2 * 0.96**4)])


@pytest.mark.parametrize(
    ("total", "known", "last", "part", "without"),
    [
        (36.0, 3, 6.0, 0.25, 0.25 * 12 + 0.75 * 6),
        (36.0, 3, 6.0, 1.0, 12.0),
        (36.0, 3, 6.0, 1.5, 12.0),
        (36.0, 3, 6.0, 0.0, 6.0),
        (36.0, 3, 6.0, -0.5, 6.0),
        (36.0, 3, math.nan, 0.25, 12.0),
        (0.0, 0, 6.0, 0.25, 6.0),
        (0.0, 0, math.nan, 0.25, math.nan),
    ],
)
def test_as_it_is_now_is_the_mean_of_the_last_quarter_of_an_hour(
    total: float, known: int, last: float, part: float, without: float
) -> None:
    of = outlook(RAMP, total=total, known=known, last=last)
    found = ahead(of, 900, at=(TEN + part) * QUARTER_S)
    assert found.without == pytest.approx(without, nan_ok=True)


@pytest.mark.parametrize(
    ("horizon_s", "lead"),
    [(60, 0), (900, 0), (901, 1), (1800, 1), (1801, 2), (3600, 2), (3601, 3), (7200, 3), (7201, 4), (14_400, 4)],
)
def test_what_is_asked_between_two_distances_is_judged_as_the_further(horizon_s: float, lead: int) -> None:
    errors = np.array([[1.0, 2.0, 3.0, 4.0, 5.0], [11.0, 12.0, 13.0, 14.0, 15.0]])
    scored = np.zeros(5)
    scored[lead] = 8
    of = outlook(RAMP, last=3.0, errors=errors, scored=scored)

    found = ahead(of, horizon_s)

    assert found.errors.tolist() == [[lead + 1.0], [lead + 11.0]]
    assert found.basis == (Basis.PROFILE,)


@pytest.mark.parametrize(
    ("errors", "scored", "last", "basis"),
    [
        ((1.0, 2.0), 8, 3.0, Basis.PROFILE),
        ((1.0, 2.0), 7, 3.0, Basis.UNTRIED),
        ((2.0, 1.0), 7, 3.0, Basis.UNTRIED),
        ((2.0, 2.0), 8, 3.0, Basis.WORSE),
        ((2.1, 2.0), 900, 3.0, Basis.WORSE),
        ((1.0, 2.0), 8, math.nan, Basis.UNKNOWN),
    ],
)
def test_the_profile_speaks_only_where_its_past_says_that_it_errs_less(
    errors: tuple[float, float], scored: int, last: float, basis: Basis
) -> None:
    of = outlook(RAMP, last=last, errors=np.outer(errors, np.ones(5)), scored=np.full(5, float(scored)))
    found = ahead(of, 900)
    assert found.basis == (basis,)
    assert found.is_profile.tolist() == [basis is Basis.PROFILE]
    way = 0 if basis is Basis.PROFILE else 1
    assert found.error.tolist() == [errors[way]]
    assert found.mean.tolist() == pytest.approx([40.5 if way == 0 else last], nan_ok=True)


def test_a_missing_reading_leaves_errors_and_days_and_nothing_else() -> None:
    errors = np.outer((1.0, 2.0), np.ones(5))
    asked = ahead(outlook(RAMP, last=3.0, errors=errors, scored=np.full(5, 99.0)), 900, 3600)
    assert asked.basis == (Basis.PROFILE,) * 2

    found = unknown(asked)

    assert found.basis == (Basis.UNKNOWN,) * 2
    assert np.isnan([*found.mean, *found.by_profile, found.without]).all()
    assert found.days == asked.days
    assert found.error.tolist() == [2.0, 2.0]


def seen(of: Outlook, value: float, quarters: float, every_s: float = 900) -> Outlook:
    return observed(of, value, at=(TEN + quarters) * QUARTER_S, calendar=CALENDAR, every_s=every_s)


def lived(values: list[float], every_s: float = 900, of: Outlook | None = None) -> Outlook:
    """One reading a quarter of an hour from ten on, and the moment after the last of them."""
    found = of or Outlook.blank()
    for quarter, value in enumerate([*values, math.nan]):
        found = seen(found, value, quarter, every_s)
    return found


def test_the_open_quarter_sums_what_is_known_and_counts_every_tick() -> None:
    of = Outlook.blank()
    for part, value in ((0.0, 4.0), (0.3, math.nan), (0.6, 8.0), (0.9, math.inf)):
        of = seen(of, value, part)
    assert (of.bin, of.total, of.known, of.seen) == (TEN, 12.0, 2, 4)

    of = seen(of, 5.0, 1.0)
    assert (of.bin, of.total, of.known, of.seen) == (TEN + 1, 5.0, 1, 1)
    assert of.last == 6.0
    assert not seen(of, 1.0, 1.5).profile.days[0, 41]  # not learned before it is over


@pytest.mark.parametrize(
    ("every_s", "known", "missing", "teaches"),
    [
        (60, 8, 0, True),
        (60, 7, 0, False),
        (60, 4, 4, True),
        (60, 4, 5, False),
        (60, 3, 12, False),
        (112.5, 4, 0, True),
        (112.5, 3, 0, False),
        (900, 1, 0, True),
        (900, 0, 1, False),
        (3600, 1, 0, True),
    ],
)
def test_a_quarter_teaches_when_half_of_it_was_looked_at_and_half_of_that_known(
    every_s: float, known: int, missing: int, teaches: bool
) -> None:
    of = Outlook.blank()
    for tick, value in enumerate([6.0] * known + [math.nan] * missing):
        of = seen(of, value, tick / 50, every_s)
    of = seen(of, 1.0, 1, every_s)

    assert of.profile.days[0, 40] == teaches
    assert of.last == pytest.approx(6.0 if teaches else math.nan, nan_ok=True)


def test_an_open_quarter_without_any_tick_teaches_nothing() -> None:
    of = outlook(RAMP, last=3.0)  # memory that somebody wrote by hand
    assert seen(of, 1.0, 1, every_s=3600).profile is RAMP


def test_today_s_level_and_its_noise_are_about_the_last_hour_s() -> None:
    of = lived([20.0], of=outlook(profile(10.0), actual=12.0, usual=8.0, noise=1.0, bin=None))
    assert of.actual == pytest.approx(0.7 * 12 + 0.3 * 20)
    assert of.usual == pytest.approx(0.7 * 8 + 0.3 * 10)
    assert of.noise == pytest.approx(0.7**2 * 1 + 0.3**2 * 4)

    fresh = lived([20.0])
    assert (fresh.actual, fresh.usual, fresh.noise) == (0.0, 0.0, 0.0)  # of that quarter nothing was usual


def test_what_is_said_at_a_quarter_s_end_is_the_profile_s_with_today_s_level_and_what_it_was() -> None:
    of = lived([20.0], of=outlook(profile(10.0, 0.0), actual=14.0, usual=10.0, bin=None))
    level = (0.7 * 14 + 0.3 * 20) / 10
    for place, lead in enumerate(LEADS):
        slot = (TEN + lead) % 16
        assert of.pending[0, place, slot] == pytest.approx(10 * (1 + (level - 1) * 0.96**lead))
        assert of.pending[1, place, slot] == 20.0
    assert np.count_nonzero(~np.isnan(of.pending)) == 2 * len(LEADS)


@given(st.lists(st.floats(0, 50), min_size=1, max_size=6), st.floats(2, 16))
def test_that_a_quarter_ends_changes_nothing_that_was_said_of_later_ones(values: list[float], quarters: float) -> None:
    before = outlook(profile(10.0), bin=None)
    for quarter, value in enumerate(values):
        before = seen(before, value, quarter)
    end = (TEN + len(values)) * QUARTER_S
    open_ = ahead(before, quarters * 900, at=end)
    closed = ahead(seen(before, math.nan, len(values)), quarters * 900, at=end)

    assert closed.by_profile.tolist() == pytest.approx(open_.by_profile.tolist())
    assert closed.without == pytest.approx(open_.without)


def errors_by_hand(values: list[float], lead: int) -> tuple[float, int]:
    """Of "it stays as it is", where the profile could speak as well: from the second day on."""
    error, count = math.nan, 0
    for quarter in range(96, len(values)):
        off = abs(values[quarter] - values[quarter - lead])
        count += 1
        error = off if count == 1 else error + max(0.01, 1 / count) * (off - error)
    return error, count


@pytest.mark.parametrize("quarters", [97, 98, 110, 300])
def test_errors_are_a_mean_at_first_and_then_fade_over_a_day(quarters: int) -> None:
    values = np.random.default_rng(3).uniform(5, 50, quarters).tolist()
    of = lived(values)
    for place, lead in enumerate(LEADS):
        error, count = errors_by_hand(values, lead)
        assert of.errors[1, place] == pytest.approx(error)
        assert of.scored[place] == count
        assert of.errors[0, place] > 0


def test_what_the_profile_says_exactly_is_no_error() -> None:
    of = outlook(RAMP, bin=None)
    of = lived([float(quarter) for quarter in range(40, 90)], of=of)
    assert of.errors[0] == pytest.approx(np.zeros(5), abs=1e-9)
    assert of.errors[1] == pytest.approx(np.array(LEADS, np.float64))
    assert of.scored.tolist() == [50 - lead for lead in LEADS]


@pytest.mark.parametrize("gap", [1, 2, 5, 16, 17, 40])
def test_nobody_looking_and_nothing_to_be_seen_are_the_same(gap: int) -> None:
    before = outlook(profile(10.0), bin=None)
    for quarter, value in enumerate([20.0] * 20):
        before = seen(before, value, quarter)
    ended = seen(before, 7.0, 20)
    away = seen(before, 7.0, 20 + gap)
    blind = before
    for quarter in range(20, 20 + gap):
        blind = seen(blind, math.nan, quarter)
    blind = seen(blind, 7.0, 20 + gap)

    assert np.array_equal(away.pending, blind.pending, equal_nan=True)
    assert away.actual == pytest.approx(blind.actual)
    assert away.actual == pytest.approx(blind.usual + (ended.actual - blind.usual) * 0.96**gap)
    assert away.last == pytest.approx(blind.last, nan_ok=True)
    assert math.isnan(away.last)
    kept = np.count_nonzero(~np.isnan(away.pending))
    assert kept == 2 * sum(max(0, min(lead, 20) - gap) for lead in LEADS)


def test_a_clock_set_back_forgets_what_was_said_of_other_times_and_keeps_the_profile() -> None:
    of = seen(lived([20.0] * 5), 3.0, 6)
    back = seen(of, 9.0, 2)

    assert (back.bin, back.total, back.known, back.seen) == (TEN + 2, 9.0, 1, 1)
    assert math.isnan(back.last)
    assert np.isnan(back.pending).all()
    assert back.profile is of.profile


def test_within_a_quarter_nothing_is_forgotten() -> None:
    of = lived([20.0] * 5)
    again = seen(of, 9.0, (of.bin or 0) - TEN + timedelta(minutes=5) / timedelta(minutes=15))
    assert again.last == 20.0
    assert np.array_equal(again.pending, of.pending, equal_nan=True)
