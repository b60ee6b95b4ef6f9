"""What a controller sees of the floor, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Controller", "Policy", "Seen"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The floor at a tick. Agents are rows in the order of the scenario's entries, shape (n,).

    Attributes:
        now_s: Seconds since the scenario's start.
        waiting: Chats waiting.
        oldest_wait_s: Seconds the first of them has waited; 0 when nobody waits.
        arrived, abandoned: Customers who came, and who left without service, since the last tick.
        on: Who is signed in.
        load: Chats held, of those who signed out too.
        wanted: The limit last wanted; of somebody who just signed in, the configured one.
        signed_in_for_s: Seconds since sign-in, NaN of those who are not.
    """

    now_s: float
    waiting: int
    oldest_wait_s: float
    arrived: int
    abandoned: int
    on: Bools
    load: Ints
    wanted: Ints
    signed_in_for_s: Floats


class Controller(Protocol):
    """Sets limits during one run; made anew for each."""

    def first_tick(self) -> float:
        """Seconds since the start at which it wants to be asked first; infinity: never."""
        ...

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        """The limits wanted now, 1..60, shape (n,) (None: as they are), and when it wants to be asked next."""
        ...


class Policy(Protocol):
    """Makes controllers; a picklable value."""

    @property
    def name(self) -> str:
        """As tables show it."""
        ...

    def start_limits(self, scenario: Scenario) -> Ints | None:
        """Limits set before the run and not counted, shape (n,); None: the entries'."""
        ...

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Controller:
        """For run `index` under `seed`; what it draws, it draws from these."""
        ...
