"""Guids that stand somewhere for us to read: one row an agent, whoever wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from autoscaler.errors import ReadingMalformed

__all__ = ["HandedOver", "Rows", "an_instant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """One agent's row, not yet believed.

    Attributes:
        agent: As written.
        guid: The agent's current one.
        cookies: By name.
        at: When the Guid was handed over, aware; None: the row does not say.
    """

    agent: object
    guid: str = field(repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    at: datetime | None = None


class Rows(Protocol):
    """A place where rows stand."""

    def read(self) -> list[HandedOver] | None:
        """Every row there is; None where nothing has changed since the last reading. May block.

        Raises:
            ReadingError: They can't be read; no Guid is in the message.
        """
        ...

    def close(self) -> None:
        """Close it, in the thread that read."""
        ...


def an_instant(value: object) -> datetime | None:
    """A time as ISO text, taken for UTC where it names no zone, or as seconds since 1970; None is None.

    Raises:
        ReadingMalformed: Anything else.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ReadingMalformed("a time is neither ISO text nor seconds since 1970", help="write it as 2026-11-22T10:00:00Z")
