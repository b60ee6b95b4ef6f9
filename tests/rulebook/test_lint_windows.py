"""Two rules share a time exactly when the core opens both of their windows at once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Calendar, Weekly
from autoscaler.core.calendars import is_open
from autoscaler.rulebook.lint.windows import shared_time

FIRST = datetime(2026, 12, 21, tzinfo=UTC)  # a Monday
DATES = [date(2026, 12, day) for day in range(22, 28)]
CLOCKS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))


@st.composite
def windows(draw: st.DrawFn) -> Weekly:
    dates = tuple(draw(st.lists(st.sampled_from(DATES), max_size=2, unique=True)))
    days = frozenset() if dates else draw(st.frozensets(st.integers(0, 6), min_size=1))
    return Weekly(days=days, start=draw(CLOCKS), end=draw(CLOCKS), dates=dates)


@given(windows(), windows(), st.lists(st.sampled_from(DATES), max_size=1))
@settings(max_examples=150, deadline=None)
def test_a_shared_time_is_found_if_and_only_if_there_is_one(one: Weekly, other: Weekly, holidays: list[date]) -> None:
    calendar = Calendar(timezone="UTC", holidays=tuple(holidays))
    # three weeks from the one before: the holiday is one day of many, so every weekday comes without it too
    half_hours = (FIRST + timedelta(minutes=30 * step) for step in range(-7 * 48, 14 * 48))
    found = any(is_open([one], calendar, at) and is_open([other], calendar, at) for at in half_hours)

    assert (shared_time([one], [other], calendar) is not None) is found


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ((frozenset({6}), time(22), time(6)), (frozenset({0}), time(5), time(7)), "mon 05:00-06:00"),
        ((frozenset({0}), time(8), time(12)), (frozenset({0}), time(12), time(13)), None),
        ((frozenset({2}), time(0), time(0)), (frozenset({2}), time(0), time(0)), "wed"),
    ],
)
def test_the_time_is_named(
    one: tuple[frozenset[int], time, time], other: tuple[frozenset[int], time, time], said: str | None
) -> None:
    def made(window: tuple[frozenset[int], time, time]) -> Weekly:
        return Weekly(days=window[0], start=window[1], end=window[2])

    assert shared_time([made(one)], [made(other)], Calendar()) == said
    assert shared_time([], [], Calendar()) == "at any time"
