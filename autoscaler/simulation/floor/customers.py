"""The people of one run, drawn before it starts, each trait from a stream of its own.

So two controllers meet the same people, and a change of, say, patience leaves arrivals and work as they were.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.scenario.model import Arrivals, Scenario, Spread

__all__ = ["People", "Stream", "draw", "stream"]

Floats = NDArray[np.float64]

DAY_S = 86_400.0


class Stream(IntEnum):
    """What a stream of random numbers is for."""

    ARRIVALS = 0
    WORK = 1
    PATIENCE = 2
    SPEED = 3
    DAYS = 4
    FLOOR = 5
    CONTROLLER = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Customers sorted by arrival, shape (c,), and agents' speeds, shape (n,).

    Attributes:
        arrival: Seconds since the start.
        work: Seconds of a chat alone with an agent of speed 1.
        patience: Seconds, inf: never leaves.
        speed: Factor on every rate.
        seeds: Of the loop's own streams, uint64.
    """

    arrival: Floats
    work: Floats
    patience: Floats
    speed: Floats
    seeds: NDArray[np.uint64]


def stream(kind: Stream, *, seed: int, index: int) -> np.random.Generator:
    """The generator of one trait in run `index` under `seed`."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, index, int(kind)))))


def draw(scenario: Scenario, *, seed: int, index: int) -> People:
    """Everybody of run `index`."""
    arrival = _arrivals(scenario, seed=seed, index=index)
    count = len(arrival)
    work = _times(scenario.service.solo, count, stream(Stream.WORK, seed=seed, index=index))
    if scenario.patience is None:
        patience = np.full(count, np.inf)
    else:
        patience = _times(scenario.patience, count, stream(Stream.PATIENCE, seed=seed, index=index))
    speeds = stream(Stream.SPEED, seed=seed, index=index)
    speed = [
        entry.speed * _times(Spread(mean_s=1.0, cv=entry.speed_cv), entry.count, speeds) for entry in scenario.agents
    ]
    floor = stream(Stream.FLOOR, seed=seed, index=index)
    return People(
        arrival=arrival,
        work=work,
        patience=patience,
        speed=np.concatenate(speed),
        seeds=floor.integers(0, 2**64, size=2, dtype=np.uint64),
    )


def _times(spread: Spread, count: int, random: np.random.Generator) -> Floats:
    if spread.cv is None:
        return random.standard_exponential(count) * spread.mean_s
    sigma = math.sqrt(math.log1p(spread.cv**2))
    return spread.mean_s * np.exp(sigma * random.standard_normal(count) - sigma**2 / 2)


def _arrivals(scenario: Scenario, *, seed: int, index: int) -> Floats:
    """A Poisson number in each step, spread evenly at random within it."""
    arrivals = scenario.arrivals
    random = stream(Stream.ARRIVALS, seed=seed, index=index)
    expected = _expected(scenario, stream(Stream.DAYS, seed=seed, index=index))
    if arrivals.overdispersion:
        # counts of mean m have variance m + m^2 var(factor): a gamma factor of variance d/m makes it m (1 + d)
        shape = expected / arrivals.overdispersion
        expected = arrivals.overdispersion * random.standard_gamma(np.where(expected > 0, shape, 0.0))
    counts = random.poisson(expected)
    begins = np.arange(len(counts)) * arrivals.step_s
    times: Floats = np.repeat(begins, counts) + random.random(int(counts.sum())) * arrivals.step_s
    times.sort()
    return times[: np.searchsorted(times, scenario.duration_s)]


def _expected(scenario: Scenario, random: np.random.Generator) -> Floats:
    arrivals: Arrivals = scenario.arrivals
    if not arrivals.day_factor_cv:
        return arrivals.expected
    starts = scenario.clock_s + np.arange(len(arrivals.expected)) * arrivals.step_s
    day = (starts // DAY_S).astype(np.int64)
    # one factor a calendar day, whatever hour the scenario begins at
    variance = arrivals.day_factor_cv**2
    factors = random.gamma(1 / variance, variance, size=int(day[-1]) + 1)
    return arrivals.expected * factors[day]
