"""Instants as whole microseconds since 1970, exact both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["from_microseconds", "to_microseconds"]

_START = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(at: datetime) -> int:
    """Count from an aware instant."""
    return (at - _START) // _MICROSECOND


def from_microseconds(count: int) -> datetime:
    """Aware UTC."""
    return _START + timedelta(microseconds=count)
