"""Floors seen, and small scenarios, for tests of policies."""

from datetime import datetime

import numpy as np

from autoscaler.simulation.floor.ports import Controller, Policy, Seen
from autoscaler.simulation.policies.measuring import Measure
from autoscaler.simulation.policies.scaling import Group
from autoscaler.simulation.scenario.model import (
    AgentEntry,
    Arrivals,
    Curve,
    Gateway,
    Scenario,
    Service,
    Spread,
)

HOUR = 3600.0


def seen(
    wanted: list[int],
    load: list[int] | None = None,
    *,
    at: float = 0.0,
    waiting: int = 0,
    oldest_wait_s: float = 0.0,
    on: list[bool] | None = None,
) -> Seen:
    n = len(wanted)
    return Seen(
        now_s=at,
        waiting=waiting,
        oldest_wait_s=oldest_wait_s,
        arrived=0,
        abandoned=0,
        on=np.array([True] * n if on is None else on),
        load=np.array([0] * n if load is None else load),
        wanted=np.array(wanted),
        signed_in_for_s=np.full(n, at),
    )


def group(slots: int, load: int, *, at: float = 0.0, waiting: int = 0, low: int = 1, high: int = 1000) -> Group:
    return Group(at=at, slots=slots, load=load, waiting=waiting, low=low, high=high)


def power(alpha: float) -> tuple[Curve, ...]:
    return (Curve(from_s=0.0, factors=np.arange(1, 61) ** alpha),)


def peaked(at: int) -> Curve:
    """Grows up to `at` chats and falls beyond."""
    chats = np.arange(1, 61)
    return Curve(from_s=0.0, factors=np.where(chats <= at, chats**0.7, at**0.7 * 0.8 ** (chats - at)))


def scenario(
    *,
    rate: float = 0.05,
    hours: float = 4.0,
    agents: tuple[AgentEntry, ...] = (AgentEntry(count=8, limit=3),),
    curves: tuple[Curve, ...] | None = None,
    clock: datetime = datetime(2026, 3, 2, 8),  # noqa: DTZ001 the scenario's own wall clock
    gateway: Gateway | None = None,
    rates: list[float] | None = None,
    warm_up_s: float = 1800.0,
) -> Scenario:
    """`rates` are by hour."""
    by_step = np.repeat(rates, 12) if rates else np.full(int(hours * 12), rate)
    return Scenario(
        name="small",
        seed=1,
        duration_s=hours * HOUR,
        warm_up_s=warm_up_s,
        clock=clock,
        arrivals=Arrivals(step_s=300.0, expected=by_step * 300.0),
        every_s=15.0,
        agents=agents,
        service=Service(solo=Spread(mean_s=400.0), curves=curves or power(0.7)),
        patience=Spread(mean_s=180.0),
        gateway=gateway or Gateway(),
    )


class Alone:
    """Plays runs one after the other, and counts them."""

    def __init__(self, scenario: Scenario, *, seed: int = 1) -> None:
        self.scenario = scenario
        self.seed = seed
        self.indices: set[int] = set()
        self.played = 0

    def __call__(self, measure: Measure, policies: object, indices: object) -> np.ndarray:
        assert isinstance(policies, list)
        numbers = [int(index) for index in indices]  # type: ignore[attr-defined]
        self.indices |= set(numbers)
        self.played += len(policies) * len(numbers)
        return np.array(
            [[measure(self.scenario, policy, seed=self.seed, index=index) for index in numbers] for policy in policies]
        )


def controller(policy: Policy, where: Scenario) -> Controller:
    return policy.controller(where, seed=1, index=0)
