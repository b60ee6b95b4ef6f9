"""Exact stationary figures of small queues, solved as Markov chains: the tests' own, nothing of the simulator in it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaler.simulation.scenario.model import Routing
from tests.conformance.queue_file import QueueCase

__all__ = ["Chain", "chain", "solve_floor", "solve_loads"]

Floats = NDArray[np.float64]

REST = 1e-15
"""Probability of queues longer than those looked at, over that of the likeliest state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The number of chats on the floor, waiting ones included, where chats are spread as evenly as can be.

    Attributes:
        probability: Of each number from 0 on.
        up: Rate of one more.
        slots: Sum of limits.
    """

    probability: Floats
    up: float
    slots: int

    def spread(self, figure: Floats) -> float:
        """Variance of the mean of a figure (one of each state) over a stretch of T seconds, times T.

        Source: the variance constant of a birth-death process, Whitt (1992), Asymptotic formulas for Markov processes.
        """
        off = np.cumsum((figure - figure @ self.probability) * self.probability)[:-1]
        return float(2 * (off**2 / (self.up * self.probability[:-1])).sum())

    @property
    def memory_s(self) -> float:
        """Integral of the number's autocorrelation: how long the floor remembers how it was."""
        number = np.arange(len(self.probability), dtype=np.float64)
        variance = (number**2) @ self.probability - (number @ self.probability) ** 2
        return self.spread(number) / (2 * variance)


def chain(case: QueueCase) -> Chain:
    """Of a stable case."""
    slots = case.agents * case.limit
    logs, likeliest, number = [0.0], 0.0, 0
    if not case.is_stable:
        raise ValueError(f"{case.name} has no stationary state")
    while True:
        falls = 1 - case.lam / _down(case, number + 1)
        if number >= slots and falls > 0 and logs[-1] < likeliest + math.log(REST * falls):
            break
        number += 1
        logs.append(logs[-1] + math.log(case.lam / _down(case, number)))
        likeliest = max(likeliest, logs[-1])
    weights = np.exp(np.array(logs) - likeliest)
    return Chain(probability=weights / weights.sum(), up=case.lam, slots=slots)


def _down(case: QueueCase, number: int) -> float:
    slots = case.agents * case.limit
    each, more = divmod(min(number, slots), case.agents)
    rates = (0.0, *case.rates, 0.0)
    return (case.agents - more) * rates[each] + more * rates[each + 1] + max(0, number - slots) * case.theta


def solve_floor(case: QueueCase) -> dict[str, Any]:
    """Figures that are true under any routing: limit 1, one agent, or a linear curve."""
    found = chain(case)
    number = np.arange(len(found.probability))
    held = np.minimum(number, found.slots)
    figures = _figures(case, found.probability[found.slots :], float(held @ found.probability))
    figures["busy_fraction"] = float(np.minimum(number, case.agents) @ found.probability) / case.agents
    figures["p_idle_system"] = float(found.probability[0])
    return figures


def solve_loads(case: QueueCase) -> dict[str, Any]:
    """Figures under `case.routing`: the chain of how many agents hold how many chats."""
    states: dict[tuple[tuple[int, ...], int], int] = {}
    longest = len(chain(case).probability)
    full = (case.limit,) * case.agents
    todo = [((0,) * case.agents, 0)]
    moves: list[tuple[int, int, float]] = []
    while todo:
        state = todo.pop()
        if state in states:
            continue
        states[state] = len(states)
        todo += [other for other, _ in _moves(case, state, full, longest)]
    for state, row in states.items():
        moves += [(row, states[other], rate) for other, rate in _moves(case, state, full, longest)]
    balance = np.zeros((len(states), len(states)))
    for row, column, rate in moves:
        balance[column, row] += rate
        balance[row, row] -= rate
    balance[-1] = 1.0
    probability = np.linalg.solve(balance, np.eye(len(states))[-1])
    loads = np.array([loads for loads, _ in states])
    queue = np.array([queue if loads == full else -1 for loads, queue in states])
    by_queue = np.bincount(queue[queue >= 0], probability[queue >= 0])
    figures = _figures(case, by_queue, float(loads.sum(axis=1) @ probability))
    figures["busy_fraction"] = float((loads > 0).mean(axis=1) @ probability)
    mean = float(loads.mean(axis=1) @ probability)
    square = float((loads**2).mean(axis=1) @ probability)
    figures["sd_concurrency_over_agents_and_time"] = math.sqrt(square - mean**2)
    return figures


def _moves(
    case: QueueCase, state: tuple[tuple[int, ...], int], full: tuple[int, ...], longest: int
) -> Iterator[tuple[tuple[tuple[int, ...], int], float]]:
    loads, queue = state
    if loads == full:
        if queue < longest:
            yield (loads, queue + 1), case.lam
        if queue:
            yield (loads, queue - 1), case.capacity + queue * case.theta
            return
    else:
        open_to_all = [load for load in loads if load < case.limit]
        match case.routing:
            case Routing.LEAST_LOADED:
                chosen = Counter({min(open_to_all): 1})
            case Routing.MOST_LOADED:
                chosen = Counter({max(open_to_all): 1})
            case _:
                chosen = Counter(open_to_all)
        for load, weight in chosen.items():
            yield (_with(loads, load, load + 1), 0), case.lam * weight / chosen.total()
    for load, many in Counter(loads).items():
        if load:
            yield (_with(loads, load, load - 1), 0), many * case.rates[load - 1]


def _with(loads: tuple[int, ...], old: int, new: int) -> tuple[int, ...]:
    changed = list(loads)
    changed[changed.index(old)] = new
    return tuple(sorted(changed))


def _figures(case: QueueCase, queues: Floats, in_service: float) -> dict[str, Any]:
    """What follows from how likely it is that every slot is taken and 0, 1, 2… wait, and from the chats held."""
    lam, theta, capacity = case.lam, case.theta, case.capacity
    ahead = np.arange(len(queues))
    queue = float(ahead @ queues)
    p_wait = float(queues.sum())
    p_abandon = theta * queue / lam
    throughput = lam * (1 - p_abandon)
    served = capacity / (capacity + (ahead + 1) * theta)
    wait = np.cumsum(1 / (capacity + (ahead + 1) * theta))
    return {
        "p_wait": p_wait,
        "mean_queue": queue,
        "mean_wait_all": queue / lam,
        "mean_wait_served": float((queues * served) @ wait) / (1 - p_abandon),
        "p_abandon": p_abandon,
        "mean_in_service": in_service,
        "mean_concurrency": in_service / case.agents,
        "occupancy_slots": in_service / case.agents / case.limit,
        "throughput": throughput,
        "mean_service_duration": in_service / throughput,
        "sl_served_within_of_offered": _served_within(case, queues),
    }


def _served_within(case: QueueCase, queues: Floats) -> Mapping[str, float]:
    """Follow one customer from wherever it joins the queue, in steps of a Poisson clock (uniformisation)."""
    forward = case.capacity + np.arange(len(queues)) * case.theta
    clock = float(forward[-1] + case.theta)
    within = {}
    for seconds in (20, 30, 60):
        mean = clock * seconds
        place, served, total = queues.copy(), 0.0, 0.0
        log_chance = -mean
        for step in range(1, int(mean + 12 * math.sqrt(mean)) + 40):
            total += math.exp(log_chance) * served
            served += place[0] * forward[0] / clock
            moved = place * forward / clock
            place = place * (1 - (forward + case.theta) / clock)
            place[:-1] += moved[1:]
            log_chance += math.log(mean / step)
        within[str(seconds)] = float(1 - queues.sum() + total)
    return within
