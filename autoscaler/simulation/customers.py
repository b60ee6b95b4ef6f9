"""Customers: when they come, how much work they bring, how long they wait.

Every number belongs to the customer and is drawn from streams of its own, whatever the centre does.
So two centres given the same seed meet the same people.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

__all__ = ["Arrivals", "Customer", "Demand", "customers"]


class Customer(NamedTuple):
    """One person. A tuple, because a day has many.

    Attributes:
        arrival_s: Seconds after the start.
        queue: Skill queue id.
        work_s: Seconds the chat takes an agent of speed 1 who has nothing else, > 0.
        patience_s: Seconds they wait before giving up; infinite for never.
    """

    arrival_s: float
    queue: int
    work_s: float
    patience_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """A Poisson process with a rate that is constant within equal steps.

    Attributes:
        step_s: Length of a step in seconds, > 0.
        means: Expected arrivals of each step; after the last the first follows again.
    """

    step_s: float
    means: tuple[float, ...]

    @staticmethod
    def constant(per_second: float) -> Arrivals:
        """The same rate for ever."""
        step_s = 900.0
        return Arrivals(step_s=step_s, means=(per_second * step_s,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one queue's customers are like.

    Attributes:
        queue: Skill queue id.
        arrivals: When they come.
        solo_chat_s: Mean work of a chat, seconds, > 0.
        work_cv: Coefficient of variation of a log-normal work; None for exponential.
        patience_s: Mean patience, seconds, exponential; None for people who never give up.
    """

    queue: int
    arrivals: Arrivals
    solo_chat_s: float
    work_cv: float | None
    patience_s: float | None


def customers(demands: tuple[Demand, ...], seed: int) -> Iterator[Customer]:
    """Everybody, by time of arrival, without end unless all rates are zero."""
    return heapq.merge(*(_of_queue(demand, seed) for demand in demands))


def _of_queue(demand: Demand, seed: int) -> Iterator[Customer]:
    if not any(demand.arrivals.means):
        return
    coming, work, patience = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence([seed, demand.queue]).spawn(3)
    )
    means = demand.arrivals.means
    step = 0
    while True:
        start_s = step * demand.arrivals.step_s
        count = int(coming.poisson(means[step % len(means)]))
        times = np.sort(coming.random(count)) * demand.arrivals.step_s + start_s
        works = _work(demand, work, count)
        for arrival_s, work_s, patience_s in zip(
            times.tolist(), works.tolist(), _patience(demand, patience, count).tolist(), strict=True
        ):
            yield Customer(arrival_s, demand.queue, work_s, patience_s)
        step += 1


def _work(demand: Demand, stream: np.random.Generator, count: int) -> np.ndarray:
    if demand.work_cv is None:
        return stream.exponential(demand.solo_chat_s, count)
    variance = math.log(1 + demand.work_cv**2)
    return stream.lognormal(math.log(demand.solo_chat_s) - variance / 2, math.sqrt(variance), count)


def _patience(demand: Demand, stream: np.random.Generator, count: int) -> np.ndarray:
    if demand.patience_s is None:
        return np.full(count, np.inf)
    return stream.exponential(demand.patience_s, count)
