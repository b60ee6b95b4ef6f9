"""Small scenarios for the floor's tests, and policies that write down what they saw."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from autoscaler.core.book import GoalCost
from autoscaler.simulation.floor.ports import Seen
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import (
    AgentEntry,
    Arrivals,
    Curve,
    Gateway,
    Routing,
    Scenario,
    Service,
    Spread,
    Window,
)
from autoscaler.simulation.slowdown import Measured, Power, TakingTurns, UniversalScalability

__all__ = ["HOUR", "Ints", "Scripted", "Sparse", "moody", "rush", "scenario", "scenarios", "window"]

Ints = NDArray[np.int64]

HOUR = 3600.0


def scenario(**changes: Any) -> Scenario:
    """Two agents of limit 2 for an hour from Monday at nine, 60 chats of 200 s, nobody leaves."""
    duration = changes.get("duration_s", HOUR)
    base: dict[str, Any] = {
        "name": "a test",
        "seed": 1,
        "duration_s": duration,
        "warm_up_s": 0.0,
        "clock": datetime(2026, 3, 2, 9, 0),  # noqa: DTZ001 a scenario's clock has no time zone
        "arrivals": Arrivals(step_s=duration, expected=np.array([60.0])),
        "every_s": 15.0,
        "agents": (AgentEntry(count=2, limit=2),),
        "service": Service(solo=Spread(mean_s=200.0), curves=(curve(Power(alpha=0.6)),)),
        "patience": None,
        "cost": GoalCost(),
    }
    return Scenario(**{**base, **changes})


def rush(count: float, *, lasts_s: float = HOUR) -> Arrivals:
    """About `count` customers in the first second, and nobody after."""
    expected = np.zeros(int(lasts_s))
    expected[0] = count
    return Arrivals(step_s=1.0, expected=expected)


def window(text: str) -> Window:
    """As "09:00-12:30"."""
    starts, ends = text.split("-")
    return Window(start_s=_seconds(starts), end_s=_seconds(ends))


def _seconds(text: str) -> float:
    hours, minutes = text.split(":")
    return float(hours) * HOUR + float(minutes) * 60


@dataclass(kw_only=True)
class Scripted:
    """Every `every_s` wants what `wants` says of the tick's number and what is seen; keeps what it saw."""

    wants: Callable[[int, Seen], Ints | None]
    every_s: float = 15.0
    first_s: float = 0.0
    start: Ints | None = None
    seen: list[Seen] = field(default_factory=list)
    name: str = "scripted"

    def start_limits(self, scenario: Scenario) -> Ints | None:
        return self.start

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Scripted:
        self.seen.clear()
        return self

    def first_tick(self) -> float:
        return self.first_s

    def tick(self, seen: Seen) -> tuple[Ints | None, float]:
        self.seen.append(seen)
        return self.wants(len(self.seen) - 1, seen), seen.now_s + self.every_s


def moody(mood: int, every_s: float) -> Scripted:
    """Now this limit, now that, now nothing: by the tick's number, the agent and what it holds."""

    def wants(number: int, seen: Seen) -> Ints | None:
        if (number + mood) % 3 == 0:
            return None
        agents = np.arange(len(seen.load))
        return 1 + (agents * 7 + number // 4 * 3 + mood + seen.load) % 5

    return Scripted(wants=wants, every_s=every_s)


@dataclass(kw_only=True)
class Sparse:
    """Wants something at a few moments only."""

    at: Sequence[tuple[float, Ints]]
    place: int = 0
    name: str = "sparse"

    def start_limits(self, scenario: Scenario) -> None:
        return None

    def controller(self, scenario: Scenario, *, seed: int, index: int) -> Sparse:
        self.place = 0
        return self

    def first_tick(self) -> float:
        return self.at[0][0] if self.at else math.inf

    def tick(self, seen: Seen) -> tuple[Ints, float]:
        _, wanted = self.at[self.place]
        self.place += 1
        return wanted, self.at[self.place][0] if self.place < len(self.at) else math.inf


SHIFTS = (
    "",
    "",
    "09:00-10:00",
    "09:05-09:20 09:20-09:50",
    "09:10-09:30 09:40-23:00",
    "22:00-09:25",
    "09:30-09:05",
    "00:00-00:00",
)

CURVES = (
    (curve(Power(alpha=1.0)),),
    (curve(Power(alpha=0.0)),),
    (curve(Power(alpha=0.6)),),
    (curve(UniversalScalability(sigma=0.1, kappa=0.05), speed=1.3),),
    (curve(TakingTurns(work_s=30, think_s=60)),),
    (curve(Measured(factors=(1, 1.7, 1.2))),),
    (curve(Power(alpha=0.9)), curve(Power(alpha=0.2), from_s=9.25 * HOUR)),
    (curve(Power(alpha=0.3), from_s=9.1 * HOUR), curve(Measured(factors=(1.2, 1.5)), from_s=9.5 * HOUR)),
)


def _entries(draw: st.DrawFn) -> tuple[AgentEntry, ...]:
    entries = [
        AgentEntry(
            count=draw(st.integers(1, 3)),
            limit=draw(st.integers(1, 4)),
            speed=draw(st.sampled_from([1.0, 0.7])),
            speed_cv=draw(st.sampled_from([0.0, 0.3])),
            shift=tuple(window(text) for text in draw(st.sampled_from(SHIFTS)).split()),
            curves=draw(st.sampled_from([(), *CURVES[-3:]])),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    if all(entry.shift for entry in entries):  # somebody must be there to end the queue this week
        entries.append(AgentEntry(count=1, limit=2))
    return tuple(entries)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """An hour, or two days from late in the evening, with a bit of everything."""
    is_long = draw(st.sampled_from([False, False, False, True]))
    duration = 30 * HOUR if is_long else HOUR
    curves: tuple[Curve, ...] = draw(st.sampled_from(CURVES))
    return scenario(
        duration_s=duration,
        warm_up_s=draw(st.sampled_from([0.0, 600.0])),
        clock=datetime(2026, 3, 2, *(draw(st.sampled_from([(21, 30), (8, 59), (9, 0)])) if is_long else (9, 0))),  # noqa: DTZ001
        arrivals=Arrivals(step_s=duration / 2, expected=np.array(draw(st.tuples(*[st.integers(0, 60)] * 2)), float)),
        every_s=draw(st.sampled_from([600.0, 900.0] if is_long else [15.0, 60.0])),
        agents=_entries(draw),
        service=Service(
            solo=Spread(mean_s=draw(st.sampled_from([60.0, 200.0])), cv=draw(st.sampled_from([None, 0.5]))),
            curves=curves,
        ),
        patience=draw(st.sampled_from([None, Spread(mean_s=120.0), Spread(mean_s=90.0, cv=1.5)])),
        routing=draw(st.sampled_from(Routing)),
        gateway=Gateway(
            delay_s=draw(st.sampled_from([0.0, 0.0, 2.5, 15.0, 40.0])), failure=draw(st.sampled_from([0.0, 0.0, 0.3]))
        ),
    )
