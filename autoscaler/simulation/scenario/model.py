"""What a scenario says, as values: people, customers, the gateway between, and what things cost.

Seconds throughout; times of day are seconds after midnight of the scenario's own wall clock, which has no time zone and
never jumps. Whoever builds these has refused what makes no sense, so the run trusts them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from autoscaler.core.book import GoalCost
from autoscaler.simulation.slowdown import Slowdown

__all__ = [
    "MOST_CHATS",
    "AgentEntry",
    "Arrivals",
    "Curve",
    "Gateway",
    "Routing",
    "Scenario",
    "Service",
    "Spread",
    "Window",
]

MOST_CHATS = 60
"""No agent ever holds more chats than the highest limit there is."""

Floats = NDArray[np.float64]


class Routing(Enum):
    """Which agent below its limit gets the next chat; ties at random."""

    LEAST_LOADED = "least_loaded"
    MOST_LOADED = "most_loaded"
    RANDOM = "random"
    LONGEST_IDLE = "longest_idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a time varies about its mean: exponential, or log-normal with coefficient of variation `cv`.

    Attributes:
        mean_s: Seconds > 0.
        cv: None means exponential; 0 means always the mean.
    """

    mean_s: float
    cv: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The slowdown from one time of day on.

    Attributes:
        from_s: Seconds after midnight from which it holds, every day.
        factors: Total rate of an agent holding j = 1..60 chats relative to a solo chat's, shape (60,), all > 0.
        shape: What the factors were made from, for whoever shows or writes them; None: nothing simpler than they are.
    """

    from_s: float
    factors: Floats
    shape: Slowdown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How long chats take.

    Attributes:
        solo: Time of a chat that has an agent of speed 1 to itself.
        curves: Sorted by `from_s`, at least one; before the first, the first holds.
    """

    solo: Spread
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Part of a shift, seconds after midnight; `end_s` <= `start_s` wraps past midnight."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry:
    """Agents who are alike.

    Attributes:
        count: How many, >= 1.
        limit: Configured limit and baseline, 1..60.
        speed: Factor on every rate, > 0.
        speed_cv: Variation of speeds between them: log-normal, mean `speed`.
        tier: Name of their tier; "" is none.
        shift: Windows of signing in, every day; () means always there.
        curves: A slowdown of their own; () means the scenario's.
        first_id: Agent id of the first of them; None: numbered on.
    """

    count: int
    limit: int
    speed: float = 1.0
    speed_cv: float = 0.0
    tier: str = ""
    shift: tuple[Window, ...] = ()
    curves: tuple[Curve, ...] = ()
    first_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Customers expected, by steps of equal length from the scenario's start.

    Attributes:
        step_s: Seconds of a step.
        expected: Mean number of arrivals in each step, shape (steps,), covering the duration.
        overdispersion: d: variance over mean of a step's counts is 1 + d.
        day_factor_cv: Variation of a factor drawn once a calendar day.
        source: Where it came from, in words.
    """

    step_s: float
    expected: Floats
    overdispersion: float = 0.0
    day_factor_cv: float = 0.0
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Calls take `delay_s` and fail with probability `failure`, 0..1."""

    delay_s: float = 0.0
    failure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One simulated stretch of a contact centre's life.

    Attributes:
        seed: Of its runs, unless told otherwise.
        duration_s: Arrivals end here; whoever arrived is followed to the end.
        warm_up_s: Left out of the score.
        clock: Wall clock at the start, naive.
        every_s: The controller's tick, unless a rule file says its own.
        patience: None: nobody leaves.
    """

    name: str
    seed: int
    duration_s: float
    warm_up_s: float
    clock: datetime
    arrivals: Arrivals
    every_s: float
    agents: tuple[AgentEntry, ...]
    service: Service
    patience: Spread | None
    routing: Routing = Routing.LEAST_LOADED
    gateway: Gateway = field(default_factory=Gateway)
    cost: GoalCost = field(default_factory=GoalCost)
    description: str = ""
    source: str = ""

    @property
    def clock_s(self) -> float:
        """Seconds after midnight at the start."""
        return self.clock.hour * 3600 + self.clock.minute * 60 + self.clock.second
