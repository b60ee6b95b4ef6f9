"""Times as people type them: an instant, or how long ago.

How long ago is counted by the clock the daemon decides by, which in a demo runs faster than the machine's.
"""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from autoscaler.rulebook.measures import in_seconds

__all__ = ["Moment", "in_force", "instant", "moment", "shown", "until_words"]

Moment = datetime | timedelta
"""Aware, or how long ago."""

_FORMS = "write it as 2026-11-22T10:00:00Z (or with an offset as +01:00), or how long ago as 30m, 2h or 1d"

LONGEST_AGO = timedelta(days=36_600)


def moment(text: str) -> Moment:
    """Read an argument: ISO text with a zone, or a span as 30m."""
    ago = in_seconds(text)
    if ago is not None:
        return min(timedelta(seconds=ago), LONGEST_AGO)
    try:
        at = datetime.fromisoformat(text)
        zoned = None if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ArgumentTypeError(f"{text!r} is not a time: {_FORMS}") from error
    if zoned is None:
        raise ArgumentTypeError(f"{text!r} has no time zone: {_FORMS}")
    return zoned


def instant(when: Moment, now: datetime) -> datetime:
    """The instant that is meant, aware.

    Args:
        when: As typed.
        now: Aware; what "ago" counts from.
    """
    return now - when if isinstance(when, timedelta) else when


def shown(at: datetime | str) -> str:
    """As `2026-11-22 17:02:30`, UTC."""
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def until_words(until: str | None) -> str:
    """Until when an order holds."""
    return f"until {shown(until)[:16]} UTC" if until else "until a person ends it"


def in_force(orders: Iterable[dict[str, Any]], now: str) -> list[dict[str, Any]]:
    """Orders that have not ended by themselves.

    Args:
        orders: Of the daemon's status, each with `until`.
        now: The daemon's time, of the same status.
    """
    at = datetime.fromisoformat(now)
    return [one for one in orders if one["until"] is None or datetime.fromisoformat(one["until"]) > at]
