"""What people ordered by hand, kept with the line that says who ordered it: both or neither."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import orjson

from autoscaler.core.readings import Overrides, Pause, Pin
from autoscaler.store.database import transaction
from autoscaler.store.instants import to_microseconds
from autoscaler.store.journal import JournalEvent, write_events

__all__ = [
    "OVERRIDE_SCHEMA",
    "Order",
    "OrderKind",
    "load_overrides",
    "read_overrides",
    "save_overrides",
    "written_overrides",
]

OVERRIDE_SCHEMA = "autoscaler.override/1"


class OrderKind(Enum):
    """What a person can order."""

    PAUSE = "pause"
    RESUME = "resume"
    PIN = "pin"
    UNPIN = "unpin"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order, for the history.

    Attributes:
        kind: What.
        at: Aware UTC.
        by: Who.
        reason: In the person's words; "" when none was asked for.
        group: None for every group.
        agent, media_type, limit: Of a pin; None otherwise.
        until: Aware UTC; None for until it is taken back.
    """

    kind: OrderKind
    at: datetime
    by: str
    reason: str = ""
    group: str | None = None
    agent: int | None = None
    media_type: int | None = None
    limit: int | None = None
    until: datetime | None = None


def save_overrides(connection: sqlite3.Connection, overrides: Overrides, order: Order) -> None:
    """Replace what is in force, and append the order to the journal."""
    line = {"schema": OVERRIDE_SCHEMA, **asdict(order), "kind": order.kind.value}
    event = JournalEvent(
        schema=OVERRIDE_SCHEMA, at=order.at, group=order.group or "", agent=order.agent, line=orjson.dumps(line)
    )
    with transaction(connection):
        connection.execute(
            "INSERT OR REPLACE INTO overrides VALUES (1, ?, ?)",
            (to_microseconds(order.at), orjson.dumps(written_overrides(overrides))),
        )
        write_events(connection, [event])


def load_overrides(connection: sqlite3.Connection) -> Overrides:
    """What is in force; nothing when nobody ever ordered anything."""
    row = connection.execute("SELECT value FROM overrides").fetchone()
    if row is None:
        return Overrides()
    return read_overrides(orjson.loads(row[0]))


def written_overrides(overrides: Overrides) -> dict[str, Any]:
    """As an object `orjson` can write."""
    return asdict(overrides)


def read_overrides(value: Mapping[str, Any]) -> Overrides:
    """Undo `written_overrides` after its way through JSON.

    Raises:
        KeyError, TypeError, ValueError: Another form.
    """
    return Overrides(
        frozen=value["frozen"],
        pauses=tuple(Pause(**_instant(pause)) for pause in value["pauses"]),
        pins=tuple(Pin(**_instant(pin)) for pin in value["pins"]),
    )


def _instant(fields: dict[str, Any]) -> dict[str, Any]:
    until = fields["until"]
    return {**fields, "until": None if until is None else datetime.fromisoformat(until)}
