"""What was seen: queues, agents and named inputs as columns, each with its age.

A missing number is NaN, never zero; an unknown age is NaN and counts as stale. Agents are sorted by id,
each id once, so every stage may rely on one order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ANY_MEDIA",
    "AgentState",
    "Agents",
    "Floats",
    "Input",
    "Ints",
    "Overrides",
    "Pause",
    "Pin",
    "Queues",
    "Snapshot",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANY_MEDIA = 0
"""Key of a load or limit column that speaks of whatever media type its group has."""


class AgentState(IntEnum):
    """CTI states (cc-gateway.md §7); UNKNOWN when nobody said."""

    UNKNOWN = -1
    SIGNED_OUT = 0
    IDLE = 1
    PRE_OCCUPIED = 2
    OCCUPIED = 3
    ANSWERING = 4
    TALKING = 5
    WRAP_UP = 6
    BUSY = 7
    REST = 8
    STUDY = 9
    ADJUSTING = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """Skill queues, one row each, any order, ids unique.

    Attributes:
        ids: Skill queue ids, shape (q,).
        waiting: Chats waiting, shape (q,), NaN missing.
        oldest_wait_s: Seconds the longest waiting chat has waited, NaN missing.
        arrivals_per_minute, abandoned_per_minute: Rates, NaN missing.
        age_s: Seconds since the row was true, NaN unknown (stale).
    """

    ids: Ints
    waiting: Floats
    oldest_wait_s: Floats
    arrivals_per_minute: Floats
    abandoned_per_minute: Floats
    age_s: Floats

    @classmethod
    def none(cls) -> Queues:
        """No queue seen."""
        empty = np.empty(0)
        return cls(
            ids=np.empty(0, np.int64),
            waiting=empty,
            oldest_wait_s=empty,
            arrivals_per_minute=empty,
            abandoned_per_minute=empty,
            age_s=empty,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """Agents known to the site, one row each, sorted by id.

    Attributes:
        ids: Agent ids, shape (n,), strictly ascending.
        load: Chats held by media type, each shape (n,), NaN missing. `ANY_MEDIA` holds numbers given without a type.
        limit: Confirmed limit by media type, each shape (n,), NaN unknown.
        state: `AgentState` codes, int8, shape (n,).
        state_for_s, signed_in_for_s: Seconds, shape (n,), NaN unknown.
        age_s: Seconds since the row was true, shape (n,), NaN unknown (stale).
        queue_ids: Skill queues signed in to, all agents' one after the other, shape (m,).
        queue_offsets: Row i's queues are `queue_ids[queue_offsets[i]:queue_offsets[i + 1]]`, shape (n + 1,).
        queues_known: False where nobody said which queues the agent is signed in to; shape (n,).
        reachable: Whether the gateway can be called in the agent's name now, shape (n,); None means every agent.
        claimed: Whether a group that is decided elsewhere claims the agent for the same media type, shape (n,); None
            means nobody. Groups of one rulebook are compared with each other anyway.
    """

    ids: Ints
    load: Mapping[int, Floats]
    limit: Mapping[int, Floats]
    state: NDArray[np.int8]
    state_for_s: Floats
    signed_in_for_s: Floats
    age_s: Floats
    queue_ids: Ints
    queue_offsets: Ints
    queues_known: NDArray[np.bool_]
    reachable: NDArray[np.bool_] | None = None
    claimed: NDArray[np.bool_] | None = None

    @classmethod
    def none(cls) -> Agents:
        """No agent seen."""
        empty = np.empty(0)
        return cls(
            ids=np.empty(0, np.int64),
            load={},
            limit={},
            state=np.empty(0, np.int8),
            state_for_s=empty,
            signed_in_for_s=empty,
            age_s=empty,
            queue_ids=np.empty(0, np.int64),
            queue_offsets=np.zeros(1, np.int64),
            queues_known=np.empty(0, np.bool_),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A named extra reading: value (NaN missing) and age (NaN unknown, stale)."""

    value: float
    age_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A person stopped all changes, of one group or of all.

    Attributes:
        group: Group name; None means every group.
        until: Aware UTC; None means until resumed.
        reason: Why, in the person's words.
        by: Who, as the operating system or the page knows them.
    """

    group: str | None
    until: datetime | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A person fixed one agent's limit.

    Attributes:
        agent: Agent id.
        media_type: Wire number; `ANY_MEDIA` for every group the agent is in.
        limit: 1..60.
        until: Aware UTC; None means until unpinned.
        reason, by: As in `Pause`.
    """

    agent: int
    media_type: int
    limit: int
    until: datetime | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What people ordered by hand; stronger than any rule.

    Attributes:
        frozen: The kill switch: nothing is called, pins included.
        pauses: In force; an expired one no longer counts.
        pins: In force; the last one of an agent and media type counts.
    """

    frozen: bool = False
    pauses: tuple[Pause, ...] = ()
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One observation of the site.

    Attributes:
        queues, agents: As above. Agents not in it are not signed in, unless `roster_problem` says nobody knows.
        inputs: Named extra readings.
        overrides: What people ordered.
        roster_problem: Why the list of agents can't be trusted; "" when it can.
    """

    queues: Queues
    agents: Agents
    inputs: Mapping[str, Input] = field(default_factory=dict)
    overrides: Overrides = Overrides()
    roster_problem: str = ""
