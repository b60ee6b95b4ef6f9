"""What the running daemon is made of, for those who report on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from autoscaler.clock import Clock
from autoscaler.core.readings import Overrides
from autoscaler.daemon.books import Books
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.scribe import Scribe
from autoscaler.daemon.wiring import GatewayParts
from autoscaler.daemon.workers import Worker
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["ServiceState"]


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """Parts and the few things that change about the whole.

    Attributes:
        clock, store, books, gateway, scribe, orders, cycle: The parts.
        started_at: Aware UTC.
        overrides: What people ordered, as kept.
        workers: By group.
        is_draining: No new tick begins.
        reloads, bad_reloads: Counts since the start.
    """

    clock: Clock
    store: SqliteStore
    books: Books
    gateway: GatewayParts
    scribe: Scribe
    orders: OrderBook
    cycle: Cycle
    started_at: datetime
    overrides: Overrides
    workers: dict[str, Worker] = field(default_factory=dict)
    is_draining: bool = False
    reloads: int = 0
    bad_reloads: int = 0
