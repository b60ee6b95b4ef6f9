"""Profiles: where a moment falls, what one more day teaches a cell, and on what a cell leans that has seen few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.book import Calendar
from autoscaler.core.profiles import BIN_S, DAYS, Cells, Profile, cells, expected, from_json, learned, to_json

MONDAY, TUESDAY, FRIDAY, SATURDAY, SUNDAY, HOLIDAY = 0, 1, 4, 5, 6, 7
NOON = 48


def cell(day: int, quarter: int = NOON) -> Cells:
    return Cells(day=np.array([day]), quarter=np.array([quarter]))


def after(*days: tuple[int, float], quarter: int = NOON) -> Profile:
    """A profile that saw these values, one a day."""
    profile = Profile.blank()
    for day, value in days:
        profile = learned(profile, cell(day, quarter), value)
    return profile


def mean(profile: Profile, day: int, quarter: int = NOON) -> float:
    return float(expected(profile, cell(day, quarter))[0][0])


def spread(profile: Profile, day: int, quarter: int = NOON) -> float:
    return float(expected(profile, cell(day, quarter))[1][0])


def mondays(*values: float) -> Profile:
    return after(*((MONDAY, value) for value in values))


@pytest.mark.parametrize(
    ("moment", "zone", "day", "quarter"),
    [
        ("2026-03-02T00:00", "UTC", MONDAY, 0),
        ("2026-03-02T00:15", "UTC", MONDAY, 1),
        ("2026-03-08T23:45", "UTC", SUNDAY, 95),
        ("2026-03-06T12:30", "UTC", FRIDAY, 50),
        ("2026-03-01T18:15", "Asia/Kathmandu", MONDAY, 0),
        ("2026-03-02T04:45", "America/New_York", SUNDAY, 95),
        ("2026-07-01T23:00", "Europe/Lisbon", 3, 0),
        ("2026-03-03T23:45", "UTC", HOLIDAY, 95),
        ("2026-03-04T03:00", "America/New_York", HOLIDAY, 88),
        ("2026-03-03T04:45", "America/New_York", MONDAY, 95),
    ],
)
def test_a_moment_falls_into_the_cell_of_its_wall_clock(moment: str, zone: str, day: int, quarter: int) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
    found = cells((int(at // BIN_S),), Calendar(timezone=zone, holidays=(date(2026, 3, 3),)))
    assert (found.day.tolist(), found.quarter.tolist()) == ([day], [quarter])


@pytest.mark.parametrize(
    ("seen", "asked", "usual"),
    [
        ([(MONDAY, 10.0)], MONDAY, 10.0),
        ([(MONDAY, 10.0)], TUESDAY, 10.0),
        ([(MONDAY, 10.0)], SATURDAY, 10.0),
        # all days 6; workdays one day's 10 and the 6: 8; Monday one day's 10 and the 8
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], TUESDAY, 8.0),
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], FRIDAY, 8.0),
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], MONDAY, 9.0),
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], SUNDAY, 4.0),
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], HOLIDAY, 4.0),
        ([(MONDAY, 10.0), (SATURDAY, 2.0)], SATURDAY, 3.0),
        ([(HOLIDAY, 10.0), (FRIDAY, 2.0)], SUNDAY, 8.0),
        ([(HOLIDAY, 10.0), (FRIDAY, 2.0)], TUESDAY, 4.0),
        ([(FRIDAY, 2.0), (SATURDAY, 10.0)], HOLIDAY, 8.0),
        # two Mondays count twice: all days 8, workdays (2 x 11 + 8) / 3 = 10, Monday (2 x 11 + 10) / 3
        ([(MONDAY, 11.0), (MONDAY, 11.0), (SATURDAY, 2.0)], TUESDAY, 10.0),
        ([(MONDAY, 11.0), (MONDAY, 11.0), (SATURDAY, 2.0)], MONDAY, 32 / 3),
        # twelve Mondays count no more than five: all days (5 x 12 + 6) / 6 = 11, workdays (5 x 12 + 11) / 6
        ([(MONDAY, 12.0)] * 12 + [(SATURDAY, 6.0)], TUESDAY, 71 / 6),
        ([(MONDAY, 12.0)] * 12 + [(SATURDAY, 6.0)], SUNDAY, (6.0 + 11.0) / 2),
    ],
)
def test_a_cell_leans_on_days_of_its_kind_and_these_on_all(
    seen: Sequence[tuple[int, float]], asked: int, usual: float
) -> None:
    assert mean(after(*seen), asked) == pytest.approx(usual)


def test_what_no_day_has_shown_is_not_known() -> None:
    profile = mondays(10.0)
    assert math.isnan(mean(profile, MONDAY, NOON + 1))
    assert math.isnan(spread(profile, MONDAY, NOON + 1))
    assert math.isnan(mean(Profile.blank(), MONDAY))


def test_several_cells_at_once_are_each_as_alone() -> None:
    profile = after((MONDAY, 10.0), (SATURDAY, 2.0), (MONDAY, 4.0))
    days, quarters = np.array([TUESDAY, MONDAY, SUNDAY, MONDAY]), np.array([NOON, NOON, NOON, 3])
    means, spreads = expected(profile, Cells(day=days, quarter=quarters))
    for place, (day, quarter) in enumerate(zip(days.tolist(), quarters.tolist(), strict=True)):
        alone = [float(one[0]) for one in expected(profile, cell(day, quarter))]
        assert np.array_equal([means[place], spreads[place]], alone, equal_nan=True)


@pytest.mark.parametrize(
    ("seen", "day", "level", "apart"),
    [
        ([(MONDAY, 8.0)], MONDAY, 8.0, 4.0),
        ([(MONDAY, -8.0)], MONDAY, -8.0, 4.0),
        # Tuesday was to be 8
        ([(MONDAY, 8.0), (TUESDAY, 5.0)], TUESDAY, 5.0, 3.0),
        # alone, the second day is believed as much as the first
        ([(MONDAY, 8.0), (MONDAY, 14.0)], MONDAY, 11.0, 3.0),
        ([(MONDAY, 8.0), (SATURDAY, 1.0), (MONDAY, 14.0)], MONDAY, 11.0, 3.0),
        # where days of its kind are known, they say which of the two was odd
        ([(TUESDAY, 13.0), (MONDAY, 0.0), (MONDAY, 14.0)], MONDAY, 13.0, 7.0),
        ([(TUESDAY, 13.0), (MONDAY, 14.0), (MONDAY, 0.0)], MONDAY, 13.0, 7.0),
        ([(TUESDAY, 20.0), (MONDAY, 8.0), (MONDAY, 14.0)], MONDAY, 14.0, 3.0),
        ([(TUESDAY, 10.0), (FRIDAY, 12.0), (MONDAY, 8.0), (MONDAY, 14.0)], MONDAY, 11.0, 3.0),
        ([(SATURDAY, 9.0), (HOLIDAY, 8.0), (HOLIDAY, 14.0)], HOLIDAY, 9.0, 3.0),
    ],
)
def test_the_first_two_days_of_a_cell(seen: Sequence[tuple[int, float]], day: int, level: float, apart: float) -> None:
    profile = after(*seen)
    assert profile.level[day, NOON] == pytest.approx(level)
    assert profile.spread[day, NOON] == pytest.approx(apart)
    assert profile.days[day, NOON] == sum(one == day for one, _ in seen)


def test_other_days_of_the_kind_count_as_often_as_they_were_seen_up_to_five_times() -> None:
    seven = [(TUESDAY, 10.0)] * 7
    twice = after(*seven, (FRIDAY, 16.0), (MONDAY, 0.0), (MONDAY, 30.0))
    assert twice.level[MONDAY, NOON] == pytest.approx((5 * 10 + 16) / 6)


def settled(level: float, apart: float, days: float) -> Profile:
    """One cell as it is after so many days."""
    blank = Profile.blank()
    level_, spread_, days_ = blank.level.copy(), blank.spread.copy(), blank.days.copy()
    level_[MONDAY, NOON], spread_[MONDAY, NOON], days_[MONDAY, NOON] = level, apart, days
    return Profile(level=level_, spread=spread_, days=days_)


@pytest.mark.parametrize(
    ("days", "value", "level", "apart"),
    [
        # the third day counts a third: its difference moves the level, 1.25 times it the spread
        (2, 13.0, 11.0, 3 + (1.25 * 3 - 3) / 3),
        (2, 7.0, 9.0, 3 + (1.25 * 3 - 3) / 3),
        (3, 14.0, 11.0, 3 + (1.25 * 4 - 3) / 4),
        # from the fourth on it is a fifth
        (4, 15.0, 11.0, 3 + (1.25 * 5 - 3) / 5),
        (40, 15.0, 11.0, 3 + (1.25 * 5 - 3) / 5),
        (40, 10.0, 10.0, 3 - 3 / 5),
        # a difference counts up to two spreads, for the spread up to four
        (40, 18.0, 10 + 6 / 5, 3 + (1.25 * 8 - 3) / 5),
        (40, 1000.0, 10 + 6 / 5, 3 + (1.25 * 12 - 3) / 5),
        (40, -1000.0, 10 - 6 / 5, 3 + (1.25 * 12 - 3) / 5),
    ],
)
def test_a_day_moves_its_cell_by_a_share_of_what_it_differs_and_no_further_than_days_usually_do(
    days: float, value: float, level: float, apart: float
) -> None:
    profile = learned(settled(10.0, 3.0, days), cell(MONDAY), value)
    assert profile.level[MONDAY, NOON] == pytest.approx(level)
    assert profile.spread[MONDAY, NOON] == pytest.approx(apart)
    assert profile.days[MONDAY, NOON] == days + 1


def test_a_cell_that_never_varied_can_still_learn() -> None:
    same = after(*[(MONDAY, 10.0)] * 9)
    assert same.spread[MONDAY, NOON] == pytest.approx(0.5)  # a twentieth of the mean level

    quiet = after(*[(MONDAY, 10.0)] * 9, (TUESDAY, 30.0))
    quiet = learned(quiet, cell(MONDAY), 10.0)
    assert quiet.spread[MONDAY, NOON] == pytest.approx(0.05 * (10 + 30) / 2)


def test_spread_is_the_cell_s_own_once_it_saw_a_day_and_half_the_level_before() -> None:
    profile = mondays(8.0, 14.0)
    assert spread(profile, MONDAY) == pytest.approx(3.0)
    assert spread(after((MONDAY, 8.0), (TUESDAY, 5.0)), TUESDAY) == pytest.approx(3.0)
    assert spread(profile, TUESDAY) == pytest.approx(mean(profile, TUESDAY) / 2)
    assert spread(mondays(-8.0, -14.0), TUESDAY) == pytest.approx(5.5)


VALUES = st.floats(-1e6, 1e6)
HISTORY = st.lists(st.tuples(st.integers(0, 7), VALUES), min_size=1, max_size=30)


@given(HISTORY)
def test_a_level_never_leaves_what_was_seen_and_another_cell_never_moves(history: list[tuple[int, float]]) -> None:
    profile = after(*history)
    values = [value for _, value in history]
    room = 1e-9 * max(abs(value) for value in values)
    for day in range(8):
        assert min(values) - room <= mean(profile, day) <= max(values) + room
        assert profile.days[day, NOON] == sum(one == day for one, _ in history)
    elsewhere = np.arange(96) != NOON
    assert not profile.level[:, elsewhere].any()
    assert not profile.spread[:, elsewhere].any()


@given(HISTORY)
def test_through_json_a_profile_is_the_same_and_holds_only_days_that_were_seen(
    history: list[tuple[int, float]],
) -> None:
    profile = after(*history)
    again = from_json(to_json(profile))
    for column in ("level", "spread", "days"):
        assert np.array_equal(getattr(profile, column), getattr(again, column))
    assert set(to_json(profile)) == {DAYS[day] for day, _ in history}


@pytest.mark.parametrize(
    ("row", "number", "is_taken"),
    [
        (0, -1.0, True),
        (1, 0.0, True),
        (2, 0.0, True),
        (1, -0.1, False),
        (2, -0.1, False),
        (0, math.inf, False),
        (1, math.nan, False),
        (2, math.inf, False),
    ],
)
def test_levels_may_be_below_zero_spreads_and_days_may_not_and_all_are_finite(
    row: int, number: float, is_taken: bool
) -> None:
    rows = [[1.0] * 96 for _ in range(3)]
    rows[row][NOON] = number
    if is_taken:
        profile = from_json({"friday": rows})
        assert (profile.level, profile.spread, profile.days)[row][FRIDAY, NOON] == number
    else:
        with pytest.raises(ValueError, match="profile: friday is not three lists of 96 numbers"):
            from_json({"friday": rows})
