"""Time zones, dates and windows of the week as a file writes them.

`mon-fri 12:00-14:00`, `sat`, `22:00-06:00` (every day, past midnight), `2026-12-24 08:00-12:00`.
"""

from __future__ import annotations

import re
from datetime import date, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from autoscaler.core.book import Weekly
from autoscaler.rulebook.codes import Code
from autoscaler.rulebook.grammar import Kind
from autoscaler.rulebook.nodes import Node
from autoscaler.rulebook.reporting import Reporter
from autoscaler.rulebook.scalars import scalar
from autoscaler.rulebook.suggestions import did_you_mean, quoted

__all__ = ["day", "window", "zone"]

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}) *- *([0-9]{2}):([0-9]{2})")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")


def zone() -> Kind[str]:
    """A zone of the IANA database."""

    def read(node: Node, reporter: Reporter) -> str | None:
        found = scalar(node, reporter, "a time zone such as Europe/Lisbon")
        if found is None or _is_zone(found.value):
            return found.value if found else None
        close = did_you_mean(found.value, available_timezones())
        help_ = f"did you mean {quoted(close)}?" if close else "write an IANA name such as Europe/Lisbon or UTC"
        reporter.report(Code.NOT_A_TIMEZONE, found.span, f"there is no time zone {quoted(found.value)}", help_)
        return None

    return Kind(read, {"type": "string"})


def day() -> Kind[date]:
    """A date, `2026-12-25`."""

    def read(node: Node, reporter: Reporter) -> date | None:
        found = scalar(node, reporter, "a date such as 2026-12-25")
        if found is None:
            return None
        value = _date(found.value)
        if value is None:
            message = f"{quoted(found.value)} is not a date"
            reporter.report(Code.NOT_A_WINDOW, found.span, message, "write year-month-day, as in 2026-12-25")
        return value

    return Kind(read, {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})


def window() -> Kind[Weekly]:
    """Days or dates with a time of day; either part may be left out."""

    def read(node: Node, reporter: Reporter) -> Weekly | None:
        found = scalar(node, reporter, "a window such as mon-fri 12:00-14:00")
        if found is None:
            return None
        problem, value = _window(found.value)
        if value is None:
            help_ = "write days, a time of day or both: mon-fri 12:00-14:00, sat, 22:00-06:00, 2026-12-24 08:00-12:00"
            reporter.report(Code.NOT_A_WINDOW, found.span, problem, help_)
        return value

    return Kind(read, {"type": "string"})


def _is_zone(text: str) -> bool:
    if _ZONE.fullmatch(text) is None:
        return False
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as "Europe"
        return False
    return True


def _date(text: str) -> date | None:
    if re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _window(text: str) -> tuple[str, Weekly | None]:
    days, dates = frozenset(range(7)), tuple[date, ...]()
    start = end = time(0, 0)
    match = re.search(r"(?:^| )([0-9]{1,2}:.*)$", text)
    named = text[: match.start()].strip() if match else text.strip()
    if match:
        hours = _hours(match[1])
        if hours is None:
            return f"{quoted(match[1])} is not a time of day from 00:00 to 24:00", None
        start, end = hours
    for part in [part.strip() for part in named.split(",")] if named else []:
        if part[:1].isdigit():
            if (one := _date(part)) is None:
                return f"{quoted(part)} is not a date", None
            dates = (*dates, one)
    if dates:
        if len(dates) != named.count(",") + 1:
            return "dates and weekdays can't be mixed in one window", None
        return "", Weekly(days=frozenset(), start=start, end=end, dates=dates)
    if named:
        found: set[int] = set()
        for part in named.split(","):
            several = _weekdays(part.strip().lower())
            if several is None:
                return f"{quoted(part.strip())} is not a weekday or a range of them", None
            found |= several
        days = frozenset(found)
    return "", Weekly(days=days, start=start, end=end)


def _hours(text: str) -> tuple[time, time] | None:
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    first, second = (int(match[1]), int(match[2])), (int(match[3]), int(match[4]))
    if first >= (24, 0) or second > (24, 0) or first[1] > 59 or second[1] > 59 or first == second:
        return None
    return time(*first), time(second[0] % 24, second[1])


def _weekdays(text: str) -> set[int] | None:
    ends = [part[:3] if part in _LONG else part for part in text.split("-")]
    if not 1 <= len(ends) <= 2 or any(part not in _DAYS for part in ends):
        return None
    first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
    return {(first + step) % 7 for step in range((last - first) % 7 + 1)}
