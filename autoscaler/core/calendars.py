"""Whether a window of the week is open now: a state, judged anew each tick, never an edge that could be missed.

Windows are in local wall-clock time, start inclusive, end exclusive. A window belongs to the day it starts on, also
past midnight. When clocks go forward, a start that never comes is open from the next minute there is; when they go
back, the hour that comes twice counts twice. No window starts on a holiday, but one given by date does.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from autoscaler.core.book import Calendar, Weekly

__all__ = ["is_open"]

_DAY = timedelta(days=1)


def is_open(windows: Iterable[Weekly], calendar: Calendar, at: datetime) -> bool:
    """Whether any of the windows is open.

    Args:
        windows: Of one rule.
        calendar: Zone and holidays.
        at: Aware.

    Returns:
        True while at least one window is open.
    """
    local = at.astimezone(ZoneInfo(calendar.timezone)).replace(tzinfo=None)
    return any(_is_open(window, calendar, local) for window in windows)


def _is_open(window: Weekly, calendar: Calendar, local: datetime) -> bool:
    wraps = window.end <= window.start
    for started_on in (local.date(), local.date() - _DAY):
        if not _starts_on(window, calendar, started_on):
            continue
        start = datetime.combine(started_on, window.start)
        end = datetime.combine(started_on + _DAY if wraps else started_on, window.end)
        if start <= local < end:
            return True
    return False


def _starts_on(window: Weekly, calendar: Calendar, day: date) -> bool:
    if window.dates:
        return day in window.dates
    return day not in calendar.holidays and day.weekday() in window.days
