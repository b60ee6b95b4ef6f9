"""Windows of the week: a state at every minute, in local wall-clock time, over midnight and over clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from autoscaler.core.book import Calendar, Rule, Weekly
from autoscaler.core.calendars import is_open
from autoscaler.core.verdicts import VerdictKind

from .staging import START, Floor, group, people, wanted

DAILY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
MON, FRI, SAT, SUN = 0, 4, 5, 6
LISBON = Calendar(timezone="Europe/Lisbon")
NEW_YORK = Calendar(timezone="America/New_York")


def weekly(start: str, end: str, days: frozenset[int] = DAILY, *dates: str) -> Weekly:
    return Weekly(
        days=frozenset() if dates else days,
        start=time.fromisoformat(start),
        end=time.fromisoformat(end),
        dates=tuple(date.fromisoformat(day) for day in dates),
    )


def local(text: str, calendar: Calendar = LISBON, *, fold: int = 0) -> datetime:
    """The instant of a wall-clock time, as UTC; `fold` 1 is the second of two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.timezone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-02T11:59:59.999999", False),
        ("2026-03-02T12:00", True),
        ("2026-03-02T13:59:59.999999", True),
        ("2026-03-02T14:00", False),
        ("2026-03-06T13:00", True),  # friday
        ("2026-03-07T13:00", False),  # saturday
        ("2026-03-08T13:00", False),
    ],
)
def test_a_window_of_some_days_holds_from_its_start_until_just_before_its_end(at: str, expected: bool) -> None:
    assert is_open([weekly("12:00", "14:00", WEEKDAYS)], LISBON, local(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-06T21:59", False),
        ("2026-03-06T22:00", True),
        ("2026-03-06T23:59:59", True),
        ("2026-03-07T00:00", True),
        ("2026-03-07T05:59", True),
        ("2026-03-07T06:00", False),
        ("2026-03-07T22:00", False),  # nothing starts on a saturday
        ("2026-03-06T05:00", False),  # nor did anything on thursday
    ],
)
def test_a_window_past_midnight_belongs_to_the_day_it_starts_on(at: str, expected: bool) -> None:
    assert is_open([weekly("22:00", "06:00", frozenset({FRI}))], LISBON, local(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-06T23:59:59", False),
        ("2026-03-07T00:00", True),
        ("2026-03-07T12:00", True),
        ("2026-03-07T23:59:59", True),
        ("2026-03-08T00:00", False),
    ],
)
def test_a_day_without_hours_is_open_for_all_of_it(at: str, expected: bool) -> None:
    assert is_open([weekly("00:00", "00:00", frozenset({SAT}))], LISBON, local(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-12-24T07:59", False),
        ("2026-12-24T08:00", True),
        ("2026-12-24T11:59", True),
        ("2026-12-24T12:00", False),
        ("2026-12-31T09:00", True),
        ("2026-12-23T09:00", False),
        ("2027-12-24T09:00", False),
    ],
)
def test_a_window_of_single_dates_knows_no_weekdays(at: str, expected: bool) -> None:
    assert is_open([weekly("08:00", "12:00", DAILY, "2026-12-24", "2026-12-31")], LISBON, local(at)) is expected


def test_a_window_of_one_date_goes_on_past_its_midnight() -> None:
    eve = [weekly("22:00", "02:00", DAILY, "2026-12-31")]
    assert is_open(eve, LISBON, local("2027-01-01T01:59"))
    assert not is_open(eve, LISBON, local("2027-01-01T02:00"))
    assert not is_open(eve, LISBON, local("2027-01-01T22:00"))


CHRISTMAS = Calendar(timezone="Europe/Lisbon", holidays=(date(2026, 12, 25), date(2027, 1, 1)))


def test_no_weekly_window_starts_on_a_holiday() -> None:
    lunch = [weekly("12:00", "14:00")]
    assert is_open(lunch, CHRISTMAS, local("2026-12-24T13:00"))
    assert not is_open(lunch, CHRISTMAS, local("2026-12-25T13:00"))
    assert is_open(lunch, CHRISTMAS, local("2026-12-26T13:00"))


def test_a_window_that_started_the_day_before_reaches_into_a_holiday_and_none_reaches_out_of_it() -> None:
    night = [weekly("22:00", "06:00")]
    assert is_open(night, CHRISTMAS, local("2026-12-25T05:00"))
    assert not is_open(night, CHRISTMAS, local("2026-12-25T23:00"))
    assert not is_open(night, CHRISTMAS, local("2026-12-26T05:00"))


def test_a_window_given_by_date_starts_on_a_holiday_too() -> None:
    assert is_open([weekly("09:00", "13:00", DAILY, "2026-12-25")], CHRISTMAS, local("2026-12-25T10:00"))


def test_one_open_window_of_several_is_enough_and_none_at_all_is_closed() -> None:
    both = [weekly("08:00", "09:00"), weekly("12:00", "14:00")]
    assert is_open(both, LISBON, local("2026-03-02T08:30"))
    assert is_open(both, LISBON, local("2026-03-02T12:30"))
    assert not is_open(both, LISBON, local("2026-03-02T10:00"))
    assert not is_open([], LISBON, local("2026-03-02T10:00"))


def test_the_wall_clock_is_that_of_the_calendars_zone() -> None:
    lunch = [weekly("12:00", "14:00")]
    noon_in_summer = datetime(2026, 7, 1, 11, 0, tzinfo=UTC)
    assert is_open(lunch, LISBON, noon_in_summer)
    assert not is_open(lunch, Calendar(), noon_in_summer)
    assert not is_open(lunch, NEW_YORK, noon_in_summer)
    assert is_open(lunch, NEW_YORK, noon_in_summer.replace(hour=16))


# Lisbon goes from 00:59:59 to 02:00 on 29 March 2026, New York from 01:59:59 to 03:00 on 8 March.
GAPS = [
    (LISBON, datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "01:30", "04:00", "01:15", "01:45"),
    (NEW_YORK, datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "02:30", "05:00", "02:15", "02:45"),
]


@pytest.mark.parametrize(("calendar", "after", "start", "end", "early", "late"), GAPS)
def test_a_start_that_the_clock_skips_is_open_from_the_first_minute_there_is(
    calendar: Calendar, after: datetime, start: str, end: str, early: str, late: str
) -> None:
    window = [weekly(start, end, frozenset({SUN}))]
    assert not is_open(window, calendar, datetime.fromtimestamp(after.timestamp() - 1, UTC))
    assert is_open(window, calendar, after)
    assert is_open(window, calendar, after.replace(minute=59, second=59))
    assert not is_open(window, calendar, datetime.fromtimestamp(after.timestamp() + 2 * 3600, UTC))


@pytest.mark.parametrize(("calendar", "after", "start", "end", "early", "late"), GAPS)
def test_a_window_inside_the_skipped_hour_never_opens(
    calendar: Calendar, after: datetime, start: str, end: str, early: str, late: str
) -> None:
    window = [weekly(early, late, frozenset({SUN}))]
    around = range(int(after.timestamp()) - 7200, int(after.timestamp()) + 7200, 300)
    assert not any(is_open(window, calendar, datetime.fromtimestamp(when, UTC)) for when in around)


@pytest.mark.parametrize(("calendar", "after", "start", "end", "early", "late"), GAPS)
def test_an_end_that_the_clock_skips_closes_at_the_jump(
    calendar: Calendar, after: datetime, start: str, end: str, early: str, late: str
) -> None:
    window = [weekly("00:15", early, frozenset({SUN}))]
    assert is_open(window, calendar, datetime.fromtimestamp(after.timestamp() - 1, UTC))
    assert not is_open(window, calendar, after)


# Lisbon has 01:00 to 01:59 twice on 25 October 2026, New York on 1 November.
FOLDS = [(LISBON, "2026-10-25"), (NEW_YORK, "2026-11-01")]


@pytest.mark.parametrize(("calendar", "day"), FOLDS)
def test_the_hour_that_comes_twice_counts_twice(calendar: Calendar, day: str) -> None:
    window = [weekly("01:15", "01:45", frozenset({SUN}))]
    for fold in (0, 1):
        assert not is_open(window, calendar, local(f"{day}T01:14:59", calendar, fold=fold))
        assert is_open(window, calendar, local(f"{day}T01:15", calendar, fold=fold))
        assert is_open(window, calendar, local(f"{day}T01:44:59", calendar, fold=fold))
        assert not is_open(window, calendar, local(f"{day}T01:45", calendar, fold=fold))


@pytest.mark.parametrize(("calendar", "day"), FOLDS)
def test_a_night_of_twenty_five_hours_is_open_throughout(calendar: Calendar, day: str) -> None:
    window = [weekly("22:00", "06:00", frozenset({SAT}))]
    ends = local(f"{day}T06:00", calendar).timestamp()
    night = [datetime.fromtimestamp(ends - 9 * 3600 + minute * 60, UTC) for minute in range(9 * 60)]
    assert all(is_open(window, calendar, when) for when in night)
    assert not is_open(window, calendar, datetime.fromtimestamp(ends, UTC))
    assert not is_open(window, calendar, datetime.fromtimestamp(ends - 9 * 3600 - 60, UTC))


# START is monday, 10:00 UTC, which is Lisbon's wall-clock time in winter
MORNING = weekly("09:00", "10:30", frozenset({MON}))


def test_a_floor_by_the_calendar_holds_inside_its_window_alone() -> None:
    floor = Floor.of(group(Rule(name="morning", at=(MORNING,), floor=4), calendar=LISBON), people(3))
    assert set(wanted(floor.tick(0)).values()) == {4}
    floor.restart()
    assert set(wanted(floor.tick(1799)).values()) == {4}
    assert set(wanted(floor.tick(1800)).values()) == {3}
    assert START.weekday() == MON


def test_outside_its_window_a_rule_abstains_and_says_that_it_is_closed() -> None:
    floor = Floor.of(group(Rule(name="morning", at=(MORNING,), floor=4), calendar=LISBON), people(1))
    assert not floor.tick(0).verdicts[0].is_closed
    verdict = floor.tick(1800).verdicts[0]
    assert verdict.is_closed
    assert verdict.kind is VerdictKind.FALSE
