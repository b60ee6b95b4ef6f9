"""What the running daemon is made of, for those who report on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from autoscaler.clock import Clock
from autoscaler.core.readings import Overrides
from autoscaler.daemon.books import Books
from autoscaler.daemon.crew import Crew
from autoscaler.daemon.cycle import Cycle
from autoscaler.daemon.orders import OrderBook
from autoscaler.daemon.reloading import Reloads
from autoscaler.daemon.scribe import Scribe
from autoscaler.daemon.shadow import Shadow
from autoscaler.daemon.wiring import GatewayParts
from autoscaler.sources.pushed_inputs import PushedInputs
from autoscaler.store.sqlite_store import SqliteStore

__all__ = ["ServiceState"]


@dataclass(slots=True, kw_only=True)
class ServiceState:
    """Parts and the few things that change about the whole.

    Attributes:
        clock, store, books, gateway, scribe, orders, cycle, crew, reloads, shadow, pushed: The parts.
        started_at: Aware UTC.
        overrides: What people ordered, as kept.
        is_draining: No new tick begins.
    """

    clock: Clock
    store: SqliteStore
    books: Books
    gateway: GatewayParts
    scribe: Scribe
    orders: OrderBook
    cycle: Cycle
    crew: Crew
    reloads: Reloads
    shadow: Shadow
    pushed: PushedInputs
    started_at: datetime
    overrides: Overrides
    is_draining: bool = False
