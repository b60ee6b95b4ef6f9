"""Agents of the simulated centre: their numbers, their state, and the chats they share themselves between.

An agent's chats advance together: each has got the same service since it began beside the others
(attained-service processor sharing), so the next to end is the one with the least finish mark.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from autoscaler.simulation.customers import Customer

__all__ = ["Agent", "AgentSpec", "Chat", "Cti"]


class Cti(IntEnum):
    """States as the CTI platform numbers them."""

    SIGNED_OUT = 0
    IDLE = 1
    TALKING = 5
    BUSY = 7
    REST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """An agent as configured.

    Attributes:
        id: Agent id, 101..999999.
        limits: Configured limit by media type, 1..60 each.
        skills: Ids of the queues configured for the agent.
        speed: Work done a second relative to the average agent, > 0.
    """

    id: int
    limits: Mapping[int, int]
    skills: frozenset[int]
    speed: float = 1.0


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A customer inside the centre.

    Attributes:
        number: Counts arrivals from 1; the order of the queue.
        customer: Who.
        media_type: Of the customer's queue.
        began_s: When an agent took the chat; None while waiting.
        is_gone: Whether the customer gave up.
    """

    number: int
    customer: Customer
    media_type: int
    began_s: float | None = None
    is_gone: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Agent:
    """An agent at work.

    Attributes:
        spec: As configured.
        limits: In force now, by media type.
        loads: Chats held, by media type.
        load: Chats held in all.
        queues: Ids of the queues signed in to.
        is_signed_in: Whether the agent takes part.
        pause: BUSY or REST while the agent takes no new chats, else None.
        signed_in_at_s, state_since_s: Seconds after the centre's start; since_s follows every change of state.
        version: Counts changes of rate, so that a forecast end of chat can be told from a stale one.
    """

    spec: AgentSpec
    limits: dict[int, int]
    loads: dict[int, int]
    load: int = 0
    queues: tuple[int, ...] = ()
    is_signed_in: bool = False
    pause: Cti | None = None
    signed_in_at_s: float = 0.0
    state_since_s: float = 0.0
    version: int = 0
    _marks: list[tuple[float, int, Chat]] = field(default_factory=list)
    _attained: float = 0.0
    _attained_at_s: float = 0.0
    _rate: float = 0.0

    @property
    def state(self) -> Cti:
        """What the CTI platform would show."""
        if not self.is_signed_in:
            return Cti.SIGNED_OUT
        if self.pause is not None:
            return self.pause
        return Cti.TALKING if self.load else Cti.IDLE

    @property
    def chats(self) -> list[Chat]:
        """Those held, oldest mark first."""
        return [chat for _, _, chat in sorted(self._marks)]

    def has_spare(self, media_type: int) -> bool:
        """Whether a new chat of `media_type` may be given to the agent."""
        return self.is_signed_in and self.pause is None and self.loads[media_type] < self.limits[media_type]

    def take(self, chat: Chat, now_s: float, factors: list[float]) -> None:
        """Begin `chat`; the others slow down."""
        self._attain(now_s)
        heapq.heappush(self._marks, (self._attained + chat.customer.work_s, chat.number, chat))
        self.loads[chat.media_type] += 1
        self.load += 1
        self._share(factors)

    def finish(self, now_s: float, factors: list[float]) -> Chat:
        """End the chat forecast to end now; the others speed up or slow down."""
        mark, _, chat = heapq.heappop(self._marks)
        self._attained = mark  # the forecast met its mark; rounding must not pile up
        self._attained_at_s = now_s
        self.loads[chat.media_type] -= 1
        self.load -= 1
        self._share(factors)
        return chat

    def next_end_s(self, now_s: float) -> float | None:
        """When the next chat ends if nothing changes; None when idle. Call right after `take` or `finish`."""
        if not self._marks:
            return None
        return now_s + max(0.0, self._marks[0][0] - self._attained) / self._rate

    def _attain(self, now_s: float) -> None:
        self._attained += (now_s - self._attained_at_s) * self._rate
        self._attained_at_s = now_s

    def _share(self, factors: list[float]) -> None:
        self.version += 1
        if self.load == 0:
            self._attained = 0.0
            self._rate = 0.0
        else:
            self._rate = self.spec.speed * factors[self.load] / self.load
