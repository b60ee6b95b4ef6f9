"""What the field's autoscalers have in common here: replicas are slots, and slots are spread evenly over people.

An autoscaler knows a number of replicas that each take a share of the load. The number nearest to that is the group's
slots, the sum of limits wanted of those signed in: load spreads over them, and one more is one chat more. Its bounds
are a floor and a ceiling for each agent, times those signed in. Slots out of bounds (people came or went) are brought
back at once; otherwise the autoscaler says how many there should be, and as few agents as possible change, to limits
that differ by 1 at most. When it wants no other number nobody changes, however uneven limits are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.policies.spreading import spread
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Autoscaled", "Autoscaler", "Group", "Scaled", "Scaler", "group_seen"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The floor as an autoscaler sees it.

    Attributes:
        at: Seconds since the start.
        slots: Sum of limits wanted of those signed in.
        load: Chats they hold.
        waiting: Chats waiting.
        low, high: Bounds of slots.
    """

    at: float
    slots: int
    load: int
    waiting: int
    low: int
    high: int

    def within(self, slots: int) -> int:
        """Slots brought inside the bounds."""
        return min(max(slots, self.low), self.high)


def group_seen(seen: Seen, *, floor: int, ceiling: int) -> Group:
    """Sums over who is signed in; a floor and a ceiling are an agent's."""
    on = int(np.count_nonzero(seen.on))
    return Group(
        at=seen.now_s,
        slots=int(seen.wanted[seen.on].sum()),
        load=int(seen.load[seen.on].sum()),
        waiting=seen.waiting,
        low=floor * on,
        high=ceiling * on,
    )


class Scaler(Protocol):
    """One autoscaler during one run; it remembers."""

    def scale(self, group: Group) -> int:
        """Slots there should be, inside the bounds; those there are lie inside."""
        ...


class Autoscaler(Protocol):
    """Settings of an autoscaler; they make one."""

    @property
    def floor(self) -> int:
        """Lowest limit of an agent."""
        ...

    @property
    def ceiling(self) -> int:
        """Highest limit of an agent."""
        ...

    @property
    def tick(self) -> float | None:
        """Seconds between looks; None: the scenario's."""
        ...

    def scaler(self) -> Scaler:
        """One that has seen nothing yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaled:
    """The policy of an autoscaler. It starts from the entries' limits."""

    name: str
    of: Autoscaler

    def start_limits(self, scenario: Scenario) -> None:
        """The entries' own."""

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Scaled:  # noqa: ARG002 it draws nothing
        """One for a run."""
        every_s = scenario.every_s if self.of.tick is None else self.of.tick
        return Scaled(scaler=self.of.scaler(), every_s=every_s, floor=self.of.floor, ceiling=self.of.ceiling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """Asks an autoscaler at every tick and spreads what it says.

    Attributes:
        every_s: Seconds between ticks; the first comes after as many.
        floor, ceiling: Of an agent.
    """

    scaler: Scaler
    every_s: float
    floor: int
    ceiling: int

    def first_tick(self) -> float:
        """Once a first interval has been lived through."""
        return self.every_s

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        """Limits for the slots that are wanted now."""
        later = seen.now_s + self.every_s
        if not seen.on.any():
            return None, later
        group = group_seen(seen, floor=self.floor, ceiling=self.ceiling)
        bounded = group.within(group.slots)
        slots = self.scaler.scale(group) if bounded == group.slots else bounded
        return (None if slots == group.slots else spread(slots, seen.wanted, seen.on)), later
