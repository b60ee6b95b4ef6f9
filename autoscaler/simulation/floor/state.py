"""The floor's state as records: what the compiled loop reads and writes in place.

Agents are rows in the order of the scenario's entries; customers are numbered in order of arrival, so the queue, first
come first served, is the waiting ones among those who have arrived.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.scenario.model import MOST_CHATS

__all__ = ["AGENT", "CUSTOMER", "SHIFT", "STATE", "TURN", "Floor", "Where", "blank"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Records = NDArray[np.void]


class Where(IntEnum):
    """Where a customer is."""

    COMING = 0
    WAITING = 1
    SERVED = 2
    LEFT = 3


AGENT = np.dtype(
    [
        ("attained", "f8"),  # service each of its chats has attained since it last held none, at `since`
        ("since", "f8"),
        ("rate", "f8"),  # growth of `attained` a second
        ("speed", "f8"),
        ("signed_in_at", "f8"),  # NaN: is not
        ("on_s", "f8"),  # seconds signed in within the scored window
        ("last_given", "f8"),  # when it last got a chat, -inf never
        ("load", "i8"),
        ("limit", "i8"),  # in force
        ("wanted", "i8"),  # of the controller
        ("configured", "i8"),  # what a sign-in brings
        ("baseline", "i8"),
        ("group", "i8"),  # row of the curves
        ("call", "i8"),  # number of its call in flight, -1 none
        ("on", "?"),
    ],
    align=True,
)

CUSTOMER = np.dtype(
    [
        ("arrival", "f8"),
        ("work", "f8"),  # seconds alone with an agent of speed 1
        ("deadline", "f8"),  # leaves then if still waiting, inf never
        ("start", "f8"),  # NaN until then
        ("end", "f8"),  # of one who left: when
        ("agent", "i4"),  # -1: none
        ("where", "i4"),  # `Where`
    ],
    align=True,
)

SHIFT = np.dtype([("at", "f8"), ("agent", "i8"), ("on", "?")], align=True)
TURN = np.dtype([("at", "f8"), ("group", "i8"), ("segment", "i8")], align=True)
CALL = np.dtype([("at", "f8"), ("agent", "i8"), ("limit", "i8")], align=True)
DEADLINE = np.dtype([("at", "f8"), ("customer", "i8")], align=True)

TOTALS = ("on", "load", "slots", "busy", "crowding", "above", "queue")
"""Counted now as `n_…`, and over the scored window as `sum_…`, a time integral: agents signed in; chats and limits of
those; those who hold a chat; square of load above baseline, signed out or not; agents with a limit above baseline;
customers waiting."""

STATE = np.dtype(
    [
        ("now", "f8"),
        ("since", "f8"),  # integrals are counted up to here
        ("begins", "f8"),  # of the scored window
        ("ends", "f8"),
        ("delay", "f8"),  # of the gateway
        ("failure", "f8"),
        *((f"n_{name}", "f8") for name in TOTALS),
        *((f"sum_{name}", "f8") for name in TOTALS),
        ("routing", "i8"),
        ("arrived", "i8"),  # the next customer to come
        ("head", "i8"),  # nobody before this customer waits
        ("waiting", "i8"),
        ("left", "i8"),
        ("held", "i8"),  # chats in progress
        ("free", "i8"),  # slots free, of those signed in
        ("freed", "i8"),  # the agent who ended a chat last
        ("deadlines", "i8"),  # size of the heap
        ("shift", "i8"),  # next row
        ("turn", "i8"),
        ("calls_sent", "i8"),
        ("calls_done", "i8"),
        ("unsent", "i8"),  # calls that failed and wait for the next tick
        ("changes", "i8"),
        ("changes_scored", "i8"),
        ("events", "i8"),
    ],
    align=True,
)


class Floor(NamedTuple):
    """All of it; arrays written in place.

    `state` has one row; `targets` and `holds`, shape (n, 60): attained service at which each of an agent's chats ends,
    and whose chat it is; `keys`, shape (n,): whose turn the next chat is, the smallest first, inf: takes none;
    `next_ends`: a tournament of when each agent's first chat to end ends, agents in its second half, over each two the
    earlier, the earliest at 1; `deadlines`: a heap; `calls`: a ring; `curves`, shape (groups, segments, 60), and which
    `segment` each group is in; `random`: states of the routing's and the gateway's stream.
    """

    state: Records
    agents: Records
    customers: Records
    targets: Floats
    holds: NDArray[np.int32]
    keys: Floats
    next_ends: Floats
    deadlines: Records
    calls: Records
    shifts: Records
    turns: Records
    curves: Floats
    segment: Ints
    random: NDArray[np.uint64]

    @property
    def now(self) -> Any:
        """The one row of `state`."""
        return self.state[0]


def blank(
    *,
    arrival: Floats,
    work: Floats,
    patience: Floats,
    baseline: Ints,
    configured: Ints,
    speed: Floats,
    group: Ints,
    curves: Floats,
    turns: Records,
    random: NDArray[np.uint64],
    routing: int,
    scored: tuple[float, float],
    gateway: tuple[float, float],
) -> Floor:
    """A floor on which nobody has signed in and nobody has come yet.

    Args:
        arrival, work, patience: Of customers, sorted by arrival, shape (c,); patience inf: never leaves.
        baseline, configured, speed, group: Of agents, shape (n,).
        curves: Factors by group, segment and chats held - 1, shape (g, s, 60); every group begins in segment 0.
        turns: `TURN` rows, sorted by time.
        random: Two seeds.
        routing: Index of the `Routing`.
        scored: From and until, seconds.
        gateway: Delay in seconds, probability of failure.
    """
    count, n = len(arrival), len(baseline)
    customers = np.zeros(count, CUSTOMER)
    customers["arrival"], customers["work"], customers["deadline"] = arrival, work, arrival + patience
    customers["start"] = customers["end"] = np.nan
    customers["agent"] = -1
    agents = np.zeros(n, AGENT)
    agents["last_given"], agents["signed_in_at"] = -np.inf, np.nan
    agents["limit"] = agents["wanted"] = agents["configured"] = configured
    agents["baseline"], agents["speed"], agents["group"] = baseline, speed, group
    agents["call"] = -1
    state = np.zeros(1, STATE)
    state["begins"], state["ends"] = scored
    state["delay"], state["failure"] = gateway
    state["routing"] = routing
    return Floor(
        state=state,
        agents=agents,
        customers=customers,
        targets=np.zeros((n, MOST_CHATS)),
        holds=np.zeros((n, MOST_CHATS), np.int32),
        keys=np.full(n, np.inf),
        next_ends=np.full(2 << (n - 1).bit_length(), np.inf),
        deadlines=np.zeros(count, DEADLINE),
        calls=np.zeros(n, CALL),
        shifts=np.zeros(0, SHIFT),
        turns=turns,
        curves=curves,
        segment=np.zeros(len(curves), np.int64),
        random=random,
    )
