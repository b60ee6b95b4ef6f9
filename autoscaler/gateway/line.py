"""The orders that have not ended: in line, in flight, waiting for another try, or held behind one in flight.

At most one order an agent and media type is in line, in flight or waiting, at most one is held behind it, and
each is the newest that was admitted since the one before it went out.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence
from itertools import count
from typing import Final

from autoscaler.gateway.order import Order, OrderStage, order_key

__all__ = ["Line"]


_QUEUED: Final = OrderStage.QUEUED  # looked up once: through the enum each use costs ten times as much
_ENDED: Final = OrderStage.ENDED


class Line:
    """Who is next; the `stage` of an order is changed here, but for a flight's begin."""

    def __init__(self) -> None:
        self._first: dict[int, Order] = {}  # by key: in line, in flight or waiting; a held order is its successor
        self._queue: deque[int] = deque()  # keys, some of orders that have ended or moved on
        self._waiting: list[tuple[float, int, Order]] = []  # a heap by due time, with some that have moved on
        self._deadlines: deque[tuple[float, Sequence[Order]]] = deque()
        self._tie = count()

    @property
    def is_empty(self) -> bool:
        """No order lives."""
        return not self._first

    @property
    def at_rest(self) -> int:
        """How many orders live and are not in flight."""
        return sum(
            (order.stage is not OrderStage.FLYING) + (order.successor is not None) for order in self._first.values()
        )

    def living(self) -> list[Order]:
        """Every order that has not ended; one held behind another comes before it."""
        return [order for first in self._first.values() for order in (first.successor, first) if order is not None]

    def of(self, media_type: int, agent: int) -> Order | None:
        """The agent's order that is in line, in flight or waiting."""
        return self._first.get(order_key(media_type, agent))

    def remember_deadline(self, deadline: float, orders: Sequence[Order]) -> None:
        """Have `expired` give these orders out at their common deadline, no earlier than the one before."""
        self._deadlines.append((deadline, orders))

    def admit(self, order: Order) -> Order | None:
        """Let a new order stand in line, in the place of the one it supersedes, or hold it behind a flying one.

        Returns:
            The superseded order, ended; None when there is none.
        """
        earlier = self._first.get(order.key)
        if earlier is None:
            self._first[order.key] = order
            self._queue.append(order.key)
            return None
        if earlier.stage is OrderStage.FLYING:
            order.stage = OrderStage.HELD
            superseded, earlier.successor = earlier.successor, order
        else:
            self._first[order.key] = order
            if earlier.stage is OrderStage.WAITING:
                self._queue.append(order.key)
            superseded = earlier
        if superseded is not None:
            superseded.stage = OrderStage.ENDED
        return superseded

    def has_next(self) -> bool:
        """Whether an order may be in line."""
        return bool(self._queue)

    def next(self) -> Order | None:
        """Take the next key; None when its order has ended or moved on."""
        order = self._first.get(self._queue.popleft())
        return order if order is not None and order.stage is _QUEUED else None

    def wait(self, order: Order, due: float) -> None:
        """Put an order aside until `due`, clock seconds."""
        order.stage = OrderStage.WAITING
        order.due = due
        heapq.heappush(self._waiting, (due, next(self._tie), order))

    def wake(self, now: float) -> None:
        """Let the orders that are due stand in line again."""
        while self._waiting and self._waiting[0][0] <= now:
            due, _, order = heapq.heappop(self._waiting)
            if order.stage is OrderStage.WAITING and order.due == due:
                order.stage = OrderStage.QUEUED
                self._queue.append(order.key)

    def expired(self, now: float) -> list[Order]:
        """Give the living orders past their deadline that are not in flight; each once, for their ending."""
        late: list[Order] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, orders = self._deadlines.popleft()
            late += [order for order in orders if order.stage not in {OrderStage.FLYING, OrderStage.ENDED}]
        return late

    def end(self, order: Order) -> None:
        """Take an order out; the one held behind it stands in line."""
        order.stage = _ENDED
        first = self._first[order.key]
        if first is not order:
            first.successor = None
            return
        successor = order.successor
        if successor is None:
            del self._first[order.key]
            return
        order.successor = None
        successor.stage = OrderStage.QUEUED
        self._first[order.key] = successor
        self._queue.append(order.key)

    def tidy(self) -> None:
        """Drop what ended and moved-on orders left behind."""
        kept = (key for key in dict.fromkeys(self._queue) if key in self._first)
        self._queue = deque(key for key in kept if self._first[key].stage is OrderStage.QUEUED)
        if self.is_empty:
            self._waiting.clear()
            self._deadlines.clear()
