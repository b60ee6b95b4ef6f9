"""A queue played by the simulator: independent replications, and of every figure the mean and its standard error.

How long they are made follows from the queue itself: long enough for p_wait to be known to within half a percent.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.floor.run import play
from autoscaler.simulation.floor.state import Floor, Where
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.scenario.curves import curve
from autoscaler.simulation.scenario.model import (
    MOST_CHATS,
    AgentEntry,
    Arrivals,
    Curve,
    Routing,
    Scenario,
    Service,
    Spread,
)
from tests.conformance.queue_chains import Chain, chain
from tests.conformance.queue_file import QueueCase

__all__ = ["FIGURES", "STANDARD_ERRORS", "UNMEASURED", "Estimate", "estimates", "misses", "saturation"]

Floats = NDArray[np.float64]

FIGURES = (
    "p_wait",
    "mean_queue",
    "mean_wait_all",
    "mean_wait_served",
    "p_abandon",
    "mean_in_service",
    "mean_concurrency",
    "occupancy_slots",
    "busy_fraction",
    "p_idle_system",
    "throughput",
    "mean_service_duration",
    "sd_concurrency_over_agents_and_time",
    "sl_served_within_of_offered",
)
UNMEASURED = ("stable", "capacity", "route", "states")
"""Not what happens on a floor, but what the queue is and how it was solved."""

PRECISION = 0.005
"""Relative standard error of p_wait for which runs are made long enough."""
FEWEST, MOST = 1_000_000, 6_000_000
"""Customers of a case, warm-up left out."""
FEWEST_RUNS, MOST_RUNS = 30, 100
WARM_UP, SHORTEST = 15, 60
"""Of a replication, in units of what the floor remembers."""
RARE = 1000
"""Customers to whom something happened: with fewer, replications may be too much alike to tell how they vary."""
STANDARD_ERRORS = 4
ROUNDING = 1e-9
"""Of the figures in a file."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Mean over replications, and its standard error."""

    mean: float
    error: float


def estimates(case: QueueCase, *, size: float = 1.0) -> dict[str, Estimate]:
    """Every figure of a stable case; of service levels `sl_served_within_of_offered.20` and so on.

    Args:
        case: What to play.
        size: Factor on the number of customers.
    """
    exact = chain(case)
    full = np.arange(len(exact.probability)) >= exact.slots
    p_wait = float(full @ exact.probability)
    wanted = exact.spread(full.astype(np.float64)) / (PRECISION * p_wait) ** 2 * case.lam
    customers = size * min(max(wanted, FEWEST), MOST)
    shortest = SHORTEST * exact.memory_s
    runs = int(min(max(customers / case.lam / shortest, FEWEST_RUNS), MOST_RUNS))
    lasts = max(customers / case.lam / runs, shortest)
    scenario = _scenario(case, warm_up_s=WARM_UP * exact.memory_s, lasts_s=lasts)
    levels = [int(seconds) for seconds in case.result.get("sl_served_within_of_offered", {})]
    rows = [_measure(floor, scenario, case, levels) for floor in _floors(case, scenario, runs)]
    least = _least_errors(case, exact, lasts * runs)
    found = {}
    for name in rows[0]:
        shown = _plain([row[name] for row in rows])
        found[name] = replace(shown, error=max(shown.error, least.get(name, 0.0)))
    return found


def misses(case: QueueCase, *, size: float = 1.0) -> list[str]:
    """What of a stable case's result the floor does not do: a sentence for each figure."""
    found = estimates(case, size=size)
    wrong = []
    for name, expected in _flat(case.result).items():
        got = found.get(name)
        if got is not None:
            allowed = STANDARD_ERRORS * got.error + ROUNDING * (1 + abs(expected))
            if not abs(got.mean - expected) <= allowed:
                wrong.append(f"{name}: {got.mean:.8g}, standard error {got.error:.3g}, instead of {expected:.8g}")
    return wrong


def _flat(result: Mapping[str, Any]) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in result.items():
        flat |= {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def saturation(case: QueueCase) -> tuple[Estimate, Estimate]:
    """Of a case whose queue grows for ever: completions a second while all slots are taken, and the queue's growth."""
    lasts = 40_000 / case.lam
    scenario = _scenario(case, warm_up_s=lasts, lasts_s=lasts)
    rates, growths = [], []
    for floor in _floors(case, scenario, FEWEST_RUNS):
        begins, ends = scenario.warm_up_s, scenario.duration_s
        people = floor.customers
        at, held = _path(people["start"], people["end"])
        # where a chat ends and the next starts at once, the start comes first
        is_full = held >= case.agents * case.limit
        fell = np.flatnonzero(np.diff(held, prepend=0) < 0)
        fell = fell[(at[fell] >= begins) & (at[fell] < ends)]
        full_s = _within(at, is_full, begins, ends)
        rates.append(np.count_nonzero(is_full[fell - 1]) / full_s)
        waiting = [np.count_nonzero((people["arrival"] <= t) & (people["start"] > t)) for t in (begins, ends)]
        growths.append((waiting[1] - waiting[0]) / (ends - begins))
    return _plain(rates), _plain(growths)


def _plain(values: list[float]) -> Estimate:
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values)))


def _scenario(case: QueueCase, *, warm_up_s: float, lasts_s: float) -> Scenario:
    duration = warm_up_s + lasts_s
    if case.shape is None:
        factors = np.full(MOST_CHATS, case.rates[-1] / case.rates[0])
        factors[: case.limit] = np.array(case.rates) / case.rates[0]
        slowdown = Curve(from_s=0.0, factors=factors)
    else:
        slowdown = curve(case.shape)
    return Scenario(
        name=case.name,
        seed=0,
        duration_s=duration,
        warm_up_s=warm_up_s,
        clock=datetime(2026, 3, 2),  # noqa: DTZ001 a scenario's clock has no time zone
        arrivals=Arrivals(step_s=duration, expected=np.array([case.lam * duration])),
        every_s=15.0,
        agents=(AgentEntry(count=case.agents, limit=case.limit),),
        service=Service(solo=Spread(mean_s=slowdown.factors[0] / case.rates[0]), curves=(slowdown,)),
        patience=Spread(mean_s=1 / case.theta) if case.theta else None,
        routing=case.routing or Routing.LEAST_LOADED,
    )


def _floors(case: QueueCase, scenario: Scenario, count: int) -> Iterator[Floor]:
    seed = zlib.crc32(case.name.encode())
    policy = Fixed(limit=case.limit)
    return (play(scenario, policy, seed=seed, index=index)[0] for index in range(count))


def _measure(floor: Floor, scenario: Scenario, case: QueueCase, levels: list[int]) -> Mapping[str, float]:
    """One replication's figures, from nothing but when each customer came, started and went."""
    begins, ends = scenario.warm_up_s, scenario.duration_s
    lasts = ends - begins
    everybody = floor.customers
    people = everybody[everybody["arrival"] >= begins]
    is_served = people["where"] == Where.SERVED
    wait = np.where(is_served, people["start"], people["end"]) - people["arrival"]
    all_served = everybody[everybody["where"] == Where.SERVED]
    until = np.where(everybody["where"] == Where.SERVED, everybody["start"], everybody["end"])
    went = all_served["end"]
    at, held = _path(all_served["start"], all_served["end"])
    busy, square = _each_agent(all_served, case.agents, begins, ends)
    if case.routing is None:
        busy = _within(at, np.minimum(held, case.agents), begins, ends)
    in_service = _overlap(all_served["start"], all_served["end"], begins, ends) / lasts
    mean = in_service / case.agents
    return {
        "p_wait": float(np.mean(wait > 0)),
        "mean_queue": _overlap(everybody["arrival"], until, begins, ends) / lasts,
        "mean_wait_all": float(wait.mean()),
        "mean_wait_served": float(wait[is_served].mean()),
        "p_abandon": float(np.mean(~is_served)),
        "mean_in_service": in_service,
        "mean_concurrency": mean,
        "occupancy_slots": mean / case.limit,
        "busy_fraction": busy / lasts / case.agents,
        "p_idle_system": 1 - _within(at, held > 0, begins, ends) / lasts,
        "throughput": np.count_nonzero((went >= begins) & (went < ends)) / lasts,
        "mean_service_duration": float((people["end"] - people["start"])[is_served].mean()),
        "sd_concurrency_over_agents_and_time": math.sqrt(square / lasts / case.agents - mean**2),
        **{
            f"sl_served_within_of_offered.{seconds}": float(np.mean(is_served & (wait <= seconds)))
            for seconds in levels
        },
    }


def _overlap(first: Floats, last: Floats, begins: float, ends: float) -> float:
    return float((np.clip(last, begins, ends) - np.clip(first, begins, ends)).sum())


def _path(first: Floats, last: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """When the number of chats in progress changes, and what it is from then on."""
    at = np.concatenate((first, last))
    order = np.argsort(at, kind="stable")
    return at[order], np.cumsum(np.where(order < len(first), 1, -1))


def _within(at: Floats, figure: NDArray[np.int64] | NDArray[np.bool_], begins: float, ends: float) -> float:
    """Integral of a figure that is 0 before the first change and holds from each to the next."""
    return float((np.diff(np.clip(at, begins, ends)) * figure[:-1]).sum())


def _each_agent(served: NDArray[np.void], agents: int, begins: float, ends: float) -> tuple[float, float]:
    """Seconds in which an agent held a chat, and the integral of squared load, both summed over agents."""
    at = np.concatenate((served["start"], served["end"]))
    order = np.argsort(at, kind="stable")
    by = np.tile(served["agent"], 2)[order].astype(np.int16)
    order = order[np.argsort(by, kind="stable")]
    load = np.cumsum(np.where(order < len(served), 1, -1))
    # one agent after the other: whoever is through holds nothing, so the step back in time to the next counts nothing
    lasted = np.diff(np.clip(at[order], begins, ends))
    return float((lasted * (load[:-1] > 0)).sum()), float((lasted * load[:-1] ** 2).sum())


def _least_errors(case: QueueCase, exact: Chain, lasted_s: float) -> dict[str, float]:
    """Standard errors by the exact chain, for what is too rare to show its own spread in runs of this length."""
    number = np.arange(len(exact.probability), dtype=np.float64)
    full = number >= exact.slots

    def error(figure: Floats) -> float:
        return math.sqrt(exact.spread(figure) / lasted_s)

    queue = error(np.maximum(number - exact.slots, 0.0))
    # late customers come in bouts that last about as long as the floor remembers
    bout_s = 2 * exact.memory_s + 1 / case.lam
    return {
        "p_wait": error(full.astype(np.float64)),
        "mean_queue": queue,
        "mean_wait_all": queue / case.lam,
        "mean_wait_served": queue / case.lam,
        "p_abandon": queue * case.theta / case.lam,
        "busy_fraction": error(np.minimum(number, case.agents)) / case.agents,
        "p_idle_system": error((number == 0).astype(np.float64)),
        **{
            f"sl_served_within_of_offered.{seconds}": math.sqrt(max(0.0, 1 - level) * bout_s / lasted_s)
            for seconds, level in case.result.get("sl_served_within_of_offered", {}).items()
            if (1 - level) * case.lam * lasted_s < RARE
        },
    }
