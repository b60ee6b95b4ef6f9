"""When two rules are in force at once: windows of the week and dates laid over each other, in wall-clock minutes.

A moment is found only where both windows are open as `core.calendars` opens them; the clocks' changes are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

from autoscaler.core.book import Calendar, Weekly

__all__ = ["covers", "shared_time"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
_WEEK = 7 * _DAY


def covers(outer: Sequence[Weekly], inner: Sequence[Weekly]) -> bool:
    """Whether whoever is in one of `inner` is in one of `outer` too; () is always. Only plain cases are seen."""
    return not outer or (bool(inner) and set(inner) <= set(outer))


def shared_time(one: Sequence[Weekly], other: Sequence[Weekly], calendar: Calendar) -> str | None:
    """The first time found at which both are open, in words; None when there is none.

    Args:
        one, other: Windows of two rules; () is always.
        calendar: Days on which no window of the week starts.
    """
    if not one and not other:
        return "at any time"
    if not one or not other:
        return _words(*_span(one[0] if one else other[0]))
    for first in one:
        for second in other:
            if (found := _shared(first, second, calendar)) is not None:
                return found
    return None


def _shared(one: Weekly, other: Weekly, calendar: Calendar) -> str | None:
    if not one.dates and not other.dates:
        return _in_the_week(one, other)
    if not one.dates:
        one, other = other, one
    for day in one.dates:
        start, end = _absolute(one, day)
        for near in (day - timedelta(1), day, day + timedelta(1)):
            if near in other.dates if other.dates else near not in calendar.holidays and near.weekday() in other.days:
                low, high = _absolute(other, near)
                if max(start, low) < min(end, high):
                    at = max(start, low)
                    return _words(date.fromordinal(at // _DAY).isoformat(), at % _DAY, min(end, high) - at)
    return None


def _in_the_week(one: Weekly, other: Weekly) -> str | None:
    for day in sorted(one.days):
        start, end = day * _DAY + _minute(one.start), day * _DAY + _minute(one.start) + _length(one)
        for second in sorted(other.days):
            low = second * _DAY + _minute(other.start)
            for shift in (-_WEEK, 0, _WEEK):  # past midnight from Sunday to Monday
                at, until = max(start, low + shift), min(end, low + shift + _length(other))
                if at < until:
                    return _words(_DAYS[at // _DAY % 7], at % _DAY, until - at)
    return None


def _span(window: Weekly) -> tuple[str, int, int]:
    day = window.dates[0].isoformat() if window.dates else _DAYS[min(window.days)]
    return day, _minute(window.start), _length(window)


def _absolute(window: Weekly, day: date) -> tuple[int, int]:
    start = day.toordinal() * _DAY + _minute(window.start)
    return start, start + _length(window)


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _length(window: Weekly) -> int:
    return (_minute(window.end) - _minute(window.start) - 1) % _DAY + 1


def _words(day: str, minute: int, length: int) -> str:
    if (minute, length) == (0, _DAY):
        return day
    end = (minute + length) % _DAY
    return f"{day} {minute // 60:02}:{minute % 60:02}-{end // 60:02}:{end % 60:02}"
